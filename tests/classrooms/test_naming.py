"""Whose name it is: look-alike letters, helpers' names, and a list that is shown to nobody."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from classrooms import actions, leaving, limits
from classrooms.lookalike import look_key
from classrooms.manage_forms import RosterPreview
from classrooms.models import Classroom, Membership
from classrooms.naming import find_student
from classrooms.roster import read_paste
from classrooms.text import name_key
from tests.conftest import student

pytestmark = pytest.mark.django_db

#: Ada with a Cyrillic а at the end.
FALSE_ADA = "Ada Lovel\u0430ce"


def come(room, name, **typed):
    client = Client()
    client.get("/join/")
    url = reverse("classrooms:join_code", args=[room.code])
    return client.post(url, {"name": name, **typed})


# --- Looks ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "\u0410d\u0430"),
        ("Arnold", "Amold"),
        ("Ian", "lan"),
        ("Bot 1", "Bot l"),
        ("Grace", "Gr\u0430\u0441e"),
        ("Ada", "\uff21\uff44\uff41"),
    ],
)
def test_names_that_nobody_can_tell_apart_are_the_same(one, other):
    assert look_key(one) == look_key(other)


#: Different people, in several scripts.
DIFFERENT = [
    "Ada", "Ana", "Anna", "Ben", "Bea", "Lea", "Léa", "Lena",
    "Leni", "Zoe", "Zoë", "Mia", "Mila", "Tim", "Tom", "Jan",
    "Jean", "Ali", "Omar", "Amar", "Noah", "Noa", "María", "Maria",
    "Łukasz", "Lukasz", "Søren", "Soren", "محمد", "محمود", "李明", "李朋",
    "김민수", "김민서", "דוד", "דון", "Анна", "Инна", "Ольга", "Юлия",
    "Γιώργος", "Γιάννης", "Jörg", "Jorg", "Chloé", "Chloe", "Ryan", "Will",
    "Wili",
]  # fmt: skip


def test_names_that_only_resemble_each_other_stay_different():
    assert len({look_key(name) for name in DIFFERENT}) == len(DIFFERENT)


def test_a_key_fits_its_column():
    assert len(look_key("m" * 60)) <= Membership._meta.get_field("look_key").max_length
    assert len(look_key("\ufdfa" * 60)) <= 180


def test_a_name_that_looks_like_anothers_is_theirs(room, browser_of, ada):
    browser_of(ada)
    assert come(room, FALSE_ADA).headers["Location"]
    assert Membership.objects.students().count() == 1
    assert ada.devices.filter(approved_at=None).count() == 1  # the teacher is asked


def test_the_database_holds_it(room, ada):
    with pytest.raises(IntegrityError), transaction.atomic():
        room.memberships.create(name=FALSE_ADA)
    assert Membership.objects.create(classroom=room, name="Ada Byron").look_key


def test_it_cannot_be_given_by_a_list_a_new_name_or_a_return(room, ada, ben):
    assert actions.add_students(room, read_paste(FALSE_ADA).lines) == []
    with pytest.raises(actions.NotPossible):
        actions.rename(ben, FALSE_ADA)
    ben.refresh_from_db()
    actions.remove(ada)
    student(room, FALSE_ADA)
    with pytest.raises(actions.NotPossible):
        leaving.come_back(ada)


def test_writing_a_name_otherwise_gives_no_more_tries_at_its_pin(room, ada):
    ada.pin = "4711"
    ada.save()
    room.pin_mode = Classroom.PinMode.PERSONAL
    actions.save_settings(room, ["pin_mode"])
    for number in range(5):
        come(room, "Ada Lovelace", pin=f"{number:04}")
        come(room, FALSE_ADA, pin=f"{number:04}")
    assert limits.left(limits.PIN_PER_MEMBER, f"{room.pk}:{ada.pk}") == 0


def test_rows_from_before_get_their_key_and_twins_stay_as_they_are(room, ada):
    twin = student(room, "Twin")
    Membership.objects.filter(pk=twin.pk).update(name=FALSE_ADA, name_key=name_key(FALSE_ADA))
    Membership.objects.update(look_key="")
    migration = import_module("classrooms.migrations.0006_names_that_look_the_same")
    migration.compare_looks(apps, None)
    ada.refresh_from_db()
    twin.refresh_from_db()
    assert (ada.look_key, twin.look_key) == (look_key(ada.name), "")
    assert find_student(room, FALSE_ADA) == twin  # the very same name first


# --- Helpers' names ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["Grace Hopper", "grace  HOPPER", "Gr\u0430ce Hopper"])
def test_nobody_comes_in_by_a_helpers_name(name, room, grace):
    answer = come(room, name)
    assert answer.status_code == 422
    assert "Somebody who helps in this class has that name." in answer.text
    assert not Membership.objects.students().exists()


def test_nor_is_given_it(room, grace, ben):
    with pytest.raises(actions.NotPossible, match="helps in this class"):
        actions.rename(ben, "Gr\u0430ce Hopper")
    lines = read_paste("Grace Hopper\nCleo").lines
    preview = RosterPreview(room, lines)
    assert [line.name for line in preview.new] == ["Cleo"]
    assert "helps in this class" in preview.lines[0].problem
    assert [each.name for each in actions.add_students(room, lines)] == ["Cleo"]


# --- A list that is shown to nobody ----------------------------------------------------


@pytest.fixture
def listed(room):
    for name in ("Ada Lovelace", "José García", "Ben Okri", "Ben Okra"):
        room.memberships.create(name=name, on_roster=True)
    room.join_by = Classroom.JoinBy.ROSTER
    actions.save_settings(room, ["join_by"])
    return room


@pytest.mark.parametrize("pin_mode", ["none", "class", "personal"])
def test_whoever_has_the_code_alone_sees_no_name(pin_mode, listed):
    listed.pin_mode = pin_mode
    actions.save_settings(listed, ["pin_mode"])
    answers = [Client().get(f"/join/{listed.code}/"), come(listed, "Somebody", pin="0000")]
    for answer in answers:
        assert not any(name in answer.text for name in ("Lovelace", "Garc", "Okri", "Okra"))


@pytest.mark.parametrize(
    "typed", ["Ada Lovelace", "ada lovelace", "Lovelace, Ada", "lovelace ada", "Adá Lovelace"]
)
def test_a_name_is_found_kindly(typed, listed):
    assert come(listed, typed).status_code == 302
    assert Membership.objects.get(name="Ada Lovelace").devices.count() == 1


def test_accents_may_be_left_out(listed):
    assert come(listed, "garcia jose").status_code == 302
    assert Membership.objects.get(name="José García").devices.count() == 1


@pytest.mark.parametrize("typed", ["Ben Okro", "Ben Okr", "Ben", "Ada"])
def test_a_typing_error_is_nobody_else(typed, listed):
    answer = come(listed, typed)
    assert answer.status_code == 422
    assert "That name is not on the list. Please check the letters" in answer.text
    assert f'value="{typed}"' in answer.text
    assert Membership.objects.students().count() == 4


def test_two_that_fit_are_not_chosen_from(listed):
    listed.memberships.create(name="Jose Garcia", on_roster=True)
    assert come(listed, "Garcia Jose").status_code == 422
    assert come(listed, "Jose Garcia").status_code == 302
