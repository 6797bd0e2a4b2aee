"""Made-up pupils and guesses: they are stopped, and whoever is right gets in beside them."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classrooms import actions, flood, guesses, limits
from classrooms.models import Classroom, Device, Membership
from helpdesk import slow
from helpdesk.http import as_bytes
from requests_app import actions as asking
from requests_app.models import Queue
from tests.conftest import student

pytestmark = pytest.mark.django_db

WAIT = "Please wait a minute or ask your teacher."


def come(room, name, client=None, **typed):
    url = reverse("classrooms:join_code", args=[room.code])
    return (client or Client()).post(url, {"name": name, **typed})


def known_browser():
    """One that has a CSRF cookie, as each that has seen a form."""
    client = Client()
    client.get("/join/")
    return client


@pytest.fixture(autouse=True)
def _no_counter_ends(monkeypatch):
    """Not even one of a minute, on a machine that takes longer for what a test does in it."""
    count = limits._count
    monkeypatch.setattr(
        limits, "_count", lambda budget, key: count(replace(budget, seconds=86_400), key)
    )


def rush(room, count, first=0):
    """They come at one moment, however long this machine takes for it."""
    with time_machine.travel(timezone.now(), tick=False):
        return [come(room, f"Bot {n}", known_browser()) for n in range(first, first + count)]


# --- Made-up pupils -------------------------------------------------------------


def test_the_door_closes_itself_and_says_so(room, browser_of, grace):
    told = [answer.status_code for answer in rush(room, 80)]
    assert told.count(302) == flood.NAMES_IN_A_MINUTE.tries + 1
    assert Membership.objects.students().count() == flood.NAMES_IN_A_MINUTE.tries + 1
    teacher = browser_of(grace)
    for name in ("classrooms:people", "requests_app:show"):
        page = teacher.get(reverse(name, args=[room.slug])).text
        assert "because more than 60 people came in a minute" in page
    answer = come(room, "One more")
    assert answer.status_code == 422
    assert not Membership.objects.filter(name="One more").exists()


def test_who_is_in_stays_in_and_one_tap_opens_the_door_again(room, browser_of, grace, ada):
    rush(room, 62)
    inside = browser_of(ada)
    assert inside.get(reverse("requests_app:show", args=[room.slug])).status_code == 200
    browser_of(grace).post(reverse("classrooms:set_joining", args=[room.slug]), {"open": "1"})
    told = [answer.status_code for answer in rush(room, 100, first=100)]
    assert told == [302] * 100  # a lecture hall, by the teacher's word
    people = browser_of(grace).get(reverse("classrooms:people", args=[room.slug])).text
    assert "The door is closed" not in people


def test_a_class_of_forty_and_names_from_the_list_do_not_close_it(room):
    for number in range(100):
        room.memberships.create(name=f"Listed {number}", on_roster=True)
    assert {come(room, f"Listed {number}").status_code for number in range(100)} == {302}
    assert {answer.status_code for answer in rush(room, 40)} == {302}
    room.refresh_from_db()
    assert room.code_is_open


def test_one_browser_brings_twenty_names(room):
    tablet = known_browser()
    leave = reverse("classrooms:leave", args=[room.slug])
    for number in range(flood.NAMES_PER_BROWSER.tries):
        assert come(room, f"Pupil {number}", tablet).status_code == 302
        tablet.post(leave)
    answer = come(room, "Pupil 99", tablet)
    assert answer.status_code == 422
    assert "Many names came in from this device." in answer.text
    assert 'value="Pupil 99"' in answer.text
    assert come(room, "Pupil 3", tablet).status_code == 302  # a name that is known comes back
    assert come(room, "Pupil 99").status_code == 302  # from another one


def test_a_class_that_is_full_takes_no_more(room, monkeypatch):
    monkeypatch.setattr("classrooms.joining.STUDENTS_AT_MOST", 3)
    told = [answer.status_code for answer in rush(room, 4)]
    assert told == [302, 302, 302, 422]


def test_who_came_with_the_rush_is_shown_and_then_removed(room, browser_of, grace, lesson, ada):
    asking.raise_hand(Queue.objects.of(room), student=ada, form_key="first")
    room.memberships.create(name="Listed", on_roster=True)
    come(room, "Listed")
    real = known_browser()
    come(room, "Real New", real)
    asking.raise_hand(
        Queue.objects.of(room), student=Membership.objects.get(name="Real New"), form_key="f"
    )
    rush(room, 62)
    teacher, url = browser_of(grace), reverse("classrooms:crowd", args=[room.slug])
    page = teacher.get(url).text
    assert page.count('name="member"') == Membership.objects.filter(name__startswith="Bot").count()
    assert not any(name in page for name in ("Ada Lovelace", "Listed", "Real New"))
    crowd = list(flood.crowd(Classroom.objects.get(pk=room.pk)).values_list("pk", flat=True))
    others = [ada.pk, Membership.objects.get(name="Listed").pk]
    assert Membership.objects.students().count() == len(crowd) + 3
    teacher.post(url, {"member": [*crowd[1:], *others, "9" * 5000, "x"]})
    left = set(Membership.objects.students().values_list("name", flat=True))
    assert left == {"Ada Lovelace", "Listed", "Real New", "Bot 0"}
    assert Device.objects.filter(membership__name__startswith="Bot").count() == 1


def test_the_page_of_the_rush_is_empty_where_there_was_none(room, browser_of, grace, ada):
    url = reverse("classrooms:crowd", args=[room.slug])
    assert "Nobody is left" in browser_of(grace).get(url).text
    browser_of(grace).post(url, {"member": [ada.pk]})
    assert Membership.objects.filter(pk=ada.pk).exists()


def test_a_slower_rush_closes_it_too(room, monkeypatch):
    monkeypatch.setattr(flood, "NAMES_IN_TEN", limits.Budget("names-ten", tries=10, seconds=600))
    rush(room, 12)
    room.refresh_from_db()
    assert "came in 10 minutes" in flood.reason(room)


# --- Codes ------------------------------------------------------------------------


def test_three_thousand_wrong_codes_from_an_address_hold_no_right_one_up(room, monkeypatch):
    monkeypatch.setattr(
        limits, "CODE_PER_ADDRESS", limits.Budget("code-address", tries=30, seconds=600)
    )
    wrong = [Client().post("/join/", {"code": "WRNGWRNG"}) for _try in range(40)]
    assert {answer.status_code for answer in wrong} == {422}
    assert all(as_bytes(answer).hold for answer in wrong)
    for client in (Client(), known_browser()):
        right = client.post("/join/", {"code": room.code})
        assert right.status_code == 302
        assert not as_bytes(right).hold
        assert come(room, f"New {id(client)}", client).status_code == 302


def test_a_browser_is_stopped_after_ten_wrong_codes_and_its_class_is_not(room, ada, browser_of):
    guesser = known_browser()
    told = [guesser.post("/join/", {"code": "WRNGWRNG"}).status_code for _try in range(12)]
    assert told == [422] * 10 + [429] * 2
    inside = browser_of(ada)
    inside.get("/join/")
    for _try in range(11):
        inside.post("/join/", {"code": "WRNGWRNG"})
    assert inside.get(f"/join/{room.code}/").status_code == 302  # a device that is in


# --- PINs ---------------------------------------------------------------------------


@pytest.fixture
def personal(room):
    """Each student has a PIN of their own; Ada's is 4711."""
    ada = student(room, "Ada Lovelace")
    ada.pin = "4711"
    ada.save()
    room.pin_mode = Classroom.PinMode.PERSONAL
    actions.save_settings(room, ["pin_mode"])
    return room


