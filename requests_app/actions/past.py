"""What a student asked before and since, and what that brings to the line (D2)."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from classrooms.models import Attendance
from classrooms.prepared import Prepared
from requests_app.models import (
    ACTIVE,
    LONGER_LOOK_FROM,
    LONGER_LOOK_WITHIN,
    HelpRequest,
    Outcome,
    Reason,
    Status,
)
from requests_app.order import Credits

#: "It has been a while" looks back over this many attended lessons (D2).
LESSONS_BACK = 5


class _Past(NamedTuple):
    """An earlier request of the same student, as far as the line and R5 look at it."""

    pk: int
    form_key: str
    lesson_id: int
    raised_at: datetime
    changed_at: datetime
    status: str
    reason: str
    outcome: str
    help_started_at: datetime | None

    @property
    def was_helped(self) -> bool:
        return self.help_started_at is not None or self.outcome == Outcome.GROUP


def _asked(student: int, lesson: int, form_key: str) -> QuerySet:
    attended = Attendance.objects.filter(membership=student).exclude(lesson=lesson)
    newest = attended.order_by("-lesson__opened_at").values("lesson")[:LESSONS_BACK]
    counts = Q(lesson=lesson) | Q(lesson__in=newest) | Q(status__in=ACTIVE) | Q(form_key=form_key)
    rows = HelpRequest.objects.filter(counts, student=student)
    return rows.order_by("-pk").values_list(*_Past._fields)


_asked_before: Prepared[tuple] = Prepared(_asked)


def past_of(student_id: int, lesson_id: int, form_key: str) -> list[_Past]:
    """The student's requests of this lesson and of the last few that they were in, newest first;
    with them one that is active, and the one of this form, whenever they were raised."""
    return [_Past(*row) for row in _asked_before(student_id, lesson_id, form_key)]


def credits_of(current: HelpRequest, past: list[_Past]) -> Credits:
    """What this student brings to the line now (D2)."""
    here = [row for row in past if row.lesson_id == current.lesson_id]
    earlier = [row for row in past if row.lesson_id != current.lesson_id]
    started_here = current.help_started_at is not None or any(row.was_helped for row in here)
    missed = bool(earlier) and (
        earlier[0].status == Status.EXPIRED
        or (earlier[0].status == Status.WITHDRAWN and earlier[0].reason == Reason.WAIT)
    )
    return Credits(
        first_today=not started_here,
        been_a_while=not any(row.status == Status.RESOLVED and row.was_helped for row in past),
        missed_last_time=missed,
        carry_on=current.carry_on,
    )


def asks_again_and_again(past: list[_Past], now: datetime) -> bool:
    """R5: with the hand that goes up now, the third one in a quarter of an hour."""
    recent = [row for row in past if now - row.raised_at < LONGER_LOOK_WITHIN]
    return len(recent) + 1 >= LONGER_LOOK_FROM


def give_credits(current: HelpRequest, credits: Credits) -> None:
    current.first_today = credits.first_today
    current.been_a_while = credits.been_a_while
    current.missed_last_time = credits.missed_last_time
    current.sort_at = current.raised_at - credits.head_start


def raised_since(current: HelpRequest) -> QuerySet[HelpRequest]:
    """What the same student has raised since: an older request stays as it ended, so that an
    active one is always the newest, and the one that the student's page is about."""
    return current.queue.help_requests.filter(student_id=current.student_id, pk__gt=current.pk)
