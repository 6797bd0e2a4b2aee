"""Who may do what at every URL, as tests/access.py declares it; a URL without a row fails here."""

import re
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from checkins import actions as check_ins
from checkins import replies
from checkins.models import CheckIn
from classrooms import actions as people
from requests_app import tasks
from tests.access import ROLES, TABLE, let_in, refused
from tests.conftest import forget, student
from tests.world import ELSEWHERE, routes, thing_of

pytestmark = pytest.mark.django_db


def test_every_url_is_declared():
    known = {name for name, _ in routes() if not name.startswith(ELSEWHERE)}
    assert known == set(TABLE)
    for cells in TABLE.values():
        for who in cells.values():
            assert set(who) == set(ROLES)


def enter(world, role, browser_of, client):
    """A client that is who the role says; those removed came in before they were."""
    if role == "anonymous":
        return client
    opened = browser_of(world["people"][role])
    if role.startswith("removed"):
        people.remove(world["people"][role])
    return opened


def told(answer) -> str:
    """The cell that an answer stands for."""
    if answer.status_code == 302 and answer["Location"].startswith("/?next="):
        return "in"
    if answer.status_code in (404, 405):
        return str(answer.status_code)
    assert answer.status_code < 500, answer.status_code
    return "yes"


@contextmanager
def undone():
    """What is done to the database in it was never done; other things are forgotten."""
    around = transaction.atomic()
    around._from_testcase = True  # as Django's own around each test: durable blocks begin in it
    with around:
        yield
        transaction.set_rollback(True)
    forget()


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in TABLE if let_in(name)])
def test_whoever_is_let_in_is_let_in(name, world, browser_of):
    wrong = try_cells(name, let_in(name), world, browser_of)
    assert not wrong


@pytest.mark.one_leg  # a refusal asks the door's queries alone, which are the same for all
@pytest.mark.parametrize("name", [name for name in TABLE if refused(name)])
def test_whoever_is_refused_is_refused(name, world, browser_of):
    wrong = try_cells(name, refused(name), world, browser_of)
    assert not wrong


def try_cells(name, roles, world, browser_of) -> list[str]:
    """What is not as declared, of a row's cells of these roles; each begins in the same world."""
    url, wrong = address_of(name, world), []
    for role in roles:
        for method, who in TABLE[name].items():
            with undone():
                opened = enter(world, role, browser_of, Client())
                # Only the door is asked about: what a form then says is tested elsewhere.
                answer = getattr(opened, method.lower())(url, world["typed"])
                if told(answer) != who[role]:
                    wrong.append(f"{method} {url} as {role}: {answer.status_code}")
    return wrong


def address_of(name, world) -> str:
    """Of a page about something that there is."""
    parameters = dict(routes())[name]
    known = dict(world["parameters"])
    if name == "classrooms:accept_invite":
        known["key"] = world["invitation"]
    if name == "classrooms:come_back":
        left = student(world["people"]["teacher"].classroom, "Left Lately")
        people.remove(left)
        known["member"] = left.pk
    if name == "checkins:drop_for_school":
        plan = check_ins.preset("exit")
        school = world["people"]["admin"].classroom.school
        known["template"] = check_ins.save_school_template(school, plan, by=None).pk
    if "pk" in parameters:
        known["pk"] = thing_of(name, world).pk
    if name == "readyz":
        tasks.run_clock.call_local()  # no clock runs in tests, and without one nobody is ready
    return reverse(name, kwargs={each: known[each] for each in parameters})


@pytest.fixture
def told_by_ada(world, room, ada, grace):
    """What Ada answered with her name, and what she wrote to herself, in a check-in of today."""
    check_ins.close(CheckIn.objects.get())
    questions = [{"kind": "text", "text": "Say more"}, {"kind": "note", "text": "For you"}]
    plan = check_ins.Plan("Mine", "named", questions)
    check_in = check_ins.open_check_in(room, plan, by=grace)
    given = replies.Given(answers={"0": "zebra answer"}, note="zebra note")
    replies.reply(check_in, given, by=ada, edit_key="")
    return check_in


@pytest.mark.shared
@pytest.mark.parametrize("role", [*ROLES, "classmate"])
def test_nobody_reads_what_is_not_for_them(role, world, told_by_ada, room, ada, browser_of, client):
    """D7 for check-ins, on every page that there is."""
    world["people"]["classmate"] = student(room, "Class Mate")
    known = world["parameters"] | {"check_in_key": told_by_ada.key}
    opened = enter(world, role, browser_of, client)
    read = set()
    for name, parameters in routes():
        if name in TABLE and set(parameters) <= set(known):
            told = opened.get(reverse(name, kwargs={each: known[each] for each in parameters}))
            page = b"".join(told) if told.streaming else told.content
            read |= {words for words in ("zebra answer", "zebra note") if words.encode() in page}
    answer = {"zebra answer"}
    may_read = {"student": answer | {"zebra note"}, "assistant": answer, "teacher": answer}
    assert read == may_read.get(role, set())


#: Pages that are no student's: for a wall and a projector, and the way in and out.
NOT_THEIRS = {
    "requests_app:board", "classrooms:sign", "classrooms:index", "classrooms:join",
    "classrooms:join_code", "classrooms:start", "classrooms:accept_invite",
    "classrooms:waiting", "healthz", "readyz",
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, row in TABLE.items()
        if row["GET"]["student"] == "yes" and name not in NOT_THEIRS
    ],
)
def test_get_help_is_on_every_page_of_a_student(name, world, browser_of):
    """A23: the same name, and it leads to the page of the class or of the school."""
    parameters = dict(routes())[name]
    known = dict(world["parameters"])
    if "pk" in parameters:
        known["pk"] = thing_of(name, world).pk
    url = reverse(name, kwargs={each: known[each] for each in parameters})
    page = browser_of(world["people"]["student"]).get(url).text
    if "<html" in page:  # some answer with a part of a page
        assert re.search(r'<a href="[^"]*/help/[^"]*"[^>]*>\s*Get help\s*</a>', page)


#: Routes that name something inside a class.
INSIDE = {
    "key", "device", "member", "task", "check_in_key", "template", "follow_up", "moment",
    "note", "suggestion", "invitation",
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", [name for name in TABLE if {"slug"} < set(dict(routes())[name]) & (INSIDE | {"slug"})]
)
def test_the_id_of_another_class_opens_nothing(name, world, browser_of):
    """Every id in a URL is looked up inside the class that the URL names."""
    away = world["people"]["other teacher"]
    known = world["parameters"] | {"slug": world["away"].slug}
    url = reverse(name, kwargs={each: known[each] for each in dict(routes())[name]})
    for method in ("get", "post"):
        answer = getattr(browser_of(away), method)(url)
        assert answer.status_code in (404, 405)
