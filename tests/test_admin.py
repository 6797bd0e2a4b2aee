"""The operator's pages: everything can be looked at, and only the verbs change it."""

import pytest
from django.urls import reverse

from accounts.models import User
from classrooms.models import Classroom, Membership
from requests_app import actions
from requests_app.models import HelpRequest

pytestmark = pytest.mark.django_db

LISTS = (
    "accounts_user",
    "classrooms_school",
    "classrooms_classroom",
    "classrooms_membership",
    "classrooms_lesson",
    "requests_app_helprequest",
    "requests_app_queue",
)


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("operator@example.org", "pw-for-tests"))
    return client


def act(client, model, action, *rows):
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(reverse(f"admin:{model}_changelist"), data, follow=True)


@pytest.mark.parametrize("model", LISTS)
def test_an_operator_can_look_at_everything(model, operator, raise_hand, ada):
    raise_hand(ada)
    assert operator.get(reverse(f"admin:{model}_changelist"), {"q": "a"}).status_code in (200, 302)
    assert operator.get(reverse(f"admin:{model}_changelist")).status_code == 200


def test_an_operator_sees_that_somebody_asked_and_not_what(operator, raise_hand, ada):
    help_request = raise_hand(ada, text="my secret question")
    page = operator.get(reverse("admin:requests_app_helprequest_change", args=[help_request.pk]))
    assert page.status_code == 200
    assert "describe" in page.text  # the history of moves
    assert "my secret question" not in page.text


@pytest.mark.parametrize("model", ["classrooms_classroom", "requests_app_helprequest"])
def test_state_is_never_edited_by_hand(model, operator, raise_hand, ada, room):
    row = raise_hand(ada) if model.startswith("requests") else room
    url = reverse(f"admin:{model}_change", args=[row.pk])
    assert operator.post(url, {"status": "resolved", "name": "x"}).status_code == 403
    assert operator.get(reverse(f"admin:{model}_add")).status_code == 403


def test_its_actions_are_the_verbs(operator, raise_hand, ada, ben, grace, room):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    act(operator, "requests_app_helprequest", "put_back", help_request)
    assert HelpRequest.objects.get().status == "waiting"
    again = act(operator, "requests_app_helprequest", "put_back", help_request)
    assert "This hand is back in line now." in again.text
    act(operator, "classrooms_membership", "take_out", ben)
    assert Membership.objects.get(pk=ben.pk).removed_at is not None
    refused = act(operator, "classrooms_membership", "take_out", grace)
    assert "A class needs a teacher." in refused.text
    code = room.code
    act(operator, "classrooms_classroom", "new_code", room)
    assert Classroom.objects.get().code != code
    act(operator, "classrooms_classroom", "put_away", room)
    assert Classroom.objects.get().archived_at is not None
    act(operator, "classrooms_classroom", "bring_back", room)
    assert Classroom.objects.get().archived_at is None


def test_nobody_else_comes_in(browser_of, grace, edsger, ada):
    for who in (grace, edsger, ada):
        answer = browser_of(who).get(reverse("admin:index"), follow=True)
        assert answer.status_code in (200, 403)
        assert "Site administration" not in answer.text


def test_there_is_one_way_to_sign_in(client):
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0].startswith("/?next=")
    assert reverse("account_login") in answer.text
