"""Who may listen. The app that knows people says so; this one knows passes alone.

A pass is a mapping of what let a page in, such as a membership, a device, a session. Ending any of
them closes the page. A page with several topics may have several passes, all of which must be good.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Pass = Mapping[str, int | str | None]


@dataclass(frozen=True)
class Admission:
    """What somebody's page may hear.

    ``topics``: topic → audiences, without their language. ``owner``: whose page it is, for one
    person may have only so many. ``keys``: for each pass, what of the browser's cookies it is.
    """

    topics: Mapping[str, tuple[str, ...]]
    passes: tuple[Pass, ...]
    owner: Hashable
    keys: tuple[str, ...]

    def kinds_of(self, topic: str) -> set[str]:
        """The kinds of its audiences: of ``student.31`` the word."""
        return {audience.partition(".")[0] for audience in self.topics.get(topic, ())}

    def along_with(self, other: "Admission") -> "Admission":
        """For a page with the topics of both."""
        return Admission(
            {**self.topics, **other.topics},
            self.passes + other.passes,
            self.owner,
            self.keys + other.keys,
        )


class Rights(Protocol):
    """Asked in the thread that draws, but for ``keys_of``."""

    def keys_of(self, cookies: Mapping[str, str]) -> Collection[str]:
        """Everything in these cookies that lets somebody in somewhere."""

    def still_let_in(self, passes: Sequence[Pass]) -> Sequence[bool]:
        """For each pass whether it lets in now; a handful of queries for however many."""

    def endings(self) -> Mapping[int, tuple[str, int]]:
        """Rights that ended in the last minute: a number of its own → which pass, and whose."""


_registered: list[Rights] = []


def register(rights: Rights) -> None:
    """To be called as the app gets ready that knows the people."""
    _registered[:] = [rights]


def registered() -> Rights:
    assert _registered, "no app says who may listen"
    return _registered[0]
