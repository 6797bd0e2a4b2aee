"""The teacher's pages about a class: people, the way in, tasks and settings.

Every view stands behind ``manager_required``, and whatever else an address names is
looked up inside that class. What cannot be done is said on the page it was asked from.
"""

import copy
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from classrooms import actions, flood, invitations, leaving
from classrooms.access import MemberRequest, manager_required
from classrooms.manage_forms import (
    NameForm,
    PreviewGone,
    RosterPreview,
    SettingsForm,
    TaskForm,
    TasksForm,
    previewed,
)
from classrooms.models import HELPING, Classroom, Device, Invite, Membership, Role, Task
from classrooms.numbers import id_in
from classrooms.qr import invite_link, join_link, opens_only_here, qr_svg
from classrooms.roster import read_csv, read_paste
from classrooms.spreadsheet import MAX_BYTES

#: Bytes: a list of names and what a form adds to it.
ROSTER_BODY = MAX_BYTES + 64 * 1024


def takes_body(most: int) -> Callable[[Any], Any]:
    """Let a view take a body of ``most`` bytes (see ``helpdesk.middleware.BodyLimit``)."""

    def mark(view: Any) -> Any:
        view.max_body = most
        return view

    return mark


def page(
    request: MemberRequest, name: str, context: dict, *, tab: str, status: int = 200
) -> HttpResponse:
    context = {"classroom": request.membership.classroom, "tab": tab, **context}
    return render(request, f"classrooms/manage/{name}.html", context, status=status)


def go(request: MemberRequest, name: str, *ids: int, is_new: bool = False) -> HttpResponse:
    """On to another manage page; ``is_new`` keeps the steps of starting a class."""
    answer = redirect(f"classrooms:{name}", request.membership.classroom.slug, *ids)
    if is_new:
        answer["Location"] += "?new=1"
    return answer


def saves(form: forms.BaseForm, save: Callable[..., object]) -> bool:
    """Whether the form's values could be saved; what stands in the way is told in the form."""
    if not form.is_valid():
        return False
    try:
        save(**form.cleaned_data)
    except actions.NotPossible as reason:
        form.add_error(next(iter(form.fields)), str(reason))
        return False
    return True


# --- People ------------------------------------------------------------------


@require_safe
@manager_required
def people(request: MemberRequest) -> HttpResponse:
    """Who waits at the door, the students and the colleagues."""
    return people_page(request)


def people_page(request: MemberRequest, problem: str = "", status: int = 200) -> HttpResponse:
    classroom = request.membership.classroom
    present = classroom.memberships.present().by_name()
    others = Device.objects.filter(membership=OuterRef("membership"), approved_at__isnull=False)
    context = {
        "problem": problem,
        "waiting": actions.waiting_devices(classroom).annotate(is_taken=Exists(others)),
        "students": students_inside(present),
        "colleagues": present.staff(),
        "invitations": open_invites(classroom),
        "left": leaving.left_lately(classroom),
        "days": leaving.days_to_come_back(),
        "helping": [Role.TEACHER, Role.ASSISTANT],
        "shows_pins": classroom.pin_mode == Classroom.PinMode.PERSONAL,
        "shut": flood.reason(classroom),
        "crowd": flood.crowd(classroom).count() if classroom.shut_at else 0,
    }
    return page(request, "people", context, tab="people", status=status)


def students_inside(present):
    """Students but for names that only somebody at the door has brought."""
    at_door = Count("devices", filter=Q(devices__approved_at=None))
    inside = Count("devices", filter=Q(devices__approved_at__isnull=False))
    students = present.students().annotate(at_door=at_door, device_count=inside)
    return students.exclude(joined_at=None, on_roster=False, at_door__gt=0)


def find_device(request: MemberRequest, pk: int) -> Device:
    return get_object_or_404(
        Device.objects.select_related("membership__classroom"),
        pk=pk,
        membership__classroom=request.membership.classroom,
        membership__removed_at=None,
    )


