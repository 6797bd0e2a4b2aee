"""How people and classes go: for a while, or for good. What is too much for one request is erased
by the clock (``classrooms.erasing``).

Whoever **leaves** a class can come back within ``KEEP_LEFT_DAYS``; then the clock erases them.
Whoever is **erased** is gone at once, with everything that the apps declared about them
(``records.registry``). Open pages close.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms.actions import NotPossible, archive, keep_one_teacher
from classrooms.endings import tell_end
from classrooms.erasing import erase_classroom
from classrooms.models import Classroom, Device, Membership
from classrooms.naming import same_name
from records import registry
from records.registry import Person


def days_to_come_back() -> int:
    return settings.KEEP_LEFT_DAYS


def days_put_away() -> int:
    return settings.KEEP_CLASSES_DAYS


def left_lately(classroom: Classroom) -> QuerySet[Membership]:
    """Students who left and can still come back; the last to leave comes first."""
    return classroom.memberships.students().exclude(removed_at=None).order_by("-removed_at", "pk")


@transaction.atomic
def come_back(membership: Membership) -> None:
    """Put somebody who left onto the list again, with everything that is still there."""
    Classroom.objects.select_for_update().get(pk=membership.classroom_id)
    same = membership.classroom.memberships.present().students()
    if same.filter(same_name(membership.name)).exists():
        raise NotPossible(
            _("Another student is called %(name)s now. Rename that one first.")
            % {"name": membership.name}
        )
    membership.removed_at = None
    membership.save(update_fields=["removed_at"])


@transaction.atomic
def erase_member(membership: Membership) -> None:
    """Erase everything personal of somebody in one class; an account stays."""
    if membership.removed_at is None:
        keep_one_teacher(membership)
    registry.erase(Person(members=(membership.pk,)))
    tell_end(membership=membership)


# --- The clock ---------------------------------------------------------------


def erase_those_who_left(limit: datetime) -> int:
    due = Membership.objects.filter(removed_at__lte=limit).order_by("removed_at", "pk")
    left = list(due[:10])
    for membership in left:
        erase_member(membership)
    return len(left)


def put_away_and_erase_classes(limit: datetime) -> int:
    """A class put away before ``limit`` is erased; one in which nobody opened help since then is
    put away, and can be brought back as long again."""
    old = list(Classroom.objects.filter(archived_at__lte=limit).order_by("pk")[:1])
    for classroom in old:
        erase_classroom(classroom)
    used = Coalesce(Max("lessons__opened_at"), "created_at")
    unused = Classroom.objects.in_use().alias(used_at=used).filter(used_at__lte=limit)
    unused = unused.exclude(restored_at__gt=limit)
    idle = list(unused.order_by("pk")[:10])
    for classroom in idle:
        archive(classroom)
    return len(old) + len(idle)


def forget_unused_devices(limit: datetime) -> int:
    """A browser that did not come back; also one that was never let in."""
    unused = Q(used_on__lte=timezone.localdate(limit)) | Q(used_on=None, created_at__lte=limit)
    return registry.delete_some(Device.objects.filter(unused).order_by("pk"))
