"""The class's manage pages that are about requests: history, each hand, the order of help."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from classrooms.access import MemberRequest, helper_required, manager_required
from requests_app import actions
from requests_app import history as history_of
from requests_app.forgetting import with_totals
from requests_app.forms import OrderForm
from requests_app.models import Queue, Status
from requests_app.order import Rule, explain

LESSONS_ON_A_PAGE, HANDS_ON_A_PAGE = 20, 25


@require_safe
@helper_required
def history(request: MemberRequest) -> HttpResponse:
    """Lessons, newest first, with how many asked, were helped and were missed. No names (D1)."""
    classroom = request.membership.classroom
    ended = Count("help_requests", filter=Q(help_requests__status=Status.RESOLVED))
    missed = Count("help_requests", filter=Q(help_requests__status=Status.EXPIRED))
    lessons = classroom.lessons.order_by("-opened_at").annotate(
        asked=Count("help_requests"), helped=ended, missed=missed
    )
    page = Paginator(lessons, LESSONS_ON_A_PAGE).get_page(request.GET.get("page"))
    shown = with_totals(page.object_list)
    context = {
        "page": page,
        "lessons": shown,
        "some_gone": any(None in (each.asked, each.helped, each.missed) for each in shown),
        "classroom": classroom,
        "tab": "history",
    }
    return render(request, "requests_app/history.html", context)


@require_safe
@helper_required
def hands(request: MemberRequest) -> HttpResponse:
    """Each hand: what was asked for, what was given and how it went; reasons in totals."""
    classroom = request.membership.classroom
    page = Paginator(history_of.hands_of(classroom), HANDS_ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [(hand, history_of.how_it_went(hand)) for hand in page],
        "reasons": history_of.reasons(classroom),
        "classroom": classroom,
        "tab": "history",
    }
    return render(request, "requests_app/hands.html", context)


@manager_required
def order(request: MemberRequest) -> HttpResponse:
    """Which rule orders the line; students read it in one sentence."""
    classroom = request.membership.classroom
    queue = Queue.objects.of(classroom)
    form = OrderForm(request.POST or None, instance=queue)
    if request.method == "POST" and form.is_valid():
        actions.choose_rule(queue, form.cleaned_data["rule"])
        messages.success(request, _("Saved."))
        return redirect("requests_app:order", classroom.slug)
    context = {
        "form": form,
        "classroom": classroom,
        "tab": "settings",
        "choices": zip(form["rule"], (explain(rule) for rule in Rule), strict=True),
    }
    return render(request, "requests_app/order.html", context)
