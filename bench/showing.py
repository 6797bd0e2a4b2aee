"""What a page shows of its topics, without a browser: it applies what comes as
static/js/elements/live-news.js does."""

import re
from dataclasses import dataclass, field

from live.shown import Moves

_NEWS = re.compile(
    r'<live-news of="([^"]*)" since="(\w*)" had="(\w*)" digest="(\w*)" version="(\d*)">'
    r"<template>(.*?)</template></live-news>",
    re.DOTALL,
)
_STAMP = re.compile(r'<i data-live-of="([^"]*)" data-version="(\d+)" data-digest="(\w*)"')
#: A region or a whole list; or what changed of a list.
_ROOT = re.compile(
    r'<(?P<tag>live-rows) list="(?P<list>[^"]*)" gone="(?P<gone>[^"]*)" after="(?P<after>[^"]*)">'
    r'|<(?P<region>\w[\w-]*)\b(?=[^>]*\bhx-swap-oob="true")[^>]*?\bid="(?P<id>[\w-]+)"[^>]*>'
)
_ROW = re.compile(r'<li\b[^>]*?\bid="(request-[\w-]+)"')
#: The wait stands in the student's own request, and comes by itself when it changes.
OWN = "my-request"
_WAIT = re.compile(r'<p id="my-wait".*?</p>', re.DOTALL)


@dataclass
class Showing:
    """``stamps``: place → version and digest. ``regions``: id → HTML. ``lists``: id → key → row."""

    stamps: dict[str, tuple[int, str]] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    lists: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of_page(cls, page: str) -> "Showing":
        """Of a page that was loaded: its stamps alone."""
        stamps = _STAMP.findall(page)
        return cls({place: (int(version), digest) for place, version, digest in stamps})

    def have(self) -> str:
        """As a page says what it shows."""
        return ",".join(
            f"{place}={version}.{digest}" for place, (version, digest) in self.stamps.items()
        )

    def apply(self, text: str) -> bool:
        """Whether it shows then what was meant; else it has to ask."""
        told = [self._bring(*each) for each in _NEWS.findall(text)]
        return all(told)

    def _bring(
        self, place: str, since: str, had: str, digest: str, version: str, text: str
    ) -> bool:
        shown_version, shown = self.stamps.get(place, (-1, ""))
        if digest == shown or (version and int(version) < shown_version):
            return True
        if since and since != shown:
            return False
        if not since and had and shown and had != shown and version == str(shown_version):
            return False
        for name, html in _roots(text):
            self._put(name, html)
        self.stamps[place] = (int(version) if version else shown_version, digest)
        return True

    def _put(self, root: re.Match, html: str) -> None:
        if root["tag"]:
            was = self.lists[root["list"]]
            self.lists[root["list"]] = _in_order(was, _moves(root), _rows(html))
        elif root["region"] == "ol":
            self.lists[root["id"]] = _rows(html)
        else:
            self.regions[root["id"]] = _WAIT.sub("", html) if root["id"] == OWN else html
            if root["id"] == OWN:
                self.regions.pop("my-wait", None)
                self.regions.update(("my-wait", wait[0]) for wait in _WAIT.finditer(html))

    def shows(self) -> tuple:
        """To be compared with what another page shows: the order of rows counts."""
        lists = [(name, *rows.items()) for name, rows in sorted(self.lists.items())]
        return (sorted(self.regions.items()), lists)


def shown_by(text: str) -> Showing:
    """What a page shows that was sent this whole text alone."""
    showing = Showing()
    assert showing.apply(text), text
    return showing


def _roots(text: str) -> list[tuple[re.Match, str]]:
    """What stands in a text side by side."""
    roots: list[re.Match] = []
    for each in _ROOT.finditer(text):
        is_inside = (
            roots
            and roots[-1]["id"] == OWN
            and "</section>" not in text[roots[-1].end() : each.start()]
        )
        if not is_inside:
            roots.append(each)
    ends = [*(each.start() for each in roots[1:]), len(text)]
    # A text without a root has an end too.
    return [
        (root, text[root.start() : end].strip()) for root, end in zip(roots, ends, strict=False)
    ]


def _rows(html: str) -> dict[str, str]:
    html = html.removesuffix("</ol>").removesuffix("</live-rows>")
    starts = list(_ROW.finditer(html))
    ends = [*(each.start() for each in starts[1:]), len(html)]
    # A text without a row has an end too.
    return {
        start[1]: html[start.start() : end].strip()
        for start, end in zip(starts, ends, strict=False)
    }


def _moves(root: re.Match) -> Moves:
    after = (each.split("&gt;") for each in root["after"].split())
    return Moves(root["gone"].split(), dict(after))


def _in_order(was: dict[str, str], how: Moves, coming: dict[str, str]) -> dict[str, str]:
    """The rows as they stand then. Raises KeyError for one that nobody has."""
    left = [key for key in was if key not in how.gone]
    front = dict(zip(left, ["", *left], strict=False)) | dict(how.after)
    follower = {each: key for key, each in front.items()}
    found, key = {}, follower.get("")
    while key:
        found[key] = coming[key] if key in coming else was[key]
        key = follower.get(key)
    return found
