"""Whatever people do, in whatever order: what is always true of the requests of a class (C12).

Three students, two helpers and the clock do anything at all, sensible or not, against the real
database, and everything is looked at after each step: C12's invariants 1 to 10. For 8, what is
private so far is the wish that an adult checks in. For 10, nothing can be put on hold so far.
That two helpers at the very same moment do not both win is shown by ``test_races``. What is
too rare to happen in such stories stands below, each as one of its own.
"""

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import time_machine
from django.db import models, transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bench.showing import Showing, shown_by
from checkins import actions as check_ins
from checkins import replies
from checkins.models import FollowUp, Preset
from classrooms.actions import NotPossible
from classrooms.models import Attendance, Classroom, Lesson, Role, School
from live import hub
from live.shown import news
from requests_app import actions, beside, forgetting, regions
from requests_app.models import (
    ACTIVE,
    MOVES,
    WITH_HELPER,
    WORDS,
    Event,
    HelpRequest,
    Outcome,
    Queue,
    Reason,
    Reflection,
    Status,
)
from requests_app.order import CarryOn, Rule, arrange
from requests_app.present import Present, look
from requests_app.said import Feeling, Given, Kind, Manner, NextOne, Repair, Thanks
from tests.conftest import staff, student
from tests.shown import queue_of

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: Columns that count or date the changes of a row; the history need not keep them.
COUNTERS = {"version", "changed_at"}
#: Students whose names are in no other text, and what each of their texts begins with.
NAMES, SAID = ("Ada Quill", "Ben Quark", "Cy Quince"), "Somebody"
#: What a message to the other processes may hold, and what may be said to have changed.
IN_A_MESSAGE = {"type", "topic", "version", "what"}
A_CHANGE = re.compile(r"line|class|opened|beside|(hand|beside)\.\d+")
#: Steps after which a page may differ by the clock alone.
BY_CLOCK = (actions.run_clock,)

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
        "queues": [row | {"version": None} for row in Queue.objects.order_by("pk").values()],
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


# --- Anything can happen -----------------------------------------------------

#: Cards and what they can be answered with.
CARDS = {
    "kind": ["", *Kind.values],
    "tried": [[], ["nothing"], ["read", "way"]],
    "starter": ["", "stuck-1"],
    "feeling": ["", *Feeling.values],
}
ANSWERS = [{card: answer} for card, answers in CARDS.items() for answer in answers]
PASSED = [
    {card: what}
    for card in (*CARDS, "R2", "R4", "resource-7")
    for what in ("skipped", "offered", "bit", "not")
]
#: Steps about one student that must change nothing for another one, not even a count:
#: verb → what can go with it.
QUIET = {
    "describe": ANSWERS,
    "describe_late": [{"kind": kind} for kind in Kind.values],
    "pass_over": PASSED,
    "choose_repair": [{"repair": repair} for repair in Repair.values],
    "choose_manner": [{"manner": manner} for manner in ("", *Manner.values)],
    "look_ahead": [{"next_one": answer} for answer in NextOne.values],
    "reflect": [{"reflection": reflection} for reflection in Reflection.values],
    "say_why": [{"reason": reason} for reason in Reason.values],
    "note_given": [{"given": given, "next_step": "Draw it"} for given in ("", *Given.values)],
    "thank": [{"thanks": thanks} for thanks in Thanks.values],
}
#: Visits with their ends: a story that had to find each step by itself would rarely have any.
VISITS = (
    ("start", "resolve"),
    ("claim", "resolve"),
    ("claim", "put_back"),
    ("start", "put_back", "start", "resolve"),
)
BREAKS = (("start", "pause"), ("start", "pause", "start"), ("start", "pause", "put_back"))
WORDS_AFTER = (("reopen",), ("reopen", "start"), ("reflect",), ("reflect", "look_ahead"))
#: What is tried when it is not possible now: verb → what goes with it.
OUT_OF_TURN = {
    "describe": {"kind": "hint"},
    "describe_late": {"kind": "show"},
    "choose_repair": {"repair": "kind"},
    "look_ahead": {"next_one": "yes"},
    "solve": {},
    "lower": {},
    "say_why": {"reason": "wait"},
    "reflect": {"reflection": "partly"},
    "reopen": {},
    "carry_over": {},
    "defer": {},
    "decline_later": {},
    "claim": {},
    "start": {},
    "resolve": {},
    "put_back": {},
    "bring_forward": {},
    "pause": {"minutes": 5, "hint": ""},
}
HELPERS_VERBS = {"claim", "start", "resolve", "put_back", "bring_forward", "pause"}
HELPERS_VERBS |= {"note_given", "thank"}
#: What a step of a visit needs.
VISIT_FACTS = {
    "pause": lambda: {"minutes": 5, "hint": "Draw it"},
    "reflect": lambda: {"reflection": "carry_on"},
    "look_ahead": lambda: {"next_one": "yes"},
}

