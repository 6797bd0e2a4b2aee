"""Made-up pupils: how many new names come in, and a door that closes itself.

Whoever has the code from the wall can make up names. One browser brings at most twenty in ten
minutes (a tablet that goes round a class). A class of its own size comes in at once; more than
sixty new names in a minute, or two hundred in ten, are no class: the door closes itself and says
so. Names that are known, or on the list, are not counted. Opened again by the teacher it lets
four hundred in, for a lecture hall.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

from classrooms import guesses, limits
from classrooms.endings import tell_end
from classrooms.models import Attendance, Classroom, Device, Membership
from classrooms.naming import find_student
from classrooms.signals import tell_door

NAMES_PER_BROWSER = limits.Budget("names-browser", tries=20, seconds=600)
NAMES_IN_A_MINUTE = limits.Budget("names-minute", tries=60, seconds=60)
NAMES_IN_TEN = limits.Budget("names-ten", tries=200, seconds=600)
NAMES_REOPENED = limits.Budget("names-reopened", tries=400, seconds=600)
#: How long a door that was opened again lets more in.
REOPENED_FOR = timedelta(minutes=10)


def has_brought_enough(request: HttpRequest, classroom: Classroom, name: str) -> bool:
    """Whether this browser brings one new name too many."""
    key = f"{classroom.pk}:{guesses.browser(request)}"
    if not limits.is_spent(NAMES_PER_BROWSER, key, when_cache_is_away=True):
        return False
    return find_student(classroom, name) is None


def note_new_name(request: HttpRequest, classroom: Classroom) -> None:
    """Somebody came in by a name that nobody had; one too many and the door closes itself."""
    key = f"{classroom.pk}:{guesses.browser(request)}"
    limits.spend(NAMES_PER_BROWSER, key, when_cache_is_away=True)
    for budget in _budgets(classroom):
        if not limits.spend(budget, str(classroom.pk), when_cache_is_away=True):
            shut(classroom, budget)
            return


def _budgets(classroom: Classroom) -> list[limits.Budget]:
    reopened = classroom.reopened_at
    if reopened is not None and timezone.now() - reopened < REOPENED_FOR:
        return [NAMES_REOPENED]
    return [NAMES_IN_A_MINUTE, NAMES_IN_TEN]


@transaction.atomic
def shut(classroom: Classroom, budget: limits.Budget) -> None:
    """The door closes itself; a teacher opens it again (``actions.set_joining``)."""
    now = timezone.now()
    since = now - timedelta(seconds=budget.seconds)
    changed = Classroom.objects.filter(pk=classroom.pk, code_is_open=True, shut_at=None).update(
        code_is_open=False, shut_at=now, crowd_since=since
    )
    if changed:
        tell_door(classroom)


def reason(classroom: Classroom) -> str:
    """Why the door closed itself; empty while it has not."""
    if classroom.shut_at is None:
        return ""
    shut_at, reopened = classroom.shut_at, classroom.reopened_at
    since = classroom.crowd_since or shut_at
    minutes = max(1, round((shut_at - since).total_seconds() / 60))
    was_reopened = reopened is not None and shut_at - reopened < REOPENED_FOR
    in_ten = NAMES_REOPENED if was_reopened else NAMES_IN_TEN
    count = (NAMES_IN_A_MINUTE if minutes == 1 else in_ten).tries
    at = timezone.localtime(shut_at).strftime("%H:%M")
    return ngettext(
        "The door closed itself at %(at)s, because more than %(count)d people came in a minute.",
        "The door closed itself at %(at)s, because more than %(count)d people came "
        "in %(n)d minutes.",
        minutes,
    ) % {"at": at, "count": count, "n": minutes}


# --- Those who came since -------------------------------------------------------


def crowd(classroom: Classroom) -> QuerySet[Membership]:
    """Who came with the rush and has done nothing since: no row of any app points to them."""
    since: datetime | None = classroom.crowd_since
    if since is None:
        return Membership.objects.none()
    came = Device.objects.filter(membership=OuterRef("pk"), created_at__gte=since)
    found = classroom.memberships.present().students()
    found = found.filter(Exists(came), on_roster=False).exclude(joined_at__lt=since)
    for deed in _deeds():
        found = found.exclude(Exists(deed))
    return found.by_name()


def _deeds() -> list[QuerySet]:
    """For each table that points to somebody in a class, its rows about this one."""
    return [
        relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
        for relation in Membership._meta.related_objects
        if relation.related_model not in (Device, Attendance)
    ]


@transaction.atomic
def remove_crowd(classroom: Classroom, members: Collection[int]) -> int:
    """Remove those of the crowd who are named (ids). A name that did nothing leaves no trace."""
    Classroom.objects.select_for_update(no_key=True).get(pk=classroom.pk)
    going = list(crowd(classroom).filter(pk__in=members).values_list("pk", flat=True))
    gone = Membership.objects.in_bulk(going)
    for member in gone.values():
        tell_end(membership=Membership(pk=member.pk, classroom=classroom))
    Membership.objects.filter(pk__in=going).delete()
    tell_door(classroom)
    return len(gone)
