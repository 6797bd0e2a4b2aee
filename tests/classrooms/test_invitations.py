"""Invitations: they count while whoever made them may invite, and make one account at most."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from classrooms import actions, invitations
from classrooms.actions import NotPossible
from classrooms.models import Invite, Membership, Role, School, SchoolAdmin
from tests.conftest import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def hedy(room):
    """A second teacher."""
    return staff(room, "hedy@example.org", "Hedy", Role.TEACHER)


def made(by, role=Role.TEACHER, *, school_wide=False):
    room = by.classroom
    return invitations.invite(
        by=by.user, role=role, school=room.school, classroom=None if school_wide else room
    )


def accepted(key, user):
    """The status of opening the link and tapping Accept."""
    client = Client()
    client.force_login(user)
    return client.post(reverse("classrooms:accept_invite", args=[key])).status_code


def switch_off(member):
    member.user.is_active = False
    member.user.save()


ENDINGS = {
    "removed": actions.remove,
    "made an assistant": lambda member: actions.change_role(member, Role.ASSISTANT),
    "switched off": switch_off,
    "class put away": lambda member: actions.archive(member.classroom),
}


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize("by", ["themselves", "a colleague"])
def test_no_link_from_before_brings_a_right_back(how, by, room, grace, hedy):
    """Whoever made it: a link that was shown can have been kept."""
    key = made(grace if by == "themselves" else hedy)
    ENDINGS[how](grace)
    assert invitations.find(key) is None
    newcomer = User.objects.create_user("second@example.org")
    assert accepted(key, newcomer) == 404
    assert not Membership.objects.filter(user=newcomer).exists()
    grace.refresh_from_db()
    assert grace.role == (Role.ASSISTANT if how == "made an assistant" else Role.TEACHER)


def test_a_removed_teacher_stays_out_with_a_link_of_their_own(room, grace, hedy):
    key = made(grace)
    actions.remove(grace)
    assert accepted(key, grace.user) == 404
    client = Client()
    client.force_login(grace.user)
    assert client.get(f"/c/{room.slug}/").status_code == 404


def test_a_removed_school_admin_stays_out_of_the_school(room, edsger, grace):
    SchoolAdmin.objects.create(school=room.school, user=grace.user)
    own = made(edsger, Role.SCHOOL_ADMIN, school_wide=True)
    others = made(grace, Role.SCHOOL_ADMIN, school_wide=True)
    actions.remove_school_admin(room.school.admins.get(user=edsger.user))
    for key in (own, others):
        assert accepted(key, edsger.user) == 404
    client = Client()
    client.force_login(edsger.user)
    assert client.get("/school/").status_code == 404


def test_an_account_switched_off_leaves_no_link_that_it_knew(room, grace, hedy, edsger):
    keys = [made(hedy), made(edsger, Role.SCHOOL_ADMIN, school_wide=True)]
    switch_off(hedy)
    assert invitations.find(keys[0]) is None
    assert invitations.find(keys[1]) is not None  # she was no admin of the school


def test_others_links_stay_when_a_student_is_removed(room, grace, ada):
    key = made(grace)
    actions.remove(ada)
    assert invitations.find(key) is not None


def test_an_assistant_who_becomes_a_teacher_ends_nobodys_link(room, grace, alan):
    key = made(grace)
    actions.change_role(alan, Role.TEACHER)
    assert invitations.find(key) is not None


def test_a_link_of_a_class_is_not_kept_alive_by_another_class(room, grace, hedy):
    """The right to invite is asked for in the class that the link is for."""
    away = School.objects.create(name="Far")
    other = actions.add_classroom(away, name="Other", teacher=grace.user)
    key = made(grace)
    actions.remove(grace)
    assert other.memberships.get(user=grace.user).can_manage
    assert invitations.find(key) is None


# --- Listed and taken back -----------------------------------------------------


def test_open_invitations_are_listed_and_taken_back(browser_of, room, grace):
    key = made(grace, Role.ASSISTANT)
    used = made(grace)
    invitations.accept(invitations.find(used), User.objects.create_user("new@example.org"))
    teacher = browser_of(grace)
    page = teacher.get(reverse("classrooms:people", args=[room.slug])).text
    assert page.count("Take back") == 1
    found = Invite.objects.get(used_at=None)
    url = reverse("classrooms:take_back_invite", args=[room.slug, found.pk])
    assert teacher.post(url).status_code == 302
    assert invitations.find(key) is None
    assert "Take back" not in teacher.get(reverse("classrooms:people", args=[room.slug])).text
    assert teacher.post(url).status_code == 404  # it is not open any more


def test_open_invitations_of_a_school_are_listed_and_taken_back(browser_of, room, edsger):
    key = made(edsger, Role.SCHOOL_ADMIN, school_wide=True)
    admin, found = browser_of(edsger), Invite.objects.get()
    page = admin.get("/school/").text
    assert page.count("Take back") == 1
    url = f"{reverse('classrooms:take_back_admin_invite')}?school={room.school_id}"
    assert url in page
    for wrong in ("", "x", "9" * 5000, str(found.pk + 1)):
        assert admin.post(url, {"invitation": wrong}).status_code == 404
    assert admin.post(url, {"invitation": found.pk}).status_code == 302
    assert invitations.find(key) is None


def test_the_people_page_asks_as_often_with_many_invitations(browser_of, room, grace):
    teacher, url = browser_of(grace), reverse("classrooms:people", args=[room.slug])
    counts = []
    for more in (1, 29):
        for _each in range(more):
            made(grace)
        with CaptureQueriesContext(connection) as queries:
            teacher.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- One account, and no school ------------------------------------------------


def sign_up(client, key, email):
    """Open the link and fill in the form; whether an account was made."""
    client.get(reverse("classrooms:accept_invite", args=[key]))
    form = {"name": "New One", "email": email, "password1": "a long enough one"}
    client.post(reverse("account_signup"), form)
    return User.objects.filter(email=email).exists()


def test_an_invitation_makes_one_account_where_sign_up_is_closed(settings, room, grace):
    settings.OPEN_SIGNUP = False
    key = made(grace, Role.ASSISTANT)
    browsers = [Client() for _each in range(3)]
    for browser in browsers:  # all of them have the form open before anybody sends it
        browser.get(reverse("classrooms:accept_invite", args=[key]))
    told = [sign_up(each, key, f"n{n}@example.org") for n, each in enumerate(browsers)]
    assert told == [True, False, False]
    assert User.objects.filter(email__startswith="n").count() == 1


def test_without_an_invitation_closed_sign_up_is_closed(settings, room, grace):
    settings.OPEN_SIGNUP = False
    assert not sign_up(Client(), "no-such-key", "nobody@example.org")
    key = made(grace)
    invitations.take_back(Invite.objects.get())
    assert not sign_up(Client(), key, "nobody@example.org")


def test_only_the_account_that_was_made_with_it_accepts(settings, room, grace, mallory):
    settings.OPEN_SIGNUP = False
    key = made(grace, Role.ASSISTANT)
    assert sign_up(Client(), key, "right@example.org")
    assert accepted(key, mallory) == 409
    assert not room.memberships.filter(user=mallory).exists()
    right = User.objects.get(email="right@example.org")
    invitations.accept(invitations.find(key), right)
    assert room.memberships.get(user=right).role == Role.ASSISTANT


def test_whoever_was_invited_starts_no_school_where_sign_up_is_closed(settings, room, grace):
    settings.OPEN_SIGNUP = False
    client = Client()
    assert sign_up(client, made(grace, Role.ASSISTANT), "invited@example.org")
    user = User.objects.get(email="invited@example.org")
    client.force_login(user)
    answer = client.post(reverse("classrooms:start"), {"name": "Mine", "school_name": "Mine"})
    assert answer.status_code == 403
    assert "Your school adds classes" in answer.text
    assert School.objects.count() == 1
    assert "Start a classroom" not in client.get("/").text
    settings.OPEN_SIGNUP = True  # where anybody may, they may too
    assert client.get(reverse("classrooms:start")).status_code == 200


def test_an_operators_account_starts_a_school_where_sign_up_is_closed(settings, db):
    settings.OPEN_SIGNUP = False
    client = Client()
    client.force_login(User.objects.create_user("made-in-admin@example.org"))
    form = {"name": "Mine", "school_name": "Mine", "time_zone": "UTC"}
    assert client.post(reverse("classrooms:start"), form).status_code == 302


def test_two_cannot_use_one_invitation(room, grace, mallory):
    found = invitations.find(made(grace, Role.ASSISTANT))
    invitations.accept(found, User.objects.create_user("fast@example.org"))
    with pytest.raises(NotPossible):
        invitations.accept(found, mallory)


def test_an_invitation_ends_after_a_week(room, grace, time_machine):
    key = made(grace)
    time_machine.move_to(timezone.now() + timedelta(days=6, hours=23))
    assert invitations.find(key) is not None
    time_machine.move_to(timezone.now() + timedelta(hours=2))
    assert invitations.find(key) is None