#: A student, a helper, and which of the requests that could do it (0 is the newest).
WHO, BY, PICK = st.integers(0, 2), st.integers(0, 1), st.integers(0, 5)
#: Who helps: mostly who has it already, if somebody has.
HOLDER = st.sampled_from([None, None, 0, 1])


def one_of(values):
    return st.sampled_from(list(values))


def can(verb):
    """Offered where it is possible for some request; the others are tried out of turn."""
    return precondition(lambda self: bool(self.able(verb)))


class AnyLesson(RuleBasedStateMachine):
    """Three students, two helpers and a clock; hypothesis decides who does what, and tells the
    shortest story that it finds of something going wrong."""

    def __init__(self):
        super().__init__()
        self.undo_all = ExitStack()
        self.sent = []
        #: Member → what their open page shows; and the state of each audience that it was told.
        self.open, self.told = {}, {}

    def teardown(self):
        self.undo_all.close()

    @initialize(order=one_of(Rule), hands=st.integers(0, 3))
    def begin(self, order, hands):
        self.clock = self.undo_all.enter_context(time_machine.travel(MONDAY, tick=False))
        self.undo_all.enter_context(story())
        self.undo_all.enter_context(mock.patch.object(transaction, "on_commit", _at_once))
        self.undo_all.enter_context(mock.patch.object(hub, "tell_all", self.sent.append))
        school = School.objects.create(name="Hill School", time_zone="Europe/Berlin")
        self.room = Classroom.objects.create(school=school, name="9", slug="nine", code="K7QM4XRD")
        self.queue = Queue.objects.create(classroom=self.room, rule=order)
        self.students = [student(self.room, name) for name in NAMES]
        self.helpers = [
            staff(self.room, "grace@example.org", "Grace", Role.TEACHER),
            staff(self.room, "alan@example.org", "Alan", Role.ASSISTANT),
        ]
        self.tasks = [self.room.tasks.create(title=title) for title in ("Loops", "Lists")]
        ready = check_ins.preset(Preset.READY)
        self.check_in = check_ins.open_check_in(self.room, ready, by=self.helpers[0])
        self.now, self.shown = everything(), self.pages()
        self.play(actions.open_help, self.room, by=self.helpers[0])
        for who in self.students[:hands]:
            self.play(actions.raise_hand, self.queue, student=who, form_key="form-0")

    # --- A step, and what it may write and say ---

    def play(self, verb, *args, **facts):
        """Let somebody do it; refused or not, exactly what is right has been written and sent.

        Returns the refusal, or None.
        """
        self.clock.shift(timedelta(milliseconds=1))  # no two steps at one moment
        before, version, events = self.now, self.version(), Event.objects.count()
        self.sent.clear()
        refused = self.try_to(verb, *args, **facts)
        self.now = everything()
        check_everything(self.queue, self.now["requests"])
        if refused is not None:
            assert str(refused) or isinstance(refused, actions.AlreadyDone)
            assert self.now == before
            assert (self.version(), Event.objects.count()) == (version, events)
            assert self.sent == []
            return refused
        assert (self.version() > version) == (self.now != before)
        requests, known = self.now["requests"], before["requests"]
        new = list(Event.objects.order_by("pk")[events:])
        changed = {pk for pk, row in requests.items() if row != known.get(pk)}
        assert {event.help_request_id for event in new} == changed
        if verb is not actions.run_clock:  # it can do two things to one request
            assert len(new) == len(changed)
        for pk in changed & set(known):
            check_change(known[pk], requests[pk])
        check_messages(self.sent, {requests[pk]["student_id"] for pk in changed})
        self.look(verb)
        return None

    def try_to(self, verb, *args, **facts):
        """The refusal, or None if it was done."""
        try:
            verb(*args, **facts)
        except NotPossible as refused:
            return refused
        return None

    def version(self):
        return Queue.objects.values_list("version", flat=True).get(pk=self.queue.pk)

    @property
    def is_open(self):
        return any(lesson["closed_at"] is None for lesson in self.now["lessons"])

    def idle(self):
        """Students whose hand is down."""
        rows = self.now["requests"].values()
        busy = {row["student_id"] for row in rows if row["status"] in ACTIVE}
        return [each for each in self.students if each.pk not in busy]

    def able(self, verb):
        """Ids of the requests that can do ``verb`` now, newest first."""
        froms = (MOVES | OTHER_MOVES)[verb]
        rows = self.now["requests"].values()
        return sorted((row["id"] for row in rows if row["status"] in froms), reverse=True)

    def on(self, verb, pick, *, by=None, out_of=None, **facts):
        """On one of the requests that can do it; ``by``: a helper, else the request's student."""
        found = out_of or self.able(verb)
        help_request = HelpRequest.objects.select_related("student").get(
            pk=found[pick % len(found)]
        )
        by = help_request.student if by is None else by
        return self.play(getattr(actions, verb), help_request, by=by, **facts)

    def on_by(self, verb, pick, by, *, out_of=None, **facts):
        """By a helper; None is who has it."""
        found = out_of or self.able(verb)
        holder = self.now["requests"][found[pick % len(found)]]["helper_id"]
        own = [each for each in self.helpers if each.pk == holder]
        who = (own or self.helpers)[0] if by is None else self.helpers[by]
        return self.on(verb, pick, by=who, out_of=found, **facts)

    def one_of_able(self, verb, pick):
        found = self.able(verb)
        return [found[pick % len(found)]]

    # --- What students are shown (C12, 6 and 9) ---

    def pages(self):
        """Each student's page, by membership id, as the hub draws them: of one look."""
        present, ids = look(self.queue.pk), [each.pk for each in self.students]
        latest, facts = present.latest_of(ids), beside.facts_of(present, ids)
        with translation.override("en"):
            whole_class = regions.class_view(present)
            own = {pk: regions.student_view(present, latest.get(pk), facts[pk]) for pk in ids}
            return {pk: Page.of(whole_class, own[pk]) for pk in ids}

    def look(self, verb):
        """After a step: nobody sees anybody else, no label goes back, and every page that is open
        shows what one would that is loaded now."""
        shown = self.pages()
        for who in self.students:
            check_private(shown[who.pk].text, who)
            check_labels(self.shown[who.pk], shown[who.pk], by_clock=verb in BY_CLOCK)
        self.shown = shown
        self.push()

    def push(self):
        """Bring the open pages what is new, by what each of them shows."""
        present, truth = look(self.queue.pk), {}
        with translation.override("en"):
            for who in (*self.students, self.helpers[0]):
                page = self.open.setdefault(who.pk, Showing())
                for name, view in regions.views_of(who, present).items():
                    before = self.told.get((who.pk, name))
                    self.told[who.pk, name] = view.shown
                    assert page.apply(news(name, view, before))
            regions.forget_all()
            present = look(self.queue.pk)
            for who in (*self.students, self.helpers[0]):
                views = regions.views_of(who, present)
                truth = shown_by("".join(news(name, view, None) for name, view in views.items()))
                assert self.open[who.pk].shows() == truth.shows()

    def quietly(self, verb, pick, **facts):
        """A step about one student that the others' pages tell nothing of, not even by a count."""
        one = self.one_of_able(verb, pick)
        owner = self.now["requests"][one[0]]["student_id"]
        self.look(actions.run_clock)  # as of now: the clock alone may have changed them
        before = self.shown
        by = self.helpers[0] if verb in HELPERS_VERBS else None
        if self.on(verb, 0, by=by, out_of=one, **facts) is None:
            others = [each.pk for each in self.students if each.pk != owner]
            assert [self.shown[pk] for pk in others] == [before[pk] for pk in others]

    # --- The students ---

    @precondition(lambda self: self.is_open and self.idle())
    @rule(pick=PICK, by_staff=one_of([False, False, True]))
    def raise_hand(self, pick, by_staff):
        who = self.idle()[pick % len(self.idle())]
        key = f"form-{who.help_requests.count()}"
        by = self.helpers[0] if by_staff else None
        self.play(actions.raise_hand, self.queue, student=who, form_key=key, by=by)

    @precondition(lambda self: self.is_open and self.idle())
    @rule(pick=PICK)
    def raise_hand_and_say_it_all(self, pick):
        """Beside the one above, so that stories have hands up often enough."""
        self.raise_hand(pick, by_staff=False)
        said = {"carry_on": "no", "kind": "hint", "tried": ["read"]}
        self.on("describe", 0, task=self.tasks[0], **said)

    @can("describe")
    @rule(pick=PICK, task=one_of([None, 0, 0, 1]), carry_on=one_of(["", *CarryOn.values]))
    def describe(self, pick, task, carry_on):
        task = None if task is None else self.tasks[task]
        self.on("describe", pick, task=task, carry_on=carry_on)

    @can("describe")
    @rule(pick=PICK)
    def write(self, pick):
        found = self.able("describe")
        owner = self.now["requests"][found[pick % len(found)]]["student_id"]
        self.quietly("describe", pick, text=f"{SAID} {owner} says: why is it 42?")

    @rule(pick=PICK, verb=one_of(QUIET), which=st.integers(0, 60))
    def say_something(self, pick, verb, which):
        if self.able(verb):
            self.quietly(verb, pick, **QUIET[verb][which % len(QUIET[verb])])

    @can("solve")
    @rule(pick=PICK, resource=one_of(["", "", "resource-7"]))
    def solve(self, pick, resource):
        """Works from every active state (C12, 5)."""
        assert self.on("solve", pick, resource=resource) is None

    @can("lower")
    @rule(pick=PICK, reason=one_of(["", *Reason.values]))
    def lower(self, pick, reason):
        """Works from every active state (C12, 5)."""
        assert self.on("lower", pick, reason=reason) is None

    @rule(pick=PICK, verb=one_of(["reopen", "carry_over"]))
    def ask_again(self, pick, verb):
        if self.able(verb):
            self.on(verb, pick)

    @can("defer")
    @rule(pick=PICK, minutes=one_of([None, -1, 2, 5, 20]))
    def defer(self, pick, minutes):
        self.on("defer", pick, at=None if minutes is None else in_minutes(minutes))

    # --- The helpers ---

    @can("claim")
    @rule(pick=PICK, by=BY)
    def claim(self, pick, by):
        """Two at once: one has it, and the other is told so kindly (C12, 2)."""
        one = self.one_of_able("claim", pick)
        assert self.on("claim", 0, by=self.helpers[by], out_of=one) is None
        refused = self.on("claim", 0, by=self.helpers[1 - by], out_of=one)
        assert self.helpers[by].name in str(refused)

    @rule(pick=PICK, verb=one_of(["start", "start", "resolve", "put_back"]), by=HOLDER)
    def help(self, pick, verb, by):
        if self.able(verb):
            self.on_by(verb, pick, by)

    @can("pause")
    @rule(pick=PICK, by=HOLDER, minutes=one_of([0, 1, 1, 5, 15, 16]))
    def pause(self, pick, by, minutes):
        self.on_by("pause", pick, by, minutes=minutes, hint="Draw it")

    @can("claim")
    @rule(pick=PICK, by=BY, steps=one_of(VISITS))
    def visit(self, pick, by, steps):
        one = self.one_of_able("claim", pick)
        for verb in steps:
            who = self.helpers[by] if verb in HELPERS_VERBS else None
            self.on(verb, 0, by=who, out_of=one, **VISIT_FACTS.get(verb, dict)())

    @can("claim")
    @rule(pick=PICK, by=BY, steps=one_of(BREAKS))
    def visit_with_a_break(self, pick, by, steps):
        self.visit(pick, by, steps)

    @can("claim")
    @rule(pick=PICK, by=BY, steps=one_of(WORDS_AFTER))
    def visit_and_say_how_it_went(self, pick, by, steps):
        self.visit(pick, by, ("start", "resolve", *steps))

    @can("claim")
    @rule(pick=PICK, by=BY, verb=one_of(["claim", "start", "bring_forward"]))
    def take_it_back_at_once(self, pick, by, verb):
        one = self.one_of_able("claim", pick)
        assert self.on(verb, 0, by=self.helpers[by], out_of=one) is None
        assert self.play(actions.undo, self.queue, by=self.helpers[by]) is None

    @can("propose_later")
    @rule(pick=PICK, by=HOLDER, minutes=one_of([-1, 10, 10]), answer=one_of(["", "no", "yes"]))
    def propose_later(self, pick, by, minutes, answer):
        one = self.one_of_able("propose_later", pick)
        self.on_by("propose_later", 0, by, out_of=one, at=in_minutes(minutes))
        if answer:
            self.on({"no": "decline_later", "yes": "defer"}[answer], 0, out_of=one)

    @can("answer_group")
    @rule(what=one_of(["answer_group", "bring_forward", "undo"]), pick=PICK, by=BY)
    def decide(self, what, pick, by):
        by = self.helpers[by]
        if what == "answer_group":
            asked = self.now["requests"][self.one_of_able("answer_group", pick)[0]]
            task = next((each for each in self.tasks if each.pk == asked["task_id"]), self.tasks[1])
            self.play(actions.answer_group, self.queue, by=by, task=task)
        elif what == "undo":
            self.play(actions.undo, self.queue, by=by)
        elif self.able("bring_forward"):
            self.on("bring_forward", pick, by=by)

    # --- What is not possible now, or is by chance ---

    @precondition(lambda self: self.now["requests"])
    @rule(verb=one_of(OUT_OF_TURN), pick=PICK, by=BY)
    def do_it_out_of_turn(self, verb, pick, by):
        every = sorted(self.now["requests"], reverse=True)
        who = self.helpers[by] if verb in HELPERS_VERBS else None
        self.on(verb, pick, by=who, out_of=every, **OUT_OF_TURN[verb])

    @rule(who=WHO, ago=one_of([0, 1]), what=one_of(["raise", "open"]))
    def do_it_once_more(self, who, ago, what):
        """A hand that is up, a form of last time, a lesson that is open."""
        if what == "open":
            self.play(actions.open_help, self.room, by=self.helpers[0])
            return
        who = self.students[who]
        key = f"form-{who.help_requests.count() - ago}"
        self.play(actions.raise_hand, self.queue, student=who, form_key=key)

    # --- The lesson and the clock ---

    @precondition(lambda self: not self.is_open)
    @rule(minutes=one_of([None, None, None, 4, 45]), by=BY)
    def open_help(self, minutes, by):
        closes_at = None if minutes is None else in_minutes(minutes)
        self.play(actions.open_help, self.room, by=self.helpers[by], closes_at=closes_at)

    @precondition(lambda self: self.is_open)
    @rule(what=one_of(["pause for a task", "resume", "later end", "close", "close"]))
    def lead_the_class(self, what):
        by = self.helpers[0]
        if what == "resume":
            self.play(actions.resume_class, self.queue, by=by)
        elif what == "later end":
            self.play(actions.open_help, self.room, by=by, closes_at=in_minutes(10))
        elif what == "close":
            self.play(actions.close_help, self.room, by=by)
        else:
            self.play(actions.pause_class, self.queue, by=by, task=self.tasks[0])

    # --- What is private, and what is deleted ---

    @rule(who=WHO)
    def ask_an_adult_to_check_in(self, who):
        """Is in one adult's list and nowhere in the queue or on its pages (C12, 8)."""
        desk = queue_of(self.room)
        given = replies.Given(soon="today", adult=self.helpers[1])
        replies.reply(self.check_in, given, by=self.students[who], edit_key="")
        assert FollowUp.objects.filter(student=self.students[who], adult=self.helpers[1]).exists()
        assert rows() == self.now["requests"]
        assert queue_of(self.room) == desk
        assert self.pages() == self.shown
        self.now = everything()

    @rule()
    def a_quarter_of_a_year_later(self):
        """What was written is gone on its day, from the history too, and nothing else (C12, 10).

        Also about a hand that nobody lowered, in a lesson that nobody closed."""
        limit = timezone.now() + timedelta(minutes=1)
        before = self.now["requests"]
        forgetting.delete_words(limit)
        assert forgetting.delete_words(limit) == 0
        self.now = everything()
        check_everything(self.queue, self.now["requests"])
        for pk, row in self.now["requests"].items():
            counted = {name: row[name] for name in COUNTERS}
            assert row == before[pk] | dict.fromkeys(WORDS, "") | counted
        for event in Event.objects.all():
            kept = event.facts | event.before
            assert not any(kept.get(name) for name in WORDS)
        self.look(actions.run_clock)

    @rule(
        minutes=one_of([0.2, 1, 3, 6, 6, 16]), then=one_of(["", "clock", "clock", "back"]), who=WHO
    )
    def time_passes(self, minutes, then, who):
        self.clock.shift(timedelta(minutes=minutes))
        self.look(actions.run_clock)
        if then:
            self.run_the_clock()
        if then == "back":
            self.come_back(self.students[who])

    def run_the_clock(self):
        """Twice: the second time there is nothing left to do."""
        self.play(actions.run_clock)
        version = self.version()
        assert actions.run_clock() == 0
        assert (everything(), self.version()) == (self.now, version)

    def come_back(self, who):
        """A minute without a socket; then one fetch shows what is true (C12, 9)."""
        self.clock.shift(timedelta(minutes=1))
        self.run_the_clock()
        fetched = self.shown[who.pk]
        regions.forget_all()
        assert self.pages()[who.pk].queue == fetched.queue
        self.look(actions.run_clock)


