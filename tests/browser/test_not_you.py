"""One Chromebook, two children: "Not you?" takes everything of the first one with it."""

import pytest
from playwright.sync_api import expect

from checkins import actions
from checkins.actions import Plan
from classrooms.models import Device
from requests_app import actions as asking
from requests_app.models import Queue
from tests.browser.conftest import SITE

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

#: Typed by the first child and meant for nobody else on this machine.
ZEBRA = "zebra sentence"
STORED = """() => JSON.stringify([{...sessionStorage}, {...localStorage}, history.state])"""


@pytest.fixture
def ready(room, grace):
    questions = [{"kind": "single", "text": "Which?", "options": ["Red", "Green"]}]
    return actions.open_check_in(room, Plan("Colours", "totals", questions), by=grace)


def join(page, name):
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join").click()
    page.wait_for_selector("#my-request")


def leftovers(page, ready):
    """Everything that the browser can show of the first child."""
    cookies = [each for each in page.context.cookies() if each["value"]]
    shown = [page.content(), page.evaluate(STORED), str(cookies)]
    page.goto(f"/c/{ready.classroom.slug}/check-ins/{ready.key}/")
    shown += [page.content(), str(page.locator("[name=q0][value='1']:checked").count())]
    return "".join(shown)


@pytest.mark.parametrize("second", ["Ben", "Ada Lovelace"])
def test_the_next_child_finds_nothing_of_the_one_before(
    second, open_as, lesson, room, ada, ready, in_database
):
    page = open_as(ada)
    in_database(lambda: asking.raise_hand(Queue.objects.of(room), student=ada, form_key="first"))
    page.goto(f"/c/{room.slug}/check-ins/{ready.key}/")
    page.get_by_text("Green", exact=True).click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Your answers are in")).to_be_visible()
    page.goto(f"/c/{room.slug}/")
    page.evaluate(f"sessionStorage.setItem('helpdesk-draft-1', '{ZEBRA}')")
    page.evaluate(f"localStorage.setItem('something', '{ZEBRA}')")
    page.get_by_role("button", name="Not you?").click()
    expect(page.get_by_role("heading", name="Join a class")).to_be_visible()
    names = {each["name"] for each in page.context.cookies() if each["value"]}
    assert names <= {"csrftoken"}
    page.goto(f"/join/{room.code}/")
    assert "Ada" not in page.content()
    assert page.get_by_label("Your name").get_attribute("autocomplete") == "off"
    join(page, second)
    told = leftovers(page, ready)
    assert ZEBRA not in told
    assert "Change my answers" not in told
    assert told.endswith("0")
    if second == "Ben":
        assert "Ada" not in told


def test_nothing_comes_back_with_the_back_button(open_as, lesson, ada, ready):
    page = open_as(ada)
    page.goto(f"/c/{ready.classroom.slug}/check-ins/{ready.key}/")
    page.get_by_text("Green", exact=True).click()
    page.get_by_role("button", name="Not you?").click()
    expect(page.get_by_role("heading", name="Join a class")).to_be_visible()
    for _step in range(4):
        page.go_back()
        page.wait_for_load_state()
        assert "Ada" not in page.content()
        if page.url in ("about:blank", f"{SITE}/"):
            break


def test_storage_goes_also_where_the_browser_does_not_hear_the_header(
    open_as, lesson, ada, in_database
):
    """Plain http in a school's network: Clear-Site-Data counts on secure pages alone."""
    page = open_as(ada)
    page.route(
        "**/leave/",
        lambda route: route.fulfill(status=204, body=""),  # no header, and the page stays
    )
    page.evaluate(f"sessionStorage.setItem('helpdesk-draft-1', '{ZEBRA}')")
    page.get_by_role("button", name="Not you?").click()
    page.wait_for_function("sessionStorage.length === 0")
    assert in_database(Device.objects.count) == 1
