"""Setting up the directory, pathways, contacts, messages and signs.

Teachers do it for their class, school admins for the school; the views are the same and
stand behind the doors of ``resources.place``.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from classrooms.actions import NotPossible
from classrooms.manage import takes_body
from classrooms.qr import join_link, opens_only_here, qr_svg
from classrooms.spreadsheet import MAX_BYTES
from resources import actions
from resources.forms import (
    REVIEW_LASTS,
    ContactForm,
    EntryForm,
    MessageForm,
    PathwayForm,
    SignForm,
    StepForm,
    StepFormSet,
)
from resources.models import Change, Cost, Entry, Pathway, today_in
from resources.months import BUILT_IN, message_of
from resources.place import Place, PlacedRequest
from resources.sign_words import SIGN_WORDS
from resources.table import ImportPreview, PreviewGone, previewed, read, write

ENTRIES_ON_A_PAGE = 50
#: Bytes: a file or its preview, and what a form adds to it.
IMPORT_BODY = MAX_BYTES + 64 * 1024
#: Changes that the history shows.
CHANGES_SHOWN = 30
#: A sign holds what can be read from a distance.
CARDS_ON_A_SHEET, CONTACTS_ON_A_SIGN = 4, 4


def page(
    request: PlacedRequest, name: str, context: dict, *, tab: str = "resources", status: int = 200
) -> HttpResponse:
    place = request.place
    in_class = place.classroom is not None
    context = {
        "base": "classrooms/manage/base.html" if in_class else "resources/school_base.html",
        "place": place,
        "classroom": place.classroom,
        "school": place.school,
        "schools": getattr(request, "schools", []),
        "tab": tab,
        **context,
    }
    return render(request, f"resources/manage/{name}.html", context, status=status)


def go(request: PlacedRequest, verb: str, done: str = "") -> HttpResponse:
    if done:
        messages.success(request, done)
    return redirect(request.place.url(verb))


def saves(form: Any, save: Callable[[], object]) -> bool:
    """Whether what was typed could be kept; what stands in the way is told in the form."""
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            save()
    except NotPossible as reason:
        form.add_error(None, str(reason))
        return False
    return True


# --- Entries -----------------------------------------------------------------


@require_safe
def entries(request: PlacedRequest) -> HttpResponse:
    """All entries of this class or school: expired ones first, then drafts."""
    return entries_page(request)


def entries_page(request: PlacedRequest, problem: str = "", status: int = 200) -> HttpResponse:
    place = request.place
    own = place.own_entries().order_by("published_at", "title", "pk")
    context = {
        "page": Paginator(own, ENTRIES_ON_A_PAGE).get_page(request.GET.get("page")),
        "expired": place.own_entries().expired(today_in(place.own_school)),
        "with_unknown": place.own_entries().with_unknown().order_by("title", "pk"),
        "problem": problem,
    }
    return page(request, "entries", context, status=status)


def new_entry(request: PlacedRequest) -> HttpResponse:
    """A new entry: what is known already is filled in."""
    return edit(request, None)


def edit_entry(request: PlacedRequest, pk: int) -> HttpResponse:
    return edit(request, request.place.find_own_entry(pk))


def edit(request: PlacedRequest, entry: Entry | None) -> HttpResponse:
    """Keep a draft, or with ``publish`` show it to students, if no part is missing."""
    if request.method != "POST":
        form = EntryForm(initial=values_of(entry) if entry else first_values(request))
        return edit_page(request, entry, form)
    form = EntryForm(request.POST)
    publishes = "publish" in request.POST

    def save() -> None:
        place, by = request.place, request.user
        values = form.cleaned_data
        if entry is None:
            kept = actions.add_entry(place.own_school, place.classroom, values, by=by)
        else:
            kept = actions.change_entry(entry, values, by=by)
        if publishes:
            actions.publish_entry(kept, by=by)

    if not saves(form, save):
        if publishes or (entry is not None and entry.published_at):
            mark_missing(form, but_for=entry.unknown() if entry and entry.published_at else ())
        return edit_page(request, entry, form, status=422)
    done = _("Students can see it now.") if publishes else _("Saved.")
    return go(request, "entries", done)


def mark_missing(form: EntryForm, *, but_for: Collection[str]) -> None:
    """Say it at each field that is missing, beside the sentence above the form."""
    missing = Entry(**form.cleaned_data).missing() if not form.errors.keys() - {"__all__"} else ()
    for name in missing:
        if name not in but_for:
            form.add_error(name, _("Please fill this in."))


def edit_page(
    request: PlacedRequest, entry: Entry | None, form: EntryForm, status: int = 200
) -> HttpResponse:
    return page(request, "edit", {"form": form, "entry": entry}, status=status)


def values_of(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in EntryForm.base_fields}


def first_values(request: PlacedRequest) -> dict[str, Any]:
    membership = getattr(request, "membership", None)
    name = membership.name if membership is not None else str(request.user)
    return {
        "cost": Cost.FREE,
        "audience": _("Everybody"),
        "languages": [get_language_info(translation.get_language() or "en")["name_local"]],
        "author": name[:60],
        "reviewed_by": name[:60],
        "review_due": timezone.localdate() + REVIEW_LASTS,
    }


@require_POST
def withdraw_entry(request: PlacedRequest, pk: int) -> HttpResponse:
    found = request.place.find_own_entry(pk)
    actions.withdraw_entry(found, by=request.user)
    return go(request, "entries", _("Students do not see it any more."))


def remove_entry(request: PlacedRequest, pk: int) -> HttpResponse:
    """Says what removing means; then it does."""
    found = request.place.find_own_entry(pk)
    if request.method != "POST":
        return page(request, "remove", {"thing": found, "back": request.place.url("entries")})
    actions.remove_entry(found, by=request.user)
    return go(request, "entries", _("“%(title)s” is removed.") % {"title": found.title})


# --- Out and in as a file ----------------------------------------------------


@require_safe
def export(request: PlacedRequest) -> HttpResponse:
    """All entries of this class or school as CSV; the file can be read in again."""
    answer = HttpResponse(
        write(request.place.own_entries().order_by("title", "pk")),
        content_type="text/csv; charset=utf-8",
    )
    answer["Content-Disposition"] = 'attachment; filename="resources.csv"'
    return answer


@takes_body(IMPORT_BODY)
def import_file(request: PlacedRequest) -> HttpResponse:
    """A POST shows what a file would add and writes nothing."""
    if request.method != "POST":
        return page(request, "import", {})
    upload = request.FILES.get("file")
    if upload is None:
        return import_problem(request, _("Please choose a file first."))
    found = read(upload.read())
    if found.problem:
        return import_problem(request, found.problem)
    preview = ImportPreview(request.place, found.lines)
    if len(preview.signed) > MAX_BYTES:
        return import_problem(request, _("This file is too big. Please send it in two parts."))
    return page(request, "import", {"preview": preview})


def import_problem(request: PlacedRequest, problem: str) -> HttpResponse:
    return page(request, "import", {"problem": problem}, status=422)


@require_POST
@takes_body(IMPORT_BODY)
def add_imported(request: PlacedRequest) -> HttpResponse:
    """Add exactly what the preview showed."""
    place = request.place
    try:
        rows = previewed(request.POST.get("lines", ""), place)
        added, published = actions.import_entries(
            place.own_school,
            place.classroom,
            rows,
            by=request.user,
            publish="publish" in request.POST,
        )
    except PreviewGone:
        return import_problem(request, _("That preview is too old. Please send the file again."))
    except NotPossible as reason:
        return entries_page(request, str(reason), status=409)
    done = ngettext("%(n)d entry added.", "%(n)d entries added.", added) % {"n": added}
    if published:
        done += " " + ngettext(
            "Students see %(n)d of them now.", "Students see %(n)d of them now.", published
        ) % {"n": published}
    return go(request, "entries", done)


# --- Pathways ----------------------------------------------------------------


@require_safe
def pathways(request: PlacedRequest) -> HttpResponse:
    """The school's pathways, and the kinds of help that have none yet."""
    school = request.place.own_school
    known = list(school.pathways.order_by("kind", "pk"))
    shown = {each.kind for each in known if each.published_at}
    context = {
        "pathways": known,
        "without": [kind.label for kind in Pathway.Kind if kind not in shown],
        "changes": Change.objects.filter(school=school).select_related("by")[:CHANGES_SHOWN],
    }
    return page(request, "pathways", context, tab="pathways")


