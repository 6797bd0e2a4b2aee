"""A real browser and two workers: the page tells the truth, or says that it may not."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests import services
from tests.servers import kill, proxied, running, until

pytestmark = pytest.mark.own_servers


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """(server, the network before it, the network to its Redis)."""
    with ExitStack() as stack:
        database = stack.enter_context(services.postgres())
        redis = stack.enter_context(services.redis())
        port = services._free_port()
        near = stack.enter_context(proxied(port))
        behind = stack.enter_context(proxied(int(redis.rpartition(":")[2].partition("/")[0])))
        server = stack.enter_context(
            running(
                tmp_path_factory.mktemp("school"),
                2,
                DATABASE_URL=database,
                REDIS_URL=f"redis://127.0.0.1:{behind.port}/0",
                PORT=str(port),
                HELPDESK_SITE_URL=near.url,
            )
        )
        yield server, near, behind


@pytest.fixture
def pages(school, browser):
    """Four pages of the teacher, so that both workers have some, and the cast."""
    server, near, behind = school
    cast = server.cast()

    def open_page():
        context = browser.chromium.new_context(base_url=near.url)
        context.add_cookies([{"name": "sessionid", "value": cast["teacher"], "url": near.url}])
        page = context.new_page()
        page.goto(f"/c/{cast['slug']}/")
        is_live(page)
        return page

    listed = [browser.do(open_page) for _page in range(4)]
    yield listed, cast
    near.mend()
    behind.mend()
    for page in listed:
        browser.do(page.context.close)


def is_live(page):
    expect(page.locator('#live[data-live="on"]')).to_be_attached()


def is_not_live(page):
    expect(page.locator('#live:not([data-live="on"])')).to_be_attached()


def shows(page, name):
    expect(page.locator(".queue-item__name", has_text=name)).to_be_visible()


def test_a_cut_and_a_silent_network_are_noticed_and_caught_up_with(school, pages):
    server, near, _behind = school
    listed, cast = pages
    for number, breaks in enumerate((near.cut, near.stall)):
        breaks()
        assert server.raise_hand(cast, number) in (200, 302)
        for page in listed:
            is_not_live(page)
        near.mend()
        for page in listed:
            shows(page, f"Ada {number}")
            is_live(page)


def test_where_sockets_are_forbidden_pages_say_so_and_are_true(school, pages):
    server, near, _behind = school
    listed, cast = pages
    near.refuses_upgrade = True
    for page in listed:
        page.reload()
    assert server.raise_hand(cast, 0) in (200, 302)
    for page in listed:
        shows(page, "Ada 0")
        expect(page.locator("#live")).to_contain_text("Not live: updated")


def test_messages_lost_between_workers_are_found(school, pages):
    server, _near, behind = school
    listed, cast = pages
    behind.lose_messages()
    for number in range(2):
        assert server.raise_hand(cast, number) in (200, 302)
    for page in listed:
        shows(page, "Ada 0")
        shows(page, "Ada 1")
        is_live(page)


def test_pages_of_a_worker_that_dies_go_on_at_the_other(school, pages):
    server, _near, _behind = school
    listed, cast = pages
    victim = min(server.children("worker"))
    kill(victim)
    until(lambda: victim not in server.children("worker"))
    assert server.raise_hand(cast, 0) in (200, 302)
    for page in listed:
        shows(page, "Ada 0")
        is_live(page)
    until(lambda: len(server.children("worker")) == 2)
