"""Somebody new: from the first page to a lesson that is over, through real pages alone."""

import pytest
from playwright.sync_api import expect

from classrooms import invitations
from classrooms.models import Classroom
from tests.browser.test_accessibility import PHONE, check
from tests.browser.test_queue import heading, row, tap

#: What it asks of a database is asked by others too.
pytestmark = pytest.mark.one_leg


def start_a_class(page):
    """From the front page to the invite page; returns the class code."""
    page.get_by_role("link", name="Start a classroom").click()
    page.get_by_label("Your name, as students know you").fill("Ms Hopper")
    page.get_by_label("Email").fill("hopper@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    tap(page, "Continue")
    expect(heading(page, "Start a classroom")).to_be_visible()
    page.get_by_label("Name of the class").fill("Year 9 Computing")
    page.get_by_label("Your school").fill("Hill School")
    tap(page, "Continue")
    page.get_by_label("Tasks, one per line").fill("Loops\nLists")
    tap(page, "Add")
    page.get_by_role("link", name="Next: invite your class").click()
    code = page.locator(".invite__code").inner_text()
    page.get_by_role("link", name="Print a sign").click()
    expect(page.get_by_text(code)).to_be_visible()
    page.goto("/")
    page.get_by_role("link", name="Year 9 Computing").click()
    return code


def join(page, code, name):
    page.get_by_role("link", name="Join a class").click()
    page.get_by_label("Class code").fill(code.lower())
    tap(page, "Continue")
    page.get_by_label("Your name").fill(name)
    tap(page, "Join")


@pytest.mark.parametrize("teacher_has_javascript", [True, False])
def test_a_newcomer_starts_a_class_and_helps_in_it(visit, teacher_has_javascript):
    teacher = visit(javascript=teacher_has_javascript)

    def look(page):
        """Without JavaScript a page shows what is new when it is loaded again."""
        if not teacher_has_javascript:
            page.goto(page.url.partition("?")[0])

    code = start_a_class(teacher)
    ada, ben = visit(viewport=PHONE), visit(viewport=PHONE, javascript=False)
    join(ada, code, "Ada")
    join(ben, code, "Ben")
    expect(heading(ada, "Help is closed right now")).to_be_visible()
    tap(teacher, "Open help")
    tap(ada, "Raise hand")
    expect(heading(ada, "You are in line")).to_be_visible()
    ben.reload()
    tap(ben, "Raise hand")
    expect(heading(ben, "You are in line")).to_be_visible()
    look(teacher)
    expect(row(teacher, "Ben")).to_be_visible()
    for verb in ("On my way", "Start", "Done"):
        row(teacher, "Ada").get_by_role("button", name=verb).click()
    tap(ada, "Not yet")
    expect(heading(ada, "You are in line")).to_be_visible()
    look(teacher)
    row(teacher, "Ben").get_by_role("button", name="On my way").click()
    expect(row(teacher, "Ben").get_by_role("button", name="Start")).to_be_visible()
    ben.reload()
    expect(heading(ben, "Ms Hopper is on the way")).to_be_visible()
    tap(ben, "I solved it")
    expect(heading(ben, "You solved it")).to_be_visible()
    tap(teacher, "Close help")
    expect(teacher.get_by_role("button", name="Open help")).to_be_visible()
    expect(heading(ada, "Help closed before you were done")).to_be_visible()


def test_the_teacher_lets_somebody_in_and_both_pages_show_it(
    visit, open_as, in_database, room, grace
):
    room.approval = True
    in_database(room.save)
    teacher = open_as(grace)
    page = visit(f"/join/{room.code}/", viewport=PHONE)
    page.get_by_label("Your name").fill("Ada")
    tap(page, "Join")
    expect(heading(page, "Your teacher will let you in")).to_be_visible()
    check(page, "waiting to come in")
    expect(teacher.get_by_text("1 student would like to come in")).to_be_visible()
    teacher.get_by_role("link", name="See who").click()
    check(teacher, "the waiting room")
    teacher.get_by_role("button", name="Let in").click()
    expect(heading(page, "Help is closed right now")).to_be_visible()  # it opened by itself


def test_not_you_is_one_tap(open_as, lesson, room, ada):
    page = open_as(ada)
    tap(page, "Not you?")
    expect(heading(page, "Join a class")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Ada Lovelace")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_door(scheme, visit, room, school, in_database):
    closed = Classroom(school=school, name="PIN", slug="pin", code="PNPNPNPN", pin_mode="class")
    in_database(closed.save)
    page = visit(viewport=PHONE, color_scheme=scheme)
    for path in (
        "/",
        "/join/",
        "/join/WRNGWRNG/",
        f"/join/{room.code}/",
        "/join/PNPNPNPN/",
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/login/code/",
        "/accounts/password/reset/",
        "/nowhere/",
        "/invite/over/",
    ):
        page.goto(path)
        check(page, f"{path}, {scheme}")
    page.goto(f"/join/{room.code}/")
    page.get_by_label("Your name").fill("🙂🙂")
    tap(page, "Join")
    expect(page.get_by_text("at least one letter")).to_be_visible()
    check(page, "a name that is none")


MANAGE = ("", "roster/", "invite/", "tasks/", "settings/", "archive/", "history/", "order/")


@pytest.mark.parametrize("language", ["en-GB", "ar"])
def test_axe_finds_nothing_on_the_manage_pages(
    language, open_as, in_database, room, lesson, ada, ben, grace, alan, edsger
):
    in_database(lambda: [room.tasks.create(title=f"Task {n}") for n in range(3)])
    for path in MANAGE:
        page = open_as(grace, f"manage/{path}", viewport=PHONE, language=language)
        check(page, f"manage/{path}, {language}")
    page.goto(f"/c/{room.slug}/manage/roster/")
    page.locator("textarea").fill("Ada Lovelace\n\n;;;\nNew Student;new@example.org;7")
    page.locator("main form button").first.click()
    check(page, f"the preview, {language}")
    page = open_as(edsger, "manage/", viewport=PHONE, language=language)
    page.goto("/school/")
    check(page, f"/school/, {language}")


def test_a_colleague_comes_in_by_an_invitation(visit, in_database, room, school, grace):
    key = in_database(
        invitations.invite, by=grace.user, role="assistant", classroom=room, school=school
    )
    page = visit(f"/invite/{key}/")
    check(page, "an invitation")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Your name, as students know you").fill("Mr Turing")
    page.get_by_label("Email").fill("turing@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    tap(page, "Continue")
    tap(page, "Accept")
    expect(heading(page, "Year 9 Computing")).to_be_visible()
    expect(page.get_by_role("button", name="Open help")).to_be_visible()
    page.goto(f"/invite/{key}/")
    expect(heading(page, "This invitation is over")).to_be_visible()
