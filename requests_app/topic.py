"""The queue of a class as a live topic: who may listen, and what each audience is sent.

News of it are told in these words (``requests_app.live``): ``line`` for every change, ``hand.31``
where that student's own request changed, ``class`` where help opened or closed, ``opened``
where a lesson began; ``beside`` and ``beside.31`` where another app shows the class or this
student something else.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db import IntegrityError
from django.http import HttpRequest
from django.utils import translation

from classrooms.access import Entry, find_entry
from classrooms.actions import note_here
from classrooms.keys import renew_session
from classrooms.live import pass_of
from live.rights import Admission
from live.shown import View
from live.topics import Audience, News, Part
from requests_app import beside
from requests_app.models import HelpRequest, Queue
from requests_app.present import Present, look
from requests_app.regions import (
    audiences_of,
    class_view,
    helpers_view,
    student_view,
    topic_of,
    wait_view,
)


class QueueTopic:
    """``queue:7``, the line of one class."""

    name = "queue"

    def versions_of(self, numbers: Collection[int]) -> dict[int, int]:
        return dict(Queue.objects.filter(pk__in=numbers).values_list("pk", "version"))

    def parts(
        self, number: int, news: News, watched: Collection[str], came: Collection[str]
    ) -> Iterator[Part]:
        """Helpers come first: they are the ones who can do something about it."""
        audiences = [Audience(name) for name in sorted(watched)]
        students = {each.whose for each in audiences if each.kind == "student"}
        changed = _Changed.of(news, students)
        present = look(number)
        for kinds in (("helpers",), ("class", "student")):
            part = [each for each in audiences if each.kind in kinds]
            if part:
                yield _part(present, changed, part, set(came))
        here = {each.whose for each in map(Audience, came) if each.kind == "student"}
        if "opened" in news.what or news.everything:
            here |= students
        if here and present.is_open and present.lesson is not None:
            with suppress(IntegrityError):  # somebody of them was erased meanwhile
                note_here(present.lesson, here)

    def admit(
        self, cookies: Mapping[str, str], number: int, kinds: Collection[str]
    ) -> Admission | None:
        queue = Queue.objects.select_related("classroom").filter(pk=number).first()
        if queue is None:
            return None
        entry = find_entry(_user_of(cookies), cookies, queue.classroom.slug)
        if entry is None or entry.is_waiting:
            return None
        return admission(entry, number, cookies, on_board="class" in kinds and len(kinds) == 1)


def admission(
    entry: Entry, queue_id: int, cookies: Mapping[str, str], *, on_board: bool = False
) -> Admission:
    """What a page of somebody may hear who came in by the door. A projector must not even be sent
    what it does not show."""
    member = entry.membership
    let_in_by, key = pass_of(entry, cookies)
    topics = {topic_of(queue_id): audiences_of(member, on_board=on_board)}
    return Admission(topics, (let_in_by,), member.pk, (key,))


def _user_of(cookies: Mapping[str, str]):
    sessions = import_module(settings.SESSION_ENGINE)
    request = HttpRequest()
    request.session = sessions.SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    renew_session(request.session)
    return get_user(request)


def _numbers(word: str, what: Iterable[str]) -> set[int]:
    """Of ``hand.31`` and ``hand.32`` the numbers."""
    told = (each.partition(".") for each in what)
    return {int(number) for name, _dot, number in told if name == word and number}


def _part(present: Present, changed: "_Changed", audiences: list[Audience], came: set[str]) -> Part:
    students = {each.whose for each in audiences if each.kind == "student"}
    new = {each.whose for each in audiences if each.kind == "student" and each.name in came}
    wanted = students & (new | changed.hands | changed.beside_of)
    told = _Told(
        present,
        changed,
        latest=present.latest_of(wanted),
        facts=beside.facts_of(present, wanted),
    )
    views = {}
    for each in audiences:
        with translation.override(each.language):
            view = _view(told, each, has_come=each.name in came)
        if view is not None:
            views[each.name] = view
    return Part(views, present.queue.version, present.queue.classroom.zone)


@dataclass(frozen=True)
class _Changed:
    """What the news means. ``hands``: students whose own request changed; ``beside_of``: those to
    whom another app shows something else."""

    line: bool
    for_class: bool
    hands: set[int]
    beside_of: set[int]

    @classmethod
    def of(cls, news: News, watching: set[int]) -> "_Changed":
        if news.everything:
            return cls(True, True, watching, watching)
        # What stands beside a student's request speaks of the lesson.
        is_of_lesson = "class" in news.what
        return cls(
            line="line" in news.what,
            for_class=is_of_lesson or "beside" in news.what,
            hands=_numbers("hand", news.what),
            beside_of=watching if is_of_lesson else _numbers("beside", news.what),
        )


@dataclass(frozen=True)
class _Told:
    """What one part is drawn from. ``latest`` and ``facts`` (of other apps) have those students
    for whom they are needed."""

    present: Present
    changed: _Changed
    latest: Mapping[int, HelpRequest]
    facts: beside.Facts


def _view(told: _Told, audience: Audience, *, has_come: bool) -> View | None:
    """What the audience sees, or a part of it; None where nothing of it changed."""
    present, changed = told.present, told.changed
    if audience.kind == "helpers":
        return helpers_view(present) if has_come or changed.line else None
    if audience.kind == "class":
        return class_view(present) if has_come or changed.for_class else None
    if audience.whose in told.facts:
        latest = told.latest.get(audience.whose)
        return student_view(present, latest, told.facts[audience.whose])
    if audience.whose in present.places:
        return wait_view(present, audience.whose)
    return None