@contextmanager
def story():
    """What one story writes is gone before the next one begins."""
    regions.forget_all()
    block = transaction.atomic()
    block._from_testcase = True  # what must not stand inside another block may stand in this one
    with block:
        yield
        transaction.set_rollback(True)
    regions.forget_all()


def _at_once(call, *_args, **_kwargs):
    """What would happen after the commit, which in a test never comes."""
    call()


def in_minutes(minutes):
    return timezone.now() + timedelta(minutes=minutes)


# --- What is always true -----------------------------------------------------


def check_everything(queue, now):
    for row in now.values():
        check_row(row)
    check_people(now.values())
    check_lesson(queue.classroom.open_lesson(), now.values())
    check_history(now)
    check_line(Present(queue.pk))


def check_change(before, after):
    """A change of one row: counted, dated, and all of it recorded; the first raise stays when
    it was (C12, 4)."""
    assert after["raised_at"] == before["raised_at"]
    assert after["version"] > before["version"]
    assert after["changed_at"] > before["changed_at"]
    written = {name for name in after if after[name] != before[name]}
    assert written <= COUNTERS | set(actions.RECORDED)


def check_messages(sent, changed):
    """Others hear that something changed, and whose page that is: ids alone (C12, 7)."""
    told = set()
    for message in sent:
        assert set(message) <= IN_A_MESSAGE
        assert message["type"] == "live.changed"
        assert all(A_CHANGE.fullmatch(each) for each in message["what"])
        hands = (each.partition(".") for each in message["what"])
        told |= {int(number) for word, _dot, number in hands if word == "hand"}
    assert told == changed


