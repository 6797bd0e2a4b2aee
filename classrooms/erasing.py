"""How a class, a school or a member of staff is erased: out at once, then emptied by the clock.

A year of a big school is too much for one request, and for one transaction. So asking for it
(``ask_classroom``, ``ask_school``, ``ask_staff``, ``ask_account``) is short: nobody comes in any
more, open pages close. Then ``finish`` takes everything away in small steps, each a transaction of
its own. Whatever a restart cuts off goes on later: each step leaves the wish beside what is left.
"""

import logging
import time
from collections.abc import Iterator

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from classrooms.actions import archive, keep_one_teacher
from classrooms.endings import end_invites, end_invites_known_to, tell_end
from classrooms.errors import NotPossible
from classrooms.models import Classroom, Membership, MembershipQuerySet, School
from records import registry
from records.registry import Person, Reader

logger = logging.getLogger(__name__)

#: Seconds of each minute that the clock works on it: it does one job at a time, and the moves
#: whose time has come wait for that long at most.
AT_A_TIME = 5.0

Counts = list[tuple[str, int]]


# --- What depends on it ------------------------------------------------------


def depends_on_classroom(classroom: Classroom) -> Counts:
    """What goes with a class: what it is, and how many."""
    found = _people(classroom.memberships.all())
    found += [(_("Lessons"), classroom.lessons.count()), (_("Tasks"), classroom.tasks.count())]
    rest = _count_rest(classroom, {"memberships", "lessons", "tasks"})
    return _some([*found, (_("Check-ins, cards, links and whatever else belongs to it"), rest)])


def depends_on_school(school: School) -> Counts:
    """What goes with a school: what it is, and how many."""
    found = [(_("Classes"), school.classrooms.count()), (_("Admins"), school.admins.count())]
    found += _people(Membership.objects.filter(classroom__school=school))
    rest = _count_rest(school, {"classrooms", "admins"})
    return _some([*found, (_("The directory, rules, templates and whatever else it has"), rest)])


def depends_on_staff(user: User, school: School) -> Counts:
    """What goes, or stays without the name, with a member of staff."""
    mine = Membership.objects.filter(user=user, classroom__school=school)
    about = registry.count(
        Person(members=tuple(mine.values_list("pk", flat=True))),
        reader=Reader.TEACHER,
        without=Membership,
    )
    found = [
        (_("Classes, with those left lately"), mine.count()),
        (_("Right to set up the school"), school.admins.filter(user=user).count()),
    ]
    return _some([*found, *((str(what), rows) for what, rows in about)])


def depends_on_account(user: User) -> Counts:
    """What there is about an account, in all schools."""
    members = tuple(user.memberships.values_list("pk", flat=True))
    about = registry.count(Person(members=members, account=user.pk), reader=Reader.ADMIN)
    found = [
        (_("Classes, with those left lately"), len(members)),
        (_("Schools that this person sets up"), user.school_admins.count()),
    ]
    return _some([*found, *((str(what), rows) for what, rows in about)])


def _people(members: MembershipQuerySet) -> Counts:
    """Who is there or left lately, and what is kept about all of them.

    Adults who work in several classes are one.
    """
    adults = members.staff().values("user").distinct().count()
    pks = tuple(members.values_list("pk", flat=True))
    about = registry.count(Person(members=pks), reader=Reader.ADMIN, without=Membership)
    return [
        (_("Students"), members.students().count()),
        (_("Adults who work there"), adults),
        *((str(what), rows) for what, rows in about),
    ]


def _count_rest(row: models.Model, told: set[str]) -> int:
    return sum(rows.count() for name, rows in _rows_of(row) if name not in told)


def _some(found: Counts) -> Counts:
    return [(what, rows) for what, rows in found if rows]


def _rows_of(row: models.Model) -> Iterator[tuple[str, QuerySet]]:
    """All that would go with ``row``, whichever app keeps it: its name, and the rows."""
    for related in row._meta.related_objects:
        if related.on_delete is models.CASCADE:
            found = related.related_model._base_manager.filter(**{related.field.name: row})
            yield related.get_accessor_name() or "", found


# --- Asking for it -----------------------------------------------------------


@transaction.atomic
def ask_classroom(classroom: Classroom) -> None:
    """Close a class for good; the clock erases it with everybody in it."""
    if classroom.archived_at is None:
        archive(classroom)
    end_invites(Q(classroom=classroom))
    Classroom.objects.filter(pk=classroom.pk, erase_asked_at=None).update(
        erase_asked_at=timezone.now()
    )


@transaction.atomic
def ask_school(school: School) -> None:
    """Close a school for good: its classes, and all rights in it. The clock erases the rest."""
    for classroom in school.classrooms.in_use():
        archive(classroom)
    now = timezone.now()
    school.classrooms.filter(erase_asked_at=None).update(erase_asked_at=now)
    School.objects.filter(pk=school.pk, erase_asked_at=None).update(erase_asked_at=now)
    end_invites(Q(school=school))
    admins = list(User.objects.filter(school_admins__school=school))
    school.admins.all().delete()
    for user in admins:
        tell_end(user=user)
        _erase_if_alone(user)


@transaction.atomic
def ask_staff(user: User, school: School) -> None:
    """End all that a member of staff may do in a school; the clock erases the person from it, and
    their name where it stands on others' rows. The account goes too, unless it is used elsewhere.
    """
    mine = Membership.objects.filter(user=user, classroom__school=school)
    for membership in mine.let_in().select_related("classroom"):
        keep_one_teacher(membership)
    School.objects.select_for_update().get(pk=school.pk)  # two could go at the same time
    rights = school.admins.filter(user=user)
    if rights.exists() and not school.admins.exclude(user=user).exists():
        raise NotPossible(_("A school needs an admin. Add another one first."))
    end_invites_known_to(user)
    school.invites.filter(created_by=user).delete()
    if not mine.exists() and account_goes_with(user, school):
        registry.erase(Person(account=user.pk))  # while it is known of which school
    rights.delete()
    _ask_members(mine)
    tell_end(user=user)


