"""What an audience sees of a topic, and what a page lacks that shows an earlier state of it.

A **region** is one element with an id; a **list** is an element with an id whose rows are elements
with the ids of their keys. What is new comes as one element, ``<live-news>``, which says what it
follows on: the digest of all that the page must show for it to make sense. The browser applies it
(static/js/live-news.js), and asks for the whole where it shows something else.

Versions tell which of two is newer, digests whether two are the same: a page that was drawn while
somebody changed something may have the old number and already the new rows.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from zlib import crc32

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

logger = logging.getLogger(__name__)


def mark_of(*facts: object) -> str:
    """The same for the same facts, at every worker."""
    return f"{crc32(repr(facts).encode()):x}"


@dataclass(frozen=True)
class Piece:
    """A region or a row. ``mark``: the same as long as it is the same, at every worker; the piece
    is drawn only where somebody lacks it."""

    mark: str
    draw: Callable[[], str]

    @cached_property
    def html(self) -> SafeString:
        """Raises whatever drawing it raises."""
        return mark_safe(self.draw())  # noqa: S308  a template's


@dataclass(frozen=True)
class Listing:
    """A list's rows in their order: key → row. A key is the id of its row's element."""

    rows: Mapping[str, Piece]
    look: str = ""

    @cached_property
    def marks(self) -> dict[str, str]:
        return {key: row.mark for key, row in self.rows.items()}

    def whole(self, name: str) -> SafeString:
        opening = format_html('<ol id="{}" class="{}" hx-swap-oob="true">', name, self.look)
        return joined([opening, *(row.html for row in self.rows.values()), "</ol>"])


@dataclass(frozen=True)
class Shown:
    """What a page shows, as far as it takes to tell what is other now: region → mark; list → key →
    mark."""

    regions: Mapping[str, str]
    lists: Mapping[str, Mapping[str, str]]

    @cached_property
    def digest(self) -> str:
        lists = {name: list(rows.items()) for name, rows in self.lists.items()}
        return mark_of(sorted(self.regions.items()), sorted(lists.items()))

    def with_(self, later: "Shown") -> "Shown":
        return Shown({**self.regions, **later.regions}, {**self.lists, **later.lists})


@dataclass(frozen=True)
class View:
    """What one audience sees of a topic at one version of it. Without a version it is a part: what
    is not in it is as it was."""

    version: int | None
    regions: Mapping[str, Piece] = field(default_factory=dict)
    lists: Mapping[str, Listing] = field(default_factory=dict)

    @cached_property
    def shown(self) -> Shown:
        return Shown(
            {name: region.mark for name, region in self.regions.items()},
            {name: listing.marks for name, listing in self.lists.items()},
        )

    def after(self, before: Shown | None) -> Shown | None:
        """What a page shows that showed this before and is given what is new; None where nobody
        knows, for it is a part and nothing was before."""
        if self.version is not None:
            return self.shown
        return before.with_(self.shown) if before is not None else None

    def drawable(self, before: Shown | None) -> "View":
        """Itself, without the rows and regions that a page with ``before`` lacks and that cannot be
        drawn: one that fails takes no other one with it."""
        known = before or Shown({}, {})
        regions = {
            name: piece
            for name, piece in self.regions.items()
            if known.regions.get(name) == piece.mark or _can_be_drawn(piece)
        }
        lists = {
            name: _drawable(listing, known.lists.get(name, {}))
            for name, listing in self.lists.items()
        }
        return replace(self, regions=regions, lists=lists)

    def whole(self) -> SafeString:
        """All of it, to be swapped in out of band."""
        regions = (region.html for region in self.regions.values())
        lists = (listing.whole(name) for name, listing in self.lists.items())
        return joined([*regions, *lists])

    def since(self, before: Shown) -> SafeString:
        """What a page lacks that shows ``before``."""
        regions = (
            region.html
            for name, region in self.regions.items()
            if before.regions.get(name) != region.mark
        )
        return joined([*regions, *self._changes(before)])

    def _changes(self, before: Shown) -> Iterator[str]:
        for name, listing in self.lists.items():
            was = before.lists.get(name)
            if was is None:
                yield listing.whole(name)
            elif list(was.items()) != list(listing.marks.items()):
                yield _change(name, was, listing)


#: Makes a page load itself anew.
ANEW = SafeString('<div id="news" hx-swap-oob="beforeend"><live-anew></live-anew></div>')


def news(place: str, view: View, before: Shown | None, *, had: str = "") -> SafeString:
    """For a page of the audience ``place`` (``queue:7/helpers``) that shows ``before``, or nobody
    knows what; ``had``: the digest that it says. Empty where it lacks nothing."""
    after = view.after(before)
    if after is None or after.digest == (before.digest if before is not None else had):
        return SafeString("")
    told = view.since(before) if before is not None else view.whole()
    return format_html(
        '<div id="news" hx-swap-oob="beforeend"><live-news of="{}" since="{}" had="{}" digest="{}"'
        ' version="{}"><template>{}</template></live-news></div>',
        place, before.digest if before is not None else "", had, after.digest,
        "" if view.version is None else view.version, told,
    )  # fmt: skip


@dataclass(frozen=True)
class Moves:
    """How one order becomes another: who is gone, and who follows whom that did not before."""

    gone: Sequence[str]
    after: Mapping[str, str]


def moves(was: Iterable[str], now: Iterable[str]) -> Moves:
    """``after``: key → the one before it now, "" for the first; only where that is another one."""
    known, stay = list(was), list(now)
    staying = set(stay)
    left = [key for key in known if key in staying]
    stood = dict(zip(left, ["", *left], strict=False))
    stands = dict(zip(stay, ["", *stay], strict=False))
    return Moves(
        [key for key in known if key not in staying],
        {key: front for key, front in stands.items() if stood.get(key) != front},
    )


def _change(name: str, was: Mapping[str, str], listing: Listing) -> SafeString:
    """The rows that are new or other ones, and where they stand."""
    how = moves(was, listing.rows)
    opening = format_html(
        '<live-rows list="{}" gone="{}" after="{}">',
        name, " ".join(how.gone), " ".join(f"{key}>{front}" for key, front in how.after.items()),
    )  # fmt: skip
    rows = (row.html for key, row in listing.rows.items() if was.get(key) != row.mark)
    return joined([opening, *rows, "</live-rows>"])


def _drawable(listing: Listing, known: Mapping[str, str]) -> Listing:
    rows = {
        key: row
        for key, row in listing.rows.items()
        if known.get(key) == row.mark or _can_be_drawn(row)
    }
    return listing if len(rows) == len(listing.rows) else replace(listing, rows=rows)


def _can_be_drawn(piece: Piece) -> bool:
    try:
        piece.html  # noqa: B018
    except Exception:
        logger.exception("live: a piece could not be drawn")
        return False
    return True


def joined(texts: Iterable[str]) -> SafeString:
    """Of texts that are each safe."""
    return mark_safe("".join(texts))  # noqa: S308  each is a template's, or made by format_html
