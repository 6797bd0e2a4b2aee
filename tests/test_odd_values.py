"""Numbers, moments and choices that are none, wherever one is read: answered, never 500."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.urls import reverse

from tests.test_nul import field_names
from tests.world import ELSEWHERE, routes, thing_of

pytestmark = pytest.mark.django_db

LONG = "9" * 5000
ODD = [
    LONG, "-" + LONG, "9" * 19, "9" * 30, "-1", "0", "²", "٣", "1e999", "nan", "0x1", "1_0", " 1 ",
    "9999-99-99", "0000-00-00", "99999-01-01", "2025-02-30", "10000-01-01T00:00", "25:61", "24:00",
    LONG + "-01-01", LONG + ":00", "\ud7ff\U0010ffff", "http://[::1", "http://host:99999999", "//x",
]  # fmt: skip
#: What ends a class, a membership or a sign-in, so that the rest of the walk would be nothing.
LEFT_OUT = ("leave", "archive", "readyz", "remove", "close_help")


def all_fields():
    """Names that views read, those of all forms, and those that templates send."""
    names = set(field_names())
    waiting = [forms.BaseForm]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if form.__module__.split(".")[0] not in ("django", "allauth"):
            names |= set(getattr(form, "base_fields", {}))
    for page in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        names |= set(re.findall(r' name="(\w+)"', page.read_text(encoding="utf-8")))
    return names - {"csrfmiddlewaretoken", "viewport"}


#: Python alone stumbles over these; a number that is too large is the database's matter.
OF_PYTHON = [pytest.param(each, marks=pytest.mark.one_leg) for each in (LONG, "http://[::1")]


@pytest.mark.parametrize("role", ["student", "teacher", "admin", "anonymous"])
@pytest.mark.parametrize("odd", [*OF_PYTHON, "9" * 30])
def test_no_page_and_no_verb_fails_over_it(role, odd, world, browser_of, client):
    there = client if role == "anonymous" else browser_of(world["people"][role])
    there.raise_request_exception = False
    names = all_fields()
    assert {"minutes", "day", "hour", "task", "page", "school", "reading_age", "next"} <= names
    sent, failed = dict.fromkeys(names, odd), []
    for name, parameters in routes():
        if name.startswith(ELSEWHERE) or name.endswith(LEFT_OUT):
            continue
        known = dict(world["parameters"])
        if name.endswith("accept_invite"):
            known["key"] = world["invitation"]
        if "pk" in parameters:
            known["pk"] = thing_of(name, world).pk
        address = reverse(name, kwargs={each: known[each] for each in parameters})
        answers = there.get(address, sent), there.post(address, sent)
        failed += [(name, each.status_code) for each in answers if each.status_code >= 500]
    assert failed == []


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_value_in_each_field_that_is_a_number_or_a_moment(odd, world, browser_of):
    """Alone, so that no other field is refused before it."""
    wanted = [
        ("teacher", "requests_app:raise_for", "student"),
        ("teacher", "requests_app:answer_group", "task"),
        ("teacher", "requests_app:history", "page"),
        ("teacher", "requests_app:open_help", "closes_at"),
        ("teacher", "checkins:schedule", "template"),
        ("student", "requests_app:defer", "minutes"),
        ("student", "requests_app:show", "done"),
        ("student", "coaching:mark_seen", "version"),
        ("student", "coaching:describe", "task"),
        ("admin", "classrooms:remove_admin", "admin"),
        ("admin", "classrooms:restore", "classroom"),
        ("admin", "classrooms:school", "school"),
        ("anonymous", "classrooms:index", "next"),
        ("student", "resources:school_directory", "page"),
        ("student", "resources:school_get_help", "school"),
    ]
    failed = []
    for role, name, field in wanted:
        who = world["people"].get(role, world["people"]["stranger"])
        there = browser_of(who, raise_request_exception=False)
        known = {**world["parameters"], "card": field}
        address = reverse(name, kwargs={each: known[each] for each in dict(routes())[name]})
        answers = there.get(address, {field: odd}), there.post(address, {field: odd})
        failed += [(name, each.status_code) for each in answers if each.status_code >= 500]
    assert failed == []


@pytest.mark.parametrize("number", [OF_PYTHON[0], "9" * 30])
@pytest.mark.parametrize("role", ["student", "teacher", "admin"])
def test_no_address_fails_over_it(role, number, world, browser_of):
    there = browser_of(world["people"][role], raise_request_exception=False)
    failed = []
    for name, parameters in routes():
        if name.startswith(ELSEWHERE):
            continue
        for odd in set(parameters) - {"slug"}:
            known = {**dict.fromkeys(parameters, 1), **world["parameters"], odd: 777}
            address = reverse(name, kwargs={each: known[each] for each in parameters})
            address = address.replace("777", number)
            answers = there.get(address), there.post(address)
            failed += [(name, odd) for each in answers if each.status_code >= 500]
    assert failed == []


@pytest.mark.parametrize(
    "header", ["origin", "referer", "cookie", "accept-language", "content-type", "x-request-id",
               "if-modified-since", "hx-current-url", "authorization", "range"],
)  # fmt: skip
def test_no_header_fails_over_it(header, client):
    client.raise_request_exception = False
    odd = [LONG, "²", "http://host:99999999", "http://[::1", "http://h\xf6st", "http://host:²",
           "sessionid=" + LONG, "a=\x80\xff;=;;", "Bearer \xff", "bytes=" + LONG + "-"]  # fmt: skip
    for value in odd:
        for path in (
            "/",
            "/join/",
            "/healthz",
            "/metrics",
            "/static/js/live.js",
            "/accounts/login/",
        ):
            headers = {header: value}
            for method in (client.get, client.post):
                assert method(path, headers=headers).status_code < 500, (path, value)


@pytest.mark.parametrize("odd", ["http://[::1", "//[", "http://host:99999999/", LONG, "https:///x"])
def test_no_way_back_fails_over_it(odd, client, browser_of, grace):
    """Pages of accounts read \"next\" by themselves."""
    for there in (client, browser_of(grace)):
        there.raise_request_exception = False
        for path in ("/accounts/login/", "/accounts/logout/", "/accounts/login/code/", "/"):
            for answer in (there.get(path, {"next": odd}), there.post(path, {"next": odd})):
                assert answer.status_code < 500
                assert odd not in answer.headers.get("Location", "")
