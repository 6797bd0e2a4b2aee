"""Wrong passwords slow down; the right one always gets in, whatever others type."""

import threading
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import guesses
from accounts.models import User
from tests.accounts.conftest import PASSWORD, is_in, sign_in, sign_in_by_code, sign_up

pytestmark = pytest.mark.django_db
GRACE = "grace@hill.example"
SCHOOL, ELSEWHERE = "198.51.100.7", "203.0.113.5"


class Clock:
    now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when a test says so."""
    clock = Clock()
    monkeypatch.setattr(guesses.time, "time", clock.time)
    return clock


@pytest.fixture
def account(db):
    return User.objects.create_user(GRACE, PASSWORD, name="Grace")


@pytest.fixture
def looked_at(account, monkeypatch):
    """The passwords that were really compared with Grace's."""
    passwords = []
    check = User.check_password

    def note(self, password):
        passwords.append(password)
        return check(self, password)

    monkeypatch.setattr(User, "check_password", note)
    return passwords


def guess(n: int, network: str = SCHOOL):
    """A browser that nobody has seen before types a wrong password."""
    return sign_in(browser(f"fresh{n}"), GRACE, f"wrong {n}", REMOTE_ADDR=network)


def browser(name: str) -> Client:
    client = Client()
    client.cookies["csrftoken"] = (name + "x" * 32)[:32]
    return client


def test_an_hour_of_guesses_from_fresh_browsers_stays_below_the_budget(clock, looked_at):
    for second in range(0, 3600, 4):
        clock.now += 4
        guess(second, network=f"203.0.113.{second % 250}")
    assert 5 <= len(looked_at) <= guesses.AT_MOST


@pytest.mark.one_leg  # it is the arithmetic of hours; the one above has each cache
def test_a_guesser_who_waits_for_each_turn_stays_below_the_budget_in_any_hour(clock, looked_at):
    when = []
    patient = browser("patient")
    for _second in range(0, 3 * 3600, 5):
        clock.now += 5
        before = len(looked_at)
        sign_in(patient, GRACE, "wrong")
        when += [clock.now] * (len(looked_at) - before)
    for begun in when:
        within = [each for each in when if begun <= each < begun + 3600]
        assert len(within) <= guesses.AT_MOST


