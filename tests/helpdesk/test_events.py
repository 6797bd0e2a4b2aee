"""What concerns security stands in the log: who came in, who was not let in, what was tried."""

import io
import json
import logging
import os
import stat

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from classrooms import limits
from helpdesk import logs, private
from tests.accounts.conftest import (
    PASSWORD,
    link_to,
    sign_in,
    sign_in_by_code,
    sign_up,
    with_mail,  # noqa: F401
)
from tests.accounts.test_second_factor import app_code, protect

pytestmark = pytest.mark.django_db
GRACE = "grace@hill.example"


@pytest.fixture
def told():
    """``told()``: level and message of each line, as the server would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLine())
    handler.addFilter(logs.NotAgain())
    logger = logging.getLogger("helpdesk.events")
    logger.addHandler(handler)

    def lines() -> list[tuple[str, str]]:
        read = [json.loads(line) for line in stream.getvalue().splitlines()]
        stream.seek(0)
        stream.truncate()
        assert all(each["time"].endswith("+00:00") for each in read)
        return [(each["level"], each["message"]) for each in read]

    yield lines
    logger.removeHandler(handler)


@pytest.fixture
def account(with_mail):  # noqa: F811
    user = User.objects.create_user(GRACE, PASSWORD, name="Grace")
    user.emailaddress_set.create(email=GRACE, verified=True, primary=True)
    return user


def test_each_way_of_signing_in_is_told(account, told):
    who = f"account {account.pk}: "
    browser = Client()
    for _twice in range(2):  # each time, also within a minute
        sign_in(browser, GRACE, "wrong")
        assert told() == [("INFO", who + "a wrong password")]
    sign_in(browser, GRACE)
    assert told() == [("INFO", who + "showed a password"), ("INFO", who + "signed in")]
    browser.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert ("INFO", who + "a wrong password, once more") in told()
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert ("INFO", who + "showed a password once more") in told()
    browser.post(reverse("account_logout"))
    assert told() == [("INFO", who + "signed out")]
    sign_in_by_code(browser, GRACE)
    assert told() == [("INFO", who + "showed a mailed code"), ("INFO", who + "signed in")]
    protect(account)
    another = Client()
    sign_in(another, GRACE)
    another.post(reverse("mfa_authenticate"), {"code": "000000"})
    another.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert told() == [
        ("INFO", who + "showed a password"),
        ("INFO", "a wrong second step"),
        ("INFO", who + "showed a second step (totp)"),
        ("INFO", who + "signed in"),
    ]


def test_an_address_of_nobody_is_told_without_it(told):
    for name in ("nobody", "nobody.else"):
        sign_in(Client(), f"{name}@hill.example")
    assert told() == [("INFO", "a password of no account")]  # once a minute


def test_what_changes_an_account_is_told(account, told):
    who = f"account {account.pk}: "
    new = {"password1": "quite another one", "password2": "quite another one"}
    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": GRACE})
    browser.post(browser.get(link_to(GRACE)).headers["Location"], new)
    assert ("INFO", who + "a new password") in told()
    sign_in(browser, GRACE, "quite another one")
    facts = {"oldpassword": "quite another one", "password1": PASSWORD, "password2": PASSWORD}
    browser.post(reverse("account_change_password"), facts)
    assert ("INFO", who + "a new password") in told()
    sign_up(Client(), "alan@hill.example")
    assert [text.partition(": ")[2] for _level, text in told()] == ["a new account"]


def test_who_is_not_let_in_is_told(told, browser_of, room, school, mallory, ada, grace):
    stranger = Client()
    stranger.force_login(mallory)
    told()
    assert stranger.get(f"/c/{room.slug}/manage/").status_code == 404
    assert browser_of(ada).get(f"/c/{room.slug}/manage/").status_code == 404
    assert browser_of(grace).get("/school/").status_code == 404
    refused = [text for level, text in told() if level == "WARNING"]
    assert refused == [
        f"account {mallory.pk} was not let in at /c/<slug:slug>/manage/",
        "a browser of a class was not let in at /c/<slug:slug>/manage/",
        f"account {grace.user_id} was not let in at /school/",
    ]


def test_attempts_to_get_around_a_control_are_told(told, room, settings):
    strict = Client(enforce_csrf_checks=True)
    strict.post("/join/", {"code": "X"}, headers={"origin": "https://evil.example"})
    strict.post("/join/", {"code": "X"}, headers={"origin": "http://testserver"})
    guesser = Client()
    guesser.get("/join/")
    for number in range(limits.CODE_PER_DEVICE.tries + 2):
        guesser.post("/join/", {"code": f"K7QM4X{number:02}"})
        limits.spend(limits.CODE_PER_DEVICE, "a browser")
    for _each in range(8):
        sign_in(Client(), GRACE)
    said = told()
    for text in (
        "held up: a form of another website",
        "held up: a form without its token",
        "held up: more tries than there are (code-device)",
        "held up: a password, which waits in line",
    ):
        assert ("WARNING", text) in said
    assert ("INFO", "a wrong code of a class") in said


def test_no_line_names_anybody(account, told, browser_of, room, ada):
    sign_in(Client(), GRACE, "a-typed-secret")
    sign_in(Client(REMOTE_ADDR="203.0.113.77"), GRACE)
    sign_in_by_code(Client(), GRACE)
    browser_of(ada).get(f"/c/{room.slug}/manage/?name=typed")
    said = json.dumps(told())
    assert "signed in" in said
    for word in (GRACE, "Grace", "hill", "203.0.113", "secret", room.slug, "Ada", "typed"):
        assert word not in said.replace("was typed", "")


def test_lines_go_to_the_documented_places_alone():
    """Standard error, and the small file of errors; each logger hands its lines to these."""
    told = settings.LOGGING
    assert set(told["handlers"]) == {"console", "last_errors"}
    assert told["handlers"]["console"]["class"] == "logging.StreamHandler"
    assert told["handlers"]["last_errors"]["path"] == settings.VAR_DIR / "errors.log"
    for each in (told["root"], *told["loggers"].values()):
        assert set(each.get("handlers", [])) <= {"console", "last_errors"}


def test_the_file_of_errors_is_for_its_owner(tmp_path):
    before = os.umask(0o022)
    try:
        private.files_from_now_on()
        handler = logs.LastErrors(tmp_path / "errors.log")
        handler.emit(logging.makeLogRecord({"msg": "x", "levelno": logging.ERROR}))
        handler.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "errors.log").stat().st_mode) & 0o077 == 0