def new_pathway(request: PlacedRequest) -> HttpResponse:
    return edit_steps(request, None)


def edit_pathway(request: PlacedRequest, pk: int) -> HttpResponse:
    return edit_steps(request, request.place.find_own_pathway(pk))


def edit_steps(request: PlacedRequest, pathway: Pathway | None) -> HttpResponse:
    if request.method != "POST":
        known = [values_in(step, StepForm) for step in pathway.steps.all()] if pathway else []
        form = PathwayForm(initial=values_in(pathway, PathwayForm) if pathway else {})
        return steps_page(request, pathway, form, StepFormSet(initial=known, prefix="step"))
    form = PathwayForm(request.POST)
    steps: Any = StepFormSet(request.POST, prefix="step")
    publishes = "publish" in request.POST

    def save() -> None:
        actions.save_pathway(
            request.place.own_school,
            pathway,
            form.cleaned_data,
            steps.filled(),
            by=request.user,
            publish=publishes,
        )

    if not (steps.is_valid() and saves(form, save)):
        return steps_page(request, pathway, form, steps, status=422)
    done = _("Students can see it now.") if publishes else _("Saved.")
    return go(request, "pathways", done)


def values_in(row: Any, form: type[forms.Form]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in form.base_fields}


def steps_page(
    request: PlacedRequest,
    pathway: Pathway | None,
    form: PathwayForm,
    steps: Any,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "steps": steps, "pathway": pathway}
    return page(request, "pathway", context, tab="pathways", status=status)


