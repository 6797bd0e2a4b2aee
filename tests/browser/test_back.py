"""Back in a browser that keeps whole pages (its back-forward cache), as people's browsers do."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_queue import heading, tap
from tests.services import WHOLE_BROWSERS

#: How a browser comes back is the same on every database.
pytestmark = pytest.mark.one_leg

#: Playwright switches it off.
KEEPS_PAGES = ["--disable-back-forward-cache"]
#: Each page tells that it was kept, in the window's name, which outlives a page.
NOTES = "addEventListener('pageshow', (e) => { if (e.persisted) window.name = 'kept' })"


@pytest.fixture
def keeps_pages(browser):
    """Pages are opened in a Chromium that keeps them, as one without a window does not."""
    usual = browser.chromium
    browser.chromium = browser.do(browser.start, *WHOLE_BROWSERS, ignore_default_args=KEEPS_PAGES)
    yield
    browser.do(browser.chromium.close)
    browser.chromium = usual


def was_kept(page) -> bool:
    """Whether a page came out of the cache since this was asked last."""
    name = page.evaluate("window.name")
    page.evaluate("window.name = ''")
    return name == "kept"


def keep_also_what_is_not_to_be_stored(route):
    """As Safari does; Chromium heeds the header."""
    answer = route.fetch(max_redirects=0)
    headers = {**answer.headers, "cache-control": "max-age=0"}
    route.fulfill(response=answer, headers=headers)


def test_back_shows_what_is_true_now_and_nothing_after_a_sign_out(
    keeps_pages, open_as, in_database, room, grace
):
    page = open_as(grace, "manage/settings/")
    page.add_init_script(NOTES)
    page.route("**/manage/**", keep_also_what_is_not_to_be_stored)
    page.reload()
    page.get_by_role("link", name="Invite").click()
    expect(page).to_have_url(re.compile("/invite/$"))
    in_database(lambda: type(room).objects.update(name="Year 10 Computing"))
    page.go_back(wait_until="commit")
    expect(page.locator("[name=name]")).to_have_value("Year 10 Computing")
    assert was_kept(page)  # or this would show nothing
    page.unroute("**/manage/**")
    tap(page, "Sign out")
    expect(heading(page, "Stuck? Raise a hand here.")).to_be_visible()
    page.go_back(wait_until="commit")
    expect(heading(page, "Stuck? Raise a hand here.")).to_be_visible()
    assert was_kept(page)
    assert "Grace" not in page.content()
    assert "Computing" not in page.content()
