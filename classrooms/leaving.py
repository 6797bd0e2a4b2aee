"""How people, classes and schools go: for a while, or for good.

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

from accounts.models import User
from classrooms.actions import NotPossible, archive, keep_one_teacher
from classrooms.endings import end_invites_known_to, tell_end
from classrooms.models import Classroom, Device, Membership, School
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


def account_goes_with(user: User, school: School) -> bool:
    """Whether an account has nothing outside ``school``, and so goes when the person does."""
    elsewhere = user.memberships.exclude(classroom__school=school).exists()
    elsewhere = elsewhere or user.school_admins.exclude(school=school).exists()
    return not (elsewhere or user.is_staff or user.is_superuser)


@transaction.atomic
def erase_staff(user: User, school: School) -> None:
    """Erase a member of staff from a school: their rights, their name where it stands on others'
    rows, and the account unless it belongs to another school or to an operator."""
    mine = Membership.objects.filter(user=user, classroom__school=school)
    for membership in mine.present().select_related("classroom"):
        keep_one_teacher(membership)
    rights = school.admins.filter(user=user)
    if rights.exists() and not school.admins.exclude(user=user).exists():
        raise NotPossible(_("A school needs an admin. Add another one first."))
    end_invites_known_to(user)
    members = tuple(mine.values_list("pk", flat=True))
    account = user.pk if account_goes_with(user, school) else None
    rights.delete()
    school.invites.filter(created_by=user).delete()
    registry.erase(Person(members=members, account=account))
    tell_end(user=user)


def erase_classroom(classroom: Classroom) -> None:
    """Erase a class and everybody in it.

    One person after the other, so that nobody else waits long for the database. A class that
    was erased by half is put away and can be erased again.
    """
    if classroom.archived_at is None:
        archive(classroom)
    for pk in classroom.memberships.order_by("pk").values_list("pk", flat=True):
        registry.erase(Person(members=(pk,)))
    classroom.delete()


def erase_school(school: School) -> None:
    """Erase a school with its classes, its directory and the accounts that were only for it."""
    for classroom in school.classrooms.order_by("pk"):
        users = set(classroom.memberships.exclude(user=None).values_list("user", flat=True))
        erase_classroom(classroom)
        _erase_accounts(users, school)
    admins = set(school.admins.values_list("user", flat=True))
    school.delete()
    _erase_accounts(admins, None)


def _erase_accounts(users: set[int], school: School | None) -> None:
    """Those of these accounts that have nothing left, in ``school`` or anywhere."""
    alone = User.objects.filter(pk__in=users, memberships=None, school_admins=None)
    for user in alone.filter(is_staff=False, is_superuser=False):
        registry.erase(Person(account=user.pk))
        tell_end(user=user)


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
