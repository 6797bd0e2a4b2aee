"""What other apps show on the class pages, beside the queue and the student's own request.

An app registers an Aside when it is ready. Each region it renders is one element with an id
and ``hx-swap-oob="true"``; page, answer and push carry the same HTML, in these places:

* the class's, above a student's request and on the board: no name, count or place of anybody,
  labelled ``data-version="{{ present.label }}"`` so that an older one replaces no newer one;
* a student's own, below their request: nothing of anybody else;
* the helpers', above the queue.

A class's and a student's own depend on nothing but the lesson and what their app announces
(``live.announce_asides``): a raised hand neither asks for them nor renders them. What goes
while a hand is up is hidden by a style (``#my-request[data-status]``). Helpers are sent theirs
with every change, so it may count hands; what it knows otherwise it keeps (``Present.keep``).
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from requests_app.present import Present


@dataclass(frozen=True)
class Aside:
    """An app's regions; it leaves out what it does not have.

    ``student_facts``: for all these students (membership ids) at once, in a constant number
    of queries, what ``student_region`` renders from; for the same facts it is rendered once.
    """

    name: str
    class_region: Callable[[Present], str] | None = None
    helpers_region: Callable[[Present], str] | None = None
    student_facts: Callable[[Present, Collection[int]], Mapping[int, Hashable]] | None = None
    student_region: Callable[[Present, Any], str] | None = None


#: Student (membership id) → app → the facts of their region.
Facts = Mapping[int, Mapping[str, Hashable]]

_registered: dict[str, Aside] = {}
#: What a student's region is made of → its HTML: a thousand pages that come back cost nothing.
_memo: dict[tuple, str] = {}
_MEMO_SIZE = 8192


def register(aside: Aside) -> None:
    """To be called as the app gets ready; the regions stand in this order."""
    _registered[aside.name] = aside


def forget_all() -> None:
    """Render everything anew."""
    _memo.clear()


def of_class(present: Present) -> SafeString:
    return _joined(each.class_region(present) for each in _all() if each.class_region)


def of_helpers(present: Present) -> SafeString:
    return _joined(each.helpers_region(present) for each in _all() if each.helpers_region)


def facts_of(present: Present, students: Collection[int]) -> Facts:
    """What the own regions of all these students are rendered from, looked up together."""
    found: dict[int, dict[str, Hashable]] = {student: {} for student in students}
    for aside in _all() if students else ():
        if aside.student_facts is not None:
            for student, facts in aside.student_facts(present, students).items():
                found[student][aside.name] = facts
    return found


def of_student(present: Present, facts: Mapping[str, Hashable]) -> SafeString:
    """One student's own regions, in the active language."""
    return _joined(_region(present, _registered[name], each) for name, each in facts.items())


def _all() -> Iterable[Aside]:
    return _registered.values()


def _joined(regions: Iterable[str]) -> SafeString:
    return format_html_join("", "{}", ((region,) for region in regions))


def _region(present: Present, aside: Aside, facts: Hashable) -> str:
    key = (aside.name, present.queue.classroom.slug, facts, translation.get_language())
    if key not in _memo:
        assert aside.student_region is not None, f"{aside.name} has facts and shows none"
        if len(_memo) >= _MEMO_SIZE:
            _memo.clear()
        _memo[key] = aside.student_region(present, facts)
    return _memo[key]
