"""What is asked of somebody with an account, whatever their classes: to look after well-being at a
school, and to talk with students whose wish was passed on to them."""

from collections.abc import Callable, Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from checkins import followups, gate
from checkins.care import Carer
from checkins.models import FollowUp
from classrooms.access import account_required
from classrooms.actions import NotPossible
from classrooms.notices import Notice


@require_safe
@account_required
def asked_of_me(request: HttpRequest) -> HttpResponse:
    """Everything that waits for this account; nobody else's."""
    return show(request)


def show(request: HttpRequest, status: int = 200) -> HttpResponse:
    mine = FollowUp.objects.passed_on_to(request.user).select_related(
        "student", "adult", "check_in__classroom"
    )
    context = {
        "asked": Carer.objects.still_there().filter(user=request.user).select_related("school"),
        "wishes": mine.active().order_by("due_at", "pk"),
        "classes": FollowUp.objects.waiting_by_class(request.user),
    }
    return render(request, "checkins/asked_of_me.html", context, status=status)


@require_POST
@account_required
def agree(request: HttpRequest, asked: int) -> HttpResponse:
    """ "Yes, I do": the person's own word."""
    gate.agree(find_asked(request, asked))
    messages.success(request, _("Thank you. Your school can count on you now."))
    return redirect("checkins:asked_of_me")


@require_POST
@account_required
def refuse(request: HttpRequest, asked: int) -> HttpResponse:
    """No, or not any more."""
    gate.refuse(find_asked(request, asked))
    messages.success(request, _("All right. Your school has to ask somebody else."))
    return redirect("checkins:asked_of_me")


def find_asked(request: HttpRequest, pk: int) -> Carer:
    mine = Carer.objects.still_there().select_related("school", "user")
    return get_object_or_404(mine, pk=pk, user=request.user)


@require_POST
@account_required
def read_wish(request: HttpRequest, follow_up: int) -> HttpResponse:
    return settle(request, follow_up, followups.acknowledge)


@require_POST
@account_required
def finish_wish(request: HttpRequest, follow_up: int) -> HttpResponse:
    return settle(request, follow_up, followups.finish)


def settle(request: HttpRequest, pk: int, do: Callable[..., object]) -> HttpResponse:
    found = get_object_or_404(FollowUp.objects.passed_on_to(request.user), pk=pk)
    try:
        do(found, by=request.user)
    except NotPossible as problem:
        messages.error(request, str(problem))
        return show(request, status=409)
    return redirect("checkins:asked_of_me")


def notices(user: User) -> Iterable[Notice]:
    """For the first page of whoever is signed in."""
    waiting = sum(count for _classroom, count in FollowUp.objects.waiting_by_class(user))
    waiting += FollowUp.objects.passed_on_to(user).unread().count()
    asked = Carer.objects.still_there().filter(user=user, agreed_at=None).count()
    where = reverse("checkins:asked_of_me")
    if waiting:
        words = ngettext(
            "%(n)d student asked to talk with you", "%(n)d students asked to talk with you", waiting
        )
        yield Notice(words % {"n": waiting}, where)
    if asked:
        yield Notice(_("Your school asks you to look after well-being"), where)
