"""One's own account: name, address, password, and where one is signed in."""

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import proof, sessions
from accounts.models import SignIn
from accounts.records import forget_ended_sign_ins
from classrooms import invitations
from classrooms.models import Role
from classrooms.signals import access_ended
from tests.accounts.conftest import (
    GRACE,
    PASSWORD,
    code_to,
    is_in,
    sign_in,
    sign_in_by_code,
    type_code,
)

pytestmark = pytest.mark.django_db
NEW = "hopper@hill.example"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1 Safari/604.1"


def signed_in(user_agent: str = WINDOWS, address: str = GRACE) -> Client:
    browser = Client(HTTP_USER_AGENT=user_agent)
    sign_in(browser, address)
    assert is_in(browser)
    return browser


def show_again(browser: Client, password: str = PASSWORD) -> None:
    browser.post(reverse("account_reauthenticate"), {"password": password})


def change_address(browser: Client):
    return browser.post(reverse("account_email"), {"email": NEW, "action_add": "1"})


def test_a_new_address_asks_for_the_password_and_tells_the_old_one(account):
    browser = signed_in()
    asked = change_address(browser)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert mail.outbox == []
    browser.post(asked.headers["Location"], {"password": "wrong"})
    assert mail.outbox == []
    browser.post(asked.headers["Location"], {"password": PASSWORD})
    type_code(browser, NEW)
    account.refresh_from_db()
    assert account.email == NEW
    told = mail.outbox[-1]
    assert told.to == [GRACE]
    assert NEW in told.body
    assert is_in(browser)
    assert proof.is_confirmed(account)
    assert sign_in(Client(), GRACE).status_code == 200  # the old one opens nothing


def test_without_a_password_it_asks_for_a_mailed_code(account, monkeypatch):
    account.set_unusable_password()
    account.save()
    browser = Client()
    browser.force_login(account)
    asked = change_address(browser)
    once_more = reverse("accounts:once_more")
    assert asked.headers["Location"].startswith(once_more)
    assert mail.outbox == []
    browser.post(asked.headers["Location"])
    wrong = browser.post(asked.headers["Location"], {"code": "AAAA-AAAA"})
    assert wrong.status_code == 422
    assert GRACE in wrong.text
    browser.post(asked.headers["Location"], {"code": code_to(GRACE)})
    assert mail.outbox[-1].to == [NEW]
    type_code(browser, NEW)
    account.refresh_from_db()
    assert account.email == NEW


def test_three_wrong_codes_void_the_code(account):
    account.set_unusable_password()
    account.save()
    browser = Client()
    browser.force_login(account)
    once_more = reverse("accounts:once_more")
    browser.post(once_more)
    for _ in range(3):
        browser.post(once_more, {"code": "AAAA-AAAA"})
    assert browser.post(once_more, {"code": code_to(GRACE)}).status_code == 422
    assert change_address(browser).headers["Location"].startswith(once_more)


def test_a_first_password_asks_too_unless_a_code_was_shown_just_now(account):
    account.set_unusable_password()
    account.save()
    stolen = Client()
    stolen.force_login(account)
    set_password = reverse("account_set_password")
    new = {"password1": "mallorys own secret", "password2": "mallorys own secret"}
    assert stolen.post(set_password, new).headers["Location"].startswith("/accounts/once-more/")
    account.refresh_from_db()
    assert not account.has_usable_password()
    own = Client()
    sign_in_by_code(own, GRACE)
    own.post(set_password, {"password1": PASSWORD, "password2": PASSWORD})
    account.refresh_from_db()
    assert account.check_password(PASSWORD)


def test_the_list_names_each_browser_and_keeps_no_network_address(account):
    one, two = signed_in(WINDOWS), signed_in(PHONE)
    page = one.get(reverse("accounts:mine")).text
    assert "Firefox, Windows" in page
    assert "Safari, iPhone" in page
    assert page.count("this one") == 1
    assert {field.name for field in SignIn._meta.fields} == {
        "id", "user", "session_key", "browser", "began_at",
    }  # fmt: skip
    assert is_in(two)