@require_POST
def withdraw_pathway(request: PlacedRequest, pk: int) -> HttpResponse:
    actions.withdraw_pathway(request.place.find_own_pathway(pk), by=request.user)
    return go(request, "pathways", _("Students do not see it any more."))


def remove_pathway(request: PlacedRequest, pk: int) -> HttpResponse:
    """Says what removing means; then it does."""
    found = request.place.find_own_pathway(pk)
    if request.method != "POST":
        context = {"thing": found, "back": request.place.url("pathways")}
        return page(request, "remove", context, tab="pathways")
    actions.remove_pathway(found, by=request.user)
    return go(request, "pathways", _("“%(title)s” is removed.") % {"title": found.title})


# --- Contacts and messages ---------------------------------------------------


def contacts(request: PlacedRequest) -> HttpResponse:
    """Whom to call in a crisis: the list, and a form for one more."""
    return save_contact(request, None)


def edit_contact(request: PlacedRequest, pk: int) -> HttpResponse:
    return save_contact(request, request.place.find_own_contact(pk))


def save_contact(request: PlacedRequest, contact: Any) -> HttpResponse:
    school = request.place.own_school
    initial = values_in(contact, ContactForm) if contact is not None else {}
    form = ContactForm(request.POST if request.method == "POST" else None, initial=initial)

    def save() -> None:
        actions.save_contact(school, contact, form.cleaned_data, by=request.user)

    if form.is_bound and saves(form, save):
        return go(request, "contacts", _("Saved."))
    context = {"form": form, "contact": contact, "contacts": school.contacts.all()}
    status = 422 if form.is_bound else 200
    return page(request, "contacts", context, tab="contacts", status=status)


@require_POST
def remove_contact(request: PlacedRequest, pk: int) -> HttpResponse:
    actions.remove_contact(request.place.find_own_contact(pk), by=request.user)
    return go(request, "contacts", _("Removed."))


@require_safe
def months(request: PlacedRequest) -> HttpResponse:
    return months_page(request)


