"""Whose name somebody typed: kindly, and so that nobody passes for somebody else.

The same name is one that compares the same or looks the same. In a class that joins by its list,
accents and the order of first and last name do not matter either, as long as just one name on the
list fits; nothing is guessed from a typing error. The list itself is shown to nobody.
"""

import unicodedata

from django.db.models import Q

from classrooms.lookalike import look_key
from classrooms.models import Classroom, Membership
from classrooms.text import name_key


def same_name(name: str) -> Q:
    """Memberships whose name is this one, or cannot be told from it."""
    return Q(name_key=name_key(name)) | Q(look_key=look_key(name))


def find_student(classroom: Classroom, name: str) -> Membership | None:
    """The student who is meant; the very same name before one that only looks like it."""
    students = classroom.memberships.present().students()
    alike = students.filter(same_name(name)).order_by("pk")
    exact = [each for each in alike if each.name_key == name_key(name)]
    found = [each for each in alike if each in exact or look_key(each.name) == look_key(name)]
    # A release that knew no look renamed these and left the old one; it is in nobody's way.
    stale = [each.pk for each in alike if each not in found]
    if stale:
        students.filter(pk__in=stale).update(look_key="")
    if found:
        return (exact or found)[0]
    if classroom.join_by != Classroom.JoinBy.ROSTER:
        return None
    wanted = _kind_key(name)
    fitting = [
        pk for pk, listed in students.values_list("pk", "name") if _kind_key(listed) == wanted
    ]
    return students.get(pk=fitting[0]) if len(fitting) == 1 else None


def is_helpers(classroom: Classroom, name: str) -> bool:
    """Whether somebody who works with this class is called so."""
    return classroom.memberships.present().staff().filter(same_name(name)).exists()


def keys_of(name: str) -> set[str]:
    """What makes two names of a list the same."""
    return {name_key(name), look_key(name)}


def known_keys(classroom: Classroom) -> set[str]:
    """The keys of all students who are in the class."""
    return _keys(classroom.memberships.present().students())


def helper_keys(classroom: Classroom) -> set[str]:
    """The keys of those who work with the class."""
    return _keys(classroom.memberships.present().staff())


def _keys(members) -> set[str]:
    rows = members.values_list("name_key", "look_key")
    return {key for row in rows for key in row if key}


def _kind_key(name: str) -> str:
    """Without accents, in any order: "Lovelace, Ada" is "Ada Lovelace"."""
    plain = unicodedata.normalize("NFD", name_key(name))
    plain = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    return " ".join(sorted(plain.replace(",", " ").split()))