def test_one_browser_is_signed_out_and_its_pages_close(
    account, mallory, django_capture_on_commit_callbacks
):
    told = []

    def note(sender, **whose):
        told.append(whose.get("session_key"))

    here, there = signed_in(), signed_in(PHONE)
    key = there.session.session_key
    row = SignIn.objects.get(session_key=key)
    access_ended.connect(note)
    stranger = Client()
    stranger.force_login(mallory)
    show_again(stranger, "pw-for-tests")
    stranger.post(reverse("accounts:sign_out"), {"browser": row.pk})
    assert is_in(there)
    asked = here.post(reverse("accounts:sign_out"), {"browser": row.pk})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert is_in(there)
    show_again(here)
    told.clear()  # of the key that this browser had before
    with django_capture_on_commit_callbacks(execute=True):
        answer = here.post(reverse("accounts:sign_out"), {"browser": row.pk})
    assert answer.status_code == 302
    assert not is_in(there)
    assert is_in(here)
    assert told == [key]


@pytest.mark.parametrize("typed", ["", "x", "0", "-1", "9" * 5000, "١"])
def test_a_browser_that_is_none_changes_nothing(account, typed):
    here = signed_in()
    show_again(here)
    assert here.post(reverse("accounts:sign_out"), {"browser": typed}).status_code == 302
    assert is_in(here)


def test_everywhere_else_is_signed_out_those_from_before_the_list_too(account):
    here, there, old = signed_in(), signed_in(PHONE), Client()
    old.force_login(account)
    asked = here.post(reverse("accounts:sign_out_others"))
    assert (is_in(there), is_in(old)) == (True, True)
    here.post(asked.headers["Location"], {"password": PASSWORD})  # and what was asked is done
    assert (is_in(here), is_in(there), is_in(old)) == (True, False, False)
    assert list(sessions.of(account).values_list("session_key")) == [(here.session.session_key,)]


def test_a_new_password_ends_the_others_and_keeps_this_one_in_the_list(account):
    here, there = signed_in(), signed_in(PHONE)
    new = "quite another one"
    facts = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    here.post(reverse("account_change_password"), facts)
    assert (is_in(here), is_in(there)) == (True, False)
    assert [row.browser for row in sessions.of(account)] == ["Firefox, Windows"]
    assert here.get(reverse("accounts:mine")).text.count("this one") == 1


def test_a_session_that_gets_a_new_key_stays_in_the_list(account, room, grace):
    here = signed_in()
    before = here.session.session_key
    key = invitations.invite(by=grace.user, role=Role.ASSISTANT, school=room.school, classroom=room)
    here.post(reverse("classrooms:accept_invite", args=[key]))
    assert here.session.session_key != before
    assert sessions.of(account).get().session_key == here.session.session_key


def test_signing_out_and_running_out_leave_no_row(account):
    signed_in().post(reverse("account_logout"))
    assert not SignIn.objects.exists()
    there = signed_in()
    Session.objects.filter(pk=there.session.session_key).delete()
    assert forget_ended_sign_ins(timezone.now()) == 1
    assert not SignIn.objects.exists()


def test_using_the_site_asks_and_writes_nothing_more(account, django_assert_num_queries):
    here = signed_in()
    here.get("/accounts/2fa/")
    with django_assert_num_queries(2):  # the session, and the account
        here.get(reverse("account_logout"))


def test_a_name_is_changed_and_a_wrong_one_stays_in_the_field(account):
    here = signed_in()
    here.post(reverse("accounts:rename"), {"name": "  Ms   Hopper "})
    account.refresh_from_db()
    assert account.name == "Ms Hopper"
    answer = here.post(reverse("accounts:rename"), {"name": "🙂"})
    assert answer.status_code == 422
    assert "🙂" in answer.text


def test_a_name_alone_is_changed_whatever_else_is_sent(account):
    here = signed_in()
    facts = {"name": "Ms Hopper", "email": NEW, "is_staff": "on", "is_superuser": "on",
             "is_active": "", "sign_outs": "9", "id": "1", "password": "x"}  # fmt: skip
    here.post(reverse("accounts:rename"), facts)
    before = {name: getattr(account, name) for name in facts if name != "name"}
    account.refresh_from_db()
    assert account.name == "Ms Hopper"
    assert {name: getattr(account, name) for name in before} == before


def test_where_no_mail_works_the_page_says_what_that_means(client, mallory):
    client.force_login(mallory)
    page = client.get(reverse("accounts:mine")).text
    assert "sends no mail" in page
    assert reverse("account_email") not in page


@pytest.mark.parametrize("count", [1, 8])
def test_the_list_costs_the_same_with_one_and_with_many(account, count, django_assert_num_queries):
    here = [signed_in() for _ in range(count)][-1]
    with django_assert_num_queries(5):
        here.get(reverse("accounts:mine"))
