"""Pages on which school admins erase an adult, a class or their school.

Each says first what there is and what happens, then asks for the name, and then does it
(``classrooms.erasing``). Operators are asked in the same way (``classrooms.erasing_admin``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from classrooms import erasing
from classrooms.access import SchoolRequest, school_admin_required
from classrooms.errors import NotPossible
from classrooms.leaving_pages import TypedName
from classrooms.manage_forms import LineField
from classrooms.models import Classroom, Membership, Role, School

#: Code points: the longest that is asked for is an address, where an account has no name.
LONGEST = 254


class Typed(TypedName):
    """The name of an adult, a class or a school."""

    name = LineField(label=gettext_lazy("Type the name"), limit=LONGEST)


@dataclass(frozen=True)
class Erasing:
    """What a page of this kind shows and does."""

    name: str
    there_is: erasing.Counts
    says: list[str]
    ask: Callable[[], None]


def of_classroom(classroom: Classroom) -> Erasing:
    return Erasing(
        name=classroom.name,
        there_is=erasing.depends_on_classroom(classroom),
        says=[
            _("The class closes at once: open pages close, and nobody comes in any more."),
            _(
                "Then everything in it is erased, a little at a time so that other classes do not"
                " wait. That begins within a minute or two, and takes longer where there is much."
            ),
            _("Accounts of the adults stay. Nobody can bring the class back."),
        ],
        ask=lambda: erasing.ask_classroom(classroom),
    )


def of_school(school: School) -> Erasing:
    return Erasing(
        name=school.name,
        there_is=erasing.depends_on_school(school),
        says=[
            _("All classes close at once, and its admins have no rights in it any more."),
            _(
                "Then everything in it is erased, a little at a time so that others do not wait."
                " That begins within a minute or two; a big school can take hours."
            ),
            _(
                "Accounts that are used in no other school are erased too, those of the admins as"
                " well. Nobody can bring any of it back."
            ),
        ],
        ask=lambda: erasing.ask_school(school),
    )


def of_staff(user: User, school: School) -> Erasing:
    account = (
        _("The account is erased too: it is used for nothing else.")
        if erasing.account_goes_with(user, school)
        else _("The account stays: it is used elsewhere too.")
    )
    return Erasing(
        name=str(user),
        there_is=erasing.depends_on_staff(user, school),
        says=[
            _("This person is out of every class of the school at once, and open pages close."),
            _(
                "Within a minute or two everything about them here is erased, longer where there is"
                " much. Requests that they helped with stay with the students, without this name."
            ),
            account,
            _("Nobody can bring any of it back."),
        ],
        ask=lambda: erasing.ask_staff(user, school),
    )


def typed_in(request: HttpRequest, wanted: str) -> Typed:
    return Typed(request.POST if request.method == "POST" else None, wanted=wanted)


def is_asked(form: forms.Form, ask: Callable[[], None]) -> int:
    """Does it if the name is right; the status of the page that is shown otherwise, else 0."""
    if not form.is_bound:
        return 200
    if not form.is_valid():
        return 422
    try:
        ask()
    except NotPossible as reason:
        form.add_error("name", str(reason))
        return 409
    return 0


def staff_of(school: School) -> QuerySet[User]:
    """The adults of a school, also those who left lately: their names are still there."""
    here = Membership.objects.staff().filter(user=OuterRef("pk"), classroom__school=school)
    rights = school.admins.filter(user=OuterRef("pk"))
    there = Q(
        memberships__classroom__school=school,
        memberships__removed_at=None,
        memberships__classroom__archived_at=None,
    )
    helps = there & ~Q(memberships__role__in=[Role.STUDENT, Role.SCHOOL_ADMIN])
    found = User.objects.filter(Exists(here.filter(erase_asked_at=None)) | Exists(rights))
    return found.annotate(
        classes=Count("memberships", filter=helps), is_admin=Exists(rights)
    ).order_by("name", "email")


# --- For school admins ---------------------------------------------------------


@require_safe
@school_admin_required
def school_people(request: SchoolRequest) -> HttpResponse:
    """Who works in the school."""
    context = {"school": request.school, "adults": staff_of(request.school)}
    return render(request, "classrooms/erasing/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@school_admin_required
def erase_staff(request: SchoolRequest, person: int) -> HttpResponse:
    user = get_object_or_404(staff_of(request.school), pk=person)
    done = _("Out of the school now. Everything about this person is erased within minutes.")
    back = "classrooms:index" if user.pk == request.user.pk else "classrooms:school_people"
    return _page(request, of_staff(user, request.school), "staff", done, back)


@require_http_methods(["GET", "HEAD", "POST"])
@school_admin_required
def erase_classroom(request: SchoolRequest, classroom: int) -> HttpResponse:
    found = get_object_or_404(request.school.classrooms.filter(erase_asked_at=None), pk=classroom)
    done = _("The class is closed. Everything in it is being erased.")
    return _page(request, of_classroom(found), "classroom", done, "classrooms:school")


@require_http_methods(["GET", "HEAD", "POST"])
@school_admin_required
def erase_school(request: SchoolRequest) -> HttpResponse:
    done = _("The school is closed. Everything in it is being erased.")
    return _page(request, of_school(request.school), "school", done, "classrooms:index")


def _page(request: SchoolRequest, what: Erasing, kind: str, done: str, back: str) -> HttpResponse:
    form = typed_in(request, what.name)
    if status := is_asked(form, what.ask):
        context = {"school": request.school, "what": what, "form": form, "kind": kind}
        return render(request, "classrooms/erasing/erase.html", context, status=status)
    messages.success(request, done)
    if back == "classrooms:index":
        return redirect(back)
    return redirect(f"{reverse(back)}?school={request.school.pk}")
