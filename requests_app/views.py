"""HTTP for help requests. A view is a method, a door and one call; ``perform`` does the rest."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from classrooms.access import MemberRequest, helper_required, member_required, student_required
from classrooms.models import Membership, Task
from classrooms.numbers import id_in
from requests_app import actions, forms
from requests_app.models import WITH_HELPER, HelpRequest, Status, latest_of, new_key
from requests_app.pages import (
    find_help_request,
    news_for,
    place,
    queue_of,
    render_after_done,
    render_board,
    render_flash,
    render_page,
)

# --- Pages -------------------------------------------------------------------


@require_safe
@member_required
def show(request: MemberRequest) -> HttpResponse:
    """The class page: the queue for helpers, their own request for students."""
    return render_page(request)


@require_safe
@helper_required
def same_problem(request: MemberRequest) -> HttpResponse:
    """The same live page, with only what many are stuck on."""
    return render_page(request, tab="same_problem")


@require_safe
@member_required
def what_is_new(request: MemberRequest) -> HttpResponse:
    """What this member's page lacks, for one whose socket is silent or was asleep."""
    return HttpResponse(news_for(request))


@require_safe
@member_required
def new_on_board(request: MemberRequest) -> HttpResponse:
    return HttpResponse(news_for(request, on_board=True))


@require_safe
@member_required
def board(request: MemberRequest) -> HttpResponse:
    """For the projector: is help open, how to come in, how we ask. Nothing about anybody."""
    return render_board(request)


# --- The student's verbs -----------------------------------------------------


@require_POST
@student_required
def raise_hand(request: MemberRequest) -> HttpResponse:
    def ask(*, by: Membership) -> HelpRequest:
        key = request.POST.get("form_key", "")[:40] or new_key()
        return actions.raise_hand(queue_of(request), student=by, form_key=key)

    return perform(request, ask)


@require_POST
@student_required
def solve(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.solve, my_hand(request))


@require_POST
@student_required
def lower(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.lower, my_hand(request))


@require_POST
@student_required
def choose_manner(request: MemberRequest) -> HttpResponse:
    form = forms.MannerForm(request.POST)
    return perform(request, actions.choose_manner, my_request(request), form)


@require_POST
@student_required
def say_why(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.say_why, my_request(request), forms.ReasonForm(request.POST))


@require_POST
@student_required
def reflect(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.reflect, my_request(request), forms.ReflectForm(request.POST))


@require_POST
@student_required
def reopen(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.reopen, my_request(request))


@require_POST
@student_required
def carry_over(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.carry_over, my_request(request))


