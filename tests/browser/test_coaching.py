"""Coaching in two browsers at once: scenarios 2, 3, 4, 5 and 15, with JavaScript and without."""

import re
import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from coaching.models import Suggestion
from requests_app import actions
from requests_app.models import HelpRequest, Queue
from resources import actions as resources
from tests.browser.test_accessibility import PHONE, check
from tests.browser.test_queue import heading, row, skip_to, tap
from tests.conftest import student
from tests.resources.conftest import complete

#: What it asks of a database is asked by tests/coaching too.
pytestmark = pytest.mark.one_leg
BOTH_WAYS = pytest.mark.parametrize("javascript", [True, False])


@pytest.fixture
def task(in_database, room):
    return in_database(lambda: room.tasks.create(title="Loops"))


@pytest.fixture
def club(in_database, room, task, grace):
    """Something to look at for the task."""

    def tie():
        entry = resources.add_entry(room.school, None, complete(title="Loops club"), by=grace.user)
        resources.publish_entry(entry, by=grace.user)
        Suggestion.objects.create(classroom=room, entry=entry, task=task)

    in_database(tie)


@pytest.fixture
def cards(open_as):
    """``cards(ada)``: her page with the hand up and the first card on it."""

    def open_cards(who, *, javascript=True, **options):
        page = open_as(who, javascript=javascript, **options)
        tap(page, "Raise hand")
        expect(heading(page, "You are in line")).to_be_visible()
        if not javascript:
            page.get_by_role("link", name="Say what it is about").click()
        expect(page.locator(".coach-card")).to_be_visible()
        return page

    return open_cards


def question(page, words):
    expect(page.get_by_role("group", name=words)).to_be_visible()


@BOTH_WAYS
def test_2_coaching_never_costs_my_place(
    javascript, cards, open_as, in_database, lesson, task, ada, ben, grace
):
    a = cards(ada, javascript=javascript)
    b = cards(ben, javascript=javascript)
    for _card in range(5):
        shown = b.locator(".coach-card").get_attribute("id")
        tap(b, "Skip")
        expect(b.locator(f"#{shown}")).to_have_count(0)
    tap(a, "Loops")
    question(a, "What would help most?")
    tap(a, "Give me a hint")
    question(a, "Can you carry on meanwhile?")
    a.get_by_role("button", name=re.compile("^Slowly")).click()  # and what that does
    question(a, "What have you tried?")
    a.get_by_label("Read it again").check()
    if javascript:
        expect(a.get_by_text("Saved. Your place is the same.")).to_be_visible()
    tap(a, "Next")
    question(a, "Finish a sentence")
    a.get_by_label("Finish a sentence").fill("I expected 3 but I got 4.")
    if javascript:
        expect(a.get_by_text("Saved. Your place is the same.")).to_be_visible()
    else:
        tap(a, "That is it")
        expect(a.locator(".coach-card")).to_have_count(0)
    teacher = open_as(grace)
    line = row(teacher, "Ada")
    for words in ("Loops", "Give me a hint", "I expected 3", "tried 1 thing"):
        expect(line).to_contain_text(words)
    names = teacher.locator(".queue__rows--waiting .queue-item__name").all_inner_texts()
    assert names == ["Ada Lovelace", "Ben Okri"]


@BOTH_WAYS
def test_3_i_can_skip_everything(javascript, cards, open_as, lesson, task, ada, grace):
    page = cards(ada, javascript=javascript)
    while page.locator(".coach-card").count():
        shown = page.locator(".coach-card").get_attribute("id")
        tap(page, "Skip")
        expect(page.locator(f"#{shown}")).to_have_count(0)
    if not javascript:
        page.get_by_role("link", name="Back to my place in line").click()
    expect(heading(page, "You are in line")).to_be_visible()
    expect(row(open_as(grace), "Ada")).to_contain_text("nothing added yet")


