"""The teacher's pages for coaching: what is on, its texts, the class card, and what to suggest.

Every view stands behind ``manager_required``. What cannot be kept is said on the page it was
asked from, with everything that was typed.
"""

from typing import Any

from django import forms
from django.conf import settings as site
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classrooms.access import MemberRequest, manager_required
from classrooms.manage import saves
from coaching import actions, texts
from coaching import class_card as cards
from coaching.catalogue import CLASS_CARD, GROUPS, QUESTIONS
from coaching.forms import (
    CARD_NAMES,
    ClassCardForm,
    CoachingForm,
    QuestionsForm,
    ResourceForm,
    StartersForm,
    TieForm,
)
from coaching.models import CardText, Starter, Suggestion, coaching_of
from resources.models import Entry, today_in


def page(
    request: MemberRequest,
    name: str,
    context: dict,
    *,
    tab: str = "settings",
    form: forms.BaseForm | None = None,
) -> HttpResponse:
    """``form``: the one whose problems make it a 422."""
    context = {"classroom": request.membership.classroom, "tab": tab, "form": form, **context}
    status = 422 if form is not None and form.errors else 200
    return render(request, f"coaching/manage/{name}.html", context, status=status)


def go(request: MemberRequest, name: str, *args: Any, done: str = "") -> HttpResponse:
    messages.success(request, done or _("Saved."))
    return redirect(f"coaching:{name}", request.membership.classroom.slug, *args)


def languages() -> list[tuple[str, str]]:
    """``(code, its own name)`` of every language of this server."""
    return [(code, get_language_info(code)["name_local"]) for code, _name in site.LANGUAGES]


def check_language(code: str) -> None:
    if code not in dict(site.LANGUAGES):
        raise Http404


# --- What is on --------------------------------------------------------------


@manager_required
def settings(request: MemberRequest) -> HttpResponse:
    """Cards on or off, the kinds of help, the rules; and the way to the texts."""
    classroom = request.membership.classroom
    if request.method != "POST":
        form = CoachingForm(initial=CoachingForm.values_of(coaching_of(classroom)))
        return page(request, "settings", {"languages": languages()}, form=form)
    form = CoachingForm(request.POST)
    if saves(form, lambda **values: actions.save_settings(classroom, **values)):
        return go(request, "settings")
    return page(request, "settings", {"languages": languages()}, form=form)


# --- Starters and questions --------------------------------------------------


@manager_required
def starters(request: MemberRequest, language: str) -> HttpResponse:
    """Sentences to finish, by group; ``ours=hint`` gives one group the catalogue's again."""
    check_language(language)
    classroom = request.membership.classroom
    shown = texts.all_starters(classroom, language)
    now = {group: [text for _key, text in lines] for group, lines in shown.items()}
    if request.method != "POST":
        return starters_page(request, language, StartersForm(initial=now, language=language))
    group = request.POST.get("ours", "")
    if group in GROUPS:
        actions.save_starters(classroom, language, {group: []})
        ours = "\n".join(texts.our_starters(language)[group])
        return starters_page(
            request, language, typed_but(request, StartersForm, language, group, ours)
        )
    form = StartersForm(request.POST, language=language)
    if saves(form, lambda **groups: actions.save_starters(classroom, language, groups)):
        return go(request, "starters", language)
    return starters_page(request, language, form)


def starters_page(request: MemberRequest, language: str, form: forms.Form) -> HttpResponse:
    own = Starter.objects.filter(classroom=request.membership.classroom, language=language)
    context = {"own": set(own.values_list("group", flat=True)), "title": _("Sentence starters")}
    return texts_page(request, "starters", language, form, context)


@manager_required
def questions(request: MemberRequest, language: str) -> HttpResponse:
    """The cards' questions; ``ours=kind`` gives one card the catalogue's again."""
    check_language(language)
    classroom = request.membership.classroom
    if request.method != "POST":
        now = texts.questions(classroom, language)
        return questions_page(request, language, QuestionsForm(initial=now, language=language))
    card = request.POST.get("ours", "")
    if card in QUESTIONS:
        actions.use_our_question(classroom, language, card)
        ours = texts.our_questions(language)[card]
        return questions_page(
            request, language, typed_but(request, QuestionsForm, language, card, ours)
        )
    form = QuestionsForm(request.POST, language=language)
    if not form.is_valid():
        return questions_page(request, language, form)
    kept = actions.save_questions(classroom, language, form.cleaned_data, by=request.membership)
    for name, text in kept.items():
        say_kept(request, name, text)
    return go(request, "questions", language)


