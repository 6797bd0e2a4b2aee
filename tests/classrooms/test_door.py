"""Coming in: codes, names, PINs, the waiting room, leaving."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classrooms import actions, limits
from classrooms.models import Classroom, Device, Membership
from tests.conftest import student

pytestmark = pytest.mark.django_db

JOIN = "/join/"
NOTHING = "That code does not open a class right now."
WAIT = "Please wait a minute or ask your teacher."


def come(client, room, **typed):
    return client.post(reverse("classrooms:join_code", args=[room.code]), typed)


def page(room):
    return reverse("requests_app:show", args=[room.slug])


def test_a_code_then_a_name_and_in(client, room):
    answer = client.post(JOIN, {"code": " k7qm-4xrd "})
    assert answer.headers["Location"] == f"/join/{room.code}/"
    assert room.name in client.get(answer.headers["Location"]).text
    answer = come(client, room, name="  Ada   Lovelace ")
    assert answer.headers["Location"] == page(room)
    assert "Ada Lovelace" in client.get(page(room)).text
    member = Membership.objects.get(classroom=room)
    assert (member.name, member.user, member.is_student) == ("Ada Lovelace", None, True)
    cookie = answer.cookies[settings.DEVICE_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_who_is_in_already_is_not_asked_again(browser_of, room, ada):
    answer = browser_of(ada).get(f"/join/{room.code}/")
    assert answer.headers["Location"] == page(room)


@pytest.mark.parametrize("way", ["typed", "link"])
def test_every_code_that_opens_nothing_gets_the_same_answer(way, room, school):
    closed = Classroom.objects.create(school=school, name="Closed", slug="closed", code="CLSDCLSD")
    actions.set_joining(closed, is_open=False)
    expired = Classroom.objects.create(school=school, name="Old", slug="old", code="XPRDXPRD")
    actions.set_joining(expired, is_open=True, until=timezone.now())
    archived = Classroom.objects.create(school=school, name="Away", slug="away", code="ARCHARCH")
    actions.archive(archived)
    told = set()
    for code in ("CLSDCLSD", "XPRDXPRD", "ARCHARCH", "WRNGWRNG", "nonsense!"):
        client = Client()
        answer = (
            client.post(JOIN, {"code": code}) if way == "typed" else client.get(f"/join/{code}/")
        )
        assert answer.status_code == 422
        assert NOTHING in answer.text
        text = answer.text.replace(code, "CODE")
        for part in ('name="csrfmiddlewaretoken" value="', '"x-csrftoken": "'):
            head, _, rest = text.partition(part)
            text = head + rest.partition('"')[2]
        told.add(text)
    assert len(told) == 1


def test_the_code_stays_in_the_field(client, room):
    assert 'value="K7QM-4XRX"' in client.post(JOIN, {"code": "K7QM-4XRX"}).text
    assert "Please type the code of your class." in client.post(JOIN, {"code": " "}).text


def test_guessing_ends_after_ten_wrong_codes_for_one_browser_alone(room):
    guesser, other = Client(), Client()
    for each in (guesser, other):
        each.get(JOIN)  # the browser is known by the cookie that this page sets
    for _try in range(10):
        assert guesser.post(JOIN, {"code": "WRNGWRNG"}).status_code == 422
    answer = guesser.post(JOIN, {"code": room.code})
    assert answer.status_code == 429
    assert WAIT in answer.text
    assert guesser.get(f"/join/{room.code}/").status_code == 429
    assert other.post(JOIN, {"code": room.code}).status_code == 302


def test_right_codes_cost_nothing(room):
    for number in range(40):
        newcomer = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert come(newcomer, room, name=f"Student {number}").status_code == 302
    budget = limits.CODE_PER_ADDRESS
    assert limits.left(budget, "127.0.0.1") == budget.tries


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("   ", "Please write your name."),
        ("‮​‮", "Please write a name with at least one letter."),
        ("🙂" * 5000, "Please write a name with at least one letter."),
        ("Ada" * 40, "Please use a shorter name: 60 characters at most."),
    ],
)
def test_a_name_that_is_none_is_refused_and_kept(name, sentence, client, room):
    answer = come(client, room, name=name)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert Membership.objects.count() == 0
    if name.strip().isascii() and name.strip():
        assert name in answer.text


def test_the_second_device_of_a_name_waits_for_the_teacher(client, room, ada, browser_of, grace):
    browser_of(ada)
    assert come(client, room, name="ADA lovelace").headers["Location"] == page(room)
    waits = reverse("classrooms:waiting", args=[room.slug])
    assert client.get(page(room)).headers["Location"] == waits
    assert "Your teacher will let you in" in client.get(waits).text
    # Nothing of Ada's is shown before the yes.
    for verb in ("raise_hand", "regions"):
        url = reverse(f"requests_app:{verb}", args=[room.slug])
        answer = client.post(url) if verb == "raise_hand" else client.get(url)
        assert answer.headers["Location"] == waits
    assert ada.help_requests.count() == 0
    actions.let_in(Device.objects.get(approved_at=None))
    assert client.get(waits).headers["Location"] == page(room)
    assert client.get(page(room)).status_code == 200


def test_where_the_teacher_lets_in_everybody_waits(client, room):
    room.approval = True
    room.save()
    come(client, room, name="Ada")
    assert Device.objects.get().approved_at is None
    answer = client.get(reverse("classrooms:waiting", args=[room.slug]), HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    actions.let_all_in(room)
    answer = client.get(reverse("classrooms:waiting", args=[room.slug]), HTTP_HX_REQUEST="true")
    assert answer.headers["HX-Redirect"] == page(room)


def test_a_name_that_was_not_let_in_leaves_no_trace(client, room):
    room.approval = True
    room.save()
    come(client, room, name="Nobody")
    actions.turn_away(Device.objects.get())
    assert Membership.objects.count() == 0
    assert client.get(page(room)).status_code == 404


def test_a_class_pin_is_asked_for(client, room):
    room.pin_mode = Classroom.PinMode.CLASS
    actions.save_settings(room, ["pin_mode"])
    answer = come(client, room, name="Ada", pin="nope")
    assert answer.status_code == 422
    assert "That PIN does not fit." in answer.text
    assert 'value="Ada"' in answer.text
    assert come(client, room, name="Ada", pin=room.pin).status_code == 302


def test_a_name_from_the_list_with_a_personal_pin(client, room):
    room.join_by, room.pin_mode = Classroom.JoinBy.ROSTER, Classroom.PinMode.PERSONAL
    ada = student(room, "Ada Lovelace")
    ada.pin = "4711"
    ada.save()
    actions.save_settings(room, ["join_by", "pin_mode"])
    assert "<option" not in client.get(f"/join/{room.code}/").text
    assert come(client, room, name="Somebody Else", pin="4711").status_code == 422
    assert come(client, room, name="Ada Lovelace", pin="4712").status_code == 422
    assert come(client, room, name="Ada Lovelace", pin="4711").status_code == 302
    # Her own PIN proves who she is: a second device need not wait.
    other = Client()
    assert come(other, room, name="Ada Lovelace", pin="4711").status_code == 302
    assert other.get(page(room)).status_code == 200


def test_guessing_a_pin_ends_and_the_right_one_costs_nothing(room):
    room.pin_mode = Classroom.PinMode.CLASS
    actions.save_settings(room, ["pin_mode"])
    for number in range(15):
        newcomer = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert come(newcomer, room, name=f"S {number}", pin=room.pin).status_code == 302
    client = Client()
    client.get(JOIN)
    told = [come(client, room, name="Mallory", pin=f"x{n}").status_code for n in range(12)]
    # Nobody looks at the eleventh: this browser waits for the teacher, right or wrong.
    assert told == [422] * 10 + [302] * 2
    assert client.get(page(room)).headers["Location"].endswith("/waiting/")


def test_not_you_is_one_tap_and_leaves_nothing(browser_of, room, ada):
    client = browser_of(ada)
    answer = client.post(reverse("classrooms:leave", args=[room.slug]))
    assert answer.headers["Location"] == JOIN
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert answer.cookies[settings.DEVICE_COOKIE_NAME].value == ""
    assert Device.objects.count() == 0
    assert client.get(page(room)).headers["Location"].startswith("/?next=")
    assert Membership.objects.present().filter(pk=ada.pk).exists()


def test_leaving_tells_nothing_about_a_class(client):
    known = client.post("/c/no-such-class/leave/")
    assert (known.status_code, known.headers["Location"]) == (302, JOIN)


def test_a_student_may_be_in_two_classes_from_one_browser(client, room, school):
    other = Classroom.objects.create(school=school, name="Maths", slug="maths", code="MATHMATH")
    come(client, room, name="Ada")
    come(client, other, name="Ada")
    assert client.get(page(room)).status_code == client.get(page(other)).status_code == 200
    front = client.get("/").text
    assert room.name in front
    assert "Maths" in front
    client.post(reverse("classrooms:leave", args=[other.slug]))
    assert client.get(page(room)).status_code == 200
    assert client.get(page(other)).status_code == 404


def test_the_sign_names_the_way_in_and_nobody(browser_of, room, ada, grace):
    text = browser_of(grace).get(reverse("classrooms:sign", args=[room.slug])).text
    assert room.shown_code in text
    assert "<svg" in text
    assert f"{settings.SITE_URL}/join/" in text
    assert ada.name not in text
