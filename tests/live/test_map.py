"""Which topics and audiences a page has, for every role of the access table."""

import re

import pytest
from django.urls import reverse

from live import ticket
from tests.access import ROLES
from tests.live.conftest import topic_in
from tests.test_access_table import enter
from tests.world import ELSEWHERE, routes

pytestmark = pytest.mark.django_db

#: Page → role → kinds of audience; whoever is not named has no live page there.
HELPERS = {role: ["helpers"] for role in ("assistant", "teacher")}
BOARD = {role: ["class"] for role in ("student", "assistant", "teacher", "admin")}
MAP = {
    "requests_app:show": HELPERS | {"student": ["class", "student"]},
    "requests_app:same_problem": HELPERS,
    "requests_app:board": BOARD,
}


def live_parts(page: str) -> tuple[list[str], dict]:
    """The places that a page shows, and the topics that its ticket lets it hear."""
    places = re.findall(r'data-live-of="([^"]+)"', page)
    issued = re.search(r'data-ticket="([^"]+)"', page)
    return places, issued[1] if issued else None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MAP)
def test_a_page_hears_what_its_person_may(name, role, room, world, browser_of, client):
    browser = enter(world, role, browser_of, client)
    answer = browser.get(reverse(name, args=[room.slug]))
    places, issued = live_parts(answer.text if answer.status_code == 200 else "")
    topic, kinds = topic_in(room), MAP[name].get(role, [])
    assert places == [f"{topic}/{kind}" for kind in kinds]
    cookies = {key: each.value for key, each in browser.cookies.items()}
    admitted = ticket.read(issued or "", cookies)
    heard = dict(admitted.topics) if admitted else {}
    assert [each.partition(".")[0] for each in heard.get(topic, ())] == kinds
    assert set(heard) <= {topic}


def test_every_live_page_is_on_the_map(room, world, browser_of):
    """A teacher and a student look at every address that has no more than the class in it."""
    found = set()
    for who in ("teacher", "student"):
        browser = browser_of(world["people"][who])
        for name, names in routes():
            if name.startswith(ELSEWHERE) or set(names) - {"slug"}:
                continue
            answer = browser.get(reverse(name, kwargs=dict.fromkeys(names, room.slug)))
            if (
                answer.headers["Content-Type"].startswith("text/html")
                and live_parts(answer.text)[0]
            ):
                found.add(name)
    assert found == set(MAP)
