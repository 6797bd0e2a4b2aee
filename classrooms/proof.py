"""Whether somebody is who they say: what a name alone shows of that name's past.

A name is no key: classmates know it. Whoever comes back as a name that has been in before, with
no proof (a device that is in, the own PIN, the teacher's yes), comes in and can be helped, but
the past of that name is **sealed**: nothing that was written or asked under it until then is
shown. That holds for the membership, not for one device: a name is sealed only when no device
of it is left, so all that come in later are in the same position. A proof opens the past again
and ends the devices that had none.

Every page that shows a student something of their own asks ``student.sees(moment)``, or filters
by ``seen_by``. Staff see what they always see.
"""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from classrooms.endings import tell_end
from classrooms.models import Membership
from classrooms.signals import past_changed


def seen_by(student: Membership, field: str) -> Q:
    """Rows that ``student`` may be shown of their own, by the moment in ``field``."""
    if student.sealed_before is None:
        return Q()
    return Q(**{f"{field}__gte": student.sealed_before})


def seal(student: Membership) -> None:
    """From now on this student is shown nothing of what there was until now."""
    _seal_before(student, timezone.now())


def open_past(student: Membership) -> None:
    """Somebody proved that they are this student: they see their own past again."""
    open_since(student, None)


def open_since(student: Membership, moment: datetime | None) -> None:
    """The same for a proof that was made under a seal: it opens what there was after that."""
    if student.sealed_before != moment:
        _seal_before(student, moment)


def end_unproven(student: Membership, *, but: int) -> None:
    """While a past is sealed no device of it has a proof: all go, except the one that has now."""
    if student.sealed_before is None:
        return
    for device in student.devices.filter(approved_at__isnull=False).exclude(pk=but):
        pk = device.pk
        device.delete()
        device.pk = pk
        tell_end(device=device)


def _seal_before(student: Membership, moment) -> None:
    Membership.objects.filter(pk=student.pk).update(sealed_before=moment)
    student.sealed_before = moment
    past_changed.send(None, student=student)
