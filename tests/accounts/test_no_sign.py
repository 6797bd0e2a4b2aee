"""Sign-up, a new password and a sign-in code tell nobody who has an account here."""

import re
import threading

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse

from accounts import mail as post
from tests.accounts.conftest import sign_up

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "grace@example.org", "stranger@elsewhere.example"
WAYS = {
    "account_signup": {"name": "Ms Hopper", "password1": "three words apart"},
    "account_request_login_code": {},
    "account_reset_password": {},
}


def ask(name: str, address: str):
    """What a fresh browser sees after asking, without what is different each time."""
    browser = Client()
    answer = browser.post(reverse(name), WAYS[name] | {"email": address})
    page = browser.get(answer.headers["Location"]) if answer.status_code == 302 else answer
    text = re.sub(r"[A-Za-z0-9]{64}", "TOKEN", page.text).replace(address, "ADDRESS")
    return answer.status_code, answer.headers.get("Location"), page.status_code, text


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("open_signup", [True, False])
def test_a_known_and_an_unknown_address_are_answered_alike(
    name, open_signup, settings, with_mail, grace
):
    settings.OPEN_SIGNUP = settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = open_signup
    assert ask(name, KNOWN) == ask(name, UNKNOWN)


@pytest.mark.parametrize("name", WAYS)
def test_a_server_whose_sign_up_is_closed_writes_to_no_stranger(name, settings, with_mail, grace):
    settings.OPEN_SIGNUP = settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
    ask(name, UNKNOWN)
    assert mail.outbox == []


def test_wrong_codes_end_alike(with_mail, grace):
    def guess(address):
        browser = Client()
        browser.post(reverse("account_request_login_code"), {"email": address})
        answers = [
            browser.post(reverse("account_confirm_login_code"), {"code": "AAAA-BBBB"})
            for _ in range(4)
        ]
        return [(each.status_code, each.headers.get("Location")) for each in answers]

    assert guess(KNOWN) == guess(UNKNOWN)


class SlowServer(BaseEmailBackend):
    """A mail server that takes letters when it likes to."""

    likes_to = threading.Event()
    took: list[str] = []

    def send_messages(self, letters) -> int:
        assert self.likes_to.wait(300)
        self.took.extend(address for letter in letters for address in letter.to)
        return len(letters)


@pytest.mark.parametrize("name", WAYS)
def test_the_time_does_not_tell_either(name, settings, with_mail, grace):
    settings.MAIL_AT_ONCE = False
    settings.OPEN_SIGNUP, settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = name == "account_signup", False
    settings.EMAIL_BACKEND = f"{__name__}.SlowServer"

    SlowServer.likes_to.clear()
    SlowServer.took.clear()
    try:
        for address in (UNKNOWN, KNOWN):  # a letter that the answer waited for would fail here
            assert Client().post(reverse(name), WAYS[name] | {"email": address}).status_code == 302
        assert SlowServer.took == []
    finally:
        SlowServer.likes_to.set()
        post._postman.submit(int).result(60)
    assert KNOWN in SlowServer.took


def test_a_letter_that_cannot_be_sent_is_logged_without_its_address(caplog):
    def fail():
        raise OSError(f"no way to {KNOWN}")

    assert post._room.acquire()
    post._send(fail, "en")
    assert "OSError" in caplog.text
    assert KNOWN not in caplog.text


def test_letters_that_nobody_takes_do_not_fill_the_memory(settings, monkeypatch, caplog):
    settings.MAIL_AT_ONCE = False
    monkeypatch.setattr(post, "_room", post.BoundedSemaphore(1))
    monkeypatch.setattr(post._postman, "submit", lambda *facts: None)
    post.post(lambda: None)
    assert caplog.text == ""
    post.post(lambda: None)
    assert "was dropped" in caplog.text


def test_a_letter_says_nothing_that_a_stranger_wrote(with_mail):
    sign_up(Client(), UNKNOWN, name="Win 1000 at evil.example")
    (letter,) = mail.outbox
    assert "evil" not in letter.body + letter.subject
