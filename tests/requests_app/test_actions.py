from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from records import registry
from requests_app import actions
from requests_app.models import ACTIVE, MOVES, HelpRequest, Outcome, Queue, Status

pytestmark = pytest.mark.django_db


def queue_of(who):
    return Queue.objects.of(who.classroom)


def test_raising_twice_makes_one_request(lesson, ada):
    first = actions.raise_hand(queue_of(ada), student=ada, form_key="first")
    again = actions.raise_hand(queue_of(ada), student=ada, form_key="first")
    other_key = actions.raise_hand(queue_of(ada), student=ada, form_key="second")
    assert first.pk == again.pk == other_key.pk
    assert first.events.count() == 1


def test_a_replayed_raise_finds_its_first_result_after_the_end(raise_hand, lesson, ada):
    first = actions.raise_hand(queue_of(ada), student=ada, form_key="first")
    actions.solve(first, by=ada)
    again = actions.raise_hand(queue_of(ada), student=ada, form_key="first")
    assert again.pk == first.pk
    assert HelpRequest.objects.count() == 1


def test_nobody_raises_while_help_is_closed(room, ada):
    with pytest.raises(actions.NotPossible, match="not open"):
        actions.raise_hand(queue_of(ada), student=ada, form_key="x")


def test_a_request_goes_from_raised_to_done(raise_hand, ada, grace):
    help_request = raise_hand(ada)
    claimed = actions.claim(help_request, by=grace)
    assert (claimed.status, claimed.helper) == (Status.CLAIMED, grace)
    helping = actions.start(help_request, by=grace)
    assert helping.status == Status.HELPING
    assert helping.help_started_at is not None
    done = actions.resolve(help_request, by=grace)
    assert (done.status, done.outcome) == (Status.RESOLVED, Outcome.HELPED)
    assert [e.verb for e in done.events.all()] == ["raise_hand", "claim", "start", "resolve"]


def test_a_second_claim_is_refused_and_names_the_first(raise_hand, ada, grace, alan):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    with pytest.raises(actions.NotPossible, match="Already on the way: Grace Hopper"):
        actions.claim(help_request, by=alan)
    with pytest.raises(actions.NotPossible, match="Already on the way"):
        actions.start(help_request, by=alan)


def test_a_double_tap_on_a_claim_is_no_mistake(raise_hand, ada, grace):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    with pytest.raises(actions.AlreadyDone):
        actions.claim(help_request, by=grace)


def reach(status, raise_hand, ada, grace):
    """A request of Ada's in ``status``, by the ordinary verbs."""
    help_request = raise_hand(ada)
    soon = timezone.now() + timedelta(minutes=10)
    steps = {
        Status.WAITING: [],
        Status.CLAIMED: [lambda: actions.claim(help_request, by=grace)],
        Status.HELPING: [lambda: actions.start(help_request, by=grace)],
        Status.PAUSED: [
            lambda: actions.start(help_request, by=grace),
            lambda: actions.pause(help_request, by=grace, minutes=5),
        ],
        Status.DEFERRED: [lambda: actions.defer(help_request, by=ada, at=soon)],
        Status.RESOLVED: [
            lambda: actions.start(help_request, by=grace),
            lambda: actions.resolve(help_request, by=grace),
        ],
        Status.WITHDRAWN: [lambda: actions.lower(help_request, by=ada)],
        Status.EXPIRED: [lambda: actions.close_help(ada.classroom, by=grace)],
    }
    for step in steps[status]:
        step()
    help_request.refresh_from_db()
    assert help_request.status == status
    return help_request


