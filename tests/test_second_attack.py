"""What a second attack found, after the first was mended: each worked."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.models import User
from checkins import gate
from checkins.care import Carer
from checkins.models import Change
from classrooms import actions, erasing
from classrooms.models import Classroom, Device, Membership, Role
from classrooms.text import name_key
from requests_app import actions as asking
from requests_app.models import Queue
from resources import actions as resources
from resources.models import Change as EntryChange
from resources.models import Contact
from tests.accounts.conftest import link_to
from tests.classrooms.test_pictures import browser, choose, come, leave, note, sees
from tests.conftest import staff

pytestmark = pytest.mark.django_db

FOUR = ("fish", "sun", "car", "moon")


# --- Who somebody is -----------------------------------------------------------


def test_old_hands_are_sealed_too(room, lesson, grace):
    task = actions.add_tasks(room, ["zebra task"])[0]
    there = browser()
    come(room, there)
    ada = Membership.objects.get(name="Ada")
    raised = asking.raise_hand(Queue.objects.of(room), student=ada, form_key="k")
    asking.describe(raised, by=ada, task=task, text="x")
    asking.start(raised, by=grace)
    asking.resolve(raised, by=grace)
    url = reverse("coaching:how_i_get_help", args=[room.slug])
    assert "zebra task" in there.get(url).text
    leave(room, there)
    by_name = browser()
    come(room, by_name)
    assert "zebra task" not in by_name.get(url).text


@pytest.fixture
def by_pictures(room):
    room.pin_mode = Classroom.PinMode.PICTURES
    actions.save_settings(room, ["pin_mode"])


def test_pictures_that_a_classmate_chose_open_nothing_that_comes_later(by_pictures, room):
    first = browser()
    come(room, first)
    leave(room, first)
    classmate = browser()
    come(room, classmate)
    choose(room, classmate, FOUR)
    leave(room, classmate)
    there = browser()
    come(room, there, skip="1")
    note(room, there)
    actions.vouch(Membership.objects.get(name="Ada"))
    again = browser()
    come(room, again, pictures=",".join(FOUR))
    assert not sees(room, again)
    assert there.get(reverse("classrooms:pictures", args=[room.slug])).status_code == 200


def test_nobody_vouches_for_two_browsers_at_once(room, grace, browser_of):
    first = browser()
    come(room, first)
    note(room, first)
    leave(room, first)
    classmate, there = browser(), browser()
    come(room, classmate)
    come(room, there)
    ada = Membership.objects.get(name="Ada")
    actions.let_in(ada.devices.get(approved_at=None))
    url = reverse("classrooms:vouch", args=[room.slug, ada.pk])
    answer = browser_of(grace).post(url)
    assert answer.status_code == 409
    assert "Two browsers are in as Ada" in answer.text
    assert not sees(room, classmate)


def test_a_right_pin_is_not_refused_for_a_classmates_guesses(room, ada):
    room.pin_mode = Classroom.PinMode.PERSONAL
    actions.save_settings(room, ["pin_mode"])
    ada.refresh_from_db()
    wrong = "0000" if ada.pin != "0000" else "1111"
    for _guess in range(14):
        come(room, browser(), ada.name, pin=wrong)
    answer = come(room, browser(), ada.name, pin=ada.pin)
    assert answer.status_code == 302  # it waits for the teacher's yes
    assert Device.objects.filter(approved_at=None).count() == 3


def test_a_name_that_a_release_without_looks_gave_is_free_for_the_next(room):
    come(room, browser(), "Ann")
    Membership.objects.filter(name="Ann").update(name="Zoe", name_key=name_key("Zoe"))
    come(room, browser(), "Ann")
    assert set(Membership.objects.values_list("name", flat=True)) == {"Ann", "Zoe"}


# --- The second factor ---------------------------------------------------------


def test_a_school_admin_without_one_opens_no_class(settings, room, edsger, ada, browser_of):
    settings.SECOND_FACTOR = "admins"
    admin = browser_of(edsger)
    for name, more in (("people", []), ("kept_of", [ada.pk]), ("download_kept_of", [ada.pk])):
        answer = admin.get(reverse(f"classrooms:{name}", args=[room.slug, *more]))
        assert (answer.status_code, "Ada" in answer.text) == (302, False)
    url = reverse("classrooms:invite_colleague", args=[room.slug])
    admin.post(url, {"role": "teacher"})
    assert not room.invites.exists()


def test_a_school_admin_takes_no_operators_off(room, edsger):
    operator = staff(room, "op@example.org", "Op", Role.SCHOOL_ADMIN).user
    operator.is_staff = True
    operator.save()
    right = room.school.admins.create(user=operator)
    Authenticator.objects.create(user=operator, type="totp", data={"secret": "x"})
    admin = Client()
    for url, more in (
        ("account_login", {"login": edsger.user.email}),
        ("account_reauthenticate", {}),
    ):
        admin.post(reverse(url), {**more, "password": "pw-for-tests"})
    url = reverse("accounts:take_second_factor_off")
    assert admin.post(url, {"admin": right.pk}).status_code == 404
    assert Authenticator.objects.filter(user=operator).exists()


def test_the_first_proof_by_a_link_voids_a_strangers_factor(settings):
    settings.MAIL = True
    owner = User.objects.create_user("owner@example.org", "a strangers password")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=False, primary=True)
    Authenticator.objects.create(user=owner, type="totp", data={"secret": "x"})
    client = Client()
    client.post(reverse("account_reset_password"), {"email": owner.email})
    form = client.get(link_to(owner.email)).headers["Location"]
    client.post(form, {"password1": "New-long-pass-77", "password2": "New-long-pass-77"})
    owner.refresh_from_db()
    assert owner.check_password("New-long-pass-77")
    assert not Authenticator.objects.filter(user=owner).exists()


# --- Erasing an adult ----------------------------------------------------------


def test_a_short_name_takes_nothing_from_longer_ones(school, room, grace, edsger):
    al = staff(room, "al@example.org", "Al", Role.ASSISTANT)
    other = Contact.objects.create(school=school, name="Alice Albright")
    gate.ask(school, {Carer.Part.OWNER: grace.user, Carer.Part.BACKUP: edsger.user}, by=grace.user)
    Change.objects.create(
        verb=Change.Verb.CHANGED, title="What we all asked", school=school, by=edsger.user
    )
    before = list(Change.objects.order_by("pk").values_list("title", flat=True))
    erasing.erase_staff(al.user, school)
    other.refresh_from_db()
    assert other.name == "Alice Albright"
    assert list(Change.objects.order_by("pk").values_list("title", flat=True)) == before


def test_every_name_of_the_erased_goes_from_lists_of_changes(school, room, grace, edsger, alan):
    nameless = User.objects.create_user("nora.nobody@example.org")
    school.admins.create(user=nameless)
    alan.user.name = "Alan Newname"
    alan.user.save()
    for user in (alan.user, nameless):
        carers = {Carer.Part.OWNER: user, Carer.Part.BACKUP: grace.user}
        gate.ask(school, carers, by=edsger.user)
    contact = Contact.objects.create(school=school, name="Alan Turing", number="1")
    resources._note(school, EntryChange.Verb.CHANGED, str(contact), by=edsger.user)
    for user in (alan.user, nameless):
        erasing.erase_staff(user, school)
    left = [*Change.objects.values_list("title", flat=True)]
    left += EntryChange.objects.values_list("title", flat=True)
    assert len(left) > 1
    assert not [title for title in left if "Alan" in title or "nora" in title]
