"""What is offered once more after an answer that failed, and to whom it is not."""

import re

import pytest
from django.conf import settings
from django.db import OperationalError
from django.urls import reverse

from requests_app import actions

pytestmark = pytest.mark.django_db

US = "http://testserver"
#: What a browser says of a form that a page of ours sent, and of those that others sent.
OURS = [
    {"origin": US},
    {"origin": US, "referer": f"{US}/c/x/", "sec-fetch-site": "same-origin"},
    {"referer": f"{US}/c/x/"},
    {"sec-fetch-site": "same-origin"},
]
FOREIGN = [
    {},
    {"origin": "null"},
    {"origin": "http://evil.example"},
    {"origin": f"{US}.evil.example"},
    {"origin": f"{US}:81"},
    {"origin": "https://testserver"},
    {"origin": f"{US}/"},
    {"origin": f"{US},{US}"},
    {"origin": "http://[::1"},
    {"origin": "http://testserver:99999999"},
    {"referer": "http://evil.example/?http://testserver/"},
    {"referer": "http://testserver@evil.example/"},
    {"referer": "http://[::1"},
    {"referer": US.replace("http", "https") + "/"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": US},
    {"sec-fetch-site": "none", "origin": US},
    {"sec-fetch-site": "cross-site", "referer": f"{US}/"},
    {"origin": "http://evil.example", "referer": f"{US}/", "sec-fetch-site": "same-origin"},
]


@pytest.fixture
def asked(room, raise_hand, ada, browser_of):
    """``asked(url, data, headers)``: Ada's answer to a form without its token."""
    raise_hand(ada)
    client = browser_of(ada, enforce_csrf_checks=True)

    def post(url, data, headers):
        return client.post(url, data, headers=headers)

    return post


def main_of(answer) -> str:
    """The page without its bar, which has forms of its own."""
    return answer.text.partition("<main")[2]


def sent_by(answer) -> dict[str, str]:
    """Name → value of everything that the offered form would send."""
    page = main_of(answer)
    fields = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page))
    return fields | dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', page))


@pytest.mark.parametrize("headers", FOREIGN)
def test_what_another_website_sent_is_never_offered_again(headers, asked, room):
    answer = asked(f"/c/{room.slug}/describe/text/", {"text": "a foreign text"}, headers)
    assert answer.status_code == 403
    assert "foreign" not in answer.text
    assert "<form" not in main_of(answer)
    assert "Nothing was saved" in answer.text


@pytest.mark.parametrize("headers", OURS)
def test_what_a_page_of_ours_sent_is_offered_again_in_words(headers, asked, room):
    answer = asked(f"/c/{room.slug}/describe/text/", {"text": "my own text", "was": "x y"}, headers)
    assert answer.status_code == 403
    sent = sent_by(answer)
    assert sent.pop("csrfmiddlewaretoken")
    assert sent == {"text": "my own text"}
    assert 'type="hidden" name="text"' not in answer.text
    assert "Your text</label>" in answer.text


@pytest.mark.parametrize("headers", FOREIGN)
def test_nor_while_the_database_is_away(headers, browser_of, room, raise_hand, ada, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    raise_hand(ada)
    monkeypatch.setattr(actions, "describe", away)
    client = browser_of(ada, raise_request_exception=False)
    url = f"/c/{room.slug}/describe/text/"
    answer = client.post(url, {"text": "a foreign text"}, headers=headers)
    assert answer.status_code == 503
    assert "foreign" not in answer.text
    assert "<form" not in answer.text


def test_a_tap_that_renames_somebody_is_never_offered(browser_of, room, ada, grace):
    """A form is offered only where its words say all that it does."""
    url = reverse("classrooms:rename", args=[room.slug, ada.pk])
    client = browser_of(grace, enforce_csrf_checks=True)
    answer = client.post(url, {"name": "Ada the second"}, headers=OURS[0])
    assert answer.status_code == 403
    assert "<form" not in main_of(answer)
    assert "Ada the second" in answer.text  # to copy
    ada.refresh_from_db()
    assert ada.name == "Ada Lovelace"


def test_a_hidden_field_that_nobody_was_shown_ends_the_offer(asked, room):
    url = f"/c/{room.slug}/describe/text/"
    answer = asked(url, {"text": "my own text", "kind": "private"}, OURS[0])
    assert "<form" not in main_of(answer)
    assert "private" not in main_of(answer)
    assert "my own text" in answer.text


def test_neither_a_password_nor_a_pin_is_shown_again(room, client):
    client.handler.enforce_csrf_checks = True
    room.pin_mode = room.PinMode.CLASS
    room.pin = "4812"
    room.save()
    for url, data in (
        (f"/join/{room.code}/", {"name": "Ada L", "pin": "4812 "}),
        ("/accounts/login/", {"login": "a@b.org", "password": "a long secret"}),
    ):
        answer = client.post(url, data, headers=OURS[0])
        assert answer.status_code == 403
        assert "4812" not in answer.text
        assert "secret" not in answer.text
        assert "<form" not in main_of(answer)


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        (f"{US}/c/x/", f"{US}/c/x/"),
        (f"{US}//evil.example/", f"{US}//evil.example/"),
        ("http://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http://[::1", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_is_a_page_of_ours(referer, back, asked, room):
    url = f"/c/{room.slug}/describe/text/"
    answer = asked(url, {"kind": "task"}, {"origin": US, "referer": referer})
    assert f'href="{back}">' in main_of(answer)


def test_a_live_page_is_told_and_keeps_what_is_typed(asked, room):
    headers = OURS[0] | {"hx-request": "true"}
    answer = asked(f"/c/{room.slug}/describe/text/", {"text": "my text"}, headers)
    assert answer.status_code == 403
    assert 'id="flash"' in answer.text
    assert "<html" not in answer.text


def test_what_is_offered_works(browser_of, room, raise_hand, ada):
    help_request = raise_hand(ada)
    client = browser_of(ada, enforce_csrf_checks=True)
    url = f"/c/{room.slug}/describe/text/"
    answer = client.post(url, {"text": "my own text", "was": ""}, headers=OURS[1])
    assert client.post(url, sent_by(answer), headers=OURS[1]).status_code == 302
    help_request.refresh_from_db()
    assert help_request.text == "my own text"


def test_a_first_tap_can_be_repeated(browser_of, room, lesson, ada):
    client = browser_of(ada, enforce_csrf_checks=True)
    url = reverse("requests_app:raise_hand", args=[room.slug])
    answer = client.post(url, {"form_key": "first"}, headers=OURS[0])
    assert ">Raise hand</button>" in answer.text
    for _twice in range(2):
        assert client.post(url, sent_by(answer), headers=OURS[0]).status_code == 302
    assert ada.help_requests.count() == 1


def test_every_form_that_is_offered_belongs_to_a_view():
    from helpdesk.again import FORMS
    from tests.access import TABLE

    assert set(FORMS) <= set(TABLE)
    assert settings.CSRF_FAILURE_VIEW == "helpdesk.views.csrf_failure"