def is_in(client, room):
    return client.get(reverse("requests_app:show", args=[room.slug])).status_code == 200


def test_a_pupils_pin_is_looked_at_ten_times_and_then_the_teacher_decides(personal):
    told = [
        come(personal, "Ada Lovelace", known_browser(), pin=f"{number:04}").status_code
        for number in range(10)
    ]
    assert told == [422] * 10
    late = known_browser()
    assert come(personal, "Ada Lovelace", late, pin="4711").status_code == 302
    assert not is_in(late, personal)  # it may have been guessed, so nobody looked
    assert Device.objects.get().approved_at is None
    actions.let_in(Device.objects.get())
    assert is_in(late, personal)


def test_a_browser_that_was_ada_has_tries_of_its_own(personal):
    own = known_browser()
    come(personal, "Ada Lovelace", own, pin="4711")
    own.post(reverse("classrooms:leave", args=[personal.slug]))
    for number in range(30):
        come(personal, "Ada Lovelace", known_browser(), pin=f"{number:04}")
    assert come(personal, "Ada Lovelace", own, pin="4711").status_code == 302
    assert is_in(own, personal)
    own.post(reverse("classrooms:leave", args=[personal.slug]))
    told = [come(personal, "Ada Lovelace", own, pin="0000").status_code for _try in range(10)]
    assert told == [422] * 10  # and it has no more than ten either
    come(personal, "Ada Lovelace", own, pin="4711")
    assert not is_in(own, personal)


