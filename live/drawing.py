"""What is sent of a topic: what each audience lacks, found once, however many look.

It runs in the hub's thread for drawing. Those of an audience who are in step are sent what is new
since what all of them show; a page that comes is sent what it lacks.
"""

import logging
from collections.abc import Iterator, Mapping, Set
from contextlib import nullcontext
from dataclasses import dataclass

from django.utils import timezone, translation

from live import history
from live.shown import Shown, View, news
from live.topics import Audience, News, kind_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """For one audience. ``news``: the text for those in step; ``is_back``: they show a later
    version than there is. ``lacking``: digest of what a page shows → the text for it."""

    version: int | None
    news: str
    is_back: bool
    lacking: Mapping[str, str]


@dataclass(frozen=True)
class Batch:
    """Ready to be sent: audience's name → its text. ``version``: the topic's. ``is_whole``: False
    where something could not be drawn."""

    told: Mapping[str, Told]
    version: int
    is_whole: bool


@dataclass(frozen=True)
class Watch:
    """Who looks at a topic here, by the names of audiences: all of them, those of whom somebody is
    in step, and those to whom somebody just came, with the digests of what they show."""

    all: Set[str]
    in_step: Set[str]
    came: Mapping[str, Set[str]]


@dataclass(frozen=True)
class Now:
    """What the pages in step show, and the version of it."""

    shown: Shown
    version: int | None


class Drawing:
    """``now``: topic → audience → what its pages in step show."""

    def __init__(self) -> None:
        self.now: dict[str, dict[str, Now]] = {}

    def forget(self, topic: str) -> None:
        """Nobody here looks at it any more."""
        self.now.pop(topic, None)

    def batches(self, topic: str, new: News, watch: Watch) -> Iterator[Batch]:
        kind, number = kind_of(topic)
        now = self.now.setdefault(topic, {})
        for name in now.keys() - watch.in_step:
            del now[name]
        for part in kind.parts(number, new, watch.all, watch.came.keys()):
            with timezone.override(part.zone) if part.zone else nullcontext():
                told = {
                    name: _told(topic, now, name, part.views[name], watch) for name in part.views
                }
            yield Batch(
                {name: each for name, (each, _is_whole) in told.items() if each is not None},
                part.version,
                is_whole=all(is_whole for _each, is_whole in told.values()),
            )


def _told(
    topic: str, now: dict[str, Now], name: str, view: View, watch: Watch
) -> tuple[Told | None, bool]:
    """And whether all of it could be drawn. What could not is left out, and comes with the next
    round; None where nothing can be said before that."""
    audience, known = Audience(name), now.get(name)
    place, before = f"{topic}/{audience.kind}", known.shown if known else None
    came = watch.came.get(name, ())
    lacks_nothing = all(each == view.shown.digest for each in came)
    if view.version is not None and name not in watch.in_step and lacks_nothing:
        # A thousand pages that come back and lack nothing: nothing is drawn.
        history.note(f"{topic}/{name}", view.shown)
        now[name] = Now(view.shown, view.version)
        return Told(view.version, "", False, dict.fromkeys(came, "")), True
    with translation.override(audience.language):
        drawn = view.drawable(before)
        after = drawn.after(before)
        if after is None:
            return None, name not in watch.in_step
        new = news(place, drawn, before) if name in watch.in_step else ""
        lacking = {}
        for digest in came:
            has = history.known(f"{topic}/{name}", digest)
            whole = drawn.drawable(has)
            lacking[digest] = "" if digest == after.digest else news(place, whole, has, had=digest)
    history.note(f"{topic}/{name}", after)
    shown_version = known.version if known else None
    version = shown_version if view.version is None else view.version
    is_back = version is not None and shown_version is not None and version < shown_version
    now[name] = Now(after, version)
    return Told(view.version, new, is_back, lacking), drawn.shown == view.shown
