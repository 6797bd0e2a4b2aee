"""Whoever runs the server sees that there are requests, and how many; never what a pupil said."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from checkins import actions as check_ins
from checkins import replies
from classrooms.models import Classroom, Membership, School
from coaching import actions as coaching
from requests_app import actions
from requests_app.models import Queue

pytestmark = pytest.mark.django_db

#: What Ada says, and how each of it would look on a page.
SAID = {
    "text": "canary-text",
    "kind": "broken",
    "tried": ["drew"],
    "feeling": "worried",
    "starter": "hint-1",
}
CANARIES = (
    "canary-", "Something is broken", "broken", "Drew or wrote it out", "drew", "Worrying",
    "worried", "hint-1", "It felt awkward", "awkward", "Partly", "partly", "Explain it to me",
    "explain", "Stuck",
)  # fmt: skip


#: Models whose pages have "Erase".
ERASED = (User, School, Classroom, Membership)


@pytest.fixture
def everything_said(room, lesson, ada, ben, grace):
    """Ada says all that a pupil can say; Ben lowers his hand and says why."""
    queue = Queue.objects.of(room)
    raised = actions.raise_hand(queue, student=ada, form_key="one")
    actions.describe(raised, by=ada, **SAID)
    actions.start(raised, by=grace)
    actions.pause(raised, by=grace, minutes=3, hint="canary-hint")
    actions.start(raised, by=grace)
    actions.resolve(raised, by=grace)
    actions.note_given(raised, by=grace, given="explain", next_step="canary-step")
    actions.reflect(raised, by=ada, reflection="partly")
    lowered = actions.raise_hand(queue, student=ben, form_key="two")
    actions.lower(lowered, by=ben, reason="awkward")
    coaching.add_note(ada, "canary-note")
    check_ins.say_how(by=ada, going="stuck")
    questions = [{"kind": "text", "text": "Say more"}, {"kind": "note", "text": "For you"}]
    check_in = check_ins.open_check_in(room, check_ins.Plan("Mine", "named", questions), by=grace)
    given = replies.Given({"0": "canary-answer"}, note="canary-self")
    replies.reply(check_in, given, by=ada, edit_key="")


def pages_of_the_operator(client):
    """Every page that /admin/ has: lists, searches, rows, their history, forms, deletion."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = reverse(f"{name}_changelist")
        yield listed
        yield f"{listed}?q=ada"
        yield f"{listed}?q=canary"
        yield f"{listed}?all="
        yield reverse(f"{name}_add")
        for row in model._base_manager.all():
            for page in ("change", "history", "delete"):
                yield reverse(f"{name}_{page}", args=[row.pk])
            if model in ERASED:
                yield reverse(f"{name}_erase", args=[row.pk])


def test_no_page_of_the_operator_tells_what_a_pupil_said(everything_said, client):
    client.force_login(User.objects.create_superuser("operator@example.org", "pw-for-tests"))
    found, seen = set(), 0
    for page in pages_of_the_operator(client):
        text = client.get(page, follow=True).content.decode()
        seen += len(text) > 1000
        found |= {(each, page) for each in CANARIES if re.search(rf"\b{each}\b", text)}
        found |= {(each, page) for each in ("canary",) if f"{each}-" in text}
    assert seen > 30
    assert found == set()


def test_a_request_says_neither_whose_it_is_nor_can_it_be_found_by_a_name(everything_said, client):
    client.force_login(User.objects.create_superuser("operator@example.org", "pw-for-tests"))
    for page in pages_of_the_operator(client):
        if "helprequest" in page or "lesson" in page or "queue" in page:
            assert "Ada Lovelace" not in client.get(page, follow=True).content.decode(), page
    listed = reverse("admin:requests_app_helprequest_changelist")
    assert "0 help requests" in client.get(f"{listed}?q=ada").content.decode()