def do(verb, help_request, ada, grace):
    """Any verb, with values that fit."""
    now = timezone.now()
    if help_request.status == Status.EXPIRED:
        actions.open_help(ada.classroom, by=grace)
    calls = {
        "describe": lambda: actions.describe(help_request, by=ada, text="why"),
        "describe_late": lambda: actions.describe_late(help_request, by=ada, kind="hint"),
        "pass_over": lambda: actions.pass_over(help_request, by=ada, kind="skipped"),
        "choose_manner": lambda: actions.choose_manner(help_request, by=ada, manner="quietly"),
        "choose_repair": lambda: actions.choose_repair(help_request, by=ada, repair="person"),
        "look_ahead": lambda: actions.look_ahead(help_request, by=ada, next_one="maybe"),
        "note_given": lambda: actions.note_given(help_request, by=grace, given="hint"),
        "thank": lambda: actions.thank(help_request, by=grace, thanks="tried"),
        "bring_forward": lambda: actions.bring_forward(help_request, by=grace),
        "propose_later": lambda: actions.propose_later(
            help_request, by=grace, at=now + timedelta(minutes=9)
        ),
        "decline_later": lambda: actions.decline_later(help_request, by=ada),
        "claim": lambda: actions.claim(help_request, by=grace),
        "put_back": lambda: actions.put_back(help_request, by=grace),
        "let_go": lambda: actions.let_go(help_request, now=now + timedelta(hours=1)),
        "start": lambda: actions.start(help_request, by=grace),
        "pause": lambda: actions.pause(help_request, by=grace, minutes=4),
        "overdue": lambda: actions.overdue(help_request, now=now + timedelta(hours=1)),
        "solve": lambda: actions.solve(help_request, by=ada),
        "resolve": lambda: actions.resolve(help_request, by=grace),
        "reflect": lambda: actions.reflect(help_request, by=ada, reflection="partly"),
        "reopen": lambda: actions.reopen(help_request, by=ada),
        "lower": lambda: actions.lower(help_request, by=ada),
        "defer": lambda: actions.defer(help_request, by=ada, at=now + timedelta(minutes=9)),
        "come_back": lambda: actions.come_back(help_request, now=now + timedelta(hours=1)),
    }
    return calls[verb]()


#: Done to many at once, and tested where they are: not by one call on one request.
IN_BULK = {"answer_group", "expire", "close"}


@pytest.mark.shared
@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("verb", sorted(set(MOVES) - IN_BULK))
def test_every_verb_does_what_the_table_says(verb, status, raise_hand, ada, grace):
    help_request = reach(status, raise_hand, ada, grace)
    target = help_request.target(verb)
    raised_at = help_request.raised_at
    if target is None:
        with pytest.raises(actions.NotPossible):
            do(verb, help_request, ada, grace)
        help_request.refresh_from_db()
        assert help_request.status == status
    else:
        assert do(verb, help_request, ada, grace).status == target
        help_request.refresh_from_db()
        assert help_request.status == target
        assert help_request.events.last().verb == verb
    assert help_request.raised_at == raised_at


@pytest.mark.parametrize("status", ACTIVE)
def test_i_solved_it_and_lower_hand_work_from_every_active_state(
    status, raise_hand, ada, ben, grace
):
    assert actions.solve(reach(status, raise_hand, ada, grace), by=ada).outcome in (
        Outcome.ALONE,
        Outcome.HELPED,
    )
    lowered = actions.lower(reach(status, raise_hand, ben, grace), by=ben)
    assert lowered.status == Status.WITHDRAWN


def test_only_one_promise_at_a_time(raise_hand, ada, ben, grace):
    for who in (ada, ben):
        actions.start(raise_hand(who), by=grace)
    actions.pause(ada.help_requests.get(), by=grace, minutes=5)
    with pytest.raises(actions.NotPossible, match="You promised to go back to Ada"):
        actions.pause(ben.help_requests.get(), by=grace, minutes=5)


def test_closing_help_ends_each_request_as_it_should(raise_hand, ada, ben, grace, room):
    waiting, helped = raise_hand(ada), raise_hand(ben)
    actions.start(helped, by=grace)
    actions.close_help(room, by=grace)
    waiting.refresh_from_db()
    helped.refresh_from_db()
    assert waiting.status == Status.EXPIRED
    assert (helped.status, helped.outcome) == (Status.RESOLVED, Outcome.NOT_CONFIRMED)
    assert room.open_lesson() is None
    actions.close_help(room, by=grace)  # twice is once


