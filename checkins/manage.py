"""The helpers' side over HTTP: starting check-ins and help moments, totals, follow-ups."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from checkins import actions, followups, gate, reach, results
from checkins.forms import Builder, MomentForm, SettingsForm, WhenForm
from checkins.live import moment_on
from checkins.models import (
    CheckIn,
    CheckInStatus,
    Contact,
    FollowUp,
    HelpMoment,
    Preset,
    Template,
    Visibility,
)
from checkins.suppress import FLOOR
from classrooms.access import (
    MemberRequest,
    helper_required,
    manager_required,
    staff_required,
)
from classrooms.manage import students_inside
from classrooms.models import Membership, SchoolAdmin
from requests_app.views import perform

SHOWN_AT_ONCE = 30


# --- Check-ins ---------------------------------------------------------------


@require_safe
@staff_required
def check_ins(request: MemberRequest) -> HttpResponse:
    """What can be opened, what is open and what was; a school admin sees totals alone (D7)."""
    return show_check_ins(request)


def show_check_ins(request: MemberRequest, status: int = 200) -> HttpResponse:
    classroom = request.membership.classroom
    known = classroom.check_ins.select_related("started_by")
    context = place(request) | {
        "planned": known.filter(status=CheckInStatus.SCHEDULED).order_by("opens_at"),
        "begun": known.exclude(status=CheckInStatus.SCHEDULED)[:SHOWN_AT_ONCE],
        "presets": Preset.choices,
        "templates": Template.objects.for_class(classroom),
        "missing": gate.missing(classroom.school),
        "is_school_admin": is_school_admin(request.membership),
        "follow_ups": FollowUp.objects.active().in_list_of(request.membership).count(),
    }
    return render(request, "checkins/check_ins.html", context, status=status)


@require_POST
@helper_required
def open_check_in(request: MemberRequest) -> HttpResponse:
    """The second of two taps: it is on every student's page now."""
    plan = find_plan(request, request.POST)
    try:
        made = actions.open_check_in(request.membership.classroom, plan, by=request.membership)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return show_check_ins(request, status=409)
    messages.success(request, _("It is on every student's page now."))
    return redirect("checkins:results", made.classroom.slug, made.key)


@helper_required
def schedule(request: MemberRequest) -> HttpResponse:
    """Choose when a check-in opens by itself."""
    sent = request.POST if request.method == "POST" else request.GET
    plan = find_plan(request, sent)
    classroom = request.membership.classroom
    form = WhenForm(request.POST if request.method == "POST" else None, classroom=classroom)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.schedule(classroom, plan, by=request.membership, at=form.at)
            except actions.NotPossible as problem:
                messages.error(request, str(problem))
                return show_check_ins(request, status=409)
            messages.success(request, form.what_happens)
            return redirect("checkins:check_ins", classroom.slug)
    context = place(request) | {
        "form": form,
        "plan": plan,
        "chosen": sent.get("template", ""),
        "visibility": plan.visibility,
        "zone": classroom.zone.key,
    }
    return render(request, "checkins/schedule.html", context, status=status)


