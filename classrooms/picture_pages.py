"""Choosing four pictures, once inside; and being asked for them at the door."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from classrooms import actions, pictures
from classrooms.access import MemberRequest, student_required
from classrooms.models import Classroom
from classrooms.naming import find_student


@student_required
def choose(request: MemberRequest) -> HttpResponse:
    """Four taps, a look at them, and they are kept; or not now."""
    student, classroom = request.membership, request.membership.classroom
    if classroom.pin_mode != Classroom.PinMode.PICTURES or student.pictures:
        return redirect("requests_app:show", classroom.slug)
    chosen = tapped(request)
    if "keep" in request.POST and len(chosen) == pictures.LENGTH:
        actions.choose_pictures(student, chosen)
        messages.success(request, _("Kept. Next time tap the same four in the same order."))
        return redirect("requests_app:show", classroom.slug)
    context = {"classroom": classroom, "membership": student} | pictures.shown(chosen)
    return render(request, "classrooms/choose_pictures.html", context)


def tapped(request: HttpRequest) -> tuple[str, ...]:
    """What the form says; "Start again" empties it."""
    if "again" in request.POST:
        return ()
    return pictures.read(request.POST.get("pictures", ""), request.POST.get("tap", ""))


def asks_for_them(request: HttpRequest, classroom: Classroom, name: str) -> bool:
    """Whether whoever comes by this name is shown the pictures next."""
    if classroom.pin_mode != Classroom.PinMode.PICTURES or "skip" in request.POST:
        return False
    student = find_student(classroom, name)
    return student is not None and bool(student.pictures)


def ask(request: HttpRequest, classroom: Classroom, name: str, problem: str = "") -> HttpResponse:
    """The pictures, at the door; after a wrong four it begins again."""
    chosen = () if problem else tapped(request)
    context = {"classroom": classroom, "name": name, "problem": problem} | pictures.shown(chosen)
    status = 422 if problem else 200
    return render(request, "classrooms/join_pictures.html", context, status=status)
