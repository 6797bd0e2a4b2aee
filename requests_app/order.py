"""The order of help: first come, first served with small, capped head starts.

Pure: facts in, an order out. Nothing here reads a clock, so the order changes only
when somebody raises, edits or is served, never by time passing. The sentences that say it
stand beside it, so that whoever changes one sees the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Protocol, TypeVar

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class Rule(models.TextChoices):
    """How a class orders its line; the teacher chooses in the class settings."""

    ASKED = "asked", _("Pure order of asking")
    HEAD_STARTS = "head_starts", _("Order of asking, with small head starts")
    BY_TASK = "by_task", _("Group by task")
    TEACHER = "teacher", _("The teacher picks")


class CarryOn(models.TextChoices):
    """ "Can you carry on meanwhile?", in the student's own words (A07)."""

    NO = "no", _("No")
    SLOWLY = "slowly", _("Slowly")
    YES = "yes", _("Yes, when you can")


#: The sentence students read, by rule: everything that the rule looks at is in it.
EXPLAINED = {
    Rule.ASKED: _("We help in the order you asked."),
    Rule.HEAD_STARTS: _(
        "We help in the order you asked, with a few minutes' head start if you have had no help "
        "yet this lesson or for a while, if we missed you last time, or if you cannot carry on. "
        "If you can carry on, others may go a little before you."
    ),
    Rule.BY_TASK: _(
        "We help in the order you asked, and take those who are on the same task one after another."
    ),
    Rule.TEACHER: _("The people who help here choose who is next."),
}
#: What comes before every rule but the one in which somebody chooses anyway.
COMES_FIRST = _("A promised time comes first, and a helper can bring a hand forward.")
#: What follows, by rule, for people whose hand was still up when help closed.
NEXT_TIME = {Rule.HEAD_STARTS: _("Next time you get a few minutes' head start.")}
NEXT_TIME_FOR_HELPERS = {Rule.HEAD_STARTS: _("They get a few minutes' head start next time.")}


def explain(rule: str) -> str:
    """How the line of a class with this rule works, in the words that its students read."""
    if rule == Rule.TEACHER:
        return str(EXPLAINED[Rule.TEACHER])
    return f"{EXPLAINED[Rule(rule)]} {COMES_FIRST}"


#: Minutes of head start for each credit (D2, table of credits).
FIRST_TODAY, BEEN_A_WHILE, MISSED, CANNOT_CARRY_ON, WHEN_YOU_CAN = 4, 3, 3, 2, -2
#: The sum is held between these (minutes), so nobody is overtaken by more than their difference.
LEAST, MOST = -2, 8


@dataclass(frozen=True)
class Credits:
    """What a request brings to the line. No gender, income, grades, disability or behaviour."""

    first_today: bool = False
    been_a_while: bool = False
    missed_last_time: bool = False
    carry_on: str = ""

    @property
    def head_start(self) -> timedelta:
        """``clamp(sum of credits, -2 min, +8 min)`` (D2)."""
        minutes = (
            FIRST_TODAY * self.first_today
            + BEEN_A_WHILE * self.been_a_while
            + MISSED * self.missed_last_time
            + CANNOT_CARRY_ON * (self.carry_on == CarryOn.NO)
            + WHEN_YOU_CAN * (self.carry_on == CarryOn.YES)
        )
        return timedelta(minutes=max(LEAST, min(MOST, minutes)))


def told_effect(rule: str, credits: Credits, answer: str) -> str:
    """What answering "can you carry on?" with ``answer`` does to the place, said beforehand."""
    change = timedelta(0)
    if rule == Rule.HEAD_STARTS:
        change = replace(credits, carry_on=answer).head_start - credits.head_start
    minutes = round(change.total_seconds() / 60)
    if minutes == 0:
        return _now("Your place stays the same.")
    told = (
        ngettext(
            "Counts as asking %(n)d minute sooner.",
            "Counts as asking %(n)d minutes sooner.",
            minutes,
        )
        if minutes > 0
        else ngettext(
            "Counts as asking %(n)d minute later.",
            "Counts as asking %(n)d minutes later.",
            -minutes,
        )
    )
    return told % {"n": abs(minutes)}


class InLine(Protocol):
    """What the order needs to know of a waiting request."""

    pk: int
    raised_at: datetime
    sort_at: datetime
    task_id: int | None
    is_promised: bool
    brought_forward_at: datetime | None


Request = TypeVar("Request", bound=InLine)


#: Task → when its turn began: somebody who helps took the first of its hands then.
Turns = Mapping[int, datetime]
_ANY_TIME = datetime.min.replace(tzinfo=UTC)


def turns_of(taken: Iterable[tuple[int, int | None, datetime]]) -> Turns:
    """The tasks that the helpers are at, in a class that groups by task.

    ``taken``: (helper, task, when) of each hand that was taken in this lesson, newest first.
    A helper is at the task of the last one, and has been since the first of those in a row.
    """
    at: dict[int, tuple[int | None, datetime]] = {}
    gone: set[int] = set()
    for helper, task, when in taken:
        if helper not in at or (helper not in gone and at[helper][0] == task):
            at[helper] = (task, when)
        else:
            gone.add(helper)
    turns: dict[int, datetime] = {}
    for task, began in at.values():
        if task is not None:
            turns[task] = max(began, turns.get(task, began))
    return turns


def arrange(
    waiting: Iterable[Request], rule: str, turns: Turns = MappingProxyType({})
) -> list[Request]:
    """The waiting requests in the order in which they should be helped.

    Promised returns that are due come first, then what a teacher brought forward, then
    the class's rule; ties by time of asking, then id.
    """
    waiting = list(waiting)
    by_rule = _by_task(waiting, turns) if rule == Rule.BY_TASK else _one_by_one(rule)

    def place(request: Request) -> tuple:
        if request.is_promised:
            before: tuple = (0, _ANY_TIME)
        elif request.brought_forward_at is not None:
            before = (1, request.brought_forward_at)
        else:
            before = (2, _ANY_TIME)
        return (*before, *by_rule(request), request.raised_at, request.pk)

    return sorted(waiting, key=place)


def _one_by_one(rule: str) -> Callable[[InLine], tuple]:
    if rule in (Rule.ASKED, Rule.TEACHER):
        return lambda request: (request.raised_at,)
    return lambda request: (request.sort_at,)


def _by_task(waiting: Sequence[InLine], turns: Turns) -> Callable[[InLine], tuple]:
    """First the tasks whose turn it is, then each task where its first hand went up.

    Only hands that were up when a task's turn began belong to it: later ones wait for the next
    turn, so that a task on which many are stuck does not keep the others waiting for ever.
    """

    def turn(request: InLine) -> datetime | None:
        began = None if request.task_id is None else turns.get(request.task_id)
        return began if began is not None and request.raised_at <= began else None

    first: dict[int | None, datetime] = {}
    for each in waiting:
        if turn(each) is None:
            known = first.get(each.task_id, each.raised_at)
            first[each.task_id] = min(known, each.raised_at)

    def place(request: InLine) -> tuple:
        if request.task_id is None:
            return (1, request.raised_at, 0)
        began = turn(request)
        if began is not None:
            return (0, began, request.task_id)
        return (1, first[request.task_id], request.task_id)

    return place
