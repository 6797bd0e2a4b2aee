"""In /admin/ nothing is plainly deleted: operators erase by the verbs, after typing the name."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from classrooms import erasing
from classrooms.models import Classroom, Membership, School
from tests.records.test_leaving import busy_life, rows_about
from tests.services import PATIENCE

pytestmark = pytest.mark.django_db

MODELS = ("accounts_user", "classrooms_school", "classrooms_classroom", "classrooms_membership")


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("operator@example.org", "pw-for-tests"))
    return client


@pytest.fixture
def rows(ada, grace, alan, edsger, room, school):
    return dict(zip(MODELS, (alan.user, school, room, ada), strict=True))


def page(model, name, *args):
    return reverse(f"admin:{model}_{name}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_plainly_deleted(model, operator, rows):
    row = rows[model]
    assert operator.get(page(model, "delete", row.pk)).status_code == 403
    assert operator.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    operator.post(page(model, "changelist"), data)
    assert type(row).objects.filter(pk=row.pk).exists()
    assert "delete_selected" not in operator.get(page(model, "changelist")).text


@pytest.mark.parametrize("model", MODELS)
def test_the_name_is_asked_and_a_wrong_one_stays_in_the_field(model, operator, rows):
    row = rows[model]
    shown = operator.get(page(model, "change", row.pk)).text
    url = page(model, "erase", row.pk)
    assert f'href="{url}"' in shown
    assert str(row) in operator.get(url).text
    answer = operator.post(url, {"name": "Not this"})
    assert answer.status_code == 422
    assert 'value="Not this"' in answer.text
    erasing.finish(PATIENCE)
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", MODELS)
def test_it_is_erased_by_the_verbs_and_noted_without_the_name(model, operator, rows, ada, grace):
    busy_life(ada, grace)
    row = rows[model]
    answer = operator.post(page(model, "erase", row.pk), {"name": str(row)}, follow=True)
    assert answer.status_code == 200
    erasing.finish(PATIENCE)
    assert not type(row).objects.filter(pk=row.pk).exists()
    note = LogEntry.objects.get()
    assert (note.object_repr, note.change_message) == (f"#{row.pk}", "Erased.")
    assert operator.get(reverse("admin:index")).status_code == 200
    gone = {"accounts_user": "Alan Turing", "classrooms_membership": "Ada Lovelace"}
    assert model not in gone or rows_about(0, gone[model]) == set()


def test_an_adult_in_one_class_goes_and_the_account_goes_with_the_last(operator, grace, alan, room):
    operator.post(page("classrooms_membership", "erase", alan.pk), {"name": alan.name})
    alan.refresh_from_db()
    assert alan.removed_at is not None
    erasing.finish(PATIENCE)
    assert not Membership.objects.filter(pk=alan.pk).exists()
    assert not User.objects.filter(pk=alan.user_id).exists()


def test_what_cannot_be_is_said(operator, grace, rows):
    answer = operator.post(page("classrooms_membership", "erase", grace.pk), {"name": grace.name})
    assert answer.status_code == 409
    assert "A class needs a teacher." in answer.text
    me = User.objects.get(email="operator@example.org")
    answer = operator.post(page("accounts_user", "erase", me.pk), {"name": str(me)})
    assert answer.status_code == 409
    assert "This is an operator" in answer.text
    assert User.objects.filter(pk=me.pk).exists()


def test_the_action_leads_on_for_one_and_asks_for_one_otherwise(operator, rows, ben, ada):
    url = page("classrooms_membership", "changelist")
    one = operator.post(url, {"action": "erase_one", "_selected_action": [ada.pk]})
    assert one["Location"] == page("classrooms_membership", "erase", ada.pk)
    two = {"action": "erase_one", "_selected_action": [ada.pk, ben.pk]}
    assert "Please tick one only" in operator.post(url, two, follow=True).text
    assert Membership.objects.filter(pk__in=[ada.pk, ben.pk]).count() == 2


def test_who_may_only_look_may_not_erase(client, rows, room):
    looker = User.objects.create_user("looker@example.org", "pw-for-tests", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(looker)
    for model, row in rows.items():
        assert client.get(page(model, "erase", row.pk)).status_code == 403
        assert client.post(page(model, "erase", row.pk), {"name": str(row)}).status_code == 403
    erasing.finish(PATIENCE)
    assert Classroom.objects.in_use().exists()
    assert School.objects.filter(erase_asked_at=None).exists()


def test_what_is_not_there_is_not_found(operator, rows):
    for model in MODELS:
        assert operator.get(page(model, "erase", 99999)).status_code == 404
