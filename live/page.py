"""What pages that are rendered, and answers to them, carry of their topics.

A page says what it shows with each request of its script, as it does when its socket connects: it
is answered with what it lacks, by the very text that a push would bring.
"""

from collections.abc import Iterator, Mapping

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from live import history
from live.shown import ANEW, View, joined, news
from live.topics import Audience, shown_by

#: Says what a page shows: ``queue:7/helpers=12.a1b2c3,…``.
HEADER = "X-Shows"

#: Topic → audience, without its language → what it sees.
Views = Mapping[str, Mapping[str, View]]


def drawable(views: Mapping[str, View]) -> dict[str, View]:
    """For a page that is rendered: without what cannot be drawn, which its stamps do not say."""
    return {audience: view.drawable(None) for audience, view in views.items()}


def stamps(views: Views) -> SafeString:
    """For the page that these views are rendered into: what it shows, and where news come in."""
    told = []
    for place, remembered, view in _each(views):
        history.note(remembered, view.shown)
        told.append((place, view.version, view.shown.digest))
    marks = format_html_join(
        "", '<i data-live-of="{}" data-version="{}" data-digest="{}"></i>', told
    )
    return format_html('<div id="news" hidden>{}</div>', marks)


def answer(request: HttpRequest, views: Views) -> SafeString:
    """For a page that is open: what it lacks of these views. One that shows a later version is
    loaded anew: something was deleted, or the database restored from an older copy."""
    shows = shown_by(request.headers.get(HEADER, ""))
    told = []
    for place, remembered, view in _each(views):
        version, digest = shows.get(place, (-1, ""))
        if view.version is not None and version > view.version:
            return ANEW
        before = history.known(remembered, digest)
        lean = view.drawable(before)
        told.append(news(place, lean, before, had=digest))
        history.note(remembered, lean.after(before) or lean.shown)
    return joined(told)


def _each(views: Views) -> Iterator[tuple[str, str, View]]:
    for topic, audiences in views.items():
        for audience, view in audiences.items():
            name = f"{audience}:{get_language()}"
            yield f"{topic}/{Audience(name).kind}", f"{topic}/{name}", view