def find_member(request: MemberRequest, pk: int) -> Membership:
    """Somebody a teacher can change here; a school's admins are changed on its own page."""
    present = request.membership.classroom.memberships.present()
    return get_object_or_404(present.exclude(role=Role.SCHOOL_ADMIN), pk=pk)


@require_POST
@manager_required
def let_in(request: MemberRequest, device: int) -> HttpResponse:
    waiting = find_device(request, device)
    actions.let_in(waiting)
    messages.success(request, _("%(name)s is in.") % {"name": waiting.membership.name})
    return go(request, "people")


@require_POST
@manager_required
def let_all_in(request: MemberRequest) -> HttpResponse:
    if actions.let_all_in(request.membership.classroom):
        still = _(
            "The others are in. Please look at these one by one: another device has the name."
        )
        messages.success(request, still)
    else:
        messages.success(request, _("Everybody is in."))
    return go(request, "people")


@require_POST
@manager_required
def turn_away(request: MemberRequest, device: int) -> HttpResponse:
    waiting = find_device(request, device)
    name = waiting.membership.name
    if waiting.approved_at is not None:
        already = _("%(name)s is in already. You can sign out their devices below.")
        return people_page(request, already % {"name": name}, status=409)
    actions.turn_away(waiting)
    messages.success(request, _("%(name)s was not let in.") % {"name": name})
    return go(request, "people")


@manager_required
def crowd(request: MemberRequest) -> HttpResponse:
    """Shows the names that came with a rush; a POST removes the ticked ones."""
    classroom = request.membership.classroom
    if request.method != "POST":
        context = {"crowd": flood.crowd(classroom), "shut": flood.reason(classroom)}
        return page(request, "crowd", context, tab="people")
    ticked = {id_in(pk) for pk in request.POST.getlist("member")}
    count = actions.remove_crowd(classroom, ticked)
    removed = ngettext("%(n)d name removed.", "%(n)d names removed.", count) % {"n": count}
    messages.success(request, removed)
    return go(request, "people")


@require_POST
@manager_required
def forget_pictures(request: MemberRequest, member: int) -> HttpResponse:
    person = find_member(request, member)
    done = _("%(name)s can choose new pictures the next time they come in.")
    return one_tap(request, person, actions.forget_pictures, done)


@require_POST
@manager_required
def vouch(request: MemberRequest, member: int) -> HttpResponse:
    """The teacher knows who it is that came in by a name alone."""
    person = find_member(request, member)
    done = _("%(name)s sees again what they wrote here before.")
    return one_tap(request, person, actions.vouch, done)


def one_tap(
    request: MemberRequest, person: Membership, act: Callable[[Membership], None], done: str
) -> HttpResponse:
    """Do something about somebody on the people's page, or say there why not."""
    try:
        act(person)
    except actions.NotPossible as reason:
        return people_page(request, str(reason), status=409)
    messages.success(request, done % {"name": person.name})
    return go(request, "people")


@manager_required
def rename(request: MemberRequest, member: int) -> HttpResponse:
    person = find_member(request, member)
    form = NameForm(
        request.POST if request.method == "POST" else None, initial={"name": person.name}
    )
    if form.is_bound and saves(form, lambda name: actions.rename(person, name)):
        messages.success(request, _("Saved."))
        return go(request, "people")
    return rename_page(request, form, tab="people")


def rename_page(request: MemberRequest, form: forms.Form, *, tab: str) -> HttpResponse:
    """A form with the new name of somebody or something on the page ``tab``."""
    status = 422 if form.is_bound else 200
    return page(
        request, "rename", {"form": form, "field": next(iter(form))}, tab=tab, status=status
    )


def home(request: MemberRequest, changed: Membership) -> HttpResponse:
    """Back to the people; to the own classes for those who gave up their own place."""
    if changed.pk == request.membership.pk:
        return redirect("classrooms:index")
    return go(request, "people")


