"""What school admins decide about check-ins, for all classes, and who changed what.

They see no answers: only a wish for an adult that nobody has read in time, or whose adult has
left, so that it does not stay where nobody looks.
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from checkins import actions, followups, gate
from checkins.care import Carer
from checkins.forms import Builder, PassOnForm
from checkins.models import Change, FollowUp, Template
from checkins.school_forms import RulesForm
from classrooms.access import school_admin_required
from classrooms.models import School

CHANGES_SHOWN = 30


class SchoolRequest(HttpRequest):
    """A request that came in by ``school_admin_required``."""

    school: School
    user: User


@school_admin_required
def rules(request: SchoolRequest) -> HttpResponse:
    """How long answers are kept, and what is recorded before well-being can be asked about."""
    if request.method != "POST":
        return show(request)
    known = gate.rules_of(request.school)
    form = RulesForm(request.POST, instance=known)
    if not form.is_valid():
        return show(request, form=form, status=422)
    actions.save_rules(form.instance, fields=form.changed_rules, by=request.user)
    gate.ask(request.school, form.chosen, by=request.user)
    return done(request, _("Saved."))


@school_admin_required
def write(request: SchoolRequest) -> HttpResponse:
    """The builder, for a check-in that every class can open."""
    builder = Builder(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if builder.is_valid():
            try:
                actions.save_school_template(request.school, builder.plan, by=request.user)
            except actions.NotPossible as problem:
                messages.error(request, str(problem))
                return show(request, status=409)
            return done(request, _("Saved. Every class can open it now."))
    context = {"builder": builder, "school": request.school, "tab": "check_ins"}
    return render(request, "checkins/school/write.html", context, status=status)


@require_POST
@school_admin_required
def drop(request: SchoolRequest, template: int) -> HttpResponse:
    own = Template.objects.filter(school=request.school, classroom=None)
    actions.drop_template(get_object_or_404(own, pk=template), by=request.user)
    return done(request, _("Taken away. Check-ins that used it stay."))


@require_POST
@school_admin_required
def pass_on(request: SchoolRequest, follow_up: int) -> HttpResponse:
    """Another adult takes it over, since the one who was asked has left."""
    mine = FollowUp.objects.filter(check_in__classroom__school=request.school)
    found = get_object_or_404(mine.select_related("check_in__classroom"), pk=follow_up)
    form = PassOnForm(request.POST, classroom=found.check_in.classroom)
    if not form.is_valid():
        messages.error(request, str(form.errors["adult"][0]))
        return show(request, status=422)
    try:
        followups.pass_on(found, to=form.cleaned_data["adult"], by=request.user)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return show(request, status=409)
    return done(request, _("Passed on. The student reads who it is."))


@require_POST
@school_admin_required
def read_for_school(request: SchoolRequest, follow_up: int) -> HttpResponse:
    """ "I have read this", of a wish that nobody else read in time."""
    return settle(request, follow_up, followups.acknowledge)


@require_POST
@school_admin_required
def finish_for_school(request: SchoolRequest, follow_up: int) -> HttpResponse:
    return settle(request, follow_up, followups.finish)


def settle(request: SchoolRequest, pk: int, do: Callable[..., object]) -> HttpResponse:
    mine = FollowUp.objects.with_the_school().filter(check_in__classroom__school=request.school)
    try:
        do(get_object_or_404(mine, pk=pk), by=request.user)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return show(request, status=409)
    return done(request, _("Noted. The student reads it."))


def show(
    request: SchoolRequest, *, form: RulesForm | None = None, status: int = 200
) -> HttpResponse:
    school = request.school
    here = FollowUp.objects.with_the_school().filter(check_in__classroom__school=school)
    waiting = here.select_related("student", "adult", "check_in__classroom").order_by("due_at")
    context = {
        "school": school,
        "tab": "check_ins",
        "form": form or RulesForm(instance=gate.rules_of(school)),
        "missing": gate.missing(school),
        "carers": Carer.objects.still_there().filter(school=school).select_related("user"),
        "templates": school.check_in_templates.filter(classroom=None).order_by("title", "pk"),
        "waiting": [
            (each, PassOnForm(classroom=each.check_in.classroom, auto_id=f"adult-{each.pk}"))
            for each in waiting
        ],
        "changes": Change.objects.filter(school=school).select_related("by", "classroom")[
            :CHANGES_SHOWN
        ],
    }
    return render(request, "checkins/school/rules.html", context, status=status)


def done(request: SchoolRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect(f"{reverse('checkins:rules')}?school={request.school.pk}")
