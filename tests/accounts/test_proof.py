"""An address that nobody has proven gives no rights; its first proof makes the account clean."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import proof
from accounts.models import User
from classrooms import invitations
from classrooms.models import Classroom, Role, School
from classrooms.signals import user_changed
from tests.accounts.conftest import (
    PASSWORD,
    code_to,
    is_in,
    link_to,
    sign_in,
    sign_in_by_code,
    sign_up,
    type_code,
)

pytestmark = pytest.mark.django_db
GRACE = "grace@hill.example"


@pytest.fixture
def ended():
    """Whose open pages were closed."""
    told = []

    def note(sender, **whose):
        told.append(whose)

    user_changed.connect(note, weak=False)
    yield told
    user_changed.disconnect(note)


@pytest.fixture
def squatted(settings, with_mail):
    """An account with Grace's address that Mallory made while nobody asked for a proof; she is
    signed in, and knows its password."""
    settings.MAIL, settings.ACCOUNT_EMAIL_VERIFICATION = False, "none"
    mallory = Client()
    sign_up(mallory, GRACE, "mallorys own secret")
    assert is_in(mallory)
    settings.MAIL, settings.ACCOUNT_EMAIL_VERIFICATION = True, "mandatory"
    return mallory


def is_refused(password: str) -> bool:
    browser = Client()
    sign_in(browser, GRACE, password)
    return not is_in(browser)


def test_nobody_comes_in_by_an_address_that_they_cannot_read(with_mail, room, grace):
    mallory = Client()
    sign_up(mallory, GRACE)
    assert not is_in(mallory)
    sign_in(mallory, GRACE)
    assert not is_in(mallory)
    assert not proof.is_confirmed(User.objects.get(email=GRACE))


def test_signing_up_and_typing_the_code_keeps_the_password(with_mail):
    grace = Client()
    answer = sign_up(grace, GRACE)
    assert answer.status_code == 302
    type_code(grace, GRACE)
    assert is_in(grace)
    assert not is_refused(PASSWORD)
    assert proof.is_confirmed(User.objects.get(email=GRACE))


def test_the_attack_through_an_accepted_invitation(squatted, room, grace):
    """Mallory signed up with Grace's address; Grace signs in by code and accepts an invitation."""
    owner = Client()
    sign_in_by_code(owner, GRACE)
    key = invitations.invite(by=grace.user, role=Role.TEACHER, school=room.school, classroom=room)
    owner.post(reverse("classrooms:accept_invite", args=[key]))
    assert owner.get(reverse("classrooms:people", args=[room.slug])).status_code == 200
    assert not is_in(squatted)
    page = squatted.get(reverse("requests_app:show", args=[room.slug]))
    assert page.status_code == 302
    assert is_refused("mallorys own secret")
    assert is_in(owner)


def test_a_link_to_a_new_password_is_a_proof_too(
    squatted, ended, django_capture_on_commit_callbacks
):
    owner = Client()
    owner.post(reverse("account_reset_password"), {"email": GRACE})
    form = owner.get(link_to(GRACE)).headers["Location"]
    new = {"password1": "quite another one", "password2": "quite another one"}
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(form, new)
    user = User.objects.get(email=GRACE)
    assert proof.is_confirmed(user)
    assert not is_in(squatted)
    assert is_refused("mallorys own secret")
    assert not is_refused("quite another one")
    assert user in [each.get("user") for each in ended]


def test_the_code_of_a_stranger_never_makes_the_strangers_browser_the_trusted_one(squatted):
    """Mallory asks for a code in her session; Grace, who gets it, proves her address herself."""
    squatted.post(reverse("accounts:confirm"))
    hers = code_to(GRACE)
    owner = Client()
    sign_in_by_code(owner, GRACE)
    squatted.post(reverse("account_email_verification_sent"), {"code": hers})
    assert not is_in(squatted)
    assert is_in(owner)


