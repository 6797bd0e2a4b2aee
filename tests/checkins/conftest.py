"""What check-in tests share: an open check-in, a whole class, and how a student replies."""

import pytest
from django.urls import reverse

from checkins import actions, live
from checkins.actions import Given, Plan
from checkins.models import Visibility
from checkins.questions import Kind
from requests_app.models import Queue
from requests_app.present import Present
from tests.conftest import student

COLOURS = {"kind": Kind.SINGLE, "text": "Which?", "options": ["Red", "Green", "Blue"]}


def own_region(who):
    """What the student's page shows of check-ins to them alone."""
    present = present_of(who.classroom)
    return live.student_region(present, live.own_of(present, [who.pk])[who.pk])


def class_region(room):
    return live.class_region(present_of(room))


def helpers_region(room):
    return live.helpers_region(present_of(room))


def present_of(room):
    return Present(Queue.objects.of(room).pk)


@pytest.fixture
def open_one(room, grace):
    """``open_one(named=True)`` opens a check-in of one question, or of the given ones."""

    def begin(*questions, named=False):
        visibility = Visibility.NAMED if named else Visibility.TOTALS
        plan = Plan("Colours", visibility, list(questions or [COLOURS]))
        return actions.open_check_in(room, plan, by=grace)

    return begin


@pytest.fixture
def pupils(room):
    """``pupils(12)``: that many students."""
    return lambda count: [student(room, f"Pupil {number}") for number in range(count)]


@pytest.fixture
def replies(pupils):
    """``replies(check_in, [6, 5, 0])``: so many new students give each answer."""

    def send(check_in, counts):
        for answer, count in enumerate(counts):
            for who in pupils_of(check_in, count):
                given = Given(answers={"0": answer})
                actions.reply(check_in, given, by=who, edit_key=f"key-{who.pk}")

    def pupils_of(check_in, count):
        start = check_in.classroom.memberships.count()
        return [student(check_in.classroom, f"Someone {start + n}") for n in range(count)]

    return send


@pytest.fixture
def url(room):
    return lambda name, *ids: reverse(f"checkins:{name}", args=[room.slug, *ids])
