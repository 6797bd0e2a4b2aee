"""What apps show live: topics, and what each audience of one is shown.

A **topic** is something that changes: the queue of a class, what one person is told. Its name is
its kind and a number, ``queue:7``. It has a version, a number in the database that grows by one
with each change. An **audience** is those who see the same of it: ``helpers``, or ``student.31``
for one person; with a language, for everything is drawn in it: ``helpers:en``.

An app registers a kind, says whom it lets a page listen (``live.ticket``), and tells every change
(``live.changed``). Everything else is done here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol

from live.rights import Admission
from live.shown import View


@dataclass(frozen=True)
class Audience:
    """An audience's name taken apart."""

    name: str

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0].partition(".")[0]

    @property
    def whose(self) -> int:
        """The number of the one person, where it is one person's."""
        return int(self.name.partition(":")[0].partition(".")[2])

    @property
    def language(self) -> str:
        return self.name.partition(":")[2]


@dataclass
class News:
    """What has changed of a topic since it was last looked at.

    ``what``: in the words of the topic's own app. ``everything``: nobody knows what changed, only
    that something did.
    """

    what: set[str] = field(default_factory=set)
    everything: bool = False


@dataclass(frozen=True)
class Part:
    """What some audiences see now; it is sent before the next part is looked for.

    ``views``: audience's name → its view. ``version``: the topic's. ``zone``: of the times shown.
    No page has audiences of one topic in two parts.
    """

    views: Mapping[str, View]
    version: int
    zone: tzinfo | None = None


class Kind(Protocol):
    """One kind of topic. It is asked in the thread that draws."""

    name: str

    def versions_of(self, numbers: Collection[int]) -> Mapping[int, int]:
        """The versions that these topics have now, in one query."""

    def parts(
        self, number: int, news: News, watched: Collection[str], came: Collection[str]
    ) -> Iterable[Part]:
        """What the audiences see that the news concern, and, whole, those that somebody just
        ``came`` to; those first who can do something about it. ``watched``: the names of all
        audiences that somebody here looks at."""

    def admit(
        self, cookies: Mapping[str, str], number: int, kinds: Collection[str]
    ) -> Admission | None:
        """Whom these cookies let listen, by the database, to no more than these kinds of
        audience."""


#: Of a page: audiences that it may say it shows.
MOST_PLACES = 48
#: Place (``queue:7/helpers``) → the version and the digest of what a page shows of it.
Shows = Mapping[str, tuple[int, str]]


def shown_by(told: str) -> Shows:
    """What a page says that it shows: ``queue:7/helpers=12.a1b2c3,…``. What is no number is less
    than any."""
    found = {}
    for each in told.split(",")[:MOST_PLACES]:
        place, _equals, shows = each.partition("=")
        number, _dot, digest = shows.partition(".")
        is_one = number.isascii() and number.isdigit() and len(number) < 20
        found[place] = (int(number) if is_one else -1, digest[:20])
    return found


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """To be called as the app gets ready."""
    _kinds[kind.name] = kind


def kind_of(topic: str) -> tuple[Kind, int]:
    """A topic's kind and number. Raises KeyError for one of a kind that no app registered, and
    ValueError for one without a number."""
    name, _colon, number = topic.partition(":")
    return _kinds[name], int(number)


def versions_of(topics: Collection[str]) -> dict[str, int]:
    """Topic → its version now; one query for each kind."""
    return dict(_versions(topics))


def is_known(topic: str) -> bool:
    """Whether an app of this release declares such a topic."""
    try:
        kind_of(topic)
    except (KeyError, ValueError):
        return False
    return True


def _versions(topics: Collection[str]) -> Iterator[tuple[str, int]]:
    numbers: dict[str, list[int]] = {}
    for topic in filter(is_known, topics):
        kind, number = kind_of(topic)
        numbers.setdefault(kind.name, []).append(number)
    for name, those in numbers.items():
        for number, version in _kinds[name].versions_of(those).items():
            yield f"{name}:{number}", version