@helper_required
def write(request: MemberRequest) -> HttpResponse:
    """The builder: one to five questions of the class's own."""
    builder = Builder(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if builder.is_valid():
            try:
                actions.save_template(
                    request.membership.classroom, builder.plan, by=request.membership.user
                )
            except actions.NotPossible as problem:
                messages.error(request, str(problem))
                return show_check_ins(request, status=409)
            messages.success(request, _("Saved. You can open it now."))
            return redirect("checkins:check_ins", request.membership.classroom.slug)
    context = place(request) | {"builder": builder}
    return render(request, "checkins/write.html", context, status=status)


@require_POST
@helper_required
def drop_template(request: MemberRequest, template: int) -> HttpResponse:
    own = request.membership.classroom.check_in_templates
    actions.drop_template(get_object_or_404(own, pk=template), by=request.membership.user)
    messages.success(request, _("Taken away. Check-ins that used it stay."))
    return redirect("checkins:check_ins", request.membership.classroom.slug)


@require_safe
@staff_required
def show_results(request: MemberRequest, check_in_key: str) -> HttpResponse:
    """Totals while they come in; with names where the students were told so."""
    return render(request, "checkins/results.html", results_context(request, check_in_key))


@require_safe
@staff_required
def results_region(request: MemberRequest, check_in_key: str) -> HttpResponse:
    """The part of the page that fills in by itself."""
    context = results_context(request, check_in_key)
    return HttpResponse(render_to_string("checkins/_results.html", context, request))


def results_context(request: MemberRequest, check_in_key: str) -> dict:
    """A school admin is shown totals and no names: a check-in with names is not there (D7)."""
    check_in = find_check_in(request, check_in_key)
    sees_names = request.membership.can_help
    if check_in.is_named and not sees_names:
        raise Http404
    students = check_in.classroom.memberships.present().students()
    named = check_in.named_replies.select_related("student").order_by("student__name_key")
    replies = []
    for each in named:
        each.check_in = check_in
        replies.append((each.student, results.named_lines(each)))
    planned = check_in.planned_help.select_related("student", "task")
    reasons = results.reasons(check_in.lesson)
    return place(request) | {
        "check_in": check_in,
        "floor": FLOOR,
        "students": students.count(),
        "tables": results.tables(check_in),
        "work": results.work_table(check_in) if request.membership.can_manage else None,
        "replies": replies,
        "planned": planned.order_by("task__position", "student__name_key") if sees_names else [],
        "asks_reasons": any(each["kind"] == "reasons" for each in check_in.questions),
        "reasons": reasons,
        "advice": results.advice(reasons),
    }


@require_POST
@helper_required
def close(request: MemberRequest, check_in_key: str) -> HttpResponse:
    return settle(
        request, lambda: actions.close(find_check_in(request, check_in_key)), _("Closed.")
    )


@require_POST
@helper_required
def cancel(request: MemberRequest, check_in_key: str) -> HttpResponse:
    return settle(
        request, lambda: actions.cancel(find_check_in(request, check_in_key)), _("Taken back.")
    )


def settle(request: MemberRequest, do: Callable[[], object], done: str) -> HttpResponse:
    """Do it and go back to the check-ins; too late is 409 with the list as it is."""
    try:
        do()
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return show_check_ins(request, status=409)
    messages.success(request, done)
    return redirect("checkins:check_ins", request.membership.classroom.slug)


@manager_required
def settings(request: MemberRequest) -> HttpResponse:
    """Minutes until the nudge."""
    chosen = actions.settings_of(request.membership.classroom)
    form = SettingsForm(request.POST or None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        actions.save_settings(form.instance, fields=form.changed_data, by=request.membership.user)
        messages.success(request, _("Saved."))
        return redirect("checkins:settings", request.membership.classroom.slug)
    status = 422 if form.errors else 200
    return render(request, "checkins/settings.html", place(request) | {"form": form}, status=status)


@manager_required
def families(request: MemberRequest) -> HttpResponse:
    """Whose families agree to questions about well-being; for those who manage the class alone."""
    classroom = request.membership.classroom
    students = students_inside(classroom.memberships.present()).by_name()
    if request.method == "POST":
        sent = set(request.POST.getlist("student"))
        chosen = [each.pk for each in students if str(each.pk) in sent]
        gate.note_families(classroom, chosen)
        messages.success(request, _("Saved."))
        return redirect("checkins:families", classroom.slug)
    context = place(request) | {
        "students": students,
        "ticked": gate.ticked(classroom),
        "asks_first": gate.asks_families_first(classroom.school),
    }
    return render(request, "checkins/families.html", context)


def is_school_admin(membership: Membership) -> bool:
    return (
        membership.user_id is not None
        and SchoolAdmin.objects.filter(
            school=membership.classroom.school_id, user=membership.user_id
        ).exists()
    )


# --- Follow-ups --------------------------------------------------------------


@require_safe
@helper_required
def follow_ups(request: MemberRequest) -> HttpResponse:
    """Who asked this adult to check in with them; nobody else's list."""
    return show_follow_ups(request)


def show_follow_ups(request: MemberRequest, status: int = 200) -> HttpResponse:
    own = FollowUp.objects.in_list_of(request.membership).select_related("student")
    context = place(request) | {
        "active": own.active().order_by("due_at", "pk"),
        "ended": own.exclude(pk__in=own.active()).order_by("-ended_at")[:SHOWN_AT_ONCE],
    }
    return render(request, "checkins/follow_ups.html", context, status=status)


@require_safe
@helper_required
def count_follow_ups(request: MemberRequest) -> HttpResponse:
    """The number on the tab, for a page that stays open; of this adult's own list."""
    return render(request, "checkins/_follow_ups_count.html", place(request))


@require_POST
@helper_required
def acknowledge(request: MemberRequest, follow_up: int) -> HttpResponse:
    return answer_follow_up(request, follow_up, followups.acknowledge)


@require_POST
@helper_required
def finish(request: MemberRequest, follow_up: int) -> HttpResponse:
    return answer_follow_up(request, follow_up, followups.finish)


def answer_follow_up(request: MemberRequest, pk: int, do: Callable[..., object]) -> HttpResponse:
    found = get_object_or_404(FollowUp.objects.in_list_of(request.membership), pk=pk)
    try:
        do(found, by=request.user)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return show_follow_ups(request, status=409)
    return redirect("checkins:follow_ups", request.membership.classroom.slug)


# --- Not asking --------------------------------------------------------------


@require_safe
@helper_required
def not_asking(request: MemberRequest) -> HttpResponse:
    """How many are stuck and have not asked, and a few whom nobody reached for a while."""
    return show_not_asking(request)


def show_not_asking(request: MemberRequest, status: int = 200) -> HttpResponse:
    classroom = request.membership.classroom
    lesson = classroom.open_lesson()
    offers = Contact.objects.filter(lesson=lesson, kind=Contact.Kind.OFFERED)
    offered = set(offers.values_list("student", flat=True)) if lesson else set()
    context = place(request) | {
        "lesson": lesson,
        "stuck": reach.stuck_not_asked(lesson),
        "students": [(each, each.pk in offered) for each in reach.not_reached(classroom)],
    }
    return render(request, "checkins/not_asking.html", context, status=status)


@require_POST
@helper_required
def checked_in(request: MemberRequest, member: int) -> HttpResponse:
    return turn_to(request, member, actions.checked_in, _("Noted: you checked in with %(name)s."))


@require_POST
@helper_required
def offer(request: MemberRequest, member: int) -> HttpResponse:
    return turn_to(request, member, actions.offer, _("%(name)s sees your offer, nobody else does."))


def turn_to(
    request: MemberRequest, member: int, do: Callable[..., object], done: str
) -> HttpResponse:
    students = request.membership.classroom.memberships.present().students()
    student = get_object_or_404(students, pk=member)
    try:
        do(student, by=request.membership)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return show_not_asking(request, status=409)
    messages.success(request, done % {"name": student.name})
    return redirect("checkins:not_asking", request.membership.classroom.slug)


# --- Help moments ------------------------------------------------------------


@require_safe
@helper_required
def moments(request: MemberRequest) -> HttpResponse:
    """Start one, plan one, and see what the last ones brought."""
    return show_moments(request)


def show_moments(
    request: MemberRequest,
    *,
    when: WhenForm | None = None,
    length: MomentForm | None = None,
    status: int = 200,
) -> HttpResponse:
    classroom = request.membership.classroom
    over = classroom.help_moments.filter(started_at__isnull=False)[:10]
    context = place(request) | {
        "on": moment_on(classroom),
        "is_open": classroom.open_lesson() is not None,
        "planned": classroom.help_moments.filter(started_at=None).order_by("planned_for"),
        "over": [(moment, moment.requests().count()) for moment in over],
        "start_form": MomentForm(auto_id="start-%s"),
        "when": when or WhenForm(classroom=classroom),
        "length": length or MomentForm(),
        "zone": classroom.zone.key,
    }
    return render(request, "checkins/moments.html", context, status=status)


@require_POST
@helper_required
def start_moment(request: MemberRequest) -> HttpResponse:
    """One tap from the class page (60 seconds), or with a length from the moments page."""
    form = MomentForm({"seconds": request.POST.get("seconds", "60")})
    if not form.is_valid():
        messages.error(request, str(form.errors["seconds"][0]))
        return show_moments(request, status=422)
    seconds = form.cleaned_data["seconds"]

    def begin(*, by: Membership) -> HelpMoment:
        return actions.start_moment(by.classroom, by=by, seconds=seconds)

    return perform(request, begin, done=_("Every student sees the invitation now."))


@require_POST
@helper_required
def plan_moment(request: MemberRequest) -> HttpResponse:
    classroom = request.membership.classroom
    when, length = WhenForm(request.POST, classroom=classroom), MomentForm(request.POST)
    if not (when.is_valid() and length.is_valid()):
        return show_moments(request, when=when, length=length, status=422)
    actions.plan_moment(
        classroom, by=request.membership, seconds=length.cleaned_data["seconds"], at=when.at
    )
    messages.success(request, when.what_happens)
    return redirect("checkins:moments", classroom.slug)


@require_POST
@helper_required
def end_moment(request: MemberRequest, moment: int) -> HttpResponse:
    """End one that is on, or take a planned one back."""
    found = get_object_or_404(
        HelpMoment.objects.select_related("classroom__school"),
        classroom=request.membership.classroom,
        pk=moment,
    )
    if found.started_at is None:
        actions.end_moment(found)
        messages.success(request, _("Taken back."))
        return redirect("checkins:moments", request.membership.classroom.slug)
    return perform(request, lambda *, by: actions.end_moment(found))


# --- Finding things through the membership -----------------------------------


def place(request: MemberRequest) -> dict:
    return {
        "membership": request.membership,
        "classroom": request.membership.classroom,
        "now": timezone.now(),
    }


def find_check_in(request: MemberRequest, key: str) -> CheckIn:
    return get_object_or_404(
        CheckIn.objects.select_related("classroom__school", "lesson"),
        classroom=request.membership.classroom,
        key=key,
    )


def find_template(request: MemberRequest, pk: int) -> Template:
    known = Template.objects.for_class(request.membership.classroom)
    return get_object_or_404(known, pk=pk)


def find_plan(request: MemberRequest, sent) -> actions.Plan:
    """The preset or the class's own template that ``template`` names."""
    name = sent.get("template", "")
    if name in Preset.values:
        visibility = sent.get("visibility", Visibility.TOTALS)
        known = visibility if visibility in Visibility.values else Visibility.TOTALS
        return actions.preset(name, known)
    if name.isascii() and name.isdigit() and len(name) < 16:
        return actions.own(find_template(request, int(name)))
    raise Http404
