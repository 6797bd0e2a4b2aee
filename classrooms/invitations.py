"""Invitations: links that make a colleague staff of a class, or an admin of a school.

A link opens something once, within a week, and only while whoever made it may still invite. It is
a key for whoever has it, so all open ones end when a colleague who may have known them loses their
rights (``classrooms.endings``). Where sign-up is closed an invitation opens it for one account.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms.access import digest, new_key
from classrooms.actions import add_staff
from classrooms.errors import NotPossible
from classrooms.models import Classroom, Invite, Role, School, SchoolAdmin

#: How long an invitation for a colleague can be used.
LASTS = timedelta(days=7)


def invite(*, by, role: str, school: School, classroom: Classroom | None = None) -> str:
    """The key of a single-use link for a colleague; only its digest is kept."""
    key = new_key()
    Invite.objects.create(
        classroom=classroom,
        school=school,
        role=role,
        key_digest=digest(key),
        created_by=by,
        expires_at=timezone.now() + LASTS,
    )
    return key


def find(key: str) -> Invite | None:
    """An invitation that can still be used."""
    usable = Invite.objects.usable(timezone.now())
    return (
        usable.select_related("classroom", "school", "created_by")
        .filter(key_digest=digest(key))
        .first()
    )


def listed(*, school: School, classroom: Classroom | None = None) -> QuerySet[Invite]:
    """The open invitations to a class, or to being an admin of a school, newest first."""
    usable = Invite.objects.usable(timezone.now()).filter(school=school, classroom=classroom)
    return usable.select_related("created_by", "account").order_by("-created_at", "-pk")


def take_back(found: Invite) -> None:
    """The link opens nothing any more; one that was used or has ended already stays as it is."""
    Invite.objects.filter(pk=found.pk, used_at=None, ended_at=None).update(ended_at=timezone.now())


def opens_sign_up(invite_id: int | None) -> bool:
    """Whether this invitation still lets somebody make an account: one for each."""
    usable = Invite.objects.usable(timezone.now())
    return invite_id is not None and usable.filter(pk=invite_id, account=None).exists()


def give_account(invite_id: int | None, user) -> bool:
    """Note the account that was made with an invitation; False if there is one already."""
    usable = Invite.objects.usable(timezone.now())
    return bool(usable.filter(pk=invite_id, account=None).update(account=user))


def was_invited(user) -> bool:
    """Whether this account was made with an invitation, where sign-up is closed."""
    return Invite.objects.filter(account=user).exists()


@transaction.atomic
def accept(found: Invite, user) -> None:
    """Use an invitation up; raises NotPossible if it is another account's, was used, or ended."""
    usable = Invite.objects.usable(timezone.now()).filter(pk=found.pk)
    if not usable.update(used_at=timezone.now()):
        raise NotPossible(_("This invitation is over. Ask for a new one."))
    if found.account_id not in (None, user.pk):
        raise NotPossible(_("This invitation belongs to another account. Ask for a new one."))
    if found.classroom is not None:
        membership = found.classroom.memberships.present().filter(user=user).first()
        if membership is None or not membership.can_manage:
            add_staff(found.classroom, user, found.role)
        return
    SchoolAdmin.objects.get_or_create(school=found.school, user=user)
    for classroom in found.school.classrooms.exclude(memberships__user=user):
        add_staff(classroom, user, Role.SCHOOL_ADMIN)
