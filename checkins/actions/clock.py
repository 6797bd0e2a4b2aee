"""What time does, not people; late or twice does no harm."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from checkins import results, unnamed
from checkins.actions.asking import close, open_if_due, purge
from checkins.actions.going import nudge
from checkins.actions.moments import start_if_due
from checkins.models import (
    CheckIn,
    CheckInStatus,
    FollowUp,
    Going,
    HelpMoment,
    ReasonTally,
    SchoolRules,
    SelfCheck,
    Visibility,
)
from classrooms.models import Classroom, Lesson
from requests_app.live import announce_beside

#: A check-in that nobody closed is closed by the clock.
OPEN_AT_MOST = timedelta(hours=12)


#: After closing, every worker has handed in its answers when the first of these is over; totals
#: are looked at until the second is.
_ALL_IN = (timedelta(seconds=50), timedelta(minutes=10))


#: The clock comes once a minute; moments that ended since then are shown as over.
_SINCE_LAST_TICK = timedelta(seconds=70)


def run_clock(now: datetime | None = None) -> None:
    """Every move whose time has come; late or twice does no harm."""
    now = now or timezone.now()
    planned = CheckIn.objects.filter(status=CheckInStatus.SCHEDULED, opens_at__lte=now)
    for check_in in planned.select_related("classroom__school").order_by("opens_at", "pk"):
        open_if_due(check_in, now=now)
    for check_in in CheckIn.objects.open().filter(opened_at__lte=now - OPEN_AT_MOST):
        close(check_in)
    lately = CheckIn.objects.filter(visibility=Visibility.TOTALS, status=CheckInStatus.CLOSED)
    for check_in in lately.filter(closed_at__range=(now - _ALL_IN[1], now - _ALL_IN[0])):
        unnamed.show_late_totals(check_in)
    for moment in HelpMoment.objects.filter(started_at=None, planned_for__lte=now).select_related(
        "classroom__school"
    ):
        start_if_due(moment, now=now)
    _show_ended_moments(now)
    stuck = Lesson.objects.open().filter(self_checks__going=Going.STUCK).distinct()
    for lesson in stuck.select_related("classroom"):
        nudge(lesson, now=now)


def _show_ended_moments(now: datetime) -> None:
    """Pages end a moment by themselves; those without scripts are told."""
    ended = HelpMoment.objects.filter(ends_at__lte=now, ends_at__gt=now - _SINCE_LAST_TICK)
    for moment in ended.select_related("classroom"):
        with transaction.atomic():
            announce_beside(moment.classroom, class_wide=True)


def delete_what_is_due(now: datetime | None = None) -> int:
    """Delete single answers and self-checks whose days are over; how many check-ins it was."""
    now = now or timezone.now()
    purged = 0
    for classroom in Classroom.objects.select_related("school__check_in_rules"):
        limit = now - _kept_for(classroom)
        closed = CheckIn.objects.filter(classroom=classroom, status=CheckInStatus.CLOSED)
        for check_in in closed.filter(closed_at__lte=limit):
            purge(check_in)
            purged += 1
        lessons = classroom.lessons.filter(closed_at__lte=limit)
        SelfCheck.objects.filter(lesson__in=lessons).delete()
        for lesson in lessons.filter(reason_tallies__isnull=False).distinct():
            purge_reasons(lesson)
        FollowUp.objects.filter(check_in__classroom=classroom, ended_at__lte=limit).delete()
        not_opened = CheckIn.objects.filter(classroom=classroom, status=CheckInStatus.NOT_OPENED)
        not_opened.filter(opens_at__lte=limit).delete()
    return purged


@transaction.atomic
def purge_reasons(lesson: Lesson) -> None:
    """Delete what a lesson's single reasons add up to; totals of five or more stay."""
    results.keep_reasons(lesson)
    ReasonTally.objects.filter(lesson=lesson).delete()


def _kept_for(classroom: Classroom) -> timedelta:
    decided = getattr(classroom.school, "check_in_rules", None) or SchoolRules()
    return timedelta(days=decided.keep_days)