@transaction.atomic
def ask_member(membership: Membership) -> None:
    """Take somebody who helps out of one class; the clock erases them from it. An account stays
    as long as it is used in another class or school."""
    if not membership.removed_at:
        keep_one_teacher(membership)
    end_invites(Q(classroom=membership.classroom))
    _ask_members(Membership.objects.filter(pk=membership.pk))


@transaction.atomic
def ask_account(user: User) -> None:
    """Erase somebody from all schools, with the account."""
    if user.is_staff or user.is_superuser:
        raise NotPossible(_("This is an operator's account. Take that right away first."))
    where = Q(classrooms__memberships__user=user) | Q(admins__user=user)
    for school in School.objects.filter(where).distinct().order_by("pk"):
        ask_staff(user, school)
    _erase_if_alone(user)


def account_goes_with(user: User, school: School) -> bool:
    """Whether an account has nothing outside ``school``, and so goes when the person does."""
    elsewhere = user.memberships.exclude(classroom__school=school).exists()
    elsewhere = elsewhere or user.school_admins.exclude(school=school).exists()
    return not (elsewhere or user.is_staff or user.is_superuser)


def _ask_members(members: QuerySet[Membership]) -> None:
    """Out of their classes now: devices are forgotten, open pages close, hands are put back."""
    now = timezone.now()
    for membership in members:
        membership.erase_asked_at = now
        membership.removed_at = membership.removed_at or now
        membership.save(update_fields=["erase_asked_at", "removed_at"])
        membership.devices.all().delete()
        tell_end(membership=membership)


def _is_alone(user: User) -> bool:
    """Whether an account has nothing left but places that are being erased; operators stay."""
    left = user.memberships.filter(erase_asked_at=None).exists() or user.school_admins.exists()
    return not (left or user.is_staff or user.is_superuser)


def _erase_if_alone(user: User) -> None:
    """An account that has nothing left at all."""
    there = User.objects.filter(pk=user.pk, memberships=None)
    if there.exists() and _is_alone(user):
        registry.erase(Person(account=user.pk))
        tell_end(user=user)


# --- Doing it, step by step --------------------------------------------------


def finish(seconds: float = AT_A_TIME) -> int:
    """The clock's: go on with whatever was asked for, for some seconds; how many steps it was.

    What fails is logged and tried again the next time; the others go on.
    """
    until, done = time.monotonic() + seconds, 0
    for steps in _asked_for():
        try:
            for _step in steps:
                done += 1
                if time.monotonic() > until:
                    return done
        except Exception:
            logger.exception("something that was asked for could not be erased")
    return done


def _asked_for() -> Iterator[Iterator[None]]:
    members = Membership.objects.exclude(erase_asked_at=None).values_list("user", flat=True)
    for user in User.objects.filter(pk__in=members).order_by("pk"):
        yield _staff_steps(user)
    for classroom in Classroom.objects.exclude(erase_asked_at=None).order_by("erase_asked_at"):
        yield _classroom_steps(classroom)
    for school in School.objects.exclude(erase_asked_at=None).order_by("erase_asked_at"):
        yield _school_steps(school)


def erase_staff(user: User, school: School) -> None:
    """A member of staff, here and now. For the clock and commands: it takes as long as it takes."""
    ask_staff(user, school)
    for _step in _staff_steps(user):
        pass


def erase_classroom(classroom: Classroom) -> None:
    """A class with everybody in it, here and now."""
    ask_classroom(classroom)
    for _step in _classroom_steps(classroom):
        pass


def erase_school(school: School) -> None:
    """A school with its classes, its directory and the accounts that were only for it, now."""
    ask_school(school)
    for _step in _school_steps(school):
        pass


def _staff_steps(user: User) -> Iterator[None]:
    asked = user.memberships.exclude(erase_asked_at=None).order_by("pk")
    members = tuple(asked.values_list("pk", flat=True))
    if not members:
        return
    yield from _loosen(members)
    with transaction.atomic():
        registry.erase(Person(members=members, account=user.pk if _is_alone(user) else None))
        tell_end(user=user)
    yield


def _classroom_steps(classroom: Classroom) -> Iterator[None]:
    """Students go first, with their requests: little is left then of whoever helped them."""
    people = classroom.memberships.order_by("pk")
    for members in (people.students(), people):
        while (member := members.first()) is not None:
            if not member.is_student:
                yield from _loosen((member.pk,))
            _erase_person(member, with_account=classroom.school.erase_asked_at is not None)
            yield
    yield from _delete_slowly(classroom)


def _school_steps(school: School) -> Iterator[None]:
    school.refresh_from_db()
    for classroom in school.classrooms.order_by("pk"):
        yield from _classroom_steps(classroom)
    yield from _delete_slowly(school)


def _loosen(members: tuple[int, ...]) -> Iterator[None]:
    for _rows in registry.loosen(Person(members=members)):
        yield


@transaction.atomic
def _erase_person(member: Membership, *, with_account: bool) -> None:
    """One person; with the last of their places in a school that goes, their account."""
    user = member.user
    registry.erase(Person(members=(member.pk,)))
    if with_account and user is not None:
        _erase_if_alone(user)


def _delete_slowly(row: Classroom | School) -> Iterator[None]:
    """What hangs on ``row``, some at a time, and then itself."""
    for _name, rows in _rows_of(row):
        while registry.delete_some(rows.order_by("pk")):
            yield
    row.delete()
    registry.forget_old_pages()
    yield
