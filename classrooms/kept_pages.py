"""Pages that say what is kept about a student: to the student, and to those who manage the class.

A student whose past is closed (``classrooms.proof``) is told nothing from before. Over an open
network nobody is told what is for the student alone. A teacher never is; a school admin, who
helps in no class, reads the name and counts.
"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from classrooms.access import MemberRequest, manager_required, student_required
from classrooms.manage import page
from classrooms.models import Membership
from records import registry, telling
from records.registry import Person, Reader, Told


@require_safe
@student_required
def mine(request: MemberRequest) -> HttpResponse:
    """ "What is kept about me"."""
    student = request.membership
    context = {
        "classroom": student.classroom,
        "membership": student,
        "groups": telling.shown(_told_to_self(student, telling.SHOWN)),
        "left_out": telling.left_out_for_self(),
    }
    return render(request, "classrooms/kept.html", context)


@require_safe
@student_required
def download_mine(request: MemberRequest) -> HttpResponse:
    student = request.membership
    left_out = telling.left_out_for_self()
    if student.is_sealed:
        left_out.append(_("What was here before you came back with your name alone."))
    told = _told_to_self(student, registry.MOST)
    return telling.download(_about(student), told, left_out)


@require_safe
@manager_required
def of_student(request: MemberRequest, member: int) -> HttpResponse:
    student, reader = _find(request, member), _reader(request)
    context: dict[str, Any] = {
        "person": student,
        "groups": telling.shown(registry.tell(_person(student), reader, most=telling.SHOWN)),
        "there_is": _counted(student, reader),
        "is_counted": reader is Reader.ADMIN,
    }
    return page(request, "kept", context, tab="people")


@require_safe
@manager_required
def download_of_student(request: MemberRequest, member: int) -> HttpResponse:
    student, reader = _find(request, member), _reader(request)
    left_out = [_("What is for the student alone.")]
    counted = _counted(student, reader)
    left_out += [f"{what}: {rows}" for what, rows in counted]
    return telling.download(_about(student), registry.tell(_person(student), reader), left_out)


def _find(request: MemberRequest, pk: int) -> Membership:
    """A student of the class, also one who left lately."""
    return get_object_or_404(request.membership.classroom.memberships.students(), pk=pk)


def _reader(request: MemberRequest) -> Reader:
    return Reader.TEACHER if request.membership.can_help else Reader.ADMIN


def _person(student: Membership) -> Person:
    return Person(members=(student.pk,))


def _counted(student: Membership, reader: Reader) -> list[tuple[Any, int]]:
    return registry.count(_person(student), reader=reader) if reader is Reader.ADMIN else []


def _told_to_self(student: Membership, most: int) -> list[Told]:
    reader = telling.reader_of_self()
    return registry.tell(_person(student), reader, since=student.sealed_before, most=most)


def _about(student: Membership) -> dict[str, str]:
    room = student.classroom
    return {"name": student.name, "class": room.name, "school": room.school.name}
