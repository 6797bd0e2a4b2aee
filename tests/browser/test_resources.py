"""The directory in real browsers: from a draft to the screen of who waits (scenario 24)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from requests_app import actions as asking
from requests_app.models import Queue
from resources import actions
from resources.models import Entry
from tests.browser.test_accessibility import PHONE, check
from tests.resources.conftest import complete, publish, publish_pathway, step  # noqa: F401

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

DUE = f"{timezone.localdate() + timedelta(days=100):%Y-%m-%d}"


def fill_in(page, **changes):
    """Type an entry into the form, as an admin does; what is None is left out."""
    entry = complete(title="Fractions club", topics=["schoolwork"], kind="informal") | changes
    for name in ("title", "use", "audience", "hours", "place", "contact", "author"):
        page.locator(f"[name={name}]").fill(entry[name])
    for name in ("reviewed_by", "data_note", "reading_age"):
        page.locator(f"[name={name}]").fill(str(entry[name]))
    page.locator("[name=languages]").fill("English")
    for name in ("where", "cost", "kind"):
        if entry[name] is not None:
            page.check(f"[name={name}][value={entry[name]}]")
    for topic in entry["topics"]:
        page.check(f"[name=topics][value={topic}]")
    page.locator("[name=review_due]").fill(entry["review_due"])


def test_an_entry_is_refused_until_it_is_whole_and_then_found_everywhere(
    room, lesson, edsger, grace, ada, open_as, in_database
):
    page = open_as(edsger, "manage/resources/new/")
    fill_in(page, review_due="", kind=None)
    page.get_by_role("button", name="Save and show to students").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("kind of help")
    expect(told).to_contain_text("review date")
    assert not in_database(Entry.objects.exclude(published_at=None).exists)
    student = open_as(ada, "help/directory/?q=fractions")
    assert "Fractions club" not in student.locator("main").inner_text()
    page.check("[name=kind][value=informal]")
    page.locator("[name=review_due]").fill(DUE)
    page.get_by_role("button", name="Save and show to students").click()
    expect(page.get_by_role("link", name="Fractions club")).to_be_visible()

    student.goto(student.url.replace("fractions", "fracions"))  # a typing mistake is forgiven
    expect(student.get_by_role("link", name="Fractions club")).to_be_visible()
    student.goto(student.url.split("?")[0])
    around = student.locator("section").filter(has_text="People and places around you")
    expect(around.get_by_role("link", name="Fractions club")).to_be_visible()


@pytest.fixture
def club(room, lesson, publish):  # noqa: F811
    room.tasks.create(title="Fractions")
    return publish(title="Fractions club", kind="informal", topics=["schoolwork"])


def test_it_is_on_the_screen_of_who_waits_for_its_topic(club, ada, ben, room, open_as, in_database):
    page = open_as(ada, viewport=PHONE)
    page.get_by_role("button", name="Raise hand").click()
    expect(page.get_by_role("heading", name="You are in line")).to_be_visible()
    found = page.get_by_role("link", name="Fractions club")
    expect(found).to_have_count(0)
    page.get_by_text("Fractions", exact=True).click()
    expect(found).to_be_visible()
    check(page, "waiting, with a suggestion")
    page.get_by_role("button", name="I solved it").click()
    expect(page.get_by_role("heading", name="You solved it")).to_be_visible()
    expect(found).to_be_hidden()
    again = open_as(ben)
    in_database(asking.raise_hand, Queue.objects.of(room), student=ben, form_key="b")
    expect(again.get_by_role("heading", name="You are in line")).to_be_visible()
    expect(again.get_by_role("link", name="Fractions club")).to_have_count(0)


def test_a_sign_in_two_languages_for_paper(club, room, grace, open_as):
    where = "manage/sign/?size=a4&languages=en&languages=ar"
    page = open_as(grace, where)
    page.emulate_media(media="print")
    expect(page.locator("[lang=en] ol li").first).to_be_visible()
    expect(page.locator("[lang=ar][dir=rtl] ol li").first).to_be_visible()
    expect(page.get_by_role("img", name="QR code of the link to join")).to_be_visible()
    assert "K7QM" in page.locator("main").inner_text()
    for name in ("button", "nav", "input"):
        assert page.locator(f"{name}:visible").count() == 0, name
    for person in ("Grace Hopper", "Ada Lovelace"):
        assert person not in page.locator("main").inner_text()


@pytest.mark.parametrize("size", ["a4", "a3", "card"])
def test_a_full_sign_is_one_sheet(size, room, school, grace, edsger, open_as, in_database):
    for number in range(4):
        values = {"country": "X", "name": f"Line {number}", "number": "1", "hours": ""}
        in_database(actions.save_contact, school, None, {**values, "note": ""}, by=edsger.user)
    page = open_as(grace, f"manage/sign/?size={size}&languages=en&languages=de&languages=fr")
    expect(page.get_by_text("Line 3").first).to_be_visible()
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.emulate_media(media="print")
    for sheet in page.locator(".sheet").all():  # nothing is cut off
        assert sheet.evaluate("each => each.scrollHeight <= each.clientHeight + 1")


@pytest.fixture
def directory(room, lesson, publish, publish_pathway):  # noqa: F811
    publish_pathway()
    link = "https://example.org/help"
    entries = [publish(title=f"Help {n}", link=link if n == 0 else "") for n in range(12)]
    return entries[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(directory, ada, grace, edsger, open_as, scheme):
    look = {"viewport": PHONE, "color_scheme": scheme}
    for path in (
        "help/",
        "help/directory/",
        "help/directory/?q=nothing+of+the+kind",
        f"help/directory/{directory.pk}/",
        f"help/directory/{directory.pk}/leave/",
    ):
        page = open_as(ada, path, **look)
        check(page, path)
        expect(page.get_by_role("link", name="Get help", exact=True).first).to_be_visible()
    for path in ("manage/resources/", "manage/resources/new/", "manage/resources/import/",
                 "manage/sign/"):  # fmt: skip
        check(open_as(grace, path, **look), path)


def test_right_to_left(directory, ada, open_as):
    for path in ("help/", "help/directory/"):
        page = open_as(ada, path, language="ar", viewport=PHONE)
        check(page, f"right to left, {path}")


def test_the_search_box_works_by_keyboard_and_without_scripts(directory, ada, open_as):
    for javascript in (True, False):
        page = open_as(ada, "help/", javascript=javascript)
        page.get_by_role("searchbox").first.fill("help 7")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=re.compile("^Help 7"))).to_be_visible()
