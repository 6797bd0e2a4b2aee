"""The character NUL, which PostgreSQL takes in no text, anywhere in what is sent."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from helpdesk.middleware import WithoutNul
from requests_app.models import HelpRequest
from tests.world import ELSEWHERE, routes, thing_of

pytestmark = pytest.mark.django_db

APPS = ("accounts", "checkins", "classrooms", "coaching", "requests_app", "resources")
READ = re.compile(r'(?:POST|GET)(?:\.get|\.getlist)?[\[(]"(\w+)"')


def field_names():
    """Whatever a view reads by its name, without a form that would check it."""
    sources = [each for app in APPS for each in Path(settings.BASE_DIR, app).glob("*.py")]
    return {name for each in sources for name in READ.findall(each.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("role", ["student", "teacher", "admin"])
def test_no_page_and_no_verb_fails_over_it(role, world, browser_of):
    names = field_names()
    assert {"form_key", "done", "starter", "request", "q"} <= names
    there = browser_of(world["people"][role])
    there.raise_request_exception = False
    sent = dict.fromkeys(names, "a\0b")
    failed = []
    for name, parameters in routes():
        if name.startswith(ELSEWHERE) or name.endswith(("leave", "archive", "readyz")):
            continue
        known = dict(world["parameters"])
        if name.endswith("accept_invite"):
            known["key"] = world["invitation"]
        if "pk" in parameters:
            known["pk"] = thing_of(name, world).pk
        address = reverse(name, kwargs={each: known[each] for each in parameters})
        answers = there.get(address, sent), there.post(address, world["typed"] | sent)
        failed += [(name, each.status_code) for each in answers if each.status_code >= 500]
    assert failed == []


def test_it_is_taken_out_and_the_rest_stays(lesson, ada, browser_of):
    raised = browser_of(ada).post(f"/c/{lesson.classroom.slug}/raise/", {"form_key": "on\0e\0"})
    assert raised.status_code == 302
    assert HelpRequest.objects.get().form_key == "one"


def test_what_has_none_is_left_as_it_came():
    request = RequestFactory().post("/?a=1&a=2", {"b": "3", "c": ["4", "\0"]})
    before = request.GET
    WithoutNul(lambda _request: None).process_view(request, None, (), {})
    assert request.GET is before
    assert request.POST.getlist("c") == ["4", ""]
    assert request.POST["b"] == "3"


def test_no_address_fails_over_it(client):
    for name, parameters in routes():
        if not name.startswith(ELSEWHERE) and parameters:
            address = reverse(name, kwargs=dict.fromkeys(parameters, "1"))
            assert client.get(address.replace("/1/", "/%00/")).status_code < 500
