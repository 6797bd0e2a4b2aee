"""The pages beside the cards in a real browser: everybody can use them, also without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from coaching import actions
from coaching.texts import our_starters
from requests_app import actions as requests
from tests.browser.test_accessibility import PHONE, check, requested
from tests.browser.test_queue import heading, tap

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

STAFF_PAGES = (
    "manage/coaching/",
    "manage/coaching/starters/en/",
    "manage/coaching/questions/en/",
    "manage/class-card/",
    "manage/suggest/",
)
OWN_PAGES = ("how-we-ask/", "my/how-i-get-help/")
TYPED = ("Draw it first", "Loops in pictures", "Loops", "Year 9 Computing", "Ada Lovelace",
         "Grace Hopper", "English")  # fmt: skip


def fill(room, ada, grace):
    """One of everything that these pages can show."""
    loops = room.tasks.create(title="Loops")
    help_request = requested(ada, task=loops, kind="hint")
    requests.start(help_request, by=grace)
    requests.resolve(help_request, by=grace)
    requests.reflect(help_request, by=ada, reflection="carry_on")
    actions.add_note(ada, "Draw it first", about=help_request)
    for lines in (["Where is ___?"], our_starters("en")["hint"]):
        actions.save_starters(room, "en", {"hint": lines, "stuck": ["Where is ___?"]})
    made = {"title": "Loops in pictures", "use": "Use this", "place": ""}
    actions.add_and_suggest(
        room, **made, link="https://example.org/", by=grace, task=loops, kind="hint"
    )


@pytest.mark.parametrize(
    ("scheme", "language"), [("light", "en-GB"), ("dark", "en-GB"), ("light", "ar")]
)
def test_axe_finds_nothing_on_them(
    scheme, language, open_as, in_database, room, lesson, ada, grace
):
    in_database(fill, room, ada, grace)
    options = {"viewport": PHONE, "color_scheme": scheme, "language": language}
    for who, paths in ((grace, STAFF_PAGES), (ada, OWN_PAGES)):
        for path in paths:
            page = open_as(who, path, **options)
            check(page, f"{path}, {scheme}, {language}")
            if path == "manage/coaching/starters/en/":
                page.locator("textarea").first.fill("Bad __ one")
                page.locator("#save").click()
                expect(page.locator("mark")).to_have_text("__")
                check(page, f"a broken starter, {scheme}, {language}")
            if language == "ar" and path in OWN_PAGES:
                words = page.locator("main").inner_text()
                for given in TYPED:
                    words = words.replace(given, "")
                assert set(re.findall(r"[A-Za-z]{4,}", words)) == set(), path
            page.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_student_keeps_a_note_for_themselves(javascript, open_as, lesson, ada):
    page = open_as(ada, "help/", javascript=javascript, viewport=PHONE)
    page.get_by_role("link", name="What worked for me").click()
    expect(heading(page, "How I get help")).to_be_visible()
    tap(page, "Keep this note")
    page.get_by_label("What worked?").fill("Draw it first")
    tap(page, "Keep this note")
    expect(page.get_by_text("Kept. Only you can read it.")).to_be_visible()
    expect(page.get_by_text("Draw it first").first).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The note is gone.")).to_be_visible()
    expect(page.get_by_text("Draw it first")).to_have_count(0)


def test_a_teacher_adds_something_to_look_at_without_javascript(open_as, room, lesson, grace):
    page = open_as(grace, "manage/settings/", javascript=False)
    page.get_by_role("link", name="Choose the cards").click()
    page.get_by_role("link", name="Things to look at while waiting").click()
    page.get_by_label("Name").fill("Loops in pictures")
    page.get_by_label("What to use it for").fill("Use this to see a loop turn.")
    page.get_by_label("Web address").fill("javascript:alert(1)")
    page.get_by_role("button", name="Add").first.click()
    expect(page.get_by_text("starts with https:// or http://")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Loops in pictures")
    page.get_by_label("Web address").fill("example.org/loops")
    page.get_by_role("button", name="Add").first.click()
    expect(page.get_by_text("Students who wait can see it now.")).to_be_visible()
    expect(page.locator(".person__name")).to_have_text("Loops in pictures")