@require_POST
@manager_required
def change_role(request: MemberRequest, member: int) -> HttpResponse:
    person = find_member(request, member)
    role = request.POST.get("role", "")
    if role not in HELPING:
        return people_page(request, _("Please choose Teacher or Assistant."), status=422)
    try:
        actions.change_role(person, role)
    except actions.NotPossible as reason:
        return people_page(request, str(reason), status=409)
    messages.success(request, _("Saved."))
    return home(request, person) if role == Role.ASSISTANT else go(request, "people")


@require_POST
@manager_required
def forget_devices(request: MemberRequest, member: int) -> HttpResponse:
    person = find_member(request, member)
    for device in person.devices.filter(approved_at__isnull=False):
        actions.forget(device)
    done = _("%(name)s is signed out and can come in again with the class code.")
    messages.success(request, done % {"name": person.name})
    return go(request, "people")


# --- The list of students ----------------------------------------------------


@takes_body(ROSTER_BODY)
@manager_required
def roster(request: MemberRequest) -> HttpResponse:
    """Paste or send a list; a POST shows what would be added and writes nothing."""
    if request.method != "POST":
        return roster_page(request)
    typed = request.POST.get("names", "")
    upload = request.FILES.get("file")
    found = read_csv(upload.read()) if upload else read_paste(typed)
    if found.problem:
        return roster_page(request, typed, problem=found.problem)
    preview = RosterPreview(request.membership.classroom, found.lines)
    if len(preview.signed) > MAX_BYTES:
        return roster_page(
            request, typed, problem=_("This list is too big. Please send it in two parts.")
        )
    return roster_page(request, typed, preview=preview)


def roster_page(
    request: MemberRequest,
    typed: str = "",
    *,
    preview: RosterPreview | None = None,
    problem: str = "",
) -> HttpResponse:
    context = {"typed": typed, "preview": preview, "problem": problem}
    return page(request, "roster", context, tab="people", status=422 if problem else 200)


@require_POST
@takes_body(ROSTER_BODY)
@manager_required
def add_students(request: MemberRequest) -> HttpResponse:
    """Add exactly what the preview showed."""
    classroom = request.membership.classroom
    try:
        lines = previewed(request.POST.get("lines", ""), classroom)
    except PreviewGone as gone:
        problem = _("That preview is too old. Please preview the names again.")
        return roster_page(request, gone.text, problem=problem)
    messages.success(request, added(len(actions.add_students(classroom, lines))))
    return go(request, "people")


def added(count: int) -> str:
    if not count:
        return _("All of these names are in the class already.")
    return ngettext("%(n)d student added.", "%(n)d students added.", count) % {"n": count}


# --- The way in --------------------------------------------------------------


@require_safe
@manager_required
def invite(request: MemberRequest) -> HttpResponse:
    """The class code in all its forms."""
    classroom = request.membership.classroom
    link = join_link(classroom)
    context = {
        "link": link,
        "qr": qr_svg(link),
        "only_here": opens_only_here(),
        "is_open": Classroom.objects.joinable(timezone.now()).filter(pk=classroom.pk).exists(),
        "is_new": "new" in request.GET,
    }
    return page(request, "invite", context, tab="invite")


@require_POST
@manager_required
def set_joining(request: MemberRequest) -> HttpResponse:
    """Open (``open=1``) or close (anything else) the way in for those who are not in yet."""
    is_open = request.POST.get("open") == "1"
    actions.set_joining(request.membership.classroom, is_open=is_open)
    messages.success(request, _("Joining is open.") if is_open else _("Joining is closed."))
    return go(request, "invite")


@require_POST
@manager_required
def renew_code(request: MemberRequest) -> HttpResponse:
    signs_out = "sign_out" in request.POST
    actions.renew_code(request.membership.classroom, sign_out_students=signs_out)
    messages.success(
        request,
        _("This is your new code. All students are signed out.")
        if signs_out
        else _("This is your new code."),
    )
    return go(request, "invite")


