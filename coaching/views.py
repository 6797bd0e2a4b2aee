"""HTTP for the cards. Each answer is one small form that saves by itself and works without
JavaScript: then it is a page of its own, and the class page is one link away."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from classrooms.access import MemberRequest, helper_required, student_required
from classrooms.numbers import id_in
from classrooms.text import clean_text
from coaching import actions, cards, rules, texts
from coaching.cards import Desk
from requests_app import actions as requests
from requests_app.models import TEXT_LIMIT, HelpRequest
from requests_app.order import CarryOn
from requests_app.pages import news_for, render_flash
from requests_app.said import PRIVATE, Feeling, NextOne, Repair, Tried
from requests_app.views import my_request
from resources.actions import rate
from resources.place import Place


@require_safe
@student_required
def coach(request: MemberRequest) -> HttpResponse:
    """The student's cards as they are now; ``?card=`` opens one again, ``?open=1`` all of them."""
    return show(request, wants=request.GET.get("card", ""), opened="open" in request.GET)


def show(
    request: MemberRequest,
    *,
    wants: str = "",
    opened: bool = False,
    focus: bool = False,
    status: int = 200,
    regions: bool = False,
    problem: str = "",
) -> HttpResponse:
    """The slot for htmx, with ``regions`` when something changed; a page for anybody else."""
    desk = Desk(request.membership, wants)
    context = cards.context(desk, opened=opened, focus=focus) | {
        "problem": problem,
        "limit": TEXT_LIMIT,
        "membership": request.membership,
    }
    if problem:
        context["typed"] = request.POST.get("text", "")
    if not request.htmx:
        return render(request, "coaching/coach.html", context, status=status)
    parts: list[str] = [render_to_string("coaching/_coach.html", context, request)]
    if regions:
        parts.append(news_for(request))
    if regions or status != 200:
        parts.append(render_flash(request, undo=False))
    return HttpResponse("".join(parts), status=status)


# --- Answering a card ---------------------------------------------------------


@require_POST
@student_required
def describe(request: MemberRequest, card: str) -> HttpResponse:
    """Save what a card was answered with, or that it was skipped, and show what comes next.

    A form that saves while somebody types (no ``next`` in it) gets the regions alone: nothing
    on the page may be replaced under their fingers.
    """
    if card not in READERS and card != rules.FIRST_LOOK:
        raise Http404
    mine = my_request(request)
    if "skip" in request.POST or card == rules.FIRST_LOOK:
        what = "skipped" if "skip" in request.POST else "answered"
        keep(request, lambda: requests.pass_over(mine, by=request.membership, **{card: what}))
        return moved_on(request)
    if card == "kind" and request.POST.get("kind") == PRIVATE and allows_private(request):
        return fall_silent(request, mine)
    try:
        said = READERS[card](request)
    except ValidationError as refused:
        return refuse(request, card, refused.messages[0])
    tell_second_tab(request, mine, card, said)
    keep(request, lambda: say(mine, request, card, said))
    is_typing = request.htmx and "next" not in request.POST and card in ("tried", "text")
    return saved(request) if is_typing else moved_on(request)


def say(mine: HelpRequest, request: MemberRequest, card: str, said: dict) -> None:
    """T2; once somebody is helping, or after the end, the answer is kept as history."""
    if card == rules.REPAIR:
        requests.choose_repair(mine, by=request.membership, **said)
        return
    try:
        requests.describe(mine, by=request.membership, **said)
    except requests.NotPossible:
        requests.describe_late(mine, by=request.membership, **said)
        messages.info(request, _("Kept. Your hand has moved on since; this is how it stands now."))


def keep(request: MemberRequest, change: Callable[[], object]) -> None:
    try:
        change()
    except requests.AlreadyDone:
        pass
    except requests.NotPossible as refused:
        messages.error(request, str(refused))


