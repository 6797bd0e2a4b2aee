"""Four pictures in a real browser: by keyboard, by thumb, without scripts, from right to left."""

import os

import pytest
from playwright.sync_api import expect

from classrooms import actions
from classrooms.models import Classroom, Membership
from tests.browser.test_accessibility import PHONE, check

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

FOUR = ("Cat", "Sun", "Car", "Moon")


@pytest.fixture
def by_pictures(room):
    room.pin_mode = Classroom.PinMode.PICTURES
    actions.save_settings(room, ["pin_mode"])
    return room


def tap_all(page):
    for number, word in enumerate(FOUR, start=1):
        page.get_by_role("button", name=word, exact=True).click()
        if number < len(FOUR):
            expect(page.get_by_role("status").filter(has_text=f"{number} of 4")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_chosen_and_tapped_again_when_coming_back(by_pictures, visit, javascript, in_database):
    page = visit(f"/join/{by_pictures.code}/", javascript=javascript, viewport=PHONE)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Choose four pictures")).to_be_visible()
    if javascript:
        check(page, "choosing pictures")
        if place := os.environ.get("SHOTS"):
            page.screenshot(path=f"{place}/choose.png", full_page=True)
    tap_all(page)
    page.get_by_role("button", name="Keep these").click()
    expect(page.get_by_text("Next time tap the same four")).to_be_visible()
    page.get_by_role("button", name="Not you?").click()
    page.goto(f"/join/{by_pictures.code}/")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    if javascript:
        check(page, "asked for pictures")
        if place := os.environ.get("SHOTS"):
            page.screenshot(path=f"{place}/ask.png", full_page=True)
    tap_all(page)
    expect(page.get_by_text("Stuck?").or_(page.get_by_text("Help is closed")).first).to_be_visible()
    assert not in_database(lambda: Membership.objects.get().is_sealed)


def test_by_keyboard_the_next_tap_begins_where_the_last_one_was(by_pictures, open_as, ada):
    page = open_as(ada, "pictures/")
    page.get_by_role("button", name="Bird").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="1 of 4")).to_be_visible()
    expect(page.get_by_role("button", name="Bird")).to_be_focused()
    expect(page.get_by_role("button", name="Bird")).to_have_attribute("aria-pressed", "true")
