"""What the first page tells somebody who is signed in, from apps that this one does not know.

An app registers, when it is ready, what finds its notices for an account::

    register(lambda user: [Notice("2 students asked to talk with you", "/asked-of-me/")])
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from accounts.models import User


class Notice(NamedTuple):
    """One line, and where it leads. It names nobody: others may look at the screen."""

    words: str
    url: str


_finders: list[Callable[[User], Iterable[Notice]]] = []


def register(finder: Callable[[User], Iterable[Notice]]) -> None:
    """To be called as the app gets ready."""
    _finders.append(finder)


def for_account(user: User) -> list[Notice]:
    return [notice for finder in _finders for notice in finder(user)]
