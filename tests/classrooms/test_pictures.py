"""Four of twelve pictures: chosen once, tapped when somebody comes back."""

import pytest
from django.test import Client
from django.urls import reverse

from classrooms import actions, limits, pictures
from classrooms.models import Classroom, Device, Membership

pytestmark = pytest.mark.django_db

MINE = ("cat", "sun", "car", "moon")


@pytest.fixture
def room(room):
    room.pin_mode = Classroom.PinMode.PICTURES
    actions.save_settings(room, ["pin_mode"])
    return room


def browser():
    client = Client()
    client.get("/join/")
    return client


def url(room, name, *ids):
    return reverse(name, args=[room.slug, *ids])


def come(room, client, name="Ada", **typed):
    where = reverse("classrooms:join_code", args=[room.code])
    return client.post(where, {"name": name, **typed})


def choose(room, client, four=MINE):
    """By taps, as the page does it: each sends what was chosen before."""
    so_far = ""
    for name in four:
        page = client.post(url(room, "classrooms:pictures"), {"pictures": so_far, "tap": name})
        so_far = page.context["so_far"]
    keep = {"pictures": so_far, "keep": "1"}
    return client.post(url(room, "classrooms:pictures"), keep)


def leave(room, client):
    client.post(url(room, "classrooms:leave"))


def note(room, client, text="zebra"):
    client.post(url(room, "coaching:how_i_get_help"), {"text": text})


def sees(room, client):
    return "zebra" in client.get(url(room, "coaching:how_i_get_help")).text


@pytest.fixture
def ada(room):
    """She chose her pictures, wrote something down and left."""
    client = browser()
    come(room, client)
    choose(room, client)
    note(room, client)
    leave(room, client)
    return Membership.objects.get()


def test_a_new_name_is_in_at_once_and_then_asked_to_choose(room):
    client = browser()
    answer = come(room, client)
    assert answer.headers["Location"] == url(room, "classrooms:pictures")
    page = client.get(url(room, "classrooms:pictures")).text
    assert page.count('name="tap"') == 12
    assert "Not now" in page
    assert client.get(url(room, "requests_app:show")).status_code == 200  # skipped
    assert choose(room, client).status_code == 302
    assert len(Membership.objects.get().pictures) == 64


def test_coming_back_asks_for_them_and_they_open_the_past(room, ada):
    client, so_far = browser(), ""
    page = come(room, client)
    assert "Tap your four pictures" in page.text
    assert not Device.objects.exists()
    for name in MINE:
        page = come(room, client, pictures=so_far, tap=name)
        so_far = page.context["so_far"] if page.status_code == 200 else so_far
    assert page.status_code == 302
    assert sees(room, client)


@pytest.mark.parametrize(
    "four", ["cat,sun,moon,car", "cat,sun,car,star", "cat,cat,sun,car,bird", "car,moon,cat,sun"]
)
def test_another_four_or_another_order_is_none(four, room, ada):
    client = browser()
    answer = come(room, client, pictures=four)
    assert answer.status_code == 422
    assert "Those are not the four pictures." in answer.text
    assert 'name="pictures" value=""' in answer.text  # it begins again
    assert not Device.objects.exists()


def test_without_them_one_comes_in_without_the_past(room, ada):
    client = browser()
    assert come(room, client, skip="1").status_code == 302
    assert client.get(url(room, "requests_app:show")).status_code == 200
    assert not sees(room, client)


def test_the_right_four_open_it_again_and_end_whoever_had_none(room, ada):
    stranger, owner = browser(), browser()
    come(room, stranger, skip="1")
    assert come(room, owner, pictures=",".join(MINE)).status_code == 302
    assert sees(room, owner)
    assert stranger.get(url(room, "requests_app:show")).status_code == 404


def test_pictures_chosen_by_a_stranger_open_nothing_from_before(room):
    first = browser()
    come(room, first)
    note(room, first)
    leave(room, first)
    stranger = browser()
    come(room, stranger)
    choose(room, stranger)
    leave(room, stranger)
    come(room, stranger, pictures=",".join(MINE))
    assert not sees(room, stranger)
    leave(room, stranger)
    owner = browser()
    come(room, owner, skip="1")
    actions.vouch(Membership.objects.get())
    assert sees(room, owner)
    leave(room, owner)
    come(room, stranger, pictures=",".join(MINE))
    assert not sees(room, stranger)  # the yes was to the owner, not to the stranger's pictures


def test_a_yes_to_whoever_chose_them_counts_from_then_on(room):
    client = browser()
    come(room, client)
    note(room, client)
    leave(room, client)
    come(room, client)
    choose(room, client)
    actions.vouch(Membership.objects.get())
    leave(room, client)
    come(room, client, pictures=",".join(MINE))
    assert sees(room, client)


def test_whoever_is_in_cannot_put_other_pictures_in_their_place(room, ada):
    client = browser()
    come(room, client, skip="1")
    before = Membership.objects.get().pictures
    assert choose_quietly(room, client).headers["Location"] == url(room, "requests_app:show")
    assert Membership.objects.get().pictures == before


def choose_quietly(room, client):
    keep = {"pictures": "star,sun,car,moon", "keep": "1"}
    return client.post(url(room, "classrooms:pictures"), keep)


def test_a_teacher_takes_forgotten_ones_away(room, ada, browser_of, grace):
    teacher = browser_of(grace)
    assert "New pictures" in teacher.get(url(room, "classrooms:people")).text
    teacher.post(url(room, "classrooms:forget_pictures", ada.pk))
    client = browser()
    assert come(room, client).headers["Location"] == url(room, "classrooms:pictures")
    assert not sees(room, client)


def test_ten_wrong_tries_for_one_pupil_and_then_the_teacher_decides(room, ada):
    wrong = [come(room, browser(), pictures="star,sun,car,moon").status_code for _n in range(10)]
    assert wrong == [422] * 10
    assert limits.left(limits.PIN_PER_MEMBER, f"{room.pk}:{ada.pk}") == 0
    late = browser()
    come(room, late, pictures=",".join(MINE))
    assert Device.objects.get().approved_at is None
    assert not sees(room, late)


def test_what_is_kept_tells_no_picture_and_differs_for_each(room, ada, ben):
    actions.choose_pictures(ben, MINE)
    ben.refresh_from_db()
    assert ben.pictures != ada.pictures
    assert not any(name in ada.pictures for name in pictures.PICTURES)


def test_nonsense_is_no_picture(room, ada):
    assert pictures.read("cat,<b>,cat,sun", "zzz") == ("cat", "sun")
    assert come(room, browser(), pictures="x" * 5000, tap="<b>").status_code == 200


def test_where_a_class_does_without_nobody_is_asked(room, ada):
    room.pin_mode = Classroom.PinMode.NONE
    room.save()
    client = browser()
    assert come(room, client).headers["Location"] == url(room, "requests_app:show")
    assert client.get(url(room, "classrooms:pictures")).status_code == 302
