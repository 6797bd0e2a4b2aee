"""A new SECRET_KEY throws nobody out while the former one is in SECRET_KEY_FALLBACKS."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as product
from django.core import signing
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import guesses as account_guesses
from classrooms import access, guesses, keys, pictures
from classrooms.models import Classroom
from live import ticket
from requests_app.models import Queue
from requests_app.topic import QueueTopic, admission

NEW = "the-new-one-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKL"


@pytest.fixture
def change_key(settings):
    """``change_key()``: the server has started anew, with another key and the former one behind it;
    ``change_key(keep=False)``: the former one counts no more."""
    former = settings.SECRET_KEY

    def change(*, keep=True):
        settings.SECRET_KEY = NEW
        settings.SECRET_KEY_FALLBACKS = [former] if keep else []

    return change


def again(client) -> Client:
    """The same browser at a server that has started anew."""
    browser = Client()
    browser.cookies.update(client.cookies)
    return browser


@pytest.fixture
def page(room):
    return f"/c/{room.slug}/"


@pytest.mark.parametrize("who", ["ada", "grace"])
def test_without_the_former_key_everybody_is_out(who, page, browser_of, change_key, request):
    browser = browser_of(request.getfixturevalue(who))
    assert browser.get(page).status_code == 200
    change_key(keep=False)
    assert again(browser).get(page).status_code != 200


def test_a_students_device_stays_and_its_cookie_is_signed_anew(page, browser_of, ada, change_key):
    browser = browser_of(ada)
    before = browser.cookies[product.DEVICE_COOKIE_NAME].value
    change_key()
    browser = again(browser)
    assert browser.get(page).status_code == 200
    after = browser.cookies[product.DEVICE_COOKIE_NAME]
    assert after.value != before
    # Of the same moment: it is not kept for another year by a change of keys.
    assert after.value.split(":")[:2] == before.split(":")[:2]
    assert after["httponly"]
    change_key(keep=False)
    browser = again(browser)
    assert browser.get(page).status_code == 200
    assert product.DEVICE_COOKIE_NAME not in browser.get(page).cookies


def test_a_teachers_session_stays_under_its_own_name(page, browser_of, grace, change_key):
    """Pages ask for several things at once: none of them must find the name gone."""
    browser = browser_of(grace)
    name = browser.cookies[product.SESSION_COOKIE_NAME].value
    change_key()
    for _each in range(2):
        assert again(browser).get(page).status_code == 200
    change_key(keep=False)
    browser = again(browser)
    assert browser.get(page).status_code == 200
    assert browser.cookies[product.SESSION_COOKIE_NAME].value == name


def test_an_open_page_comes_back_by_its_socket_alone(browser_of, grace, change_key):
    cookies = {name: each.value for name, each in browser_of(grace).cookies.items()}
    change_key()
    for _each in range(2):
        queue = Queue.objects.of(grace.classroom)
        assert QueueTopic().admit(cookies, queue.pk, {"helpers"}).owner == grace.pk


def test_a_former_key_vouches_for_no_session_that_ended(page, browser_of, grace, change_key):
    browser = browser_of(grace)
    grace.user.set_password("another one for tests")
    grace.user.save()
    change_key()
    assert again(browser).get(page).status_code != 200


def test_a_ticket_of_the_former_key_still_opens_its_socket(browser_of, ada, change_key):
    cookies = {name: each.value for name, each in browser_of(ada).cookies.items()}
    entry = access.Entry(ada, ada.devices.get())
    issued = ticket.issue(admission(entry, Queue.objects.of(ada.classroom).pk, cookies))
    change_key()
    assert ticket.read(issued, cookies).owner == ada.pk


def test_pictures_still_prove_a_child_and_are_kept_by_the_new_key(ada, change_key):
    four = ("flower", "apple", "house", "car")
    ada.pictures = pictures.kept(ada, four)
    ada.save()
    change_key()
    assert not pictures.fit(ada, tuple(reversed(four)))
    assert pictures.fit(ada, four)
    change_key(keep=False)
    ada.refresh_from_db()
    assert pictures.fit(ada, four)


def test_a_browser_that_proved_itself_is_still_known(room, ada, change_key):
    room.pin_mode = Classroom.PinMode.PERSONAL
    asked, answer = RequestFactory().get("/"), HttpResponse()
    account_guesses.remember(asked, answer, "grace@example.org")
    guesses.remember(asked, answer, room, ada.name)
    asked.COOKIES = {name: each.value for name, each in answer.cookies.items()}
    change_key()
    assert account_guesses.is_known(asked, "Grace@example.org")
    assert guesses.is_known(asked, guesses._target(room, ada.name))
    assert not account_guesses.is_known(asked, "alan@example.org")


def test_what_nobody_of_us_has_signed_is_not_signed_anew(change_key):
    change_key()
    salt = keys.signed_cookies()[product.DEVICE_COOKIE_NAME]
    for forged in ("", "a", "a:b:c", "eyJhIjoxfQ:1vAAAA:" + "x" * 43):
        assert keys.signed_anew(forged, salt) is None


def test_only_one_algorithm_signs_whatever_a_token_says(room):
    """A value names no algorithm, and one that was signed otherwise, or not at all, is none."""
    salt = access._SALT
    good = signing.dumps({room.slug: "key"}, salt=salt)
    assert signing.TimestampSigner(salt=salt).algorithm == "sha256"
    assert len(signing.b64_decode(good.rpartition(":")[2].encode())) == 32
    told, moment, _sign = good.split(":")
    weak = signing.TimestampSigner(salt=salt, algorithm="sha1")
    of_another_purpose = signing.dumps({room.slug: "key"}, salt="classrooms.known")
    bad = (weak.sign_object({room.slug: "key"}), f"{told}:{moment}:", f"{told}::", told,
           of_another_purpose, good[:-1], f"x{good}")  # fmt: skip
    for value, read in ((good, {room.slug: "key"}), *((each, {}) for each in bad)):
        assert access.device_keys({product.DEVICE_COOKIE_NAME: value}) == read


def test_a_signed_value_counts_in_its_time_alone(room, ada, browser_of):
    browser = browser_of(ada)
    cookies = {name: each.value for name, each in browser.cookies.items()}
    entry = access.find_entry(None, cookies, room.slug)
    pass_ = ticket.issue(admission(entry, Queue.objects.of(room).pk, cookies))
    for seconds, counts in ((ticket.LASTS - 5, True), (ticket.LASTS + 5, False)):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
            assert (ticket.read(pass_, cookies) is not None) is counts
    for days, counts in ((365, True), (367, False)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            assert bool(access.device_keys(cookies)) is counts
