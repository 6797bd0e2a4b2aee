"""A school in which something of everything is there, and every address that leads to it."""

from datetime import timedelta

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from checkins import actions as check_ins
from checkins import replies
from classrooms import actions as people
from classrooms import invitations
from classrooms.models import Classroom, Device, Role, School
from coaching import actions as coaching
from requests_app import actions
from requests_app.models import Queue
from resources import actions as resources
from tests.conftest import staff, student
from tests.resources.conftest import complete, step

#: Made by allauth, Django's admin and the demo; tested by themselves.
ELSEWHERE = ("account_", "mfa_", "admin:", "demo:")


def routes(resolver=None, namespace="", outer=()):
    """``(name, parameters)`` of every route of the project."""
    for pattern in (resolver or get_resolver()).url_patterns:
        parameters = (*outer, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            if inner != "admin:":
                yield from routes(pattern, inner, parameters)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", parameters


@pytest.fixture
def world(room, lesson, ada, grace, alan, edsger, mallory, school):
    """One class with a request, its twin in the same school, and another school's teacher."""
    task = room.tasks.create(title="Loops")
    waiting = Device.objects.create(membership=student(room, "Waiting"), key_digest="waits")
    help_request = actions.raise_hand(Queue.objects.of(room), student=ada, form_key="first")
    twin = Classroom.objects.create(school=school, name="Twin", slug="twin-22222", code="TWNTWNTW")
    far = School.objects.create(name="Far School")
    check_in = check_ins.open_check_in(room, check_ins.preset("ready"), by=grace)
    plan = check_ins.preset("ready")
    wish = replies.Given(soon="today", adult=grace)
    replies.reply(check_in, wish, by=ada, edit_key="key")
    # It was read by nobody: the admin stands in, and the school has it too.
    late = {"passed_to": edsger.user, "to_school_at": timezone.now()}
    check_in.follow_ups.update(**late)
    tomorrow = timezone.now() + timedelta(days=1)
    away = Classroom.objects.create(school=far, name="Away", slug="away-33333", code="AWAYAWAY")
    put_away = Classroom.objects.create(school=school, name="Old", slug="old-4444", code="LDLDLDLD")
    people.archive(put_away)
    invitation = invitations.invite(by=grace.user, role="teacher", classroom=room, school=school)
    invitations.invite(by=edsger.user, role=Role.SCHOOL_ADMIN, school=school)
    removed = student(room, "Removed Student")
    gone = staff(room, "gone@example.org", "Gone Teacher", Role.TEACHER)
    thing = resources.add_entry(school, room, complete(), by=grace.user)
    return {
        "request": help_request,
        "typed": {
            "task": task.pk,
            "admin": school.admins.get().pk,
            "classroom": put_away.pk,
            "template": "ready",
            "invitation": school.invites.get(classroom=None).pk,
        },
        "invitation": invitation,
        "people": {
            "stranger": mallory,
            "other student": student(twin, "Twin Student"),
            "other teacher": staff(away, "away@example.org", "Away Teacher", Role.TEACHER),
            "removed student": removed,
            "removed teacher": gone,
            "student": ada,
            "assistant": alan,
            "teacher": grace,
            "admin": edsger,
        },
        "parameters": {
            "slug": room.slug,
            "key": help_request.key,
            "code": room.code,
            "device": waiting.pk,
            "member": ada.pk,
            "person": alan.user_id,
            "classroom": room.pk,
            "task": task.pk,
            "month": f"{timezone.localdate():%Y-%m}",
            "card": "tried",
            "invitation": room.invites.get().pk,
            "language": "en",
            "note": coaching.add_note(ada, "Draw it first.").pk,
            "suggestion": coaching.suggest(room, thing, kind="hint").pk,
            "check_in_key": check_in.key,
            "template": check_ins.save_template(room, plan, by=None).pk,
            "follow_up": check_in.follow_ups.get().pk,
            "asked": school.carers.create(user=grace.user, part="owner").pk,
            "moment": check_ins.plan_moment(room, by=grace, seconds=60, at=tomorrow).pk,
        },
        "away": away,
    }


def thing_of(name, world):
    """The entry, pathway or contact that a page of ``resources`` is about."""
    member = world["people"]["admin"]
    room, school, by = member.classroom, member.classroom.school, member.user
    if name == "coaching:use_resource":
        entry = resources.add_entry(school, room, complete(), by=by)
        resources.publish_entry(entry, by=by)
        return entry
    if "pathway" in name:
        values = {"kind": "wellbeing", "title": "When you feel low", "use": "I feel bad."}
        return resources.save_pathway(school, None, values, [step()], by=by, publish=True)
    if "contact" in name:
        values = {"country": "X", "name": "A", "number": "1", "hours": "", "note": ""}
        return resources.save_contact(school, None, values, by=by)
    is_of_class = name.split(":")[1] in ("edit_entry", "withdraw_entry", "remove_entry")
    values = complete(link="https://example.org/") if "leave" in name else complete()
    entry = resources.add_entry(school, room if is_of_class else None, values, by=by)
    resources.publish_entry(entry, by=by)
    return entry
