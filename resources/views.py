"""Get help: what students see of pathways, directory and contacts. Nothing read here is kept.

Each page stands in a class or, for a browser that some class remembers, in the school as
a whole (``resources.place``).
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from classrooms import limits
from requests_app.models import Queue
from requests_app.order import explain
from resources import actions
from resources.forms import FilterForm
from resources.models import Cost, Entry, Kind, Pathway, Where
from resources.months import message_of
from resources.place import PlacedRequest
from resources.search import find

ENTRIES_ON_A_PAGE = 30
#: One answer to "Did this help?" for each entry and person; the cache holds a digest, no name.
RATING = limits.Budget("rating", tries=1, seconds=24 * 3600)
#: Empty is not known yet.
_CHEAPEST_FIRST = [Cost.FREE, Cost.SOME, Cost.PAID, ""]


def page(request: PlacedRequest, name: str, context: dict, status: int = 200) -> HttpResponse:
    place = request.place
    context = {"place": place, "classroom": place.classroom, "school": place.school, **context}
    return render(request, f"resources/{name}.html", context, status=status)


@require_safe
def get_help(request: PlacedRequest) -> HttpResponse:
    """Where to turn: the class, the pathways, the directory, and whom to call in a crisis."""
    place = request.place
    context: dict[str, Any] = {"contacts": place.contacts(), "pathways": place.pathways()}
    if place.classroom is not None:
        context["rule"] = explain(Queue.objects.of(place.classroom).rule)
    if place.school is not None:
        context["has_entries"] = place.shelf().exists()
        context["message"] = message_of(place.school)
    return page(request, "get_help", context)


@require_safe
def directory(request: PlacedRequest) -> HttpResponse:
    """Everything that is published, or what fits the words and filters."""
    place = request.place
    typed = request.GET.get("q", "")
    shelf = list(place.shelf())
    languages = sorted({name for entry in shelf for name in entry.languages})
    form = FilterForm(request.GET, languages=languages)
    found = find(place.school, place.classroom, typed) if typed.strip() and place.school else None
    entries = by_cost(shelf) if found is None else [it for it in found if isinstance(it, Entry)]
    entries = [entry for entry in entries if fits(entry, form.wanted())]
    paged = Paginator(entries, ENTRIES_ON_A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "typed": typed[:200],
        "form": form,
        "is_filtered": bool(typed.strip() or form.wanted()),
        "groups": groups(list(paged)),
        "page": paged,
        "query": query.urlencode()[:2000],
        "pathways": [it for it in found or [] if isinstance(it, Pathway)],
        "contacts": place.contacts(),
    }
    return page(request, "directory", context)


def by_cost(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda it: (_CHEAPEST_FIRST.index(it.cost), it.title))


def fits(entry: Entry, wanted: dict[str, Any]) -> bool:
    places = {wanted.get("where"), Where.BOTH}
    return (
        ("topic" not in wanted or wanted["topic"] in entry.topics)
        and ("language" not in wanted or wanted["language"] in entry.languages)
        and ("cost" not in wanted or entry.cost == wanted["cost"])
        and ("where" not in wanted or entry.where in places)
        and ("open" not in wanted or entry.is_open_now)
    )


def groups(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    """The two groups of A24, each with its title, without empty ones."""
    both = ((kind.label, [it for it in entries if it.kind == kind]) for kind in Kind)
    return [(str(label), members) for label, members in both if members]


@require_safe
def entry(request: PlacedRequest, pk: int) -> HttpResponse:
    return page(
        request, "entry", {"entry": request.place.find_entry(pk), "asks": may_rate(request)}
    )


@require_safe
def leave(request: PlacedRequest, pk: int) -> HttpResponse:
    """Says where a link leads and what to look out for, before one goes there."""
    found = request.place.find_entry(pk)
    if not found.link:
        raise Http404
    return page(request, "leave", {"entry": found})


@require_POST
def rate(request: PlacedRequest, pk: int) -> HttpResponse:
    """Count a student's answer (``helped=1`` is yes), once a day for each entry."""
    found = request.place.find_entry(pk)
    if not may_rate(request):
        raise Http404
    if limits.spend(RATING, f"{found.pk}:{who(request)}"):
        actions.rate(found, helped=request.POST.get("helped") == "1")
        messages.success(request, _("Thank you. Only totals are kept, without your name."))
    else:
        messages.success(request, _("You have told us today already. Thank you."))
    return redirect(request.place.url("entry", found.pk))


def may_rate(request: PlacedRequest) -> bool:
    membership = getattr(request, "membership", None)
    return membership.is_student if membership is not None else not request.user.is_authenticated


def who(request: PlacedRequest) -> str:
    membership = getattr(request, "membership", None)
    if membership is not None:
        return f"member:{membership.pk}"
    return f"browser:{request.COOKIES.get(settings.DEVICE_COOKIE_NAME, '')}"


@require_safe
def pathway(request: PlacedRequest, pk: int) -> HttpResponse:
    """What happens next, who does it and how soon: read before anything is sent."""
    return page(request, "pathway", {"pathway": request.place.find_pathway(pk)})
