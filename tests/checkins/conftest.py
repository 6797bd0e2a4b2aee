"""What check-in tests share: an open check-in, a whole class, and how a student replies."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkins import actions, live, replies, unnamed
from checkins.actions import Plan
from checkins.models import SchoolRules, Visibility
from checkins.questions import Kind
from checkins.replies import Given
from classrooms.models import Membership
from requests_app.models import Queue
from requests_app.present import Present
from tests.conftest import student

BESIDE = live.CheckInsBeside()
COLOURS = {"kind": Kind.SINGLE, "text": "Which?", "options": ["Red", "Green", "Blue"]}


def own_region(who):
    """What the student's page shows of check-ins to them alone."""
    present = present_of(who.classroom)
    own = live.own_of(present, [who.pk])[who.pk]
    return BESIDE.of_student(present, own)["my-check-in"].html


def class_region(room):
    return BESIDE.of_class(present_of(room))["class-now"].html


def helpers_region(room):
    return BESIDE.of_helpers(present_of(room))["class-tools"].html


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


def joined_before(room, count, name="Pupil"):
    """So many students who were in the class yesterday."""
    start = room.memberships.count()
    made = [student(room, f"{name} {start + number}") for number in range(count)]
    yesterday = timezone.now() - timedelta(days=1)
    Membership.objects.filter(pk__in=[each.pk for each in made]).update(joined_at=yesterday)
    for each in made:
        each.joined_at = yesterday
    return made


def waiting(check_in):
    """The answers without a name that wait in memory."""
    with unnamed.holding(check_in.pk) as found:
        return [each.answers for each in found]


@pytest.fixture
def pupils(room):
    """``pupils(12)``: that many students."""
    return lambda count: joined_before(room, count)


@pytest.fixture
def class_answers():
    """``class_answers(check_in, [6, 5, 0])``: so many new students give each answer."""

    def send(check_in, counts):
        for answer, count in enumerate(counts):
            for who in joined_before(check_in.classroom, count, "Someone"):
                given = Given(answers={"0": answer})
                replies.reply(check_in, given, by=who, edit_key=f"key-{who.pk}")

    return send


@pytest.fixture
def url(room):
    return lambda name, *ids: reverse(f"checkins:{name}", args=[room.slug, *ids])


@pytest.fixture
def cared_for(school, grace, edsger):
    """All that has to be there before well-being is asked about: Edsger looks after it, Grace
    stands in."""
    rules = SchoolRules.objects.create(school=school, consent="opt_out", hours="always")
    now = timezone.now()
    school.carers.create(user=edsger.user, part="owner", agreed_at=now)
    school.carers.create(user=grace.user, part="backup", agreed_at=now)
    school.contacts.create(country="Here", name="Help line", number="116 111", hours="always")
    return rules
