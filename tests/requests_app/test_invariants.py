"""Whatever people do, in whatever order: what is always true of the requests of a class (C12).

Three students, two helpers and the clock do anything at all, sensible or not, against the real
database, and everything is looked at after each step. What is too rare to happen in every such
walk stands below as a story of its own.
"""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import time_machine
from django.db import models
from django.utils import timezone

from classrooms.actions import NotPossible
from classrooms.models import Attendance, Classroom, Lesson, Role, School
from requests_app import actions, live
from requests_app.models import (
    ACTIVE,
    MOVES,
    WITH_HELPER,
    Event,
    HelpRequest,
    Outcome,
    Queue,
    Reason,
    Reflection,
    Status,
)
from requests_app.order import CarryOn, Rule, arrange
from requests_app.said import Feeling, Given, Kind, NextOne, Repair, Thanks
from tests.conftest import staff, student

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: Columns that count or date the changes of a row; the history need not keep them.
COUNTERS = {"version", "changed_at"}

# --- What is stored ----------------------------------------------------------


def rows():
    """Every stored value of every request, by id."""
    return {row["id"]: row for row in HelpRequest.objects.values()}


def everything():
    """All that a verb could change."""
    return {
        "requests": rows(),
        "lessons": list(Lesson.objects.order_by("pk").values()),
        "attendances": list(Attendance.objects.order_by("pk").values()),
    }


def history():
    """The events of each request, oldest first, by its id."""
    listed = {}
    for event in Event.objects.order_by("pk"):
        listed.setdefault(event.help_request_id, []).append(event)
    return listed


def stored(name, value):
    """A recorded value as the column holds it."""
    field = HelpRequest._meta.get_field(name.removesuffix("_id"))
    return field.to_python(value) if isinstance(field, models.DateTimeField) else value


def replayed(events):
    """The states that a request went through, newest last, told by its history alone.

    On the way: what each event says was there before, was there; and its move is a legal one.
    """
    states = [{}]
    for event in events:
        before = {name: stored(name, value) for name, value in event.before.items()}
        assert before.items() <= states[-1].items(), f"{event.verb}: it was not so before"
        after = states[-1] | {name: stored(name, value) for name, value in event.facts.items()}
        assert after["status"] == event.status
        if event.verb == "undo":
            assert after == states[-2], "an undo gives back everything"
        else:
            assert (states[-1].get("status"), after["status"]) in legal_moves(event.verb)
        states.append(after)
    return states


#: Moves that stand in no table.
OTHER_MOVES = {
    "raise_hand": {None: Status.WAITING},
    "say_why": {Status.WITHDRAWN: Status.WITHDRAWN},
    "carry_over": {Status.EXPIRED: Status.EXPIRED},
}


def legal_moves(verb):
    return (MOVES | OTHER_MOVES)[verb].items()


def is_legal(verb, help_request):
    return help_request.status in (MOVES | OTHER_MOVES)[verb.__name__]


# --- Anything can happen -----------------------------------------------------

#: Cards and what they can be answered with.
CARDS = {
    "kind": ["", *Kind.values],
    "tried": [[], ["nothing"], ["read", "way"]],
    "text": ["", "I expected 4 but I got 5."],
    "starter": ["", "stuck-1"],
    "feeling": ["", *Feeling.values],
    "carry_on": ["", *CarryOn.values],
}

#: How often a step is tried, beside the others: raising and helping make the rest possible.
STEPS = {
    "raise_hand": 16,
    "describe": 6,
    "answer_a_card": 6,
    "describe_late": 2,
    "pass_over": 4,
    "choose_repair": 2,
    "look_ahead": 2,
    "note_given": 2,
    "thank": 2,
    "solve": 2,
    "lower": 2,
    "say_why": 1,
    "reflect": 2,
    "reopen": 8,
    "carry_over": 3,
    "defer": 4,
    "decline_later": 1,
    "help": 24,
    "put_back": 3,
    "pause": 7,
    "propose_later": 4,
    "answer_group": 3,
    "undo": 6,
    "open_help": 20,
    "close_help": 2,
    "time_passes": 2,
    "the_clock_runs": 4,
}