def test_no_more_than_three_wait_for_one_name(personal):
    for number in range(20):
        come(personal, "Ada Lovelace", known_browser(), pin=f"{number:04}")
    assert Device.objects.count() == 3


def test_two_hundred_wrong_pins_of_a_class_close_nothing(room, monkeypatch):
    room.pin_mode = Classroom.PinMode.CLASS
    actions.save_settings(room, ["pin_mode"])
    back = known_browser()
    come(room, "Ben", back, pin=room.pin)
    back.post(reverse("classrooms:leave", args=[room.slug]))
    attacker = known_browser()
    told = [come(room, "Mallory", attacker, pin="nope").status_code for _try in range(10)]
    assert told == [422] * 10
    # What one browser tries beyond its own ten does not use up what all share.
    assert limits.left(limits.PIN_PER_CLASS, str(room.pk)) == 190
    fresh = known_browser()
    assert come(room, "Cleo", fresh, pin=room.pin).status_code == 302
    assert is_in(fresh, room)
    monkeypatch.setattr(limits, "PIN_PER_CLASS", limits.Budget("pin-class", tries=5, seconds=600))
    late = known_browser()
    assert come(room, "Dora", late, pin=room.pin).status_code == 302
    assert not is_in(late, room)  # waits for the teacher's yes
    assert come(room, "Ben", back, pin=room.pin).status_code == 302
    assert is_in(back, room)


def test_wrong_pins_answer_late_and_right_ones_at_once(personal):
    assert as_bytes(come(personal, "Ada Lovelace", pin="0000")).hold == guesses.HELD
    assert as_bytes(come(personal, "Ada Lovelace", pin="4711")).hold == 0


def test_the_cookie_that_stays_tells_no_name_and_opens_nothing(personal):
    own = known_browser()
    come(personal, "Ada Lovelace", own, pin="4711")
    own.post(reverse("classrooms:leave", args=[personal.slug]))
    assert "Ada" not in own.cookies[settings.BEEN_COOKIE_NAME].value
    assert own.get(reverse("requests_app:show", args=[personal.slug])).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_are_all_counted_and_the_right_one_comes_in(personal):
    own = known_browser()
    come(personal, "Ada Lovelace", own, pin="4711")
    own.post(reverse("classrooms:leave", args=[personal.slug]))
    seen = []

    def guess(number):
        try:
            seen.append(come(personal, "Ada Lovelace", pin=f"{number:04}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(guess, number) for number in range(24)]
        assert come(personal, "Ada Lovelace", own, pin="4711").status_code == 302
        for each in running:
            each.result()
    assert is_in(own, personal)
    waiting = Device.objects.filter(approved_at=None).count()
    assert waiting <= 3
    assert limits.left(limits.PIN_PER_MEMBER, f"{personal.pk}:{Membership.objects.get().pk}") == 0


# --- Held back ----------------------------------------------------------------------


def test_an_answer_is_held_in_the_event_loop_and_never_too_many(monkeypatch):
    answer = HttpResponse("no")
    guesses.hold(answer)
    assert as_bytes(answer).hold == guesses.HELD
    began = time.monotonic()
    async_to_sync(slow.hold_off)(0.05)
    assert time.monotonic() - began >= 0.04
    monkeypatch.setattr(slow, "MOST_HELD", 0)
    began = time.monotonic()
    async_to_sync(slow.hold_off)(600)
    assert time.monotonic() - began < 300
