"""Everybody can use every page that there is: a new one is looked at by itself.

What a page looks like in its other states is tested with the part it belongs to.
"""

import pytest
from django.core import mail
from django.urls import reverse

from tests.access import TABLE
from tests.browser.conftest import cookie_of
from tests.browser.test_accessibility import PHONE, check, findings
from tests.browser.test_queue import tap
from tests.world import routes, thing_of

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

LOOKS = [("light", "en-GB"), ("dark", "ar")]
#: For whom a page is looked at. An admin is asked only where neither of the others is let in.
ROLES = ("student", "teacher", "admin")


def addresses(world):
    """Role → where that role can go, in the made-up world."""
    found = {role: [] for role in ROLES}
    for name, parameters in routes():
        who = TABLE[name]["GET"] if name in TABLE else {}
        let_in = [role for role in ROLES if who.get(role) == "yes"]
        if not let_in:
            continue
        known = dict(world["parameters"], key=world["invitation"])
        if not name.endswith("accept_invite"):
            known["key"] = world["parameters"]["key"]
        if "pk" in parameters:
            known["pk"] = thing_of(name, world).pk
        address = reverse(name, kwargs={each: known[each] for each in parameters})
        for role in [each for each in let_in if each != "admin"] or let_in:
            found[role].append(address)
    return found


def is_page(page, address):
    """Some addresses answer with a part of a page, a file or a word."""
    return "<html" in page.request.get(address).text()


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_nothing_on_any_page(role, scheme, language, world, visit, in_database):
    cookie = in_database(cookie_of, world["people"][role])
    there = in_database(addresses, world)[role]
    look = {"viewport": PHONE, "color_scheme": scheme, "language": language}
    page = visit("/join/", cookies=[cookie], **look)
    found = []
    for address in there:
        if is_page(page, address):
            page.goto(address)
            found += findings(page, address)
    assert found == []


ACCOUNT = (
    "account_login", "account_logout", "account_inactive", "account_email",
    "account_change_password", "account_set_password", "account_reauthenticate",
    "account_reset_password_done", "account_reset_password_from_key_done", "accounts:mine",
    "accounts:confirm", "accounts:once_more", "mfa_index", "mfa_list_webauthn",
)  # fmt: skip


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
def test_axe_finds_nothing_on_the_pages_of_an_account(
    scheme, language, visit, in_database, room, grace
):
    look = {"viewport": PHONE, "color_scheme": scheme, "language": language}
    page = visit("/", cookies=[in_database(cookie_of, grace)], **look)
    found = []
    for name in ACCOUNT:
        address = reverse(name)
        page.goto(address)
        found += findings(page, address)
    assert found == []


def test_a_code_by_mail_signs_in(visit, in_database, room, grace, settings):
    settings.MAIL = True
    page = visit("/accounts/login/code/", viewport=PHONE)
    page.get_by_label("Email").fill(grace.user.email)
    tap(page, "Send me a code")
    page.wait_for_url("**/confirm/")
    check(page, "the code")
    assert len(mail.outbox) == 1