class AnyLesson:
    """Three students, two helpers and a clock; ``random`` decides who does what."""

    def __init__(self, random, time):
        self.random, self.time, self.played = random, time, 0
        school = School.objects.create(name="Hill School", time_zone="Europe/Berlin")
        self.room = Classroom.objects.create(school=school, name="9", slug="nine", code="K7QM4XRD")
        self.queue = Queue.objects.create(classroom=self.room, rule=random.choice(list(Rule)))
        self.students = [student(self.room, name) for name in ("Ada", "Ben", "Cy")]
        self.helpers = [
            staff(self.room, "grace@example.org", "Grace", Role.TEACHER),
            staff(self.room, "alan@example.org", "Alan", Role.ASSISTANT),
        ]
        self.tasks = [self.room.tasks.create(title=title) for title in ("Loops", "Lists")]

    def walk(self, steps):
        """The story is printed, so that pytest shows it if it ends badly."""
        while self.played < steps:
            [name] = self.random.choices(list(STEPS), STEPS.values())
            getattr(self, name)()

    @property
    def is_perverse(self):
        """Whether to do what is not possible now; always doing it would lead nowhere."""
        return self.random.random() < 0.15

    # --- A step, and what it may write ---

    def play(self, verb, *args, **facts):
        """Let somebody do it; refused or not, exactly what is right has been written."""
        self.played += 1
        self.time.shift(timedelta(milliseconds=1))  # no two steps at one moment
        print(f"{timezone.now():%H:%M:%S}", verb.__name__, *args, facts)
        before, version, events = everything(), self.version(), Event.objects.count()
        refused = self.try_to(verb, *args, **facts)
        after = everything()
        check_everything(self.queue, after["requests"])
        if refused is not None:
            assert str(refused) or isinstance(refused, actions.AlreadyDone)
            assert after == before
            assert (self.version(), Event.objects.count()) == (version, events)
            return
        assert (self.version() > version) == (after != before)
        new = list(Event.objects.order_by("pk")[events:])
        changed = [pk for pk, row in after["requests"].items() if row != before["requests"].get(pk)]
        assert {event.help_request_id for event in new} == set(changed)
        if verb is not actions.run_clock:  # it can do two things to one request
            assert len(new) == len(changed)
        for pk in set(changed) & set(before["requests"]):
            check_change(before["requests"][pk], after["requests"][pk])

    def try_to(self, verb, *args, **facts):
        """The refusal, or None if it was done."""
        try:
            verb(*args, **facts)
        except NotPossible as refused:
            print("         refused:", refused)
            return refused
        return None

    def version(self):
        return Queue.objects.values_list("version", flat=True).get(pk=self.queue.pk)

    def play_on(self, verb, by, who, **facts):
        """On a student's newest request; now and then on the one before it."""
        place = self.random.choice([0, 0, 0, 0, 0, 1])
        found = HelpRequest.objects.filter(student=who).order_by("-pk")[place : place + 1]
        for help_request in found:
            if is_legal(verb, help_request) or self.is_perverse:
                self.play(verb, help_request, by=by, **facts)

    def by_helper(self, verb, **facts):
        """Mostly by who has it already, if somebody has."""
        who, by = self.random.choice(self.students), self.random.choice(self.helpers)
        held = who.help_requests.filter(helper__isnull=False, ended_at=None).first()
        if held is not None and self.random.random() < 0.7:
            by = held.helper
        self.play_on(verb, by=by, who=who, **facts)

    def in_minutes(self, *choices):
        return timezone.now() + timedelta(minutes=self.random.choice(choices))

    # --- The students ---

    def raise_hand(self):
        """With a new form; now and then the one before is posted again."""
        who, by = self.random.choice(self.students), self.random.choice([None, self.helpers[0]])
        key = f"form-{who.help_requests.count() - self.random.choice([0, 0, 0, 1])}"
        self.play(actions.raise_hand, self.queue, student=who, form_key=key, by=by)

    def by_student(self, verb, **facts):
        who = self.random.choice(self.students)
        self.play_on(verb, by=who, who=who, **facts)

    def describe(self):
        self.by_student(
            actions.describe,
            task=self.random.choice([None, *self.tasks, self.tasks[0]]),
            text=self.random.choice(["", "It says 42, why?"]),
            carry_on=self.random.choice(["", *CarryOn.values]),
        )

    def answer_a_card(self):
        """One card at a time, each with its own answer (C2)."""
        [card, answers] = self.random.choice(list(CARDS.items()))
        self.by_student(actions.describe, **{card: self.random.choice(answers)})

    def describe_late(self):
        self.by_student(actions.describe_late, kind=self.random.choice(Kind.values))

    def pass_over(self):
        card = self.random.choice([*CARDS, "R2", "R4", "resource-7"])
        what = self.random.choice(["skipped", "offered", "bit", "not"])
        self.by_student(actions.pass_over, **{card: what})

    def choose_repair(self):
        self.by_student(actions.choose_repair, repair=self.random.choice(Repair.values))

    def look_ahead(self):
        self.by_student(actions.look_ahead, next_one=self.random.choice(NextOne.values))

    def solve(self):
        resource = self.random.choice(["", "", "resource-7"])
        self.by_student(actions.solve, resource=resource)

    def lower(self):
        self.by_student(actions.lower, reason=self.random.choice(["", *Reason.values]))

    def say_why(self):
        self.by_student(actions.say_why, reason=self.random.choice(Reason.values))

    def reflect(self):
        self.by_student(actions.reflect, reflection=self.random.choice(Reflection.values))

    def reopen(self):
        self.by_student(actions.reopen)

    def carry_over(self):
        self.by_student(actions.carry_over)

    def defer(self):
        at = self.random.choice([None, self.in_minutes(-1, 2, 5, 20)])
        self.by_student(actions.defer, at=at)

    def decline_later(self):
        self.by_student(actions.decline_later)

    # --- The helpers ---

    @property
    def helper(self):
        return self.random.choice(self.helpers)

    def help(self):
        verbs = [actions.claim, actions.claim, actions.start, actions.start, actions.resolve]
        self.by_helper(self.random.choice([*verbs, actions.bring_forward]))

    def note_given(self):
        given = self.random.choice(["", *Given.values])
        self.by_helper(actions.note_given, given=given, next_step="Draw it first")

    def thank(self):
        self.by_helper(actions.thank, thanks=self.random.choice(Thanks.values))

    def put_back(self):
        self.by_helper(actions.put_back)

    def pause(self):
        minutes = self.random.choice([0, 1, 1, 5, 15, 16])
        self.by_helper(actions.pause, minutes=minutes, hint="Draw it")

    def propose_later(self):
        self.by_helper(actions.propose_later, at=self.in_minutes(-1, 10))

    def answer_group(self):
        task = self.random.choice(self.tasks)
        self.play(actions.answer_group, self.queue, by=self.helper, task=task)

    def undo(self):
        self.play(actions.undo, self.queue, by=self.helper)

    # --- The lesson and the clock ---

    def open_help(self):
        if self.room.open_lesson() is not None and not self.is_perverse:
            return
        closes_at = self.random.choice([None, None, None, self.in_minutes(4, 45)])
        self.play(actions.open_help, self.room, by=self.helper, closes_at=closes_at)

    def close_help(self):
        self.play(actions.close_help, self.room, by=self.helper)

    def time_passes(self):
        self.time.shift(timedelta(minutes=self.random.choice([0.2, 0.2, 1, 3, 6, 6, 16])))

    def the_clock_runs(self):
        """After a while, and twice: the second time there is nothing left to do."""
        self.time_passes()
        self.play(actions.run_clock)
        done, version = everything(), self.version()
        assert actions.run_clock() == 0
        assert (everything(), self.version()) == (done, version)