def say_kept(request: MemberRequest, card: str, text: str) -> None:
    told = _("“%(card)s” was empty, so it still says: %(text)s")
    messages.info(request, told % {"card": CARD_NAMES[card], "text": text})


def questions_page(request: MemberRequest, language: str, form: forms.Form) -> HttpResponse:
    own = CardText.objects.filter(classroom=request.membership.classroom, language=language)
    context = {"own": set(own.values_list("card", flat=True)), "title": _("Questions on the cards")}
    return texts_page(request, "questions", language, form, context)


def texts_page(
    request: MemberRequest, name: str, language: str, form: forms.Form, context: dict
) -> HttpResponse:
    context |= {"language": language, "languages": languages(), "name": name}
    return page(request, "texts", context, form=form)


def typed_but(request: MemberRequest, form: Any, language: str, name: str, text: str) -> forms.Form:
    """What was typed, not saved yet, but for the one field that has our words again."""
    messages.success(request, _("These are our words again. Nothing else was saved."))
    typed = {field: request.POST.get(field, "") for field in form(language=language).fields}
    return form(initial=typed | {name: text}, language=language)


# --- "How we ask for help" ---------------------------------------------------


@manager_required
def class_card(request: MemberRequest) -> HttpResponse:
    """The class card; ``?ours`` begins with the product's own words."""
    classroom = request.membership.classroom
    now = cards.current(classroom)
    if request.method != "POST":
        text = str(CLASS_CARD) if "ours" in request.GET else now.text
        form = ClassCardForm(initial={"text": text})
        return page(request, "class_card", {"version": now.version}, form=form)
    form = ClassCardForm(request.POST)
    if not form.is_valid():
        return page(request, "class_card", {"version": now.version}, form=form)
    text = form.cleaned_data["text"]
    if actions.save_class_card(classroom, text, by=request.membership):
        return go(request, "edit_class_card", done=_("Saved. Every student is shown it once."))
    return go(request, "edit_class_card", done=_("It says that already."))


# --- While students wait -----------------------------------------------------


@manager_required
def suggest(request: MemberRequest) -> HttpResponse:
    """What waiting students are offered, and a resource for the class in a minute."""
    classroom = request.membership.classroom
    if request.method != "POST":
        return suggest_page(request, ResourceForm(classroom=classroom), tie_form(request))
    form = ResourceForm(request.POST, classroom=classroom)

    def add(**values) -> None:
        actions.add_and_suggest(classroom, **values, by=request.membership)

    if saves(form, add):
        return go(request, "suggest", done=_("Added. Students who wait can see it now."))
    return suggest_page(request, form, tie_form(request))


@require_POST
@manager_required
def suggest_entry(request: MemberRequest) -> HttpResponse:
    """An entry that is in the directory already."""
    classroom = request.membership.classroom
    tie = tie_form(request, request.POST)
    if saves(tie, lambda **values: actions.suggest(classroom, **values)):
        return go(request, "suggest", done=_("Added. Students who wait can see it now."))
    return suggest_page(request, ResourceForm(classroom=classroom), tie)


@require_POST
@manager_required
def stop_suggesting(request: MemberRequest, suggestion: int) -> HttpResponse:
    found = get_object_or_404(Suggestion, classroom=request.membership.classroom, pk=suggestion)
    actions.stop_suggesting(found)
    return go(request, "suggest", done=_("Taken off the list. It stays in Get help."))


def tie_form(request: MemberRequest, typed=None) -> TieForm:
    """Ids of the two forms on the page differ."""
    classroom = request.membership.classroom
    entries = Entry.objects.for_class(classroom.school, classroom)
    shelf = entries.current(today_in(classroom.school)).order_by("title", "pk")
    return TieForm(typed, classroom=classroom, shelf=shelf, auto_id="tie_%s")


def suggest_page(request: MemberRequest, form: forms.Form, tie: forms.Form) -> HttpResponse:
    classroom = request.membership.classroom
    suggestions = Suggestion.objects.filter(classroom=classroom).select_related("entry", "task")
    context = {"suggestions": suggestions.order_by("entry__title", "pk"), "tie": tie, "add": form}
    return page(request, "suggest", context, tab="resources", form=tie if tie.errors else form)
