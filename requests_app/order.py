"""The order of help: first come, first served with small, capped head starts (D2).

Pure: facts in, an order out. Nothing here reads a clock, so the order changes only
when somebody raises, edits or is served, never by time passing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _


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


#: The sentence students read, by rule (D2: it is explainable in one sentence).
EXPLAINED = {
    Rule.ASKED: _("We help in the order you asked."),
    Rule.HEAD_STARTS: _(
        "We help in the order you asked. People who have not had help yet today, or for a while, "
        "get a few minutes' head start."
    ),
    Rule.BY_TASK: _("We help people who are on the same task together, in the order you asked."),
    Rule.TEACHER: _("Your teacher decides who is next."),
}

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


class InLine(Protocol):
    """What the order needs to know of a waiting request."""

    pk: int
    raised_at: datetime
    sort_at: datetime
    task_id: int | None
    is_promised: bool
    brought_forward_at: datetime | None


Request = TypeVar("Request", bound=InLine)


def arrange(waiting: Iterable[Request], rule: str) -> list[Request]:
    """The waiting requests in the order in which they should be helped.

    Promised returns that are due come first, then what a teacher brought forward, then
    the class's rule; ties by time of asking, then id (D2).
    """
    waiting = list(waiting)
    first_of_task: dict[int | None, datetime] = {}
    for request in waiting:
        known = first_of_task.get(request.task_id)
        first_of_task[request.task_id] = min(known or request.sort_at, request.sort_at)

    def place(request: Request) -> tuple:
        if request.is_promised:
            group = 0
        elif request.brought_forward_at is not None:
            group = 1
        else:
            group = 2
        if group == 1:
            main = (request.brought_forward_at, request.sort_at)
        elif rule in (Rule.ASKED, Rule.TEACHER):
            main = (request.raised_at, request.raised_at)
        elif rule == Rule.BY_TASK and request.task_id is not None:
            main = (first_of_task[request.task_id], request.sort_at)
        else:
            main = (request.sort_at, request.sort_at)
        same_task = request.task_id or 0 if rule == Rule.BY_TASK else 0
        return (group, main[0], same_task, main[1], request.raised_at, request.pk)

    return sorted(waiting, key=place)