# --- What is always true -----------------------------------------------------


def check_everything(queue, now):
    for row in now.values():
        check_row(row)
    check_people(now.values())
    check_lesson(queue.classroom.open_lesson(), now.values())
    check_history(now)
    check_line(live.Present(queue.pk))


def check_change(before, after):
    """A change of one row: counted, dated, and all of it recorded."""
    assert after["version"] > before["version"]
    assert after["changed_at"] > before["changed_at"]
    written = {name for name in after if after[name] != before[name]}
    assert written <= COUNTERS | set(actions.RECORDED)


def check_people(now):
    active = [row["student_id"] for row in now if row["status"] in ACTIVE]
    assert len(active) == len(set(active)), "one hand for each student"
    promised = [row["helper_id"] for row in now if row["status"] == Status.PAUSED]
    assert len(promised) == len(set(promised)), "one promise for each helper"


def check_lesson(lesson, now):
    """Only what was put off outlives a lesson."""
    for row in now:
        if row["status"] in set(ACTIVE) - {Status.DEFERRED}:
            assert lesson is not None, "active while help is closed"
            assert row["lesson_id"] == lesson.pk, "active, and of a lesson that is over"


def check_history(now):
    """The history alone tells the present."""
    listed = history()
    assert set(listed) == set(now)
    for pk, events in listed.items():
        assert replayed(events)[-1] == {name: now[pk][name] for name in actions.RECORDED}


