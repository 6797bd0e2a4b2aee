"""What somebody typed is not lost when it cannot be saved, and nobody else is shown it."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from classrooms.models import Device, Role
from helpdesk import breaker
from live import hub
from requests_app.models import HelpRequest
from tests.browser.test_accessibility import PHONE
from tests.browser.test_not_you import STORED
from tests.browser.test_queue import heading, row, skip_to, tap
from tests.conftest import staff

#: Said where a form was filled in again by what was typed before.
HERE_AGAIN = "This is not saved yet. What you wrote is here again"


@contextmanager
def database_away():
    """The server finds no database, whichever it has; ``in_database`` finds none either."""
    with (
        patch.object(breaker.server, "is_open", True),
        patch.object(breaker.file, "_path", "/nowhere"),
    ):
        yield


def sentence(page):
    """The field of a card that is written into, once the hand is up."""
    tap(page, "Raise hand")
    skip_to(page, "Finish a sentence")
    return page.get_by_label("Finish a sentence")


def test_a_card_keeps_its_text_while_the_database_is_away(open_as, lesson, ada, in_database):
    page = open_as(ada, viewport=PHONE)
    text = sentence(page)
    busy = page.get_by_text("The help desk is busy right now.")
    with database_away():
        text.fill("It never ends.")
        expect(busy).to_be_in_viewport()  # it saves by itself
        with page.expect_response(lambda answer: answer.status == 503):
            tap(page, "That is it")
        expect(text).to_have_value("It never ends.")
    # A page that is loaded anew has it too: it was said to be still here.
    page.reload()
    skip_to(page, "Finish a sentence")
    expect(text).to_have_value("It never ends.")
    expect(page.get_by_text("Saved. Your place is the same.")).to_be_visible()
    tap(page, "That is it")
    expect(text).to_have_count(0)
    expect(busy).to_have_count(0)
    assert in_database(lambda: HelpRequest.objects.get().text) == "It never ends."


def fill_in(page):
    """Changes of each kind of field in a teacher's settings."""
    page.locator("[name=name]").fill("Nine")
    page.locator("[name=approval]").check()


def is_filled_in(page):
    expect(page.locator("[name=name]")).to_have_value("Nine")
    expect(page.locator("[name=approval]")).to_be_checked()


def saved(room):
    room.refresh_from_db()
    return room.name, room.approval


@pytest.mark.parametrize("way", ["by the link", "by Back"])
def test_a_form_keeps_what_was_typed_while_the_database_is_away(
    way, open_as, room, grace, in_database
):
    page = open_as(grace, "manage/settings/")
    fill_in(page)
    with database_away():
        tap(page, "Save")
        expect(page.get_by_text("Nothing was saved so far.")).to_be_visible()
        if way == "by the link":
            page.get_by_role("link", name="Back to the page").click()
            again = page.get_by_role("link", name="Try again")
            expect(again).to_be_visible()
    if way == "by the link":
        again.click()
    else:
        page.go_back()
    expect(page.get_by_text(HERE_AGAIN)).to_be_visible()
    is_filled_in(page)
    tap(page, "Save")
    expect(page.get_by_text(HERE_AGAIN)).to_have_count(0)
    page.reload()
    is_filled_in(page)
    expect(page.get_by_text(HERE_AGAIN)).to_have_count(0)
    assert in_database(saved, room) == ("Nine", True)
    assert "Nine" not in page.evaluate(STORED)


# --- The session ends while somebody types (F21) ---------------------------------


@pytest.fixture
def barbara(room):
    """Teaches too, at the same computer."""
    return staff(room, "barbara@example.org", "Barbara Liskov", Role.TEACHER)


def sign_in(page, who):
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.locator("[name=login]").fill(who.user.email)
    page.locator("[name=password]").fill("pw-for-tests")
    tap(page, "Sign in")


def sign_out_in_another_tab(page, room):
    other = page.context.new_page()
    other.goto(f"/c/{room.slug}/manage/")
    tap(other, "Sign out")
    expect(heading(other, "Stuck? Raise a hand here.")).to_be_visible()
    other.close()


def test_what_was_typed_waits_for_the_one_who_typed_it(open_as, room, grace, in_database):
    page = open_as(grace, "manage/settings/")
    fill_in(page)
    sign_out_in_another_tab(page, room)
    tap(page, "Save")
    expect(page.get_by_text("What you wrote is not saved yet.")).to_be_visible()
    sign_in(page, grace)
    expect(page.get_by_text(HERE_AGAIN)).to_be_visible()
    is_filled_in(page)
    tap(page, "Save")
    expect(page.get_by_text(HERE_AGAIN)).to_have_count(0)
    assert in_database(saved, room) == ("Nine", True)


def test_nobody_else_is_shown_it(open_as, room, grace, barbara, in_database):
    page = open_as(grace, "manage/settings/")
    fill_in(page)
    sign_out_in_another_tab(page, room)
    tap(page, "Save")
    sign_in(page, barbara)
    expect(page.locator("[name=name]")).to_have_value("Year 9 Computing")
    assert "Nine" not in page.content() + page.evaluate(STORED)
    page.go_back()
    page.goto(f"/c/{room.slug}/manage/settings/")
    expect(page.locator("[name=name]")).to_have_value("Year 9 Computing")
    assert "Nine" not in page.content() + page.evaluate(STORED)
    assert in_database(saved, room) == ("Year 9 Computing", False)


@pytest.fixture
def unseen(monkeypatch):
    """Each page's right is looked up once a minute; not here, so that the page's own words are."""

    async def look_up_nobody(_hub, _turn):
        pass

    monkeypatch.setattr(hub.Hub, "_check_again", look_up_nobody)


def test_a_tap_of_somebody_whose_session_ran_out_leads_to_signing_in_and_back(
    unseen, open_as, lesson, ada, grace, in_database
):
    page = open_as(grace)
    tap(open_as(ada), "Raise hand")
    expect(row(page, "Ada")).to_be_visible()
    in_database(lambda: Session.objects.update(expire_date=timezone.now()))
    tap(page, "On my way")
    expect(heading(page, "Stuck? Raise a hand here.")).to_be_visible()
    expect(page.locator("main")).to_have_count(1)
    expect(page.locator("#queue, #live")).to_have_count(0)
    sign_in(page, grace)
    expect(row(page, "Ada")).to_be_visible()
    expect(page.locator('#live[data-live="on"]')).to_be_attached()


def test_a_student_who_is_not_let_in_any_more_reads_so_on_a_whole_page(
    unseen, open_as, lesson, room, ada, ben, in_database
):
    page = open_as(ada)
    text = sentence(page)
    in_database(lambda: Device.objects.filter(membership=ada).delete())
    text.fill("zebra sentence")
    expect(page.get_by_text("Nothing was saved.")).to_be_visible()
    expect(text).to_have_value("zebra sentence")
    page.get_by_role("link", name="Load the page again").click()
    expect(heading(page, "There is nothing here for you")).to_be_visible()
    expect(page.locator("main")).to_have_count(1)
    # The next child at this computer.
    page.goto(f"/join/{room.code}/")
    page.get_by_label("Your name").fill("Ben Okri")
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#my-request")).to_be_visible()
    assert "zebra" not in page.content() + page.evaluate(STORED)