@require_POST
@student_required
def defer(request: MemberRequest) -> HttpResponse:
    """Take the proposed time, or name one with ``minutes``."""
    if "minutes" not in request.POST:
        return perform(request, actions.defer, my_hand(request))
    form = forms.LaterForm(request.POST)

    def put_off(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
        return actions.defer(help_request, by=by, at=form.at)

    return perform(request, put_off, my_hand(request)) if form.is_valid() else back(request)


@require_POST
@student_required
def decline_later(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.decline_later, my_hand(request))


# --- The helper's verbs ------------------------------------------------------


@require_safe
@helper_required
def more(request: MemberRequest, key: str) -> HttpResponse:
    """What a row has no place for: a helper opens one at a time, and a push brings them all."""
    help_request = find_help_request(request, key)
    if help_request.status not in (Status.WAITING, *WITH_HELPER):
        messages.error(request, actions.moved_on(help_request))
        return answer_with(request, 409)
    name = "_queue_more.html" if request.htmx else "queue_more.html"
    context = {"help_request": help_request, **place(request)}
    return render(request, f"requests_app/{name}", context)


@require_POST
@helper_required
def claim(request: MemberRequest, key: str) -> HttpResponse:
    return perform(request, actions.claim, find_help_request(request, key), undo=True)


@require_POST
@helper_required
def start(request: MemberRequest, key: str) -> HttpResponse:
    return perform(request, actions.start, find_help_request(request, key), undo=True)


@require_POST
@helper_required
def resolve(request: MemberRequest, key: str) -> HttpResponse:
    help_request = find_help_request(request, key)
    return perform(request, actions.resolve, help_request, undo=True, after=help_request)


@require_POST
@helper_required
def note_given(request: MemberRequest, key: str) -> HttpResponse:
    """What was actually given, and a next step for the student (C3, C7)."""
    form = forms.GivenForm(request.POST)
    return after_done(request, find_help_request(request, key), actions.note_given, form)


@require_POST
@helper_required
def thank(request: MemberRequest, key: str) -> HttpResponse:
    """A word about the asking that only this student sees (A16)."""
    form = forms.ThanksForm(request.POST)
    return after_done(request, find_help_request(request, key), actions.thank, form)


@require_POST
@helper_required
def put_back(request: MemberRequest, key: str) -> HttpResponse:
    return perform(request, actions.put_back, find_help_request(request, key), undo=True)


@require_POST
@helper_required
def bring_forward(request: MemberRequest, key: str) -> HttpResponse:
    return perform(request, actions.bring_forward, find_help_request(request, key), undo=True)


@helper_required
def pause(request: MemberRequest, key: str) -> HttpResponse:
    help_request = find_help_request(request, key)
    form = forms.PauseForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return ask_helper(request, "pause", help_request, form)

    def be_back(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
        return actions.pause(help_request, by=by, **form.cleaned_data)

    return perform(request, be_back, help_request, undo=True)


@helper_required
def propose_later(request: MemberRequest, key: str) -> HttpResponse:
    help_request = find_help_request(request, key)
    form = forms.LaterForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return ask_helper(request, "propose_later", help_request, form)

    def propose(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
        return actions.propose_later(help_request, by=by, at=form.at)

    return perform(request, propose, help_request, done=_("Asked. The student can say yes or no."))


@require_POST
@helper_required
def answer_group(request: MemberRequest) -> HttpResponse:
    task = find_task(request)

    def answer(*, by: Membership) -> list[HelpRequest]:
        return actions.answer_group(queue_of(request), by=by, task=task)

    return perform(request, answer, undo=True)


@require_POST
@helper_required
def pause_class(request: MemberRequest) -> HttpResponse:
    """Ask the class to look up, for one task or for nothing in particular."""
    task = find_task(request) if request.POST.get("task") else None
    return perform(request, lambda *, by: actions.pause_class(queue_of(request), by=by, task=task))


@require_POST
@helper_required
def resume_class(request: MemberRequest) -> HttpResponse:
    return perform(request, lambda *, by: actions.resume_class(queue_of(request), by=by))


@require_POST
@helper_required
def raise_for(request: MemberRequest) -> HttpResponse:
    form = forms.RaiseForForm(request.POST, classroom=request.membership.classroom)

    def ask(*, by: Membership) -> HelpRequest:
        return actions.raise_hand(
            queue_of(request),
            student=form.cleaned_data["student"],
            form_key=form.cleaned_data["form_key"],
            by=by,
        )

    if not form.is_valid():
        messages.error(request, _("Choose a student first."))
        return answer_with(request, 422)
    return perform(request, ask, done=_("Their hand is up."))


@require_POST
@helper_required
def undo(request: MemberRequest) -> HttpResponse:
    def take_back(*, by: Membership) -> list[HelpRequest]:
        return actions.undo(queue_of(request), by=by)

    return perform(request, take_back, done=_("Taken back."))


@require_POST
@helper_required
def open_help(request: MemberRequest) -> HttpResponse:
    form = forms.OpenHelpForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["closes_at"][0]))
        return answer_with(request, 422)

    def begin(*, by: Membership):
        return actions.open_help(by.classroom, by=by, closes_at=form.cleaned_data["closes_at"])

    return perform(request, begin)


@require_POST
@helper_required
def close_help(request: MemberRequest) -> HttpResponse:
    return perform(request, lambda *, by: actions.close_help(by.classroom, by=by))


# --- How every verb is done and answered -------------------------------------


def perform(
    request: MemberRequest,
    action: Callable[..., Any],
    help_request: HelpRequest | None = None,
    form: Any = None,
    *,
    done: str = "",
    undo: bool = False,
    after: HelpRequest | None = None,
) -> HttpResponse:
    """Do it, then show the actor the same regions everybody else is sent.

    ``form``: its clean values go to the action. ``done``: a sentence on success. ``undo``:
    offer to take it back. ``after``: the request to ask the helper about, now that it is done.
    Too late is 409, with what is true now.
    """
    status = 200
    try:
        if form is not None and not form.is_valid():
            raise actions.NotPossible(_("Please choose one of the answers."))
        values = form.cleaned_data if form is not None else {}
        target = () if help_request is None else (help_request,)
        action(*target, by=request.membership, **values)
        if done:
            messages.success(request, done)
    except actions.AlreadyDone:
        undo = False
    except actions.NotPossible as error:
        messages.error(request, str(error))
        status, undo, after = 409, False, None
    return answer_with(request, status, undo=undo, after=after)


def answer_with(
    request: MemberRequest,
    status: int = 200,
    *,
    undo: bool = False,
    after: HelpRequest | None = None,
) -> HttpResponse:
    """The regions and the flash for htmx; the whole page for a plain form."""
    if not request.htmx:
        if status != 200:
            return render_page(request, status=status)
        return back(request, undo=undo, after=after)
    parts = [news_for(request), render_flash(request, undo=undo)]
    if after is not None:
        asked = render_after_done(request, after)
        parts.append(f'<div id="ask-helper" hx-swap-oob="true">{asked}</div>')
    return HttpResponse("".join(parts), status=status)


def back(
    request: MemberRequest, *, undo: bool = False, after: HelpRequest | None = None
) -> HttpResponse:
    page = reverse("requests_app:show", args=[request.membership.classroom.slug])
    words = {"undo": "1"} if undo else {}
    if after is not None:
        words["done"] = after.key
    return redirect(f"{page}?{urlencode(words)}" if words else page)


def after_done(
    request: MemberRequest, help_request: HelpRequest, action: Callable[..., Any], form: Any
) -> HttpResponse:
    """Keep what a helper says after the visit; what is not well formed is asked for again."""
    if form.is_valid():
        try:
            help_request = action(help_request, by=request.membership, **form.cleaned_data)
            messages.success(request, _("Kept."))
        except actions.NotPossible as error:
            messages.error(request, str(error))
    if not request.htmx:
        return back(request, after=help_request)
    parts = [render_after_done(request, help_request, form), render_flash(request, undo=False)]
    return HttpResponse("".join(parts), status=200 if form.is_valid() else 422)


def ask_helper(
    request: MemberRequest, verb: str, help_request: HelpRequest, form: Any
) -> HttpResponse:
    """A small question before a helper's move, beside the queue so that no push wipes it."""
    context = {"verb": verb, "help_request": help_request, "form": form, **place(request)}
    context["url"] = reverse(
        f"requests_app:{verb}", args=[request.membership.classroom.slug, help_request.key]
    )
    name = "_ask_helper.html" if request.htmx else "ask_helper.html"
    status = 422 if form.errors else 200
    return render(request, f"requests_app/{name}", context, status=status)


# --- Finding things through the membership -----------------------------------


def my_request(request: MemberRequest) -> HelpRequest:
    """The request that this student's page is about: their newest here."""
    latest = latest_of(request.membership.pk)
    if latest is None or latest.is_sealed:
        raise Http404
    return latest


def my_hand(request: MemberRequest) -> HelpRequest:
    """The same for what can be done with any hand that is up, also from before a seal."""
    latest = latest_of(request.membership.pk)
    if latest is None or not latest.is_seen:
        raise Http404
    return latest


def find_task(request: MemberRequest) -> Task:
    known = request.membership.classroom.tasks
    return get_object_or_404(known, pk=id_in(request.POST.get("task", "")))