@BOTH_WAYS
def test_4_something_to_look_at_solved_it(javascript, club, cards, open_as, lesson, ada, grace):
    teacher = open_as(grace)
    page = cards(ada, javascript=javascript)
    expect(row(teacher, "Ada")).to_be_visible()
    tap(page, "Loops")
    page.get_by_role("button", name="That solved it Loops club").click()
    expect(heading(page, "You solved it")).to_be_visible()
    expect(heading(teacher, "No hand is up")).to_be_visible()


def test_a_push_that_is_faster_than_the_answer_leaves_it_a_place(club, cards, lesson, ada):
    """The answer's button must still stand in the page when it comes; the console tells."""

    def far_away(route):
        answer = route.fetch()
        time.sleep(1.5)  # the way back of the answer; the push has come by then
        route.fulfill(response=answer)

    page = cards(ada)
    tap(page, "Loops")
    page.route("**/coach/resources/**", far_away)
    page.get_by_role("button", name="That solved it Loops club").click()
    expect(heading(page, "You solved it")).to_be_visible()
    expect(page.get_by_text("Could you do the next one?")).to_be_visible()


@BOTH_WAYS
def test_5_not_yet_is_useful(javascript, cards, open_as, in_database, lesson, ada, grace):
    page = cards(ada, javascript=javascript)
    raised_at = in_database(lambda: HelpRequest.objects.get().raised_at)

    def help_eight_minutes_ago():
        with time_machine.travel(timezone.now() - timedelta(minutes=8)):
            actions.start(HelpRequest.objects.get(), by=grace)
            actions.resolve(HelpRequest.objects.get(), by=grace)

    in_database(help_eight_minutes_ago)
    if not javascript:
        page.get_by_role("link", name="Back to my place in line").click()
    expect(heading(page, "How did that go?")).to_be_visible()
    tap(page, "Not yet")
    expect(heading(page, "You are in line")).to_be_visible()
    if not javascript:
        page.get_by_role("link", name="Say what it is about").click()
    question(page, "Let's try another way")
    expect(page.get_by_role("button", name="A different kind of help")).to_be_visible()
    tap(page, "A different person")
    expect(page.get_by_role("button", name="A different person")).to_have_count(0)
    teacher = open_as(grace)
    expect(row(teacher, "Ada")).to_contain_text("back again")
    expect(row(teacher, "Ada")).to_contain_text("would like somebody else")
    assert in_database(lambda: HelpRequest.objects.get().raised_at) == raised_at


def test_15_pause_the_class_for_the_same_problem(open_as, in_database, lesson, room, task, grace):
    crowd = [in_database(student, room, f"Student {n}") for n in range(3)]

    def ask(who):
        key = "first"
        request = actions.raise_hand(Queue.objects.of(room), student=who, form_key=key)
        actions.describe(request, by=who, task=task)

    for who in crowd:
        in_database(ask, who)
    teacher, page, board = open_as(grace), open_as(crowd[0]), open_as(grace, "board/")
    teacher.get_by_role("button", name="Pause the class").first.click()
    expect(heading(page, "Please look up")).to_be_visible()
    expect(heading(board, "Please look up")).to_be_visible()
    for who in crowd:
        expect(board.get_by_text(who.name)).to_have_count(0)
    tap(teacher, "Go on")
    expect(heading(page, "Please look up")).to_have_count(0)
    expect(heading(page, "You are in line")).to_be_visible()


