"""The wish for an adult: asked for, seen, passed on, done, or no longer wanted."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from checkins import kernel
from checkins.models import Change, CheckIn, Contact, FollowUp, FollowUpStatus
from checkins.questions import Soon
from classrooms.actions import NotPossible
from classrooms.models import Classroom, Membership

#: "Today" should be seen within this; "this week" by the next school day.
SEEN_TODAY = timedelta(hours=2)


def keep_wish(
    check_in: CheckIn, student: Membership, *, soon: str, adult: Membership | None
) -> None:
    """What a reply says about an adult: asked for, changed, or no longer wanted."""
    known = FollowUp.objects.filter(check_in=check_in, student=student).first()
    if not soon or adult is None:
        if known is not None and known.is_active:
            _end_follow_up(known, FollowUpStatus.DECLINED)
        return
    is_same = known is not None and (known.soon, known.adult_id) == (soon, adult.pk)
    if known is not None and known.is_active and is_same:
        return
    now = timezone.now()
    FollowUp.objects.update_or_create(
        check_in=check_in,
        student=student,
        defaults={
            "adult": adult,
            "soon": soon,
            "status": FollowUpStatus.REQUESTED,
            "requested_at": now,
            "due_at": _due(now, soon, check_in.classroom),
            "acknowledged_at": None,
            "ended_at": None,
        },
    )


def _due(now: datetime, soon: str, classroom: Classroom) -> datetime:
    """By when an adult should have seen it: in two hours, or on the next school day."""
    if soon == Soon.TODAY:
        return now + SEEN_TODAY
    local = now.astimezone(classroom.zone)
    day = local + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


@transaction.atomic
def acknowledge(follow_up: FollowUp) -> FollowUp:
    """ "I have seen this": the chosen adult says when they opened it."""
    current = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if not current.is_active:
        raise NotPossible(_("This one is settled already."))
    current.acknowledged_at = current.acknowledged_at or timezone.now()
    current.status = FollowUpStatus.ACKNOWLEDGED
    current.save(update_fields=["status", "acknowledged_at"])
    return current


@transaction.atomic
def finish(follow_up: FollowUp) -> FollowUp:
    """The adult and the student have talked."""
    current = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if current.status == FollowUpStatus.DECLINED:
        raise NotPossible(_("The student no longer wants this. Thank you for looking."))
    if current.is_active:
        _end_follow_up(current, FollowUpStatus.DONE)
        current.student.contacts.create(by=current.adult, kind=Contact.Kind.CHECKED_IN)
    return current


@transaction.atomic
def pass_on(follow_up: FollowUp, *, to: Membership, by: User | None) -> FollowUp:
    """A school admin finds another adult for one whose adult has left the class.

    The student reads who it is, and can still say that they no longer want it.
    """
    alone = FollowUp.objects.left_alone().select_for_update(of=("self",))
    current = alone.select_related("check_in__classroom__school").filter(pk=follow_up.pk).first()
    if current is None:
        raise NotPossible(_("This one is settled already."))
    now, classroom = timezone.now(), current.check_in.classroom
    current.adult, current.status, current.acknowledged_at = to, FollowUpStatus.REQUESTED, None
    current.due_at = _due(now, current.soon, classroom)
    current.save(update_fields=["adult", "status", "acknowledged_at", "due_at"])
    title = _("A student's wish, to %(name)s") % {"name": to.name}
    kernel.record(Change.Verb.PASSED_ON, title, school=classroom.school, classroom=classroom, by=by)
    return current


@transaction.atomic
def decline_follow_up(follow_up: FollowUp) -> FollowUp:
    """The student no longer wants it: their word always holds."""
    current = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if current.is_active:
        _end_follow_up(current, FollowUpStatus.DECLINED)
    return current


def _end_follow_up(follow_up: FollowUp, status: str) -> None:
    follow_up.status = status
    follow_up.ended_at = timezone.now()
    follow_up.save(update_fields=["status", "ended_at"])
