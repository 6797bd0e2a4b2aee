"""Help moments: the whole class is invited to ask, for a minute or two."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkins import kernel
from checkins.models import HelpMoment
from classrooms.actions import NotPossible
from classrooms.models import Classroom, Membership
from requests_app.live import announce_beside

#: A planned help moment waits this long for help to open, then it is dropped.
MOMENT_WAITS = timedelta(minutes=15)


@transaction.atomic
def start_moment(classroom: Classroom, *, by: Membership, seconds: int) -> HelpMoment:
    """Invite the whole class to ask, for 30 to 180 seconds from now."""
    _check_length(seconds)
    kernel.lock(classroom)
    return _start(HelpMoment(classroom=classroom, seconds=seconds, started_by=by), timezone.now())


def plan_moment(classroom: Classroom, *, by: Membership, seconds: int, at: datetime) -> HelpMoment:
    """Start one by itself at ``at``, if help is open then."""
    _check_length(seconds)
    if at <= timezone.now():
        raise NotPossible(_("That time has passed. Please choose a later one."))
    return HelpMoment.objects.create(
        classroom=classroom, seconds=seconds, started_by=by, planned_for=at
    )


def _check_length(seconds: int) -> None:
    if not 30 <= seconds <= 180:
        raise NotPossible(_("A help moment lasts 30 to 180 seconds."))


def _start(moment: HelpMoment, now: datetime) -> HelpMoment:
    lesson = moment.classroom.open_lesson()
    if lesson is None:
        raise NotPossible(_("Open help first: a help moment invites hands."))
    if HelpMoment.objects.filter(classroom=moment.classroom, ends_at__gt=now).exists():
        raise NotPossible(_("A help moment is on already."))
    moment.lesson = lesson
    moment.started_at = now
    moment.ends_at = now + timedelta(seconds=moment.seconds)
    moment.save()
    announce_beside(moment.classroom, class_wide=True)
    return moment


@transaction.atomic
def end_moment(moment: HelpMoment) -> None:
    """End it early, or take a planned one back; one that is over stays as it was."""
    kernel.lock(moment.classroom)
    current = HelpMoment.objects.get(pk=moment.pk)
    if current.started_at is None:
        current.delete()
    elif current.is_on(timezone.now()):
        current.ends_at = timezone.now()
        current.save(update_fields=["ends_at"])
        announce_beside(moment.classroom, class_wide=True)


@transaction.atomic
def start_if_due(moment: HelpMoment, *, now: datetime) -> bool:
    """The clock's: start what was planned for now; it waits a little for help to open."""
    kernel.lock(moment.classroom)
    current = HelpMoment.objects.filter(pk=moment.pk, started_at=None).first()
    if current is None or current.planned_for is None or current.planned_for > now:
        return False
    current.classroom = moment.classroom
    try:
        _start(current, now)
    except NotPossible:
        if now - current.planned_for > MOMENT_WAITS:
            current.delete()
        return False
    return True
