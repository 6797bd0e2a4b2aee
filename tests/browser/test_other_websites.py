"""Another website's form, sent with a teacher's own cookies, is never offered once more."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SITE, cookie_of

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

FORM = """<!doctype html><title>Win a prize</title>
<form method="post" action="{url}"><input type="hidden" name="name" value="Renamed From Outside">
<input type="hidden" name="text" value="words from outside"><button>Win</button></form>"""


@pytest.fixture
def website():
    """``website(url)``: the address of a page on another port whose button posts to ``url``."""
    shown = {}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            if "no-referrer" in self.path:
                self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(FORM.format(**shown).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()

    def address(url):
        shown["url"] = url
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("policy", ["", "no-referrer"])
@pytest.mark.parametrize("path", ["manage/people/{member}/rename/", "describe/text/"])
def test_one_tap_does_nothing(path, policy, website, open_as, in_database, room, ada, grace):
    page = open_as(grace, javascript=False)
    target = f"{SITE}/c/{room.slug}/{path.format(member=ada.pk)}"
    page.goto(f"{website(target)}/{policy}")
    page.get_by_role("button", name="Win").click()
    expect(page.get_by_role("heading", name="Nothing was saved")).to_be_visible()
    assert page.url == target
    assert page.locator("main form").count() == 0
    assert "outside" not in page.content().lower()
    page.get_by_role("link", name="To the front page").click()
    in_database(ada.refresh_from_db)
    assert ada.name == "Ada Lovelace"


def test_a_page_of_ours_that_was_open_for_long_is_sent_again(visit, in_database, room, ada):
    page = visit("/join/", cookies=[in_database(cookie_of, ada)], javascript=False)
    page.context.clear_cookies(name="csrftoken")
    page.get_by_label("Class code").fill("WRNG WRNG")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Please send it once more")).to_be_visible()
    expect(page.get_by_label("Class code")).to_have_value("WRNG WRNG")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("That code does not open a class right now")).to_be_visible()
