"""Pages beside the class page: "How we ask for help" for all, "How I get help" for one's own.

What a student keeps on the second one is looked up through their own membership and nowhere
else, so nobody else can be shown it, staff neither.
"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from classrooms.access import MemberRequest, member_required, student_required
from classrooms.manage import saves
from classrooms.models import Membership
from classrooms.proof import seen_by
from coaching import actions, class_card
from coaching.forms import NoteForm
from coaching.models import Note
from requests_app import history
from requests_app.models import HelpRequest, Outcome, Queue, Reflection, Status
from requests_app.order import explain
from requests_app.said import Kind

#: The newest requests that "what helped" looks at.
LOOKS_BACK = 100
#: Hands on a student's own page.
HANDS_SHOWN = 20
#: Ways that need no helper.
ALONE = {
    Outcome.ALONE: gettext_lazy("Working it out myself"),
    Outcome.RESOURCE: gettext_lazy("Something to look at, from Get help"),
    Outcome.PEER: gettext_lazy("A classmate"),
}


# --- "How we ask for help" ---------------------------------------------------


@require_safe
@member_required
def how_we_ask(request: MemberRequest) -> HttpResponse:
    """The class card, the rule of the line, and who sees what."""
    classroom = request.membership.classroom
    context = {
        "classroom": classroom,
        "membership": request.membership,
        "class_card": class_card.current(classroom),
        "rule": explain(Queue.objects.of(classroom).rule),
    }
    return render(request, "coaching/how_we_ask.html", context)


@require_POST
@student_required
def mark_seen(request: MemberRequest) -> HttpResponse:
    """ "Got it": this version is not shown again. htmx takes the card away by itself."""
    version = request.POST.get("version", "")
    if version.isascii() and version.isdigit() and len(version) < 10:
        actions.mark_seen(request.membership, int(version))
    if request.htmx:
        return HttpResponse()
    return redirect("requests_app:show", request.membership.classroom.slug)


# --- "How I get help" --------------------------------------------------------


@student_required
def how_i_get_help(request: MemberRequest) -> HttpResponse:
    """A student's own page; a POST adds a note, about the request ``request`` if it names one."""
    student = request.membership
    if request.method != "POST":
        return own_page(request, NoteForm())
    form = NoteForm(request.POST)
    key = request.POST.get("request", "")[:16]
    mine = HelpRequest.objects.filter(seen_by(student, "raised_at"), student=student)
    about = mine.filter(key=key).first() if key else None
    if saves(form, lambda text: actions.add_note(student, text, about=about)):
        messages.success(request, _("Kept. Only you can read it."))
        return redirect("coaching:how_i_get_help", student.classroom.slug)
    return own_page(request, form)


def own_page(request: MemberRequest, form: NoteForm) -> HttpResponse:
    student = request.membership
    context = {
        "classroom": student.classroom,
        "membership": student,
        "form": form,
        "key": (request.POST.get("request") or request.GET.get("request", ""))[:16],
        "notes": own_notes(student).select_related("help_request__task"),
        "helped": what_helped(student),
        "hands": [
            (hand, history.how_it_went(hand))
            for hand in history.hands_of_student(student, HANDS_SHOWN)
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "coaching/how_i_get_help.html", context, status=status)


def own_notes(student: Membership):
    return Note.objects.filter(seen_by(student, "written_at"), student=student)


def what_helped(student: Membership) -> list[str]:
    """What went before "I can carry on", in words, the newest first; never how often."""
    fine = HelpRequest.objects.filter(
        seen_by(student, "raised_at"),
        student=student,
        status=Status.RESOLVED,
        reflection=Reflection.CARRY_ON,
    )
    rows = fine.order_by("-pk").values_list("kind", "outcome")[:LOOKS_BACK]
    found = (_words_for(kind, outcome) for kind, outcome in rows)
    return list(dict.fromkeys(words for words in found if words))


def _words_for(kind: str, outcome: str) -> str:
    if outcome in ALONE:
        return str(ALONE[Outcome(outcome)])
    return str(Kind(kind).label) if kind else ""


@require_POST
@student_required
def delete_note(request: MemberRequest, note: int) -> HttpResponse:
    actions.delete_note(get_object_or_404(own_notes(request.membership), pk=note))
    messages.success(request, _("The note is gone."))
    return redirect("coaching:how_i_get_help", request.membership.classroom.slug)


@require_POST
@student_required
def show_cards_again(request: MemberRequest) -> HttpResponse:
    """The cards are full size from now on (R7)."""
    actions.show_cards_again(request.membership)
    messages.success(request, _("You will see all the cards again while you wait."))
    return redirect("coaching:how_i_get_help", request.membership.classroom.slug)