def check_private(page, who):
    """Nobody else's name and no word of theirs (C12, 6). Who helps is named."""
    assert not any(name in page for name in NAMES if name != who.name)
    assert set(re.findall(rf"{SAID} (\d+)", page)) <= {str(who.pk)}


@dataclass(frozen=True)
class Page:
    """What one student is shown. ``labels``: of the class's and of their own view. ``queue``:
    without the wait, which is sent whenever it may have changed, and what other apps show."""

    labels: dict
    queue: str
    text: str

    @classmethod
    def of(cls, whole_class, own):
        labels = {"class": whole_class.version, "student": own.version}
        pieces = {**whole_class.regions, **own.regions}
        ours = "".join(pieces[name].html for name in ("help-state", "my-request"))
        without_wait = re.sub(r'<p id="my-wait".*?</p>', "", ours, flags=re.DOTALL)
        return cls(labels, without_wait, "".join(each.html for each in pieces.values()))


def check_labels(before, after, *, by_clock):
    """No label goes back; a page that shows something else has a newer one (C12, 9)."""
    for audience, label in after.labels.items():
        assert label >= before.labels[audience], audience
    if not by_clock and after.labels == before.labels:
        assert after.queue == before.queue


def check_people(now):
    active = [row["student_id"] for row in now if row["status"] in ACTIVE]
    assert len(active) == len(set(active)), "one hand for each student"
    newest = {row["student_id"]: row["status"] for row in sorted(now, key=lambda row: row["id"])}
    assert {who for who in newest if newest[who] in ACTIVE} == set(active), "and the newest one"
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
    assert present.waiting == arrange(waiting.order_by("?"), present.queue.rule, present.turns)
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


def test_whatever_happens_the_requests_of_a_class_make_sense():
    """The same stories each time, so that nobody else's change is blamed for an old mistake."""
    run_state_machine_as_test(
        AnyLesson,
        settings=settings(
            max_examples=16,
            stateful_step_count=45,
            derandomize=True,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


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
    assert Present(queue.pk).missed == [help_request]


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