def test_a_password_left_in_a_shared_browser_is_void_after_a_sign_in_code(with_mail):
    """Mallory signs up on the computer in the classroom and goes; Grace asks for a code there."""
    shared = Client()
    sign_up(shared, GRACE, "mallorys own secret")
    shared.get(reverse("account_signup"))
    shared.post(reverse("account_logout"))
    sign_in_by_code(shared, GRACE)
    assert is_in(shared)
    assert is_refused("mallorys own secret")


def test_a_second_factor_from_before_the_proof_goes(squatted):
    user = User.objects.get(email=GRACE)
    user.authenticator_set.create(type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    owner = Client()
    sign_in_by_code(owner, GRACE)
    assert is_in(owner)
    assert user.authenticator_set.count() == 0


def test_open_pages_of_the_others_close(squatted, ended, django_capture_on_commit_callbacks):
    owner = Client()
    with django_capture_on_commit_callbacks(execute=True):
        sign_in_by_code(owner, GRACE)
    assert {each["user"].email for each in ended} == {GRACE}


def test_an_old_session_proves_the_address_before_it_takes_a_right(settings, squatted, room, grace):
    key = invitations.invite(by=grace.user, role=Role.TEACHER, school=room.school, classroom=room)
    invitation = reverse("classrooms:accept_invite", args=[key])
    asked = [
        squatted.post(invitation),
        squatted.get(reverse("classrooms:start")),
        squatted.post(reverse("classrooms:start"), {"name": "Mine", "school_name": "Mine"}),
    ]
    user = User.objects.get(email=GRACE)
    School.objects.get().admins.create(user=user)
    asked += [squatted.get(reverse("classrooms:school")), squatted.get("/school/check-ins/")]
    for answer in asked:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("accounts:confirm"))
    assert not room.memberships.filter(user=user).exists()
    assert Classroom.objects.count() == 1


def test_after_the_code_it_goes_on_where_it_was(squatted):
    start = reverse("classrooms:start")
    page = squatted.get(start, follow=True)
    assert GRACE in page.text
    answer = squatted.post(reverse("accounts:confirm"), {"next": start})
    answer = squatted.post(answer.headers["Location"], {"code": code_to(GRACE)})
    assert answer.headers["Location"] == start
    assert squatted.get(start).status_code == 200


def test_where_no_mail_works_nothing_is_asked_and_it_is_said(client):
    assert "anybody could have typed it" in client.get(reverse("account_signup")).text
    sign_up(client, GRACE)
    assert is_in(client)
    assert client.get(reverse("classrooms:start")).status_code == 200
    assert client.get(reverse("accounts:confirm")).status_code == 302


@pytest.mark.parametrize("name", ["account_request_login_code", "account_reset_password"])
def test_where_no_mail_works_no_letter_is_offered_or_written(name, client, grace):
    for answer in (client.get(reverse(name)), client.post(reverse(name), {"email": GRACE})):
        assert answer.status_code == 404
        assert "sends no mail" in answer.text
    page = client.get(reverse("account_login")).text
    assert reverse(name) not in page
    assert mail.outbox == []


def test_a_new_address_by_an_operator_is_unproven_and_the_old_one_opens_nothing(with_mail, client):
    operator = User.objects.create_superuser("operator@example.org", "pw-for-tests")
    user = User.objects.create_user("old@hill.example", "pw-for-tests", name="Grace")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.force_login(operator)
    facts = {"email": GRACE, "name": "Grace", "is_active": "on"}
    client.post(reverse("admin:accounts_user_change", args=[user.pk]), facts)
    user.refresh_from_db()
    assert user.email == GRACE
    assert not proof.is_confirmed(user)
    mail.outbox.clear()
    Client().post(reverse("account_request_login_code"), {"email": "old@hill.example"})
    assert not [each for each in mail.outbox if "code" in each.subject.lower()]


def test_sessions_from_before_this_release_go_on(grace):
    user = grace.user
    assert user.sign_outs == 0
    before = super(User, user).get_session_auth_hash()
    assert user.get_session_auth_hash() == before
    proof.end_sessions(user)
    assert user.get_session_auth_hash() != before