def test_a_starter_is_put_into_the_text_and_a_draft_survives_a_reload(
    cards, in_database, lesson, ada
):
    page = cards(ada)
    skip_to(page, "Finish a sentence")
    text = page.get_by_label("Finish a sentence")
    page.get_by_text("I expected ___ but I got ___.").click()
    expect(text).to_have_value("I expected ___ but I got ___.")
    page.keyboard.type("42")  # the first gap is chosen
    expect(text).to_have_value("I expected 42 but I got ___.")
    expect(page.get_by_text("28 of 2000")).to_be_visible()
    expect(page.get_by_text("Saved. Your place is the same.")).to_be_visible()
    page.route("**/describe/text/", lambda route: route.abort("internetdisconnected"))
    with page.expect_event("requestfailed"):
        text.fill("I expected 42 but I got 43.")
    page.unroute("**/describe/text/")
    page.reload()
    page.get_by_role("link", name="Finish a sentence Change").click()
    expect(page.get_by_label("Finish a sentence")).to_have_value("I expected 42 but I got 43.")
    expect(page.get_by_text("Saved. Your place is the same.")).to_be_visible()
    assert in_database(lambda: HelpRequest.objects.get().text) == "I expected 42 but I got 43."


def test_overwhelmed_stops_the_cards(cards, lesson, ada):
    page = cards(ada)
    tap(page, "I feel overwhelmed")
    expect(heading(page, "Your hand stays up")).to_be_visible()
    expect(page.locator(".coach-card")).to_have_count(0)


def test_come_quietly_is_said_by_a_tap_of_its_own_and_taken_back(
    cards, open_as, lesson, ada, grace
):
    teacher, page = open_as(grace), cards(ada)
    tap(page, "I feel overwhelmed")
    expect(heading(page, "Your hand stays up")).to_be_visible()
    expect(teacher.get_by_text("Come quietly")).to_have_count(0)
    tap(page, "Yes, come quietly")
    expect(teacher.get_by_text("Come quietly")).to_be_visible()
    expect(page.get_by_text("You can take that back on your class page.")).to_be_visible()
    tap(page, "Take that back")
    expect(teacher.get_by_text("Come quietly")).to_have_count(0)
    expect(page.get_by_role("button", name="Yes, come quietly")).to_be_visible()


def test_the_cards_by_keyboard_alone(cards, in_database, lesson, task, ada):
    """The keyboard goes along to each new card."""
    page = cards(ada)
    page.get_by_role("button", name="Loops").focus()
    page.keyboard.press("Enter")
    question(page, "What would help most?")
    expect(page.locator("#card-question")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    question(page, "Can you carry on meanwhile?")
    expect(page.locator("#card-question")).to_be_focused()
    stored = in_database(lambda: HelpRequest.objects.select_related("task").get())
    assert (stored.task, stored.kind) == (task, "hint")


def test_after_done_the_helper_says_what_was_given(open_as, in_database, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    expect(row(teacher, "Ada")).to_be_visible()
    tap(teacher, "On my way")
    tap(teacher, "Start")
    expect(teacher.get_by_text("Ask: what would help most?")).to_be_visible()
    tap(teacher, "Done")
    expect(heading(teacher, "Done with Ada Lovelace")).to_be_visible()
    check(teacher, "after done")
    tap(teacher, "A hint")
    expect(teacher.get_by_role("button", name="A hint", pressed=True)).to_be_visible()
    teacher.get_by_text("Something for the student").click()
    tap(teacher, "You tried first")
    expect(page.get_by_text("You tried first")).to_be_visible()
    teacher.get_by_role("link", name="Close", exact=True).click()
    expect(heading(teacher, "Done with Ada Lovelace")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-GB", "ar"])
def test_axe_finds_nothing_on_any_card(
    scheme, language, open_as, in_database, lesson, room, task, ada, grace
):
    in_database(lambda: actions.raise_hand(Queue.objects.of(room), student=ada, form_key="first"))
    page = open_as(ada, viewport=PHONE, language=language, color_scheme=scheme)
    for card in ("task", "kind", "carry_on", "tried", "text"):
        page.goto(f"/c/{room.slug}/coach/?card={card}")
        expect(page.locator(f"#card-{card}")).to_be_visible()
        check(page, f"card {card}, {language}, {scheme}")
    page.locator("[value=overwhelmed]").click()
    expect(page.locator(".coach-quiet")).to_be_visible()
    check(page, f"overwhelmed, {language}, {scheme}")
