"""What other apps show on the class pages, beside the queue and the student's own request.

An app registers itself as ready. Its regions are regions of the queue's topic like any other, in
these places:

* the class's, above a student's request and on the board: no name, count or place of anybody;
* a student's own, below their request: nothing of anybody else;
* the helpers', above the queue.

A class's and a student's own depend on nothing but the lesson and what their app announces
(``live.announce_beside``): a raised hand neither asks for them nor draws them. What goes while a
hand is up is hidden by a style (``#my-request[data-status]``). Helpers' are looked at with every
change, so they may count hands; what is known otherwise is kept (``Present.keep``).
"""

from collections.abc import Collection, Hashable, Mapping
from typing import Any

from live.shown import Piece
from requests_app.present import Present

Pieces = Mapping[str, Piece]


class Beside:
    """An app's regions: id of the element → what it is; it leaves out what it does not have."""

    name = ""

    def of_class(self, present: Present) -> Pieces:
        return {}

    def of_helpers(self, present: Present) -> Pieces:
        return {}

    def facts_of(self, present: Present, students: Collection[int]) -> Mapping[int, Hashable]:
        """What the own regions of all these students (membership ids) are drawn from, looked up
        together in a constant number of queries."""
        return {}

    def of_student(self, present: Present, facts: Any) -> Pieces:
        return {}

    def label_of(self, facts: Any) -> int:
        """When they changed last, in microseconds: an older text replaces no newer one."""
        return 0


#: Student (membership id) → app → the facts of their regions.
Facts = Mapping[int, Mapping[str, Any]]

_registered: dict[str, Beside] = {}


def register(beside: Beside) -> None:
    """To be called as the app gets ready; the regions stand in this order."""
    _registered[beside.name] = beside


def of_class(present: Present) -> dict[str, Piece]:
    return _all_of(each.of_class(present) for each in _registered.values())


def of_helpers(present: Present) -> dict[str, Piece]:
    return _all_of(each.of_helpers(present) for each in _registered.values())


def facts_of(present: Present, students: Collection[int]) -> Facts:
    """What is needed for the own regions of all these students, looked up together."""
    found: dict[int, dict[str, Any]] = {student: {} for student in students}
    for each in _registered.values() if students else ():
        for student, facts in each.facts_of(present, students).items():
            found[student][each.name] = facts
    return found


def of_student(present: Present, facts: Mapping[str, Any]) -> dict[str, Piece]:
    """One student's own regions."""
    return _all_of(_registered[name].of_student(present, each) for name, each in facts.items())


def label_of(facts: Mapping[str, Any]) -> int:
    return sum(_registered[name].label_of(each) for name, each in facts.items())


def _all_of(listed) -> dict[str, Piece]:
    return {name: piece for pieces in listed for name, piece in pieces.items()}