def test_a_later_request_outlives_the_lesson_and_comes_back_in_the_next(
    raise_hand, ada, grace, room
):
    with time_machine.travel("2026-03-02 09:00Z", tick=False) as clock:
        room.lessons.update(closed_at=timezone.now())
        actions.open_help(room, by=grace)
        help_request = raise_hand(ada)
        actions.defer(help_request, by=ada, at=timezone.now() + timedelta(minutes=10))
        actions.close_help(room, by=grace)
        clock.shift(timedelta(minutes=20))
        assert actions.run_clock() == 0  # closed: it waits for the next lesson
        lesson = actions.open_help(room, by=grace)
        assert actions.run_clock() == 1
        help_request.refresh_from_db()
        assert (help_request.status, help_request.is_promised) == (Status.WAITING, True)
        assert help_request.lesson == lesson
        assert actions.run_clock() == 0  # twice is once


def test_a_claim_without_a_start_goes_back_after_five_minutes(raise_hand, ada, grace):
    with time_machine.travel("2026-03-02 09:00Z", tick=False) as clock:
        help_request = raise_hand(ada)
        raised_at = help_request.raised_at
        actions.claim(help_request, by=grace)
        clock.shift(timedelta(minutes=4, seconds=59))
        assert actions.run_clock() == 0
        clock.shift(timedelta(seconds=1))
        assert actions.run_clock() == 1
        help_request.refresh_from_db()
        assert (help_request.status, help_request.helper) == (Status.WAITING, None)
        assert help_request.raised_at == raised_at


def test_a_promise_that_is_not_kept_comes_first_and_is_said(raise_hand, ada, ben, grace):
    with time_machine.travel("2026-03-02 09:00Z", tick=False) as clock:
        raise_hand(ben)
        clock.shift(timedelta(minutes=1))
        help_request = raise_hand(ada)
        actions.start(help_request, by=grace)
        actions.pause(help_request, by=grace, minutes=5, hint="Draw it")
        clock.shift(timedelta(minutes=6, seconds=59))
        assert actions.run_clock() == 0
        clock.shift(timedelta(seconds=1))
        assert actions.run_clock() == 1
        help_request.refresh_from_db()
        assert help_request.is_promised
        assert help_request.return_at is not None


def test_a_lesson_with_an_end_closes_by_itself(room, grace):
    with time_machine.travel("2026-03-02 09:00Z", tick=False) as clock:
        actions.open_help(room, by=grace, closes_at=timezone.now() + timedelta(minutes=45))
        clock.shift(timedelta(minutes=44))
        actions.run_clock()
        assert room.open_lesson() is not None
        clock.shift(timedelta(minutes=1))
        actions.run_clock()
        assert room.open_lesson() is None


def test_not_yet_reopens_with_the_first_raise_time(raise_hand, ada, grace):
    help_request = reach(Status.RESOLVED, raise_hand, ada, grace)
    again = actions.reopen(help_request, by=ada)
    assert (again.status, again.reopened, again.helper) == (Status.WAITING, 1, None)
    assert again.raised_at == help_request.raised_at
    assert again.ended_at is None


def test_not_yet_has_fifteen_minutes(raise_hand, ada, grace):
    help_request = reach(Status.RESOLVED, raise_hand, ada, grace)
    HelpRequest.objects.update(ended_at=timezone.now() - timedelta(minutes=16))
    with pytest.raises(actions.NotPossible, match="a while ago"):
        actions.reopen(help_request, by=ada)


def test_i_still_need_this_makes_a_linked_request_with_credit(raise_hand, ada, grace, room):
    missed = reach(Status.EXPIRED, raise_hand, ada, grace)
    actions.open_help(room, by=grace)
    again = actions.carry_over(missed, by=ada)
    assert again.pk != missed.pk
    assert again.carried_from == missed
    assert again.missed_last_time
    assert actions.carry_over(missed, by=ada).pk == again.pk


