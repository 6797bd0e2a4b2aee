"""The names that an adult goes by, where people typed them: in a directory, in a list of changes.

Of a student there is none: what students are called is in no such place, and a short name could be
anything.
"""

import re
from collections import defaultdict

from accounts.models import User
from classrooms.models import Membership, School
from records.registry import Person


def names_of(person: Person) -> dict[str, set[int]]:
    """Each name, and each address that stood for one, with the schools (ids) where they work."""
    found: dict[str, set[int]] = defaultdict(set)
    staff = Membership.objects.filter(pk__in=person.members).staff()
    for member in staff.select_related("user", "classroom"):
        for name in (member.name, *_of_account(member.user)):
            found[name].add(member.classroom.school_id)
    if person.account is not None:
        user = User.objects.get(pk=person.account)
        schools = School.objects.filter(admins__user=user) | School.objects.filter(
            classrooms__memberships__user=user
        )
        for name in _of_account(user):
            found[name].update(schools.values_list("pk", flat=True))
    return {name: schools for name, schools in found.items() if name and schools}


def _of_account(user: User | None) -> tuple[str, ...]:
    return (user.name, user.email) if user is not None else ()


def without(name: str, text: str, other: str) -> str:
    """``text`` with ``other`` in place of the name; "Al" is no part of "Alice"."""
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _found: other, text)
