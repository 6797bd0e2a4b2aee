"""How a sign-in begins, how long it lasts, and what is left of it in a browser."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import sessions
from classrooms import access
from tests.accounts.conftest import GRACE, PASSWORD, code_to, is_in, sign_in, sign_in_by_code

pytestmark = pytest.mark.django_db


def key_of(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def test_keys_cannot_be_guessed_and_are_never_the_same(account):
    """128 bits at least, and ours of devices too."""
    keys = set()
    for _each in range(5):
        browser = Client()
        sign_in(browser, GRACE)
        keys.add(key_of(browser))
    assert len(keys) == 5
    assert all(len(each) == 32 and each.isascii() for each in keys)  # of 36 signs: 165 bits
    made = {access.new_key() for _each in range(100)}
    assert len(made) == 100
    assert {len(each) for each in made} == {24}  # of 64 signs: 144 bits


def test_signing_in_takes_a_new_key_and_ends_the_one_before(account):
    browser = Client()
    session = browser.session
    session["before"] = "somebody's"
    session.save()
    planted = session.session_key
    sign_in(browser, GRACE)
    assert is_in(browser)
    assert key_of(browser) != planted
    assert not Session.objects.filter(pk=planted).exists()


def test_showing_it_once_more_takes_a_new_key_and_stays_in_the_list(account):
    browser = Client()
    sign_in(browser, GRACE)
    before = key_of(browser)
    browser.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert key_of(browser) == before
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    copied = Client()
    copied.cookies[settings.SESSION_COOKIE_NAME] = before
    assert is_in(browser)
    assert not is_in(copied)
    assert sessions.of(account).get().session_key == key_of(browser)


def test_so_does_a_mailed_code(account):
    account.set_unusable_password()
    account.save()
    browser = Client()
    sign_in_by_code(browser, GRACE)
    before, once_more = key_of(browser), reverse("accounts:once_more")
    browser.post(once_more)
    browser.post(once_more, {"code": code_to(GRACE)})
    assert is_in(browser)
    assert key_of(browser) != before
    assert not Session.objects.filter(pk=before).exists()
    assert sessions.of(account).get().session_key == key_of(browser)


def test_a_password_set_after_it_leaves_this_browser_in_the_list(account):
    """What was asked for is done in the same request as the proof, after the key has changed."""
    account.set_unusable_password()
    account.save()
    browser = Client()
    browser.force_login(account)
    new = {"password1": PASSWORD, "password2": PASSWORD}
    asked = browser.post(reverse("account_set_password"), new)
    browser.post(asked.headers["Location"])
    browser.post(asked.headers["Location"], {"code": code_to(GRACE)})
    account.refresh_from_db()
    assert account.check_password(PASSWORD)
    assert is_in(browser)


@pytest.mark.parametrize("way", [sign_in, sign_in_by_code])
def test_it_ends_after_two_weeks_however_much_it_was_used(account, way):
    """Django begins the time anew with each change."""
    browser, began = Client(), timezone.now()
    way(browser, GRACE)
    assert is_in(browser)
    for day in (5, 9, 13):
        with time_machine.travel(began + timedelta(days=day)):
            browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
            assert is_in(browser), day
    with time_machine.travel(began + timedelta(days=14, minutes=5)):
        assert not is_in(browser)


def test_a_link_or_a_code_signs_nobody_in_by_being_looked_at(account):
    """A session begins by a form that somebody sends."""
    browser = Client()
    browser.post(reverse("account_request_login_code"), {"email": GRACE})
    browser.post(reverse("account_reset_password"), {"email": GRACE})
    letters = [each.body for each in mail.outbox]
    assert len(letters) == 2
    links = [word for text in letters for word in text.split() if word.startswith("http")]
    assert links
    for link in links:
        browser.get("/" + link.split("/", 3)[3], follow=True)
        assert not is_in(browser)
    browser.get(reverse("account_confirm_login_code"), {"code": code_of(letters)})
    assert not is_in(browser)


def test_a_mailed_code_is_for_the_browser_that_asked_for_it(account):
    asked, another = Client(), Client()
    for browser in (asked, another):
        browser.post(reverse("account_request_login_code"), {"email": GRACE})
    first, second = (each.body for each in mail.outbox)
    another.post(reverse("account_confirm_login_code"), {"code": code_of([first])})
    assert not is_in(another)
    asked.post(reverse("account_confirm_login_code"), {"code": code_of([first])})
    assert is_in(asked)
    later = Client()
    later.post(reverse("account_confirm_login_code"), {"code": code_of([second])})
    assert not is_in(later)


def code_of(letters: list[str]) -> str:
    return next(
        word for text in letters for word in text.split() if len(word) == 9 and word[4] == "-"
    )


def test_signing_out_takes_along_what_the_browser_keeps(account):
    browser = Client()
    sign_in(browser, GRACE)
    assert "Clear-Site-Data" not in browser.get(reverse("account_logout")).headers
    answer = browser.post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_in(browser)
    assert "Clear-Site-Data" not in browser.post(reverse("account_logout")).headers


def test_each_page_of_somebody_who_is_signed_in_can_sign_out(browser_of, grace, edsger, room):
    """Or leads there in one step: a teacher's, an admin's, and those of the account."""
    pages = {
        grace: [f"/c/{room.slug}/", f"/c/{room.slug}/manage/",
                reverse("requests_app:hands", args=[room.slug]), "/",
                "/accounts/", "/accounts/password/change/", "/accounts/2fa/"],
        edsger: ["/school/", f"/c/{room.slug}/manage/", "/school/check-ins/", "/"],
    }  # fmt: skip
    missing = []
    for who, paths in pages.items():
        for path in paths:
            page = browser_of(who).get(path)
            assert page.status_code == 200, path
            if reverse("account_logout") not in page.text:
                missing.append(path)
    assert missing == []
