"""Everybody can use it: axe on every page and state, keyboard only, right to left, small."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from requests_app import actions
from requests_app.models import Queue
from tests.conftest import student

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

PHONE = {"width": 360, "height": 740}
#: Rules of WCAG 2.0 to 2.2 A and AA, and axe's best practices.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def findings(page, where):
    """What axe finds, and how far the page must be scrolled sideways."""
    found = Axe().run(page, options=AXE).response["violations"]
    told = [
        f"{where}: {each['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for each in found
        for node in each["nodes"][:2]
    ]
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [*told, f"{where} is {wide} px too wide"] if wide > 0 else told


def check(page, where):
    assert findings(page, where) == []


def requested(who, form_key="first", **facts):
    queue = Queue.objects.of(who.classroom)
    help_request = actions.raise_hand(queue, student=who, form_key=form_key)
    return actions.describe(help_request, by=who, **facts) if facts else help_request


def states(ada, grace):
    """Name → how Ada's request gets there; each a state of the student's page."""
    soon = timezone.now() + timedelta(minutes=10)

    def then(*verbs):
        def go():
            help_request = requested(ada)
            for verb in verbs:
                verb(help_request)

        return go

    start = lambda r: actions.start(r, by=grace)  # noqa: E731
    return {
        "hand down": lambda: None,
        "in line": then(),
        "later offered": then(lambda r: actions.propose_later(r, by=grace, at=soon)),
        "on the way": then(lambda r: actions.claim(r, by=grace)),
        "with you": then(start),
        "back soon": then(start, lambda r: actions.pause(r, by=grace, minutes=5, hint="Draw it")),
        "later": then(lambda r: actions.defer(r, by=ada, at=soon)),
        "after": then(start, lambda r: actions.resolve(r, by=grace)),
        "solved": then(lambda r: actions.solve(r, by=ada)),
        "lowered": then(lambda r: actions.lower(r, by=ada)),
        "missed": then(lambda r: actions.close_help(ada.classroom, by=grace)),
    }


STATES = [
    "hand down", "in line", "later offered", "on the way", "with you", "back soon", "later",
    "after", "solved", "lowered", "missed",
]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_on_the_students_page(
    state, open_as, in_database, lesson, room, ada, grace
):
    in_database(lambda: [room.tasks.create(title=f"Task {n}") for n in range(3)])
    in_database(states(ada, grace)[state])
    for scheme in ("light", "dark"):
        check(open_as(ada, viewport=PHONE, color_scheme=scheme), f"{state}, {scheme}")


def fill(room, grace, alan):
    """A queue with every kind of row."""
    task = room.tasks.create(title="Balancing equations")
    people = [student(room, f"Student {n}") for n in range(8)]
    asked = [requested(who, task=task, text="Why is it so? " * 20, carry_on="no") for who in people]
    actions.claim(asked[0], by=grace)
    actions.start(asked[1], by=alan)
    actions.start(asked[2], by=grace)
    actions.pause(asked[2], by=grace, minutes=5, hint="Draw it")
    actions.defer(asked[3], by=people[3], at=timezone.now() + timedelta(minutes=9))
    actions.bring_forward(asked[5], by=grace)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_helpers_pages(
    scheme, open_as, in_database, lesson, room, grace, alan
):
    empty = open_as(grace, viewport=PHONE, color_scheme=scheme)
    check(empty, "empty")
    in_database(fill, room, grace, alan)
    expect(empty.locator(".queue-item")).to_have_count(8)
    check(empty, "full, phone")
    empty.get_by_text("More for Student 1").click()  # a colleague's
    expect(empty.get_by_role("button", name="Put back")).to_be_visible()
    check(empty, "full, phone, one open")
    assert empty.locator(".queue-item__panel:visible").bounding_box()["width"] > 250
    wide = open_as(grace, viewport={"width": 1366, "height": 768}, color_scheme=scheme)
    wide.get_by_text("More for Student 5").click()
    expect(wide.get_by_role("button", name="Bring forward")).to_be_visible()
    check(wide, "full, wide, one open")
    in_database(actions.close_help, room, by=grace)
    expect(wide.get_by_role("heading", name="Their hands were still up")).to_be_visible()
    check(wide, "closed")


def test_axe_finds_nothing_on_the_other_class_pages(open_as, lesson, ada, grace):
    for who, path in (
        (ada, "help/"),
        (ada, "board/"),
        (ada, "sign/"),
        (grace, "manage/history/"),
        (grace, "manage/order/"),
    ):
        check(open_as(who, path, viewport=PHONE), path)


def focus_on(page, name, presses=60):
    """Press Tab until the control with this name has the keyboard."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.textContent?.trim()") == name:
            return
    raise AssertionError(f"{name} cannot be reached with the keyboard")


def test_a_student_and_a_teacher_need_only_the_keyboard(open_as, lesson, ada, grace):
    page, teacher = open_as(ada), open_as(grace)
    focus_on(page, "Raise hand")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are in line")).to_be_visible()
    for name in ("On my way", "Start", "Done"):
        expect(teacher.get_by_role("button", name=name, exact=True)).to_be_visible()
        focus_on(teacher, name)
        teacher.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How did that go?")).to_be_visible()
    focus_on(page, "Not yet")
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="You are in line")).to_be_visible()
    focus_on(page, "I solved it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You solved it")).to_be_visible()


def test_right_to_left_in_a_made_up_language(open_as, in_database, lesson, room, ada, grace, alan):
    in_database(fill, room, grace, alan)
    in_database(requested, ada)
    for who in (ada, grace):
        page = open_as(who, language="ar", viewport=PHONE)
        assert page.evaluate("document.documentElement.dir") == "rtl"
        check(page, f"right to left, {who.name}")
        words = page.locator("main").inner_text()
        for given in ("Balancing equations", "Why is it so?", "Draw it", "Year 9 Computing",
                      "Ada Lovelace", "Grace Hopper", "Alan Turing", "Student"):  # fmt: skip
            words = words.replace(given, "")
        left = set(re.findall(r"[A-Za-z]{3,}", words)) - {"Why"}
        assert left == set(), f"not marked for translation: {left}"


def test_nothing_is_asked_of_anybody_else(open_as, lesson, ada, grace):
    asked = []
    for who in (ada, grace):
        page = open_as(who)
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        page.wait_for_selector('#live[data-live="on"]')
    assert asked
    assert {url.split("/")[2].partition(":")[0] for url in asked} == {"127.0.0.1"}


def test_a_page_without_its_socket_says_so_and_refreshes(open_as, in_database, lesson, ada, grace):
    page = open_as(ada)
    page.clock.install()
    page.route_web_socket(re.compile("/ws/"), lambda socket: socket.close(code=1011))
    page.reload()
    expect(page.locator("#live")).not_to_have_text("Live")
    in_database(requested, ada)
    page.clock.run_for(16000)
    expect(page.get_by_role("heading", name="You are in line")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("Not live: updated")