@require_POST
@manager_required
def invite_colleague(request: MemberRequest) -> HttpResponse:
    """Make a link for a colleague. The page is not redirected to: nobody can see the link twice."""
    role = request.POST.get("role", "")
    if role not in HELPING:
        return people_page(request, _("Please choose Teacher or Assistant."), status=422)
    classroom = request.membership.classroom
    key = invitations.invite(
        by=request.user, role=role, classroom=classroom, school=classroom.school
    )
    context = {"link": invite_link(key), "role": Role(role), "days": invitations.LASTS.days}
    return page(request, "colleague", context, tab="people")


@require_POST
@manager_required
def take_back_invite(request: MemberRequest, invitation: int) -> HttpResponse:
    """An open link for a colleague opens nothing any more."""
    found = get_object_or_404(open_invites(request.membership.classroom), pk=invitation)
    invitations.take_back(found)
    messages.success(request, _("That invitation opens nothing any more."))
    return go(request, "people")


def open_invites(classroom: Classroom) -> QuerySet[Invite]:
    return invitations.listed(school=classroom.school, classroom=classroom)


# --- Tasks -------------------------------------------------------------------


def tasks_of(classroom: Classroom):
    return classroom.tasks.filter(archived_at=None)


def find_task(request: MemberRequest, pk: int) -> Task:
    return get_object_or_404(tasks_of(request.membership.classroom), pk=pk)


@manager_required
def tasks(request: MemberRequest) -> HttpResponse:
    """The tasks in their order, and a box for more."""
    classroom = request.membership.classroom
    is_new = "new" in request.GET
    form = TasksForm(request.POST if request.method == "POST" else None)
    if form.is_bound and saves(form, lambda titles: actions.add_tasks(classroom, titles)):
        messages.success(request, _("Saved."))
        return go(request, "tasks", is_new=is_new)
    context = {"form": form, "tasks": tasks_of(classroom), "is_new": is_new}
    return page(request, "tasks", context, tab="tasks", status=422 if form.is_bound else 200)


@manager_required
def rename_task(request: MemberRequest, task: int) -> HttpResponse:
    found = find_task(request, task)
    form = TaskForm(
        request.POST if request.method == "POST" else None, initial={"title": found.title}
    )
    if form.is_bound and saves(form, lambda title: actions.rename_task(found, title)):
        messages.success(request, _("Saved."))
        return go(request, "tasks")
    return rename_page(request, form, tab="tasks")


@require_POST
@manager_required
def archive_task(request: MemberRequest, task: int) -> HttpResponse:
    found = find_task(request, task)
    actions.archive_task(found)
    messages.success(request, _("“%(task)s” is off the list.") % {"task": found.title})
    return go(request, "tasks")


@require_POST
@manager_required
def move_task(request: MemberRequest, task: int) -> HttpResponse:
    """One place up (``up=1``) or down (anything else)."""
    actions.move_task(find_task(request, task), up=request.POST.get("up") == "1")
    return go(request, "tasks")


# --- Settings ----------------------------------------------------------------


@manager_required
def settings(request: MemberRequest) -> HttpResponse:
    """The class's name, how students come in, and the way to put the class away."""
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        # A copy: the page around a form that needs a change shows the class as it is.
        instance=copy.copy(request.membership.classroom),
    )
    if form.is_bound and form.is_valid():
        actions.save_settings(form.instance, form.changed_data)
        messages.success(request, _("Saved."))
        return go(request, "settings")
    status = 422 if form.is_bound else 200
    return page(request, "settings", {"form": form}, tab="settings", status=status)


@manager_required
def archive(request: MemberRequest) -> HttpResponse:
    """Says what putting the class away means; then it does."""
    classroom = request.membership.classroom
    if request.method != "POST":
        return page(request, "archive", {"days": leaving.days_put_away()}, tab="settings")
    actions.archive(classroom)
    messages.success(request, _("“%(name)s” is put away.") % {"name": classroom.name})
    return redirect("classrooms:index")
