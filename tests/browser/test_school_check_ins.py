"""What a school decides about check-ins, in real browsers: everybody can read and set it."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from checkins import actions, gate, replies
from checkins.care import Carer
from checkins.models import Change, SchoolRules
from checkins.replies import Given
from classrooms import actions as people
from tests.browser.conftest import cookie_of
from tests.browser.test_accessibility import PHONE, check, focus_on
from tests.browser.test_check_ins import tab_to
from tests.browser.test_queue import heading, tap

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

WIDE = {"width": 1366, "height": 768}
LOOKS = [("light", "en-GB", PHONE), ("dark", "en-GB", WIDE), ("dark", "ar", PHONE)]
RULES = {"consent": "opt_in", "hours": "Mon-Fri 08:00-15:30"}
#: What people wrote, and what things were called when they were written down.
GIVEN = ("Hill School", "Grace Hopper", "Edsger Dijkstra", "Ada Lovelace", "Alan Turing",
         "Year 9 Computing", "Ready to start", "Rules for check-ins", "Mon-Fri",
         "grace@example.org", "edsger@example.org")  # fmt: skip


@pytest.fixture
def as_admin(visit, in_database, edsger):
    """``as_admin("check-ins/")``: a page of the school as its admin sees it."""

    def open_page(path, **options):
        return visit(f"/school/{path}", cookies=[in_database(cookie_of, edsger)], **options)

    return open_page


@pytest.fixture
def everything(room, lesson, school, grace, alan, edsger, ada):
    """Rules that were changed, a check-in of the school, and a wish whose adult has left."""
    rules = gate.rules_of(school)
    for fields in ({"keep_days": 14}, RULES):
        for name, value in fields.items():
            setattr(rules, name, value)
        actions.save_rules(rules, fields=list(fields), by=edsger.user)
    for part, who in (("owner", grace), ("backup", edsger)):
        school.carers.create(user=who.user, part=part, agreed_at=timezone.now())
    school.contacts.create(country="Here", name="Line", number="116 111", hours="always")
    plan = actions.preset("ready")
    actions.save_school_template(school, plan, by=edsger.user)
    actions.save_template(room, plan, by=grace.user)
    check_in = actions.open_check_in(room, plan, by=grace)
    replies.reply(check_in, Given(soon="today", adult=alan), by=ada, edit_key="k")
    people.remove(alan)


@pytest.mark.parametrize(("scheme", "language", "viewport"), LOOKS)
def test_axe_finds_nothing_before_anything_is_decided(
    scheme, language, viewport, as_admin, open_as, room, lesson, grace
):
    look = {"viewport": viewport, "color_scheme": scheme, "language": language}
    page = as_admin("check-ins/", **look)
    expect(page.locator(".template__gate")).to_be_visible()
    check(page, "nothing decided")
    for part in ("owner", "backup"):
        page.locator(f"[name={part}]").select_option(str(grace.user_id))
    page.locator("[name=keep_days]").fill("0")
    page.locator("main form .btn--help").click()
    expect(page.locator(".field__error")).to_have_count(2)
    check(page, "a form with errors")
    page.locator("[name=keep_days]").fill("30")
    page.locator("[name=owner]").select_option("")
    page.locator("main form .btn--help").click()
    expect(page.locator(".flash__message")).to_be_visible()
    check(page, "two are still open")
    teacher = open_as(grace, "check-ins/", **look)
    expect(teacher.locator(".template__gate")).to_be_visible()
    check(teacher, "what a class still waits for")


@pytest.mark.parametrize(("scheme", "language", "viewport"), LOOKS)
def test_axe_finds_nothing_once_all_is_decided(
    scheme, language, viewport, everything, as_admin, in_database
):
    page = as_admin("check-ins/", viewport=viewport, color_scheme=scheme, language=language)
    expect(page.locator("#changes")).to_be_visible()
    expect(page.locator("#waiting")).to_be_visible()
    expect(page.locator(".template__gate")).to_have_count(0)
    check(page, "all decided, with who changed what")
    if language == "ar":
        words = page.locator("main").inner_text()
        for given in GIVEN:
            words = words.replace(given, "")
        assert set(re.findall(r"[A-Za-z]{4,}", words)) == set()
    page.evaluate("document.querySelector('form.person__moves').submit()")  # nobody was chosen
    expect(page.locator(".flash__message")).to_be_visible()
    check(page, "nobody was chosen")


@pytest.mark.parametrize(("scheme", "language", "viewport"), LOOKS)
def test_axe_finds_nothing_on_a_check_in_for_every_class(scheme, language, viewport, as_admin):
    page = as_admin("check-ins/write/", viewport=viewport, color_scheme=scheme, language=language)
    page.locator("[name=head-title]").fill("Our own")
    page.locator("main form .btn--help").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page, "no question")
    page.locator("[name=q0-text]").fill("Which?")
    page.locator("main form .btn--help").click()
    expect(page.locator("#id_q0-options_error")).to_be_visible()
    check(page, "a question without answers")


def test_the_rules_are_set_by_keyboard_alone(as_admin, in_database, room, grace):
    page = as_admin("check-ins/")
    focus_on(page, "Write one for every class")
    people = {"owner": "Grace", "backup": "Edsger"}
    for name, typed in (RULES | {"consent": "Families say"} | people).items():
        tab_to(page, name)
        page.keyboard.type(typed)
    focus_on(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text("has not answered yet")).to_have_count(2)
    expect(heading(page, "Who changed what")).to_be_visible()
    saved = in_database(SchoolRules.objects.get)
    assert (saved.consent, gate.hours_of(saved)) == ("opt_in", "Mon-Fri 08:00-15:30")
    assert in_database(Carer.objects.count) == 2
    assert in_database(Change.objects.exists)


def test_the_rules_are_set_without_scripts(as_admin, in_database, room):
    page = as_admin("check-ins/", javascript=False)
    page.locator("[name=keep_days]").fill("366")
    tap(page, "Save")
    expect(page.get_by_text("Choose 1 to 365 days.")).to_be_visible()
    page.locator("[name=keep_days]").fill("20")
    tap(page, "Save")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert in_database(SchoolRules.objects.get).keep_days == 20
