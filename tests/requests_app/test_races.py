"""Two at once: real threads, each with a database connection of its own, let go at one moment.

Whoever comes first, the same few things are true afterwards. Each race is run several times,
the runners in changing order.
"""

import threading

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.utils import timezone

from classrooms.actions import NotPossible
from classrooms.models import Classroom, Lesson
from requests_app import actions
from requests_app.models import (
    ACTIVE,
    CLAIM_LASTS,
    HelpRequest,
    Outcome,
    Queue,
    Status,
)

pytestmark = pytest.mark.django_db(transaction=True)

#: Seconds that a runner may take; the database gives up on a lock long before.
PATIENCE = 30
rounds = pytest.mark.parametrize("round_number", range(4))


def race(*runners):
    """Let all of them run at once; what each returned, or the NotPossible that it was told.

    Anything else that a runner raises is raised here.
    """
    results = [None] * len(runners)
    gate = threading.Barrier(len(runners), timeout=PATIENCE)

    def run(place, runner):
        try:
            gate.wait()
            results[place] = runner()
        except BaseException as told:  # noqa: BLE001  it is looked at in the test's own thread
            results[place] = told
        finally:
            connections.close_all()

    connection.close()  # the pool has a place for each runner
    threads = [
        threading.Thread(target=run, args=each, name=f"runner {each[0]}", daemon=True)
        for each in enumerate(runners)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a runner hangs"
    for each in results:
        if isinstance(each, BaseException) and not isinstance(each, NotPossible):
            raise each
    return results


def in_turn(round_number, *runners):
    """Race them, started in another order in every second round; results as they were given."""
    if round_number % 2:
        return race(*runners[::-1])[::-1]
    return race(*runners)


def refused(results):
    return [each for each in results if isinstance(each, NotPossible)]


def verbs(help_request):
    return list(help_request.events.values_list("verb", flat=True))


def now_of(help_request):
    return HelpRequest.objects.select_related("helper").get(pk=help_request.pk)


@pytest.fixture
def queue(room):
    return Queue.objects.of(room)


@rounds
def test_two_helpers_claim_and_one_wins(round_number, raise_hand, ada, grace, alan):
    help_request = raise_hand(ada)
    results = in_turn(
        round_number,
        lambda: actions.claim(help_request, by=grace),
        lambda: actions.claim(help_request, by=alan),
    )
    [loser] = refused(results)
    winner = now_of(help_request).helper
    assert winner == (alan if results[0] is loser else grace)
    assert str(loser) == f"Already on the way: {winner.name}"
    assert verbs(help_request) == ["raise_hand", "claim"]


@rounds
def test_a_helper_who_taps_twice_has_claimed_once(round_number, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    tap = lambda: actions.claim(help_request, by=grace)  # noqa: E731
    [again] = refused(race(tap, tap))
    assert isinstance(again, actions.AlreadyDone)
    assert verbs(help_request) == ["raise_hand", "claim"]


@rounds
def test_one_form_posted_eight_times_is_one_hand(round_number, lesson, queue, ada):
    post = lambda: actions.raise_hand(queue, student=ada, form_key="first")  # noqa: E731
    results = race(*[post] * 8)
    help_request = HelpRequest.objects.get()
    assert [each.pk for each in results] == [help_request.pk] * 8
    assert verbs(help_request) == ["raise_hand"]


@rounds
def test_two_forms_of_one_student_are_one_hand(round_number, lesson, queue, ada, grace):
    results = in_turn(
        round_number,
        lambda: actions.raise_hand(queue, student=ada, form_key="phone"),
        lambda: actions.raise_hand(queue, student=ada, form_key="laptop"),
        lambda: actions.raise_hand(queue, student=ada, form_key="by-teacher", by=grace),
    )
    help_request = HelpRequest.objects.get()
    assert {each.pk for each in results} == {help_request.pk}
    assert verbs(help_request) == ["raise_hand"]


@rounds
def test_two_students_raise_at_once_and_both_are_in_line(round_number, lesson, queue, ada, ben):
    version = Queue.objects.get().version
    in_turn(
        round_number,
        lambda: actions.raise_hand(queue, student=ada, form_key="first"),
        lambda: actions.raise_hand(queue, student=ben, form_key="first"),
    )
    assert HelpRequest.objects.filter(status=Status.WAITING).count() == 2
    assert Queue.objects.get().version == version + 2


@rounds
def test_no_hand_is_up_after_help_closed(round_number, lesson, queue, room, ada, grace):
    raised, _closed = in_turn(
        round_number,
        lambda: actions.raise_hand(queue, student=ada, form_key="first"),
        lambda: actions.close_help(room, by=grace),
    )
    assert not Lesson.objects.open().exists()
    statuses = list(HelpRequest.objects.values_list("status", flat=True))
    assert statuses == ([] if isinstance(raised, NotPossible) else [Status.EXPIRED])


@rounds
def test_solved_by_the_student_or_done_by_the_helper_but_ended_once(
    round_number, raise_hand, ada, grace
):
    help_request = raise_hand(ada)
    actions.start(help_request, by=grace)
    results = in_turn(
        round_number,
        lambda: actions.solve(help_request, by=ada),
        lambda: actions.resolve(help_request, by=grace, outcome=Outcome.ELSEWHERE),
    )
    assert len(refused(results)) == 1
    solved_first = results[1] in refused(results)
    assert verbs(help_request)[2:] == ["solve" if solved_first else "resolve"]
    ended = now_of(help_request)
    assert ended.status == Status.RESOLVED
    assert ended.outcome == (Outcome.HELPED if solved_first else Outcome.ELSEWHERE)


@rounds
def test_a_lowered_hand_stays_lowered_whoever_claims_it(round_number, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    lowered, claimed = in_turn(
        round_number,
        lambda: actions.lower(help_request, by=ada),
        lambda: actions.claim(help_request, by=grace),
    )
    assert lowered.status == now_of(help_request).status == Status.WITHDRAWN
    came_too_late = isinstance(claimed, NotPossible)
    assert verbs(help_request)[1:] == (["lower"] if came_too_late else ["claim", "lower"])


@rounds
def test_an_undo_does_not_raise_a_hand_that_was_lowered(
    round_number, raise_hand, queue, ada, grace
):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    undone, lowered = in_turn(
        round_number,
        lambda: actions.undo(queue, by=grace),
        lambda: actions.lower(help_request, by=ada),
    )
    assert lowered.status == now_of(help_request).status == Status.WITHDRAWN
    came_too_late = isinstance(undone, NotPossible)
    assert verbs(help_request)[2:] == (["lower"] if came_too_late else ["undo", "lower"])


@rounds
def test_not_yet_and_a_new_hand_are_one_hand(round_number, raise_hand, queue, ada, grace):
    help_request = raise_hand(ada)
    actions.start(help_request, by=grace)
    actions.resolve(help_request, by=grace)
    in_turn(
        round_number,
        lambda: actions.reopen(help_request, by=ada),
        lambda: actions.raise_hand(queue, student=ada, form_key="another"),
    )
    assert HelpRequest.objects.active().count() == 1


@rounds
def test_two_clocks_do_each_thing_once(round_number, raise_hand, ada, ben, grace):
    for who in (ada, ben):
        actions.claim(raise_hand(who), by=grace)
    with time_machine.travel(timezone.now() + CLAIM_LASTS, tick=False):
        made = race(actions.run_clock, actions.run_clock)
        assert actions.run_clock() == 0
    assert sum(made) == 2
    for who in (ada, ben):
        help_request = who.help_requests.get()
        assert help_request.status == Status.WAITING
        assert verbs(help_request) == ["raise_hand", "claim", "let_go"]


@rounds
def test_two_clocks_close_a_lesson_once(round_number, room, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    ends = timezone.now() + CLAIM_LASTS
    actions.open_help(room, by=grace, closes_at=ends)
    version = Queue.objects.get().version
    with time_machine.travel(ends, tick=False):
        race(actions.run_clock, actions.run_clock)
    assert verbs(help_request) == ["raise_hand", "expire"]
    assert Queue.objects.get().version == version + 1


@rounds
def test_a_teacher_who_gives_more_time_is_not_closed_by_the_clock(
    round_number, room, lesson, grace
):
    """Whoever comes first, help is open afterwards: with more time, or anew."""
    ends = timezone.now() + CLAIM_LASTS
    actions.open_help(room, by=grace, closes_at=ends)
    more = ends + CLAIM_LASTS
    with time_machine.travel(ends, tick=False):
        in_turn(
            round_number,
            lambda: actions.open_help(room, by=grace, closes_at=more),
            actions.run_clock,
        )
    assert Lesson.objects.open().get().closes_at == more


@rounds
def test_the_clock_takes_no_visit_from_a_helper_who_starts(round_number, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    with time_machine.travel(timezone.now() + CLAIM_LASTS, tick=False):
        in_turn(round_number, actions.run_clock, lambda: actions.start(help_request, by=grace))
    assert now_of(help_request).status == Status.HELPING
    assert now_of(help_request).helper == grace
    assert verbs(help_request)[2:] in (["start"], ["let_go", "start"])


@rounds
def test_a_group_answer_and_a_student_who_solved_it_end_it_once(
    round_number, raise_hand, room, queue, ada, ben, grace
):
    loops = room.tasks.create(title="Loops")
    mine, other = raise_hand(ada, task=loops), raise_hand(ben, task=loops)
    answered, solved = in_turn(
        round_number,
        lambda: actions.answer_group(queue, by=grace, task=loops),
        lambda: actions.solve(mine, by=ada),
    )
    assert now_of(other).outcome == Outcome.GROUP
    answered = {each.pk for each in answered}
    if isinstance(solved, NotPossible):
        assert answered == {mine.pk, other.pk}
        assert now_of(mine).outcome == Outcome.GROUP
    else:
        assert answered == {other.pk}
        assert now_of(mine).outcome == Outcome.ALONE
    assert len(verbs(mine)) == 3  # raise_hand, describe, one end


@rounds
def test_one_promise_for_each_helper_also_at_one_moment(round_number, raise_hand, ada, ben, grace):
    for who in (ada, ben):
        actions.start(raise_hand(who), by=grace)
    first, second = HelpRequest.objects.order_by("pk")
    results = in_turn(
        round_number,
        lambda: actions.pause(first, by=grace, minutes=5),
        lambda: actions.pause(second, by=grace, minutes=5),
    )
    [told] = refused(results)
    assert "You promised to go back to" in str(told)
    assert HelpRequest.objects.filter(status=Status.PAUSED).count() == 1


@rounds
def test_two_open_help_and_there_is_one_lesson(round_number, room, grace, alan):
    Queue.objects.all().delete()  # the line itself is made by whoever comes first
    results = in_turn(
        round_number,
        lambda: actions.open_help(Classroom.objects.get(), by=grace),
        lambda: actions.open_help(Classroom.objects.get(), by=alan),
    )
    lesson = Lesson.objects.get()
    assert [each.pk for each in results] == [lesson.pk] * 2
    assert Queue.objects.count() == 1


@rounds
def test_everybody_at_once(round_number, raise_hand, room, queue, ada, ben, grace, alan):
    """Eight different taps: whatever comes of them, nothing breaks and no hand is doubled."""
    mine, other = raise_hand(ada), raise_hand(ben)
    race(
        lambda: actions.claim(mine, by=grace),
        lambda: actions.start(mine, by=alan),
        lambda: actions.describe(mine, by=ada, text="It says 42"),
        lambda: actions.lower(other, by=ben),
        lambda: actions.raise_hand(queue, student=ben, form_key="again"),
        lambda: actions.bring_forward(other, by=alan),
        lambda: actions.undo(queue, by=grace),
        actions.run_clock,
    )
    for who in (ada, ben):
        assert who.help_requests.active().count() <= 1
    assert now_of(other).status == Status.WITHDRAWN
    assert now_of(mine).status in ACTIVE
    changes = sum(each.version for each in HelpRequest.objects.all())
    assert changes == sum(each.events.count() for each in HelpRequest.objects.all())


def test_a_line_whose_making_was_rolled_back_is_made_again(room, grace):
    Queue.objects.filter(classroom=room).delete()
    with pytest.raises(ValueError), transaction.atomic():  # noqa: PT011, PT012
        actions.open_help(room, by=grace)
        raise ValueError
    assert actions.open_help(room, by=grace).classroom == room
    assert Queue.objects.filter(classroom=room).count() == 1