@require_POST
def set_message(request: PlacedRequest, month: str) -> HttpResponse:
    """The school's words for ``month`` (2027-03); empty brings the built-in ones back."""
    first = next((each for each in coming(request) if f"{each:%Y-%m}" == month), None)
    if first is None:
        raise Http404
    form = MessageForm(request.POST)
    if not form.is_valid():
        return months_page(request, typed={first: form}, status=422)
    school, text = request.place.own_school, form.cleaned_data["text"]
    actions.set_message(school, month=first, text=text, by=request.user)
    return go(request, "months", _("Saved."))


def months_page(
    request: PlacedRequest, typed: dict[date, MessageForm] | None = None, status: int = 200
) -> HttpResponse:
    own = {each.month: each.text for each in request.place.own_school.messages.all()}
    rows = []
    for first in coming(request):
        form = MessageForm(initial={"text": own.get(first, "")}, auto_id=f"id_{first:%Y-%m}_%s")
        rows.append((first, (typed or {}).get(first, form), BUILT_IN[first.month - 1]))
    return page(request, "months", {"rows": rows}, tab="months", status=status)


def coming(request: PlacedRequest) -> list[date]:
    """The first days of this month and the eleven after it."""
    today = timezone.localdate()
    months = (today.month - 1 + step for step in range(12))
    return [date(today.year + month // 12, month % 12 + 1, 1) for month in months]


# --- Signs -------------------------------------------------------------------


@require_safe
def sign(request: PlacedRequest) -> HttpResponse:
    """A sign to print: code, QR code, three steps and whom to turn to; nothing about anybody."""
    classroom = request.place.classroom
    assert classroom is not None  # the door of a class
    offered = dict.fromkeys([*dict(settings.LANGUAGES), *SIGN_WORDS])
    languages = [(code, get_language_info(code)["name_local"]) for code in offered]
    here = translation.get_language() or settings.LANGUAGE_CODE
    first = {"size": "a4", "languages": spoken_in(request.place, here, languages)}
    form = SignForm(request.GET or first, languages=languages)
    size, codes = form.wanted(here)
    texts = [sign_words(request, code) for code in codes]
    contacts = request.place.contacts()[:CONTACTS_ON_A_SIGN]
    context = {
        # More than fits at the usual size.
        "is_full": len(texts) > 2 or len(contacts) > 2,
        "form": form,
        "size": size,
        "texts": texts,
        "sheets": range(CARDS_ON_A_SHEET if size == "card" else 1),
        "qr": qr_svg(join_link(classroom)),
        "only_here": opens_only_here(),
        "join_url": settings.SITE_URL + reverse("classrooms:join"),
        "contacts": contacts,
    }
    return page(request, "sign", context, tab="resources")


def spoken_in(place: Place, here: str, languages: list[tuple[str, str]]) -> list[str]:
    """What a sign begins with: the language at hand, and the other one in which most of the
    directory's people can be spoken to."""
    named = Counter(
        name.casefold()
        for names in place.shelf().values_list("languages", flat=True)
        for name in names
    )
    others = [(code, named[name.casefold()]) for code, name in languages if code != here]
    code, count = max(others, key=lambda each: each[1])
    return [here, code] if count else [here]


def sign_words(request: PlacedRequest, code: str) -> str:
    """The texts of a sign in one language, to stand beside others."""
    place = request.place
    private = place.pathways().filter(kind=Pathway.Kind.WELLBEING).first()
    step = private.steps.first() if private is not None else None
    adult = step.owner if step is not None else ""
    context = {
        "code": code,
        "direction": "rtl" if get_language_info(code)["bidi"] else "ltr",
        "adult": adult,
    }
    if code not in dict(settings.LANGUAGES):
        known = SIGN_WORDS[code]
        context["words"] = known
        context["where"] = known.adult % {"name": adult} if adult else known.anybody
    with translation.override(code):
        context["message"] = message_of(place.own_school)
        return render_to_string("resources/manage/_sign_words.html", context)
