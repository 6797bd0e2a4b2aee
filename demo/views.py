"""One tap signs a visitor in as somebody of the made-up school; in demo mode alone."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.models import User
from classrooms import access
from demo import school
from demo.cast import ACCOUNTS


@require_POST
def enter(request: HttpRequest, who: str) -> HttpResponse:
    """Become ``who``: student, or one of ``demo.cast.ACCOUNTS``. Who one was is signed out."""
    if who != "student" and who not in ACCOUNTS:
        raise Http404
    school.seed()
    logout(request)
    return _as_student(request) if who == "student" else _as_staff(request, who)


def _as_staff(request: HttpRequest, who: str) -> HttpResponse:
    user = User.objects.get_by_natural_key(ACCOUNTS[who].email)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    if who == "admin":
        return redirect("classrooms:school")
    return redirect("requests_app:show", school.class_now().slug)


def _as_student(request: HttpRequest) -> HttpResponse:
    """The student that this browser was before, or one whom no other visitor is."""
    classroom = school.class_now()
    response = redirect("requests_app:show", classroom.slug)
    entry = access.find_entry(None, request.COOKIES, classroom.slug)
    if entry is None or entry.is_waiting:
        key = school.come_in(school.spare_student(classroom))
        access.remember_device(response, request.COOKIES, classroom.slug, key)
    return response
