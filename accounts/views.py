"""Pages of one's own account that allauth does not have."""

from allauth.account.internal.flows.email_verification import send_verification_email_for_user
from allauth.account.utils import get_next_redirect_url
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts import proof
from classrooms.access import AccountRequest, account_required


@require_http_methods(["GET", "HEAD", "POST"])
@account_required
def confirm(request: AccountRequest) -> HttpResponse:
    """Before a right is given: show that the address is yours, by a code that is mailed to it."""
    wanted = _next(request)
    if proof.may_take_rights(request.user):
        return HttpResponseRedirect(wanted)
    if request.method == "POST":
        send_verification_email_for_user(request, request.user)
        query = urlencode({REDIRECT_FIELD_NAME: wanted})
        return redirect(f"{reverse('account_email_verification_sent')}?{query}")
    return render(request, "account/confirm.html", {"next": wanted})


def _next(request: HttpRequest) -> str:
    """The page of this site that somebody was on the way to; the front page if they named none."""
    wanted = get_next_redirect_url(request, REDIRECT_FIELD_NAME) or ""
    return wanted if wanted.startswith("/") else reverse("classrooms:index")
