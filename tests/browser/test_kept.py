""" "What is kept about me" in a real browser: by keyboard, without scripts, on a small screen."""

import os

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from coaching.models import Note
from tests.browser.conftest import cookie_of
from tests.browser.test_accessibility import PHONE, check
from tests.records.test_leaving import busy_life

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

LAPTOP = {"width": 1366, "height": 768}
LOOKS = [
    ("phone", PHONE, "light", "en-GB"),
    ("laptop", LAPTOP, "dark", "en-GB"),
    ("rtl", PHONE, "dark", "ar"),
]


def picture(page, name: str) -> None:
    if place := os.environ.get("SHOTS"):
        page.screenshot(path=f"{place}/kept-{name}.png", full_page=True)


@pytest.fixture
def life(ada, grace, in_database):
    def live():
        busy_life(ada, grace)
        Note.objects.bulk_create(Note(student=ada, text=f"note {n}") for n in range(30))

    in_database(live)


@pytest.mark.parametrize(("name", "viewport", "scheme", "language"), LOOKS)
def test_each_page_can_be_read(
    name, viewport, scheme, language, life, room, ada, grace, edsger, visit, in_database
):
    pages = {
        ada: [reverse("classrooms:kept", args=[room.slug])],
        grace: [reverse("classrooms:kept_of", args=[room.slug, ada.pk]), "/accounts/kept/"],
        edsger: [reverse("classrooms:kept_of", args=[room.slug, ada.pk])],
    }
    for who, addresses in pages.items():
        look = {"viewport": viewport, "color_scheme": scheme, "language": language}
        page = visit("/join/", cookies=[in_database(cookie_of, who)], **look)
        for number, address in enumerate(addresses):
            page.goto(address)
            check(page, f"{address} closed")
            picture(page, f"{name}-{who.name.split()[0]}-{number}-closed")
            page.evaluate("document.querySelectorAll('details.kept').forEach(e => e.open = true)")
            check(page, f"{address} open")
            picture(page, f"{name}-{who.name.split()[0]}-{number}-open")
            assert page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )


@pytest.mark.parametrize("javascript", [True, False])
def test_a_line_opens_by_keyboard_and_the_file_is_saved(
    javascript, life, room, ada, visit, in_database
):
    page = visit(
        f"/c/{room.slug}/", cookies=[in_database(cookie_of, ada)], javascript=javascript,
        viewport=PHONE,
    )  # fmt: skip
    picture(page, f"class-page-{javascript}")
    page.get_by_role("link", name="What is kept about me").click()
    line = page.locator("summary", has_text="Notes that a student writes to themselves")
    line.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("note 29", exact=True)).to_be_visible()
    expect(page.get_by_text("note 9", exact=True)).to_have_count(0)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a file").press("Enter")
    assert saved.value.suggested_filename == "what-is-kept.json"
