"""The second step of a sign-in: asked for, never a trap, and not gone around."""

import base64
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
import time_machine
from allauth.account.adapter import get_adapter
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from helpdesk import env
from tests.accounts.conftest import PASSWORD, is_in, link_to, sign_in, sign_in_by_code

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
HEAD = "edsger@example.org"


def app_code(secret: str = SECRET) -> str:
    """What the app on the telephone shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD))


def protect(user: User) -> None:
    Authenticator.objects.create(user=user, type="totp", data={"secret": SECRET})


@pytest.fixture
def head(edsger):
    """A school admin who signs in by password."""
    edsger.user.set_password(PASSWORD)
    edsger.user.save()
    return edsger.user


@pytest.fixture
def wanted(settings):
    settings.SECOND_FACTOR = "admins"


def set_up_app(browser: Client) -> None:
    """As somebody does: the password once more, the picture, the code."""
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = browser.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.text
    answer = browser.post(reverse("mfa_activate_totp"), {"code": app_code(secret)})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")


def test_an_app_is_asked_for_after_the_password(settings, head):
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = True
    browser = Client()
    sign_in(browser, HEAD)
    set_up_app(browser)
    again = Client()
    assert sign_in(again, HEAD).headers["Location"] == reverse("mfa_authenticate")
    assert not is_in(again)
    wrong = again.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert not is_in(again)
    secret = head.authenticator_set.get(type="totp").data["secret"]
    again.post(reverse("mfa_authenticate"), {"code": app_code(secret)})
    assert is_in(again)


def test_a_mailed_code_does_not_go_around_it(with_mail, head):
    head.emailaddress_set.create(email=HEAD, verified=True, primary=True)
    protect(head)
    browser = Client()
    answer = sign_in_by_code(browser, HEAD)
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert not is_in(browser)
    browser.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert is_in(browser)


def test_a_spare_code_opens_once(head):
    protect(head)
    code = RecoveryCodes.activate(head).get_unused_codes()[0]
    for opens in (True, False):
        browser = Client()
        sign_in(browser, HEAD)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(browser) is opens


def test_a_code_of_the_app_opens_once(head):
    protect(head)
    code = app_code()
    for opens in (True, False):
        browser = Client()
        sign_in(browser, HEAD)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(browser) is opens


@pytest.mark.one_leg  # the clock of Redis goes on as it does
@pytest.mark.parametrize("page", ["mfa_authenticate", "mfa_reauthenticate"])
@pytest.mark.parametrize("seconds", [1, 31, 59])
def test_a_code_of_the_app_never_opens_again_while_it_is_valid(head, page, seconds):
    protect(head)
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False) as clock:
        code = app_code()
        clock.shift(-1)  # of a telephone that is a little fast
        first, second = Client(), Client()
        sign_in(first, HEAD)
        first.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(first)
        clock.move_to(noon + timedelta(seconds=seconds))
        if page == "mfa_authenticate":
            sign_in(second, HEAD)
        else:
            second.force_login(head)
        answer = second.post(reverse(page), {"code": code})
        assert answer.status_code == 200
        assert "This code has been used." in answer.text


def test_a_new_password_by_a_link_does_not_go_around_it(with_mail, head):
    head.emailaddress_set.create(email=HEAD, verified=True, primary=True)
    protect(head)
    browser, new = Client(), "quite another one"
    browser.post(reverse("account_reset_password"), {"email": HEAD})
    form = browser.get(link_to(HEAD)).headers["Location"]
    browser.post(form, {"password1": new, "password2": new})
    assert not is_in(browser)
    assert sign_in(browser, HEAD, new).headers["Location"] == reverse("mfa_authenticate")
    assert not is_in(browser)
    browser.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert is_in(browser)


def test_seeds_and_codes_are_drawn_by_the_system(head):
    """160 bits for an app, 320 for spare codes of 8 digits (26 bits), 8 signs of a mailed one."""
    with patch.object(secrets, "token_bytes", wraps=secrets.token_bytes) as drawn:
        seeds = {generate_totp_secret() for _each in range(20)}
        codes = RecoveryCodes.activate(head)
    assert drawn.call_count == 21
    assert len(seeds) == 20
    assert {len(base64.b32decode(each)) for each in seeds} == {20}
    assert len(codes.instance.data["seed"]) == 80
    assert {len(each) for each in codes.get_unused_codes()} == {8}
    mailed = {get_adapter().generate_login_code() for _each in range(200)}
    assert len(mailed) == 200
    assert all(re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", each) for each in mailed)


def test_setting_one_up_or_taking_it_off_asks_for_the_password(settings, head):
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = True
    browser = Client()
    browser.force_login(head)
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        for answer in (browser.get(reverse(name)), browser.post(reverse(name))):
            assert answer.status_code == 302, name
            there = answer.headers["Location"]
            assert not there.startswith("/accounts/2fa/totp"), name
    protect(head)
    RecoveryCodes.activate(head)
    for name in ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"):
        answer = browser.post(reverse(name)) if "view" not in name else browser.get(reverse(name))
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate")), name
    assert head.authenticator_set.filter(type="totp").exists()


def test_codes_of_the_app_cannot_be_guessed_in_a_row(head):
    protect(head)
    browser = Client()
    sign_in(browser, HEAD)
    for _ in range(10):
        browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    browser.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert not is_in(browser)


@pytest.mark.parametrize("address", ["/school/", "/school/check-ins/", "/school/resources/"])
def test_a_school_admin_is_asked_to_set_one_up_and_then_goes_on(
    wanted, browser_of, edsger, address
):
    browser = browser_of(edsger)
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("mfa_index"))
    assert "School admins and operators use a second step" in browser.get("/accounts/2fa/").text
    protect(edsger.user)
    assert browser.get(address).status_code == 200


def test_an_operator_is_asked_in_admin(wanted, client):
    operator = User.objects.create_superuser("operator@example.org", "pw-for-tests")
    client.force_login(operator)
    for address in (reverse("admin:index"), reverse("admin:accounts_user_changelist")):
        assert client.get(address).headers["Location"] == reverse("mfa_index")
    assert client.post(reverse("admin:logout")).headers["Location"] == "/"
    client.force_login(operator)
    protect(operator)
    assert client.get(reverse("admin:index")).status_code == 200


def test_nobody_else_is_asked_and_strangers_still_find_nothing(
    wanted, browser_of, room, grace, mallory
):
    assert browser_of(grace).get(reverse("classrooms:people", args=[room.slug])).status_code == 200
    assert browser_of(grace).get("/school/").status_code == 404
    assert browser_of(mallory).get("/school/").status_code == 404


def test_off_asks_nobody(browser_of, edsger):
    assert browser_of(edsger).get("/school/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_browsers_that_showed_a_password_alone_end_when_one_is_set_up(settings, head):
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = True
    old, new = Client(), Client()
    sign_in(old, HEAD)
    sign_in(new, HEAD)
    set_up_app(new)
    assert is_in(new)
    assert not is_in(old)


@pytest.fixture
def second_head(school, room):
    user = User.objects.create_user("second@example.org", PASSWORD, name="Second")
    school.admins.create(user=user)
    return user


def test_another_admin_takes_a_lost_one_off(with_mail, wanted, head, second_head, school):
    for user in (head, second_head):
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        protect(user)
    lost = Client()
    lost.force_login(second_head)
    browser = Client()
    sign_in(browser, HEAD)
    browser.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert "Has lost the second step" in browser.get("/school/").text
    take_off = reverse("accounts:take_second_factor_off")
    theirs = {"admin": school.admins.get(user=second_head).pk}
    asked = browser.post(take_off, theirs)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert second_head.authenticator_set.exists()
    browser.post(asked.headers["Location"], {"password": PASSWORD})
    browser.post(take_off, theirs)
    assert not second_head.authenticator_set.exists()
    assert not is_in(lost)
    letter = mail.outbox[-1]
    assert letter.to == [second_head.email]
    assert "second step" in letter.body


def test_nobody_takes_their_own_off_that_way_or_a_strangers(head, mallory, school, room):
    protect(mallory)
    protect(head)
    browser = Client()
    browser.force_login(head)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for number in (school.admins.get(user=head).pk, mallory.pk, 999, "9" * 5000, "x", ""):
        answer = browser.post(reverse("accounts:take_second_factor_off"), {"admin": number})
        assert answer.status_code == 404
    assert mallory.authenticator_set.exists()


def test_whoever_runs_the_server_takes_a_lost_one_off(head, capsys):
    protect(head)
    browser = Client()
    browser.force_login(head)
    call_command("second_factor_off", HEAD.upper())
    assert not head.authenticator_set.exists()
    assert not is_in(browser)
    with pytest.raises(CommandError, match="no account"):
        call_command("second_factor_off", "nobody@example.org")


@pytest.mark.parametrize(
    ("address", "offered"),
    [
        ("https://help.example.org", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://192.168.1.20:8000", False),
        ("https://192.168.1.20", False),
        ("https://[2001:db8::1]", False),
        ("http://helpdesk.school.lan:8000", False),
    ],
)
def test_passkeys_are_offered_where_a_browser_can_make_one(address, offered):
    assert env.may_have_passkeys(address) is offered


def test_the_door_shows_the_button_only_then(settings, client):
    assert "Use a passkey" in client.get(reverse("account_login")).text
    settings.PASSKEYS = False
    assert "passkey" not in client.get(reverse("account_login")).text
