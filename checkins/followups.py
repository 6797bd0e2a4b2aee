"""The wish for an adult: asked for, read, passed on when it is late, done, or no longer wanted.

Promise: it is never in a list that nobody looks at. The adult is written to; who has not read it
in time no longer has it alone: it goes on to whoever stands in for well-being at the school, and
then to the school's admins. The student reads who has it, and when it was read.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from checkins import gate, kernel
from checkins.care import Carer
from checkins.models import Change, CheckIn, Contact, FollowUp, FollowUpStatus
from checkins.questions import Soon
from checkins.when import within_hours
from classrooms.actions import NotPossible
from classrooms.models import Classroom, Membership

logger = logging.getLogger(__name__)

#: "Today" should be read within this; "this week" by the next school day. It counts while
#: somebody looks, where the school wrote down when that is.
SEEN_TODAY = timedelta(hours=2)


def keep_wish(
    check_in: CheckIn, student: Membership, *, soon: str, adult: Membership | None
) -> None:
    """What a reply says about an adult: asked for, changed, or no longer wanted."""
    known = FollowUp.objects.filter(check_in=check_in, student=student).first()
    if known is not None and known.is_active and not student.sees(known.requested_at):
        if soon:
            raise NotPossible(
                _("Your teacher has to say first that it is you. Then you can ask here.")
            )
        return
    if not soon or adult is None:
        if known is not None and known.is_active:
            _end(known, FollowUpStatus.DECLINED)
        return
    is_same = known is not None and (known.soon, known.adult_id) == (soon, adult.pk)
    if known is not None and known.is_active and is_same:
        return
    now = timezone.now()
    FollowUp.objects.update_or_create(
        check_in=check_in,
        student=student,
        defaults=_anew(adult, _due(now, soon, check_in.classroom))
        | {"soon": soon, "requested_at": now},
    )


def _anew(adult: Membership, due_at: datetime) -> dict:
    """Fields of one that this adult has in their list and has not read."""
    return {
        "adult": adult,
        "status": FollowUpStatus.REQUESTED,
        "due_at": due_at,
        "told_at": None,
        "passed_to": None,
        "passed_at": None,
        "to_school_at": None,
        "acknowledged_at": None,
        "read_by": None,
        "ended_at": None,
    }


@transaction.atomic
def ask_for_adult(check_in: CheckIn, *, by: Membership, soon: str, adult: Membership) -> None:
    """Ask for an adult after the answers were sent, as long as the check-in can be looked at."""
    current = kernel.locked(check_in)
    if not Membership.objects.present().filter(pk=by.pk).exists():
        raise NotPossible(_("You are no longer in this class. Ask your teacher to let you in."))
    keep_wish(current, by, soon=soon, adult=adult)


def _due(now: datetime, soon: str, classroom: Classroom) -> datetime:
    """By when somebody should have read it."""
    stored = gate.hours_of(gate.rules_of(classroom.school))
    if soon == Soon.TODAY:
        return within_hours(now, SEEN_TODAY, stored, classroom.zone)
    local = now.astimezone(classroom.zone)
    day = local + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return within_hours(day, timedelta(0), stored, classroom.zone)


@transaction.atomic
def acknowledge(follow_up: FollowUp, *, by: User | None) -> FollowUp:
    """ "I have read this": the student is shown who did, and when."""
    current = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if not current.is_active:
        raise NotPossible(_("This one is settled already."))
    if current.acknowledged_at is None:
        current.acknowledged_at, current.read_by = timezone.now(), by
        current.status = FollowUpStatus.ACKNOWLEDGED
        current.save(update_fields=["status", "acknowledged_at", "read_by"])
    return current


@transaction.atomic
def finish(follow_up: FollowUp, *, by: User | None) -> FollowUp:
    """The adult and the student have talked."""
    current = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if current.status == FollowUpStatus.DECLINED:
        raise NotPossible(_("The student no longer wants this. Thank you for looking."))
    if current.is_active:
        current.read_by = current.read_by or by
        current.acknowledged_at = current.acknowledged_at or timezone.now()
        current.save(update_fields=["read_by", "acknowledged_at"])
        _end(current, FollowUpStatus.DONE)
        mine = current.student.classroom.memberships.present().filter(user=by).first()
        current.student.contacts.create(by=mine, kind=Contact.Kind.CHECKED_IN)
    return current


@transaction.atomic
def pass_on(follow_up: FollowUp, *, to: Membership, by: User | None) -> FollowUp:
    """A school admin finds another adult for one that came to the school.

    The student reads who it is, and can still say that they no longer want it.
    """
    waiting = FollowUp.objects.with_the_school().select_for_update(of=("self",))
    current = waiting.select_related("check_in__classroom__school").filter(pk=follow_up.pk).first()
    if current is None:
        raise NotPossible(_("This one is settled already."))
    classroom = current.check_in.classroom
    due_at = _due(timezone.now(), current.soon, classroom)
    for name, value in _anew(to, due_at).items():
        setattr(current, name, value)
    current.save()
    title = _("A student's wish, to %(name)s") % {"name": to.name}
    kernel.record(Change.Verb.PASSED_ON, title, school=classroom.school, classroom=classroom, by=by)
    return current


@transaction.atomic
def decline_follow_up(follow_up: FollowUp) -> FollowUp:
    """The student no longer wants it: their word always holds."""
    current = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if current.is_active:
        _end(current, FollowUpStatus.DECLINED)
    return current


def _end(follow_up: FollowUp, status: str) -> None:
    follow_up.status = status
    follow_up.ended_at = timezone.now()
    follow_up.save(update_fields=["status", "ended_at"])


# --- The clock ---------------------------------------------------------------


def run_clock(now: datetime | None = None) -> None:
    """Pass on what is late, and write to whoever has something new in a list."""
    now = now or timezone.now()
    for late in FollowUp.objects.late(now).select_related("check_in__classroom__school"):
        pass_on_if_late(late, now=now)
    tell_them(now)


@transaction.atomic
def pass_on_if_late(follow_up: FollowUp, *, now: datetime) -> bool:
    """Nobody read it in time, or its adult has left: somebody else has it as well from now on."""
    found = FollowUp.objects.late(now).select_for_update(of=("self",)).filter(pk=follow_up.pk)
    current = found.select_related("check_in__classroom__school", "adult").first()
    if current is None:
        return False
    classroom = current.check_in.classroom
    backup = gate.carer(classroom.school, Carer.Part.BACKUP)
    if backup is not None and current.passed_at is None and backup.user_id != current.adult.user_id:
        current.passed_to, current.passed_at = backup.user, now
    else:
        current.to_school_at = now
    current.due_at, current.told_at = _due(now, current.soon, classroom), None
    if current.adult.removed_at is not None:  # what was read by somebody who has left starts anew
        current.status, current.acknowledged_at = FollowUpStatus.REQUESTED, None
        current.read_by = None
    current.save()
    return True


def tell_them(now: datetime) -> None:
    """Write once to whoever has a wish in their list. The letter says nothing of whose it is.

    A mail server that is away is asked again a minute later; nothing waits for it.
    """
    untold = FollowUp.objects.untold().select_related(
        "adult__user", "passed_to", "check_in__classroom__school"
    )
    for each in untold:
        if not _write_to(_addresses(each)):
            return
        FollowUp.objects.filter(pk=each.pk).update(told_at=now)


def _addresses(follow_up: FollowUp) -> list[str]:
    """Of whoever has it now."""
    if follow_up.to_school_at is not None:
        admins = follow_up.check_in.classroom.school.admins.select_related("user")
        return [each.user.email for each in admins if each.user.is_active]
    user = follow_up.passed_to or follow_up.adult.user
    return [user.email] if user is not None and user.is_active and user.email else []


def _write_to(addresses: list[str]) -> bool:
    """Whether the letters are on their way, or there is nobody to write to."""
    text = _("Somebody asked to talk with you. Sign in to see: %(site)s")
    try:
        for address in addresses:
            send_mail(
                _("Somebody asked to talk with you"),
                text % {"site": settings.SITE_URL},
                None,
                [address],
            )
    except OSError:
        logger.warning("A letter about a student's wish could not be sent; it is tried again.")
        return False
    return True
