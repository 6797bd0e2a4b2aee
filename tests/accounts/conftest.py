import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User

GRACE = "grace@hill.example"
PASSWORD = "three words apart"


@pytest.fixture
def account(with_mail):
    user = User.objects.create_user(GRACE, PASSWORD, name="Grace")
    user.emailaddress_set.create(email=GRACE, verified=True, primary=True)
    return user


@pytest.fixture
def with_mail(settings):
    """A server whose letters arrive (``mail.outbox``)."""
    settings.MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = False
    settings.OPEN_SIGNUP = True


def code_to(address: str) -> str:
    """The code in the newest letter to this address."""
    letter = next(each for each in reversed(mail.outbox) if each.to == [address])
    return re.search(r"^\w{4}-\w{4}$|^\d{6}$", letter.body, re.MULTILINE)[0]


def link_to(address: str) -> str:
    """The path of the link in the newest letter to this address."""
    letter = next(each for each in reversed(mail.outbox) if each.to == [address])
    return re.search(r"https?://[^/\s]+(\S+)", letter.body)[1]


def sign_up(browser: Client, address: str, password: str = PASSWORD, name: str = "Ms Hopper"):
    facts = {"name": name, "email": address, "password1": password}
    return browser.post(reverse("account_signup"), facts)


def sign_in(browser: Client, address: str, password: str = PASSWORD, **extra):
    facts = {"login": address, "password": password}
    return browser.post(reverse("account_login"), facts, **extra)


def sign_in_by_code(browser: Client, address: str):
    browser.post(reverse("account_request_login_code"), {"email": address})
    code = {"code": code_to(address)}
    return browser.post(reverse("account_confirm_login_code"), code)


def type_code(browser: Client, address: str):
    return browser.post(reverse("account_email_verification_sent"), {"code": code_to(address)})


def is_in(browser: Client) -> bool:
    """Whether this browser is signed in."""
    return "Sign out" in browser.get("/").text