def moved_on(request: MemberRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("coaching:coach", request.membership.classroom.slug)
    return show(request, focus=True, opened=True, regions=True)


def saved(request: MemberRequest) -> HttpResponse:
    """For a form that goes on being filled in."""
    parts = [
        news_for(request),
        render_to_string("coaching/_saved.html", {"saved": True}),
        render_to_string("coaching/_problem.html", {"problem": ""}),
        render_flash(request, undo=False),
    ]
    return HttpResponse("".join(parts))


def refuse(request: MemberRequest, card: str, problem: str) -> HttpResponse:
    """422 with one sentence; what was typed stays where it is."""
    if request.htmx:
        part = render_to_string("coaching/_problem.html", {"problem": problem})
        return HttpResponse(part, status=422, headers={"HX-Reswap": "none"})
    return show(request, wants=card, status=422, problem=problem)


def tell_second_tab(request: MemberRequest, mine: HelpRequest, card: str, said: dict) -> None:
    """Another tab has answered this card since the form was drawn: the last answer counts."""
    was, now = request.POST.get("was"), cards.written(mine, card)
    if was is None or was == now or mine.cards.get(card) != "answered" or card == "text":
        return
    fresh = HelpRequest(**{name: value for name, value in said.items() if name == card})
    if cards.written(fresh, card) != now:
        messages.info(request, _("You answered this in another window too. This answer counts."))


def allows_private(request: MemberRequest) -> bool:
    return Desk(request.membership).coaching.is_private_on


def fall_silent(request: MemberRequest, mine: HelpRequest) -> HttpResponse:
    """Overwhelmed, or not about the work: no card any more in this lesson (R8). The same mark
    for both, so that a request of the class never tells who wants to talk privately (C9)."""
    keep(request, lambda: requests.pass_over(mine, by=request.membership, quiet="answered"))
    return moved_on(request)


# --- Reading a card's answer --------------------------------------------------


def _chosen(value: str, known, sentence: str = "") -> str:
    if value not in known:
        raise ValidationError(sentence or _("Please choose one of the answers."))
    return value


def read_task(request: MemberRequest) -> dict:
    typed = request.POST.get("task", "")
    if typed == "":
        return {"task": None}
    tasks = request.membership.classroom.tasks.filter(archived_at=None)
    found = tasks.filter(pk=id_in(typed)).first()
    if found is None:
        raise ValidationError(_("This task is not on the list any more. Please choose another."))
    return {"task": found}


def read_kind(request: MemberRequest) -> dict:
    kinds = [str(kind) for kind in Desk(request.membership).coaching.kinds]
    sentence = _("Your class does not use this one. Please choose another.")
    return {"kind": _chosen(request.POST.get("kind", ""), kinds, sentence)}


def read_carry_on(request: MemberRequest) -> dict:
    return {"carry_on": _chosen(request.POST.get("carry_on", ""), CarryOn.values)}


def read_tried(request: MemberRequest) -> dict:
    """ "Nothing yet" beside something is no contradiction worth a word: the something counts."""
    chosen = [_chosen(each, Tried.values) for each in request.POST.getlist("tried")]
    listed = [str(each) for each in Tried if each in chosen]
    some = [each for each in listed if each != Tried.NOTHING]
    return {"tried": some or listed}


def read_text(request: MemberRequest) -> dict:
    text = clean_text(request.POST.get("text", ""), limit=TEXT_LIMIT)
    starter = request.POST.get("starter", "")[:20]
    if starter and not text and not request.htmx:
        # Without JavaScript nobody put the sentence into the field, and helpers read the field.
        text = texts.starter(request.membership.classroom, translation.get_language(), starter)
    said = {"text": text}
    if starter:
        said["starter"] = starter
    return said


def read_feeling(request: MemberRequest) -> dict:
    known = [Feeling.OVERWHELMED] if settings.LAN else Feeling.values
    return {"feeling": _chosen(request.POST.get("feeling", ""), known)}


def read_repair(request: MemberRequest) -> dict:
    return {"repair": _chosen(request.POST.get("repair", ""), Repair.values)}


READERS: dict[str, Callable[[MemberRequest], dict]] = {
    "task": read_task,
    "kind": read_kind,
    "carry_on": read_carry_on,
    "tried": read_tried,
    "text": read_text,
    rules.REPAIR: read_repair,
}


@require_POST
@student_required
def feel(request: MemberRequest) -> HttpResponse:
    """ "What is this like?" (A51). Overwhelmed stops all coaching for the lesson (R8)."""
    try:
        said = read_feeling(request)
    except ValidationError as refused:
        return refuse(request, "", refused.messages[0])
    mine = my_request(request)
    if said["feeling"] == Feeling.OVERWHELMED:
        return fall_silent(request, mine)
    keep(request, lambda: say(mine, request, "feeling", said))
    return moved_on(request)


@require_POST
@student_required
def look_ahead(request: MemberRequest) -> HttpResponse:
    """ "Could you do the next one?" """
    value = request.POST.get("next_one", "")
    if value not in NextOne.values:
        return refuse(request, "", _("Please choose one of the answers."))
    mine = my_request(request)
    keep(request, lambda: requests.look_ahead(mine, by=request.membership, next_one=value))
    return moved_on(request)


# --- Things to look at --------------------------------------------------------


@require_POST
@student_required
def use_resource(request: MemberRequest, pk: int) -> HttpResponse:
    """**That solved it**, **Helped a bit** or **Not this** (C5). Only totals reach the entry."""
    membership = request.membership
    entry = Place(membership.classroom.school, membership.classroom).find_entry(pk)
    what = request.POST.get("what", "")
    mine, card = my_request(request), cards.resource_card(entry)
    if what not in ("solved", "bit", "not"):
        return refuse(request, "", _("Please choose one of the answers."))
    if mine.cards.get(card) != what:
        if what == "solved":
            keep(request, lambda: requests.solve(mine, by=membership, resource=card))
        else:
            keep(request, lambda: requests.pass_over(mine, by=membership, **{card: what}))
        rate(entry, helped=what != "not")
    if what == "solved" and not request.htmx:
        return redirect("requests_app:show", membership.classroom.slug)
    return moved_on(request)


# --- The helper's side --------------------------------------------------------


@require_POST
@helper_required
def hide_tips(request: MemberRequest) -> HttpResponse:
    """The helper's card stays away for good; ``show`` brings it back."""
    actions.hide_tips(request.membership, hides="show" not in request.POST)
    if not request.htmx:
        return redirect("requests_app:show", request.membership.classroom.slug)
    return HttpResponse(render_to_string("coaching/_tips.html", {"hides": True}))