def check_line(present):
    waiting = HelpRequest.objects.filter(queue=present.queue, status=Status.WAITING)
    assert present.waiting == arrange(waiting.order_by("?"), present.queue.rule)
    told = [present.wait_of(each.student_id).is_next for each in present.waiting]
    if present.queue.rule != Rule.TEACHER:
        assert told == [place == 0 for place in range(len(told))]


def check_row(row):
    """One request by itself: who has it, its times, its head start."""
    status = row["status"]
    if status in WITH_HELPER:
        assert row["helper_id"] is not None
    if status in (Status.WAITING, Status.DEFERRED):
        assert row["helper_id"] is None
    if status in (Status.PAUSED, Status.DEFERRED):
        assert row["return_at"] is not None
    if status in (Status.HELPING, Status.PAUSED):
        assert row["help_started_at"] is not None
    assert (row["ended_at"] is None) == (status in ACTIVE)
    assert bool(row["outcome"]) == (status == Status.RESOLVED)
    if status not in ACTIVE:
        assert row["proposed_at"] is None, "an ended request is not to come back later"
        assert row["return_at"] is None, "an ended request is promised to nobody"
    times = ("raised_at", "first_response_at", "help_started_at", "ended_at")
    known = [row[name] for name in times if row[name] is not None]
    assert known == sorted(known), "raised, answered, started, ended"
    head_start = HelpRequest(**row).credits.head_start
    assert row["sort_at"] == row["raised_at"] - head_start


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_the_requests_of_a_class_make_sense(seed):
    with time_machine.travel(MONDAY, tick=False) as time:
        AnyLesson(Random(seed), time).walk(150)


# --- Rare, and so told one by one --------------------------------------------


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def queue(room, clock, lesson):
    return Queue.objects.of(room)


def now_of(help_request):
    return HelpRequest.objects.get(pk=help_request.pk)


@pytest.mark.parametrize("opens_again", [False, True])
@pytest.mark.parametrize("verb", ["resolve", "answer_group"])
def test_an_undo_puts_nobody_into_a_lesson_that_is_over(
    verb, opens_again, queue, raise_hand, room, ada, grace
):
    loops = room.tasks.create(title="Loops")
    help_request = raise_hand(ada, task=loops)
    if verb == "resolve":
        actions.start(help_request, by=grace)
        actions.resolve(help_request, by=grace)
    else:
        actions.answer_group(queue, by=grace, task=loops)
    actions.close_help(room, by=grace)
    if opens_again:
        actions.open_help(room, by=grace)
    with pytest.raises(NotPossible, match="cannot be undone"):
        actions.undo(queue, by=grace)
    assert now_of(help_request).status == Status.RESOLVED


def test_an_undo_does_not_give_a_helper_a_second_promise(
    queue, clock, raise_hand, ada, ben, grace, alan
):
    for who in (ada, ben):
        actions.start(raise_hand(who), by=grace)
    first, second = ada.help_requests.get(), ben.help_requests.get()
    actions.pause(first, by=grace, minutes=5)
    clock.shift(timedelta(seconds=1))
    actions.put_back(first, by=alan)
    clock.shift(timedelta(seconds=1))
    actions.pause(second, by=grace, minutes=5)
    clock.shift(timedelta(seconds=1))
    with pytest.raises(NotPossible, match="cannot be undone"):
        actions.undo(queue, by=alan)
    assert [each.pk for each in HelpRequest.objects.filter(status=Status.PAUSED)] == [second.pk]


