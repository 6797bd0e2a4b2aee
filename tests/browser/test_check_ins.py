"""Check-ins and help moments in real browsers: by keyboard, by thumb, without scripts, live."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from checkins import actions
from checkins.actions import Given, Plan
from checkins.models import FollowUp, HelpMoment, UnnamedReply, Visibility
from checkins.questions import Kind, scale
from requests_app import actions as asking
from tests.browser.test_accessibility import PHONE, check
from tests.conftest import student

QUESTIONS = [
    {"kind": Kind.SINGLE, "text": "Which?", "options": ["Red", "Green"]},
    {"kind": Kind.SEVERAL, "text": "Any?", "options": ["A plan", "An example"]},
    scale("How sure?", 7, "guessing", "certain"),
    {"kind": Kind.TEXT, "text": "Say more"},
]


@pytest.fixture
def ready(room, grace, alan, ada, in_database):
    room.tasks.create(title="Loops")
    return actions.open_check_in(room, actions.preset("ready"), by=grace)


def test_a_check_in_is_answered_by_keyboard_alone(ready, open_as, ada, in_database):
    page = open_as(ada, f"check-ins/{ready.key}/")
    press = page.keyboard.press
    page.locator("input[name=q0]").first.focus()
    press("ArrowDown")  # Nearly
    press("Tab")  # one thing to get help with: skipped
    press("Tab")
    press("Space")  # No thanks
    press("Tab")
    focused = page.evaluate("document.activeElement.textContent.trim()")
    assert focused == "Send"
    press("Enter")
    expect(page.get_by_role("heading", name="Your answers are in")).to_be_visible()
    assert in_database(lambda: UnnamedReply.objects.get().answers) == {"0": 1}


def test_three_taps_of_a_thumb_are_enough(ready, open_as, ada, in_database):
    page = open_as(ada, f"check-ins/{ready.key}/", viewport=PHONE, has_touch=True)
    page.get_by_text("Ready", exact=True).tap()
    page.get_by_text("No thanks").tap()
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_role("heading", name="Your answers are in")).to_be_visible()
    assert in_database(UnnamedReply.objects.count) == 1


def test_a_check_in_works_without_scripts(ready, open_as, ada, in_database):
    page = open_as(ada, f"check-ins/{ready.key}/", javascript=False)
    page.check("input[name=q2][value=today]")
    page.check("input[name=adult] >> nth=0")
    page.click("text=Send")
    expect(page.get_by_text("will check in with you")).to_be_visible()
    assert in_database(FollowUp.objects.count) == 1
    page.click("text=Change my answers")
    page.check("input[name=q2][value='']")
    page.click("text=Send")
    expect(page.get_by_text("Nobody will check in")).to_be_visible()


def test_totals_fill_in_by_themselves(room, ready, open_as, grace, in_database):
    everybody = in_database(lambda: [student(room, f"Pupil {number}") for number in range(6)])
    page = open_as(grace, f"check-ins/{ready.key}/results/")
    expect(page.get_by_text("under 5")).to_be_visible()

    def answer():
        for who in everybody:
            actions.reply(ready, Given(answers={"0": 0}), by=who, edit_key="k")

    in_database(answer)
    expect(page.locator(".bar-cell")).to_have_text("5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(room, lesson, grace, ada, ready, open_as, scheme):
    look = {"viewport": PHONE, "color_scheme": scheme}
    staff = (
        "check-ins/",
        "check-ins/write/",
        "check-ins/settings/",
        "follow-ups/",
        "moments/",
        "not-asking/",
        "check-ins/schedule/?template=ready",
        f"check-ins/{ready.key}/results/",
    )
    for path in staff:
        check(open_as(grace, path, **look), path)
    check(open_as(ada, f"check-ins/{ready.key}/", **look), "answer")
    check(open_as(ada, "my/check-ins/", **look), "mine")


@pytest.fixture
def named_reply(room, grace, ada, in_database):
    plan = Plan("Mine", Visibility.NAMED, QUESTIONS)
    check_in = actions.open_check_in(room, plan, by=grace)
    given = Given(answers={"0": 0, "1": [0, 1], "2": 6, "3": "because " * 30})
    actions.reply(check_in, given, by=ada, edit_key="")
    return check_in


def test_every_kind_of_question_is_usable(named_reply, open_as, ada, grace):
    for who, path in ((ada, "?change=1"), (ada, ""), (grace, "results/")):
        where = f"check-ins/{named_reply.key}/{path}"
        check(open_as(who, where, viewport=PHONE), where)


@pytest.fixture
def short_moment(room, lesson, grace, ada, ben, in_database):
    """One that has five seconds left."""
    moment = actions.start_moment(room, by=grace, seconds=30)
    end = timezone.now() + timedelta(seconds=5)
    HelpMoment.objects.filter(pk=moment.pk).update(ends_at=end)


def test_a_help_moment_ends_by_itself_on_every_page_at_once(
    short_moment,
    open_as,
    ada,
    ben,
):
    first = open_as(ada, viewport=PHONE)
    second = open_as(ben, reduced_motion="reduce")
    check(first, "help moment")
    still = second.locator("[data-left]").text_content()
    expect(first.locator("count-down")).to_have_count(0)
    # The other page was given the same moment: it is not asked to wait for anything.
    assert still.isdigit()
    expect(second.locator("count-down")).to_have_count(0, timeout=500)


def test_stuck_is_said_by_keyboard_and_raises_nothing(
    room,
    lesson,
    ada,
    open_as,
    in_database,
):
    page = open_as(ada, viewport=PHONE)
    page.focus("#going-stuck")
    page.keyboard.press("Enter")
    expect(page.locator("#stuck-raise")).to_be_visible()
    expect(page.locator("#going-stuck")).to_have_attribute("aria-pressed", "true")
    assert not in_database(asking.HelpRequest.objects.exists)
    check(page, "stuck")


def test_a_help_moment_is_on_every_page_within_a_second(
    room,
    lesson,
    ada,
    grace,
    open_as,
):
    student, teacher = open_as(ada, viewport=PHONE), open_as(grace)
    teacher.click("#start-moment")
    invitation = student.get_by_role("heading", name="A moment to ask")
    expect(invitation).to_be_visible(timeout=1000)
    teacher.click("#end-moment")
    expect(invitation).to_have_count(0, timeout=1000)


def test_a_check_in_opens_on_the_students_page_in_two_taps(
    room,
    lesson,
    ada,
    grace,
    open_as,
):
    student, teacher = open_as(ada, viewport=PHONE), open_as(grace)
    teacher.get_by_role("link", name="Start a check-in").click()
    teacher.get_by_role("button", name="Open now").first.click()
    student.locator("#check-in-way").click()
    expect(student.get_by_role("heading", name="Ready to start")).to_be_visible()