def test_answering_the_group_ends_all_of_one_task(raise_hand, room, ada, ben, grace):
    loops, other = (room.tasks.create(title=title) for title in ("Loops", "Other"))
    for_loops = raise_hand(ada, task=loops)
    elsewhere = raise_hand(ben, task=other)
    assert [r.pk for r in actions.answer_group(queue_of(ada), by=grace, task=loops)] == [
        for_loops.pk
    ]
    for_loops.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (for_loops.status, for_loops.outcome) == (Status.RESOLVED, Outcome.GROUP)
    assert elsewhere.status == Status.WAITING


def test_the_last_step_can_be_undone_for_a_short_while(raise_hand, ada, grace):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    [restored] = actions.undo(queue_of(ada), by=grace)
    assert (restored.status, restored.helper) == (Status.WAITING, None)
    with pytest.raises(actions.NotPossible, match="nothing to undo"):
        actions.undo(queue_of(ada), by=grace)


def test_undo_is_refused_once_something_came_after(raise_hand, ada, grace, alan):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    actions.solve(help_request, by=ada)
    with pytest.raises(actions.NotPossible, match="in between"):
        actions.undo(queue_of(ada), by=grace)
    with pytest.raises(actions.NotPossible, match="nothing to undo"):
        actions.undo(queue_of(ada), by=alan)


def test_undo_ends_after_its_time(raise_hand, ada, grace):
    with time_machine.travel("2026-03-02 09:00Z", tick=False) as clock:
        actions.claim(raise_hand(ada), by=grace)
        clock.shift(timedelta(seconds=16))
        with pytest.raises(actions.NotPossible, match="nothing to undo"):
            actions.undo(queue_of(ada), by=grace)


def test_undo_of_a_group_answer_brings_everybody_back(raise_hand, room, ada, ben, grace):
    loops = room.tasks.create(title="Loops")
    for who in (ada, ben):
        raise_hand(who, task=loops)
    actions.answer_group(queue_of(ada), by=grace, task=loops)
    assert len(actions.undo(queue_of(ada), by=grace)) == 2
    assert HelpRequest.objects.active().count() == 2


def test_raising_for_a_student_says_who_did(lesson, ada, grace):
    help_request = actions.raise_hand(queue_of(ada), student=ada, form_key="x", by=grace)
    assert help_request.raised_by == grace
    assert help_request.events.get().actor == grace


def test_the_student_takes_or_declines_a_later_time(raise_hand, ada, grace):
    help_request = raise_hand(ada)
    at = timezone.now() + timedelta(minutes=10)
    assert actions.propose_later(help_request, by=grace, at=at).status == Status.WAITING
    assert actions.decline_later(help_request, by=ada).proposed_at is None
    actions.propose_later(help_request, by=grace, at=at)
    later = actions.defer(help_request, by=ada)
    assert (later.status, later.return_at) == (Status.DEFERRED, at)


def test_words_are_deleted_on_their_day_and_facts_stay(raise_hand, ada, ben, grace, settings):
    """C12, 10, to the minute; and a request that is still active keeps its words."""
    told = {"text": "a secret question", "feeling": "worried", "kind": "hint", "starter": "hint-1"}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        done, active = raise_hand(ada, **told), raise_hand(ben, **told)
        actions.start(done, by=grace)
        actions.pause(done, by=grace, minutes=3, hint="draw the secret")
        actions.start(done, by=grace)
        actions.resolve(done, by=grace)
        actions.note_given(done, by=grace, given="hint", next_step="the next secret")
        clock.shift(timedelta(days=settings.KEEP_WORDS_DAYS, minutes=-1))
        assert registry.run_due().get("words of requests", 0) == 0
        clock.shift(timedelta(minutes=1))
        assert registry.run_due().get("words of requests", 0) == 1
        assert registry.run_due().get("words of requests", 0) == 0
    done.refresh_from_db()
    assert (done.text, done.hint, done.next_step, done.feeling, done.starter) == ("",) * 5
    assert (done.kind, done.given, done.outcome) == ("hint", "hint", Outcome.HELPED)
    assert "secret" not in str(list(done.events.values_list("facts", "before")))
    active.refresh_from_db()
    assert active.text == "a secret question"
