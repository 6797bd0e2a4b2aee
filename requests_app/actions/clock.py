"""What time does, not people: right when late, and when run twice."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from django.db.models import Q
from django.utils import timezone

from classrooms.actions import NotPossible
from classrooms.models import Lesson
from requests_app.actions.change import change
from requests_app.actions.lesson import close_help
from requests_app.models import CLAIM_LASTS, RETURN_GRACE, HelpRequest, Status


def run_clock(now: datetime | None = None) -> int:
    """Do every move whose time has come; returns how many were made.

    However late it runs, the moves are made in the order in which they were due.
    """
    now = now or timezone.now()
    made = 0
    for _due, move in sorted(_due_moves(now), key=lambda each: each[0]):
        try:
            move()
            made += 1
        except NotPossible:
            continue  # somebody was faster than the clock
    return made


def _due_moves(now: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
    due = HelpRequest.objects.filter(
        Q(status=Status.CLAIMED, claimed_at__lte=now - CLAIM_LASTS)
        | Q(status=Status.PAUSED, return_at__lte=now - RETURN_GRACE)
        | Q(status=Status.DEFERRED, return_at__lte=now)
    )
    for each in due:
        if each.status == Status.CLAIMED and each.claimed_at:
            yield each.claimed_at + CLAIM_LASTS, partial(let_go, each, now=now)
        elif each.status == Status.PAUSED and each.return_at:
            yield each.return_at + RETURN_GRACE, partial(overdue, each, now=now)
        elif each.return_at:
            yield each.return_at, partial(come_back, each, now=now)
    for lesson in Lesson.objects.open().filter(closes_at__lte=now).select_related("classroom"):
        if lesson.closes_at:
            yield lesson.closes_at, partial(close_help, lesson.classroom, by=None, if_due=now)


def let_go(help_request: HelpRequest, *, now: datetime) -> HelpRequest:
    """A claim with no start after five minutes goes back into line (T4)."""
    with change(help_request, "let_go", by=None) as current:
        _still_due(current.claimed_at, now - CLAIM_LASTS)
        current.helper = None
    return current


def overdue(help_request: HelpRequest, *, now: datetime) -> HelpRequest:
    """A promised return that did not happen: first in line now (T7)."""
    with change(help_request, "overdue", by=None) as current:
        _still_due(current.return_at, now - RETURN_GRACE)
        current.is_promised = True
        current.helper = None
    return current


def come_back(help_request: HelpRequest, *, now: datetime) -> HelpRequest:
    """The later time has come (T12). While help is closed it waits for the next lesson."""
    with change(help_request, "come_back", by=None) as current:
        _still_due(current.return_at, now)
        lesson = current.queue.open_lesson()
        if lesson is None:
            raise NotPossible("closed")
        current.lesson = lesson
        current.is_promised = True
    return current


def _still_due(moment: datetime | None, limit: datetime) -> None:
    if moment is None or moment > limit:
        raise NotPossible("not due any more")