def test_not_yet_after_raising_another_hand_is_refused(queue, raise_hand, ada, grace):
    first = raise_hand(ada)
    actions.start(first, by=grace)
    actions.resolve(first, by=grace)
    second = raise_hand(ada)
    with pytest.raises(NotPossible):
        actions.reopen(first, by=ada)
    assert list(HelpRequest.objects.active()) == [second]


def test_an_undo_leaves_a_request_as_it_ended_once_another_hand_went_up(
    queue, clock, raise_hand, ada, grace
):
    """Ada's page is about her newest request; an older one that came back would be out of her
    reach while it waits, and its end would be older than what her page shows."""
    first = raise_hand(ada)
    actions.start(first, by=grace)
    actions.resolve(first, by=grace)
    clock.shift(timedelta(seconds=1))
    actions.lower(raise_hand(ada), by=ada)
    with pytest.raises(NotPossible, match="cannot be undone"):
        actions.undo(queue, by=grace)
    with pytest.raises(NotPossible, match="You can raise your hand again"):
        actions.reopen(first, by=ada)
    assert list(HelpRequest.objects.active()) == []


def test_not_yet_in_the_next_lesson_belongs_to_it_and_is_missed_there(
    queue, clock, raise_hand, room, ada, grace
):
    help_request = raise_hand(ada)
    actions.start(help_request, by=grace)
    actions.resolve(help_request, by=grace)
    actions.close_help(room, by=grace)
    clock.shift(timedelta(minutes=5))
    lesson = actions.open_help(room, by=grace)
    assert actions.reopen(help_request, by=ada).lesson == lesson
    clock.shift(timedelta(minutes=40))
    actions.close_help(room, by=grace)
    assert live.Present(queue.pk).missed == [help_request]


def test_a_clock_that_is_late_does_not_end_what_was_put_off_until_after_the_lesson(
    queue, clock, raise_hand, room, ada, grace
):
    """On time it would have closed help at 9:10 and kept the request for the next lesson."""
    actions.open_help(room, by=grace, closes_at=MONDAY + timedelta(minutes=10))
    help_request = raise_hand(ada)
    actions.defer(help_request, by=ada, at=MONDAY + timedelta(minutes=11))
    clock.shift(timedelta(minutes=12))
    actions.run_clock()
    assert room.open_lesson() is None
    assert now_of(help_request).status == Status.DEFERRED


def test_a_proposal_ends_with_the_lesson_and_does_not_come_back(
    queue, clock, raise_hand, room, ada, grace
):
    help_request = raise_hand(ada)
    actions.start(help_request, by=grace)
    actions.propose_later(help_request, by=grace, at=MONDAY + timedelta(minutes=10))
    actions.close_help(room, by=grace)
    clock.shift(timedelta(minutes=1))
    actions.open_help(room, by=grace)
    assert actions.reopen(help_request, by=ada).proposed_at is None


def test_opening_help_that_is_open_changes_nothing_and_tells_nobody(queue, lesson, room, grace):
    version = now_version(queue)
    assert actions.open_help(room, by=grace) == lesson
    assert now_version(queue) == version


def test_saying_why_is_a_change_like_any_other(queue, raise_hand, ada):
    help_request = raise_hand(ada)
    actions.lower(help_request, by=ada)
    version = now_version(queue)
    actions.say_why(help_request, by=ada, reason=Reason.WAIT)
    assert now_version(queue) == version + 1


def now_version(queue):
    return Queue.objects.values_list("version", flat=True).get(pk=queue.pk)


@pytest.mark.parametrize("outcome", [Outcome.HELPED, Outcome.ELSEWHERE])
def test_done_without_a_start_counts_as_started(queue, raise_hand, ada, grace, outcome):
    """From "on the way" straight to "done": the visit is in the measures, with no length."""
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    done = actions.resolve(help_request, by=grace, outcome=outcome)
    assert (done.outcome, done.help_started_at) == (outcome, done.ended_at)
    assert now_of(help_request).first_response_at <= done.ended_at
