"""Passkeys with Chromium's own virtual key, and the second step without JavaScript."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_second_factor import app_code
from tests.browser.test_accessibility import PHONE, check

#: What a page looks like and how it is used is the same on every database.
pytestmark = [pytest.mark.one_leg, pytest.mark.django_db(transaction=True)]
GRACE = "grace@hill.example"


@pytest.fixture
def account(in_database, db):
    return in_database(lambda: User.objects.create_user(GRACE, PASSWORD, name="Ms Hopper"))


def at_localhost(page, path: str) -> str:
    """A passkey belongs to a name: the same server by another one."""
    return f"http://localhost:{urlsplit(page.url).port}{path}"


def give_it_a_key(page) -> None:
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page) -> None:
    page.get_by_label("Email").fill(GRACE)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_and_signs_in_alone(visit, account):
    page = visit("/", viewport=PHONE)
    give_it_a_key(page)
    page.goto(at_localhost(page, "/accounts/login/"))
    check(page, "the way in")
    sign_in(page)
    page.goto(at_localhost(page, "/accounts/2fa/webauthn/add/"))
    check(page, "the password once more")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    check(page, "adding a passkey")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Spare codes")).to_be_visible()
    check(page, "spare codes")
    page.get_by_role("link", name="I keep them safe").click()
    check(page, "second step")
    page.context.clear_cookies()
    page.goto(at_localhost(page, "/accounts/login/"))
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_an_app_works_without_javascript(visit, account):
    page = visit("/accounts/login/", viewport=PHONE, javascript=False)
    sign_in(page)
    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    secret = page.locator("code.key").inner_text()
    page.get_by_label("code").fill(app_code(secret))
    page.get_by_role("button", name="Use this app").click()
    expect(page.locator("code.key").first).to_be_visible()
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    sign_in(page)
    page.get_by_label("Code").fill(app_code(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