def test_many_tries_at_once_are_all_counted(clock, looked_at, settings):
    request = RequestFactory().post("/")
    turns = []

    def take():
        turns.append(guesses.take_turn(request, GRACE))

    threads = [threading.Thread(target=take) for _ in range(30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert turns.count(0) <= guesses.FREE


def test_a_stranger_with_many_networks_does_not_fill_the_memory(clock, account):
    for n in range(100):
        guess(n, network=f"2001:db8:{n:x}::1")
    line = guesses._line(RequestFactory().post("/"), GRACE)
    assert len(guesses.cache.get(line)["places"]) == guesses.ALL_PLACES
    one = {guesses._network(RequestFactory().post("/", REMOTE_ADDR=f"2001:db8::{n}")) for n in "12"}
    assert one == {"2001:db8::/64"}


def test_a_known_browser_comes_in_during_an_attack(clock, account):
    own = browser("own")
    sign_in(own, GRACE)
    own.post(reverse("account_logout"))
    for n in range(40):
        guess(n)
    answer = sign_in(own, GRACE, REMOTE_ADDR=SCHOOL)
    assert answer.status_code == 302
    assert is_in(own)


def test_a_new_browser_comes_in_during_an_attack_when_its_turn_has_come(clock, account):
    for n in range(40):
        guess(n)
    own = browser("new")
    answer = sign_in(own, GRACE, REMOTE_ADDR=ELSEWHERE)
    assert answer.status_code == 429
    assert GRACE in answer.text  # what was typed stays, but for the password
    assert PASSWORD not in answer.text
    wait = int(answer.headers["Retry-After"])
    assert f"{wait} seconds" in answer.text
    for n in range(40, 80):  # the attack goes on
        clock.now += wait / 40 + 0.1
        guess(n)
    assert sign_in(own, GRACE, REMOTE_ADDR=ELSEWHERE).status_code == 302
    assert is_in(own)


def test_the_wait_is_short_after_a_few_slips(clock, account):
    own = browser("own")
    for _ in range(5):
        assert sign_in(own, GRACE, "wrong").status_code == 200
    answer = sign_in(own, GRACE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    clock.now += 10
    assert sign_in(own, GRACE).status_code == 302


def test_a_right_password_costs_nothing(clock, account):
    for n in range(30):
        assert sign_in(browser(f"b{n}"), GRACE, REMOTE_ADDR=SCHOOL).status_code == 302


def test_a_whole_staff_signs_in_behind_one_address_within_a_minute(clock, db):
    staff = [User.objects.create_user(f"t{n}@hill.example", PASSWORD) for n in range(31)]
    for n in range(20):  # while somebody there guesses
        guess(n)
        sign_in(browser(f"g{n}"), f"t{n}@hill.example", "wrong", REMOTE_ADDR=SCHOOL)
    for n, user in enumerate(staff):
        clock.now += 1.9
        client = browser(f"staff{n}")
        assert sign_in(client, user.email, REMOTE_ADDR=SCHOOL).status_code == 302
        assert is_in(client)


def test_an_address_without_an_account_waits_the_same(clock, db):
    answers = [
        sign_in(browser(f"b{n}"), "nobody@hill.example", "x", REMOTE_ADDR=SCHOOL).status_code
        for n in range(7)
    ]
    assert answers == [200] * 5 + [429] * 2


def test_the_password_asked_once_more_waits_too_and_lets_the_owner_in(clock, account, looked_at):
    own = browser("own")
    sign_in(own, GRACE)
    looked_at.clear()
    again = reverse("account_reauthenticate")
    answers = [own.post(again, {"password": f"wrong {n}"}).status_code for n in range(8)]
    assert answers == [200] * 5 + [429] * 3
    assert len(looked_at) == 5
    clock.now += 10
    assert own.post(again, {"password": PASSWORD}).status_code == 302


def test_with_the_cache_away_known_browsers_come_in_and_nobody_guesses(
    clock, account, looked_at, monkeypatch
):
    own = browser("own")
    sign_in(own, GRACE)
    own.post(reverse("account_logout"))
    looked_at.clear()

    def away(*args, **kwargs):
        raise OSError

    for name in ("add", "get", "set", "delete"):
        monkeypatch.setattr(guesses.cache, name, away)
    assert guess(1).status_code == 429
    assert looked_at == []
    assert sign_in(own, GRACE).status_code == 302


def test_nobody_is_bombed_with_letters_and_a_known_browser_still_gets_its_code(with_mail, account):
    account.emailaddress_set.create(email=GRACE, verified=True, primary=True)
    own = browser("own")
    sign_in(own, GRACE)
    own.post(reverse("account_logout"))
    mail.outbox.clear()
    for n in range(20):
        client = browser(f"b{n}")
        client.post(reverse("account_request_login_code"), {"email": GRACE}, REMOTE_ADDR=SCHOOL)
        client.post(reverse("account_reset_password"), {"email": GRACE}, REMOTE_ADDR=SCHOOL)
        sign_up(client, GRACE)
    assert len(mail.outbox) == 6
    answer = browser("b").post(reverse("account_request_login_code"), {"email": GRACE})
    assert "try again in an hour" in answer.text
    sign_in_by_code(own, GRACE)
    assert is_in(own)


def test_neither_cookie_nor_cache_tells_an_address(account):
    own = browser("own")
    sign_in(own, GRACE)
    cookie = own.cookies["helpdesk-known"]
    assert "grace" not in cookie.value
    assert cookie["httponly"]
    forged = browser("other")
    forged.cookies["helpdesk-known"] = cookie.value[:-3] + "abc"
    request = RequestFactory().post("/")
    request.COOKIES["helpdesk-known"] = forged.cookies["helpdesk-known"].value
    assert not guesses.is_known(request, GRACE)


def test_a_limit_that_remains_is_told_in_our_own_words(account, client):
    sign_in(client, GRACE)
    facts = {"oldpassword": "x", "password1": "y", "password2": "y"}
    for _ in range(21):
        answer = client.post(reverse("account_change_password"), facts)
    assert answer.status_code == 429
    assert "A moment, please" in answer.text


def test_whoever_lost_patience_leaves_the_lock_to_whoever_has_it(monkeypatch):
    cache.add("line:lock", 1, timeout=60)
    moments = iter([0, 1, 3])
    clock = SimpleNamespace(monotonic=lambda: next(moments), sleep=lambda seconds: None)
    monkeypatch.setattr(guesses, "time", clock)
    with guesses._alone("line"):
        pass
    assert cache.get("line:lock") == 1
