"""What school admins decide, what they see of it, and that they see no more."""

import re

import pytest
from django.urls import reverse

from checkins import actions, replies
from checkins.models import Change, FollowUp, Preset, SchoolRules, Template
from checkins.replies import Given
from classrooms import actions as people
from classrooms.models import Classroom, Role, School
from tests.checkins.test_views import text, typed
from tests.conftest import staff

pytestmark = pytest.mark.django_db

RULES = {"keep_days": "14", "consent": "opt_in", "hours": "Mon-Fri 08:00-16:00"}


@pytest.fixture
def admin(browser_of, edsger):
    return browser_of(edsger)


def at(name, *args):
    return reverse(f"checkins:{name}", args=args)


def page(admin):
    return re.sub(r"\s+", " ", text(admin.get(at("rules"))))


@pytest.mark.parametrize("days", ["0", "366", "-1", "", "many", "9" * 40])
def test_days_that_cannot_be_are_422(admin, days):
    assert admin.post(at("rules"), RULES | {"keep_days": days}).status_code == 422
    assert not SchoolRules.objects.exists()


def test_who_changed_what_is_kept(admin, browser_of, grace, edsger, url):
    admin.post(at("rules"), RULES)
    admin.post(at("rules"), RULES | {"keep_days": "20"})
    admin.post(at("rules"), RULES | {"keep_days": "20"})  # nothing new
    browser_of(grace).post(url("write"), typed(q0_text="Which?", q0_options="a\nb"))
    changes = list(Change.objects.values_list("verb", "title", "by__name", "fields"))
    assert changes == [
        ("added", "Mine", "Grace Hopper", []),
        ("changed", "Rules for check-ins", "Edsger Dijkstra", ["keep_days"]),
        (
            "changed",
            "Rules for check-ins",
            "Edsger Dijkstra",
            ["keep_days", "consent", "hours"],
        ),
    ]
    told = page(admin)
    assert "days that answers are kept" in told
    assert "Grace Hopper" in told


def test_a_check_in_of_the_school_is_opened_in_every_class_and_taken_away_by_admins(
    admin, browser_of, grace, room, url
):
    assert admin.post(at("write_for_school"), typed(q0_text="?", q0_options="a")).status_code == 422
    sent = typed(q0_text="Which?", q0_options="a\nb")
    assert admin.post(at("write_for_school"), sent).status_code == 302
    template = Template.objects.get()
    teacher = browser_of(grace)
    assert "Mine" in text(teacher.get(url("check_ins")))
    assert url("drop_template", template.pk) not in text(teacher.get(url("check_ins")))
    assert teacher.post(url("drop_template", template.pk)).status_code == 404
    assert teacher.post(url("open_check_in"), {"template": template.pk}).status_code == 302
    admin.post(at("drop_for_school", template.pk))
    assert not Template.objects.exists()
    assert room.check_ins.get().title == "Mine"


@pytest.fixture
def alone(room, grace, alan, ada):
    """Ada asked Alan to check in with her, and Alan has left."""
    check_in = actions.open_check_in(room, actions.preset(Preset.READY), by=grace)
    replies.reply(check_in, Given(soon="today", adult=alan), by=ada, edit_key="k")
    people.remove(alan)
    return FollowUp.objects.get()


def test_a_wish_whose_adult_has_left_is_seen_and_passed_on(
    alone, admin, browser_of, grace, ada, room
):
    assert "Ada Lovelace" in page(admin)
    student = browser_of(ada).get(f"/c/{room.slug}/check-ins/{alone.check_in.key}/")
    assert "Alan Turing is no longer in this class" in text(student)
    answer = admin.post(at("pass_on", alone.pk), {"adult": grace.pk})
    assert answer.status_code == 302
    alone.refresh_from_db()
    assert (alone.adult, alone.status) == (grace, "requested")
    assert "Ada Lovelace" not in page(admin)
    assert Change.objects.get().title == "A student's wish, to Grace Hopper"
    assert admin.post(at("pass_on", alone.pk), {"adult": grace.pk}).status_code == 409


@pytest.mark.parametrize("adult", ["", "x", "0", "9" * 30])
def test_it_is_passed_on_to_nobody_from_elsewhere(alone, admin, adult, ben, edsger):
    for chosen in (adult, ben.pk, edsger.pk):
        assert admin.post(at("pass_on", alone.pk), {"adult": chosen}).status_code == 422
    alone.refresh_from_db()
    assert alone.adult.name == "Alan Turing"


def test_an_adult_who_is_there_keeps_it_to_themselves(admin, room, grace, alan, ada):
    check_in = actions.open_check_in(room, actions.preset(Preset.READY), by=grace)
    replies.reply(check_in, Given(soon="today", adult=alan), by=ada, edit_key="k")
    assert "Ada Lovelace" not in page(admin)


def test_another_schools_admin_finds_nothing(alone, admin, browser_of, grace, school):
    actions.save_school_template(school, actions.preset(Preset.EXIT), by=None)
    far = School.objects.create(name="Far School")
    away = Classroom.objects.create(school=far, name="Away", slug="away-33333", code="AWAYAWAY")
    member = staff(away, "away@example.org", "Away Admin", Role.SCHOOL_ADMIN)
    far.admins.create(user=member.user)
    other = browser_of(member)
    assert "Ada Lovelace" not in text(other.get(at("rules")))
    assert other.get(at("rules") + f"?school={school.pk}").status_code == 404
    assert other.post(at("pass_on", alone.pk), {"adult": grace.pk}).status_code == 404
    assert other.post(at("drop_for_school", Template.objects.get().pk)).status_code == 404
