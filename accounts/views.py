"""Pages of one's own account that allauth does not have."""

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.email_verification import send_verification_email_for_user
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import mail, proof, second_factor, sessions, shown
from accounts.forms import CodeForm, NameForm
from accounts.models import User
from classrooms.access import AccountRequest, SchoolRequest, account_required, school_admin_required
from classrooms.numbers import id_in


@require_safe
@account_required
def mine(request: AccountRequest) -> HttpResponse:
    """Name, address, password, second step, and the browsers that are signed in."""
    return _show(request, NameForm(instance=request.user))


@require_POST
@account_required
def rename(request: AccountRequest) -> HttpResponse:
    form = NameForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _show(request, form, status=422)
    form.save()
    messages.success(request, _("Saved."))
    return redirect("accounts:mine")


@require_POST
@account_required
@reauthentication_required(app="allauth.account")
def sign_out(request: AccountRequest) -> HttpResponse:
    """End one of one's own sign-ins; one that is gone already is no mistake."""
    sessions.end(sessions.of(request.user).filter(pk=id_in(request.POST.get("browser", ""))))
    messages.success(request, _("That browser is signed out."))
    return redirect("accounts:mine")


@require_POST
@account_required
@reauthentication_required(app="allauth.account")
def sign_out_others(request: AccountRequest) -> HttpResponse:
    proof.end_sessions(request.user, request)
    messages.success(request, _("All other browsers are signed out."))
    return redirect("accounts:mine")


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


@require_http_methods(["GET", "HEAD", "POST"])
@account_required
def once_more(request: AccountRequest) -> HttpResponse:
    """Before something delicate, for somebody without a password: type a mailed code."""
    if request.user.has_usable_password() or not mail.works():
        return HttpResponseRedirect(_next(request))
    form, status = CodeForm(), 200
    if "code" in request.POST:
        form = CodeForm(request.POST)
        if form.is_valid() and shown.take(request, form.cleaned_data["code"]):
            return resume_request(request) or HttpResponseRedirect(_next(request))
        status = 422
        form.add_error("code", _("That is not the code. Look at the newest letter."))
    elif request.method == "POST" and not shown.send(request):
        status = 429
        form.errors["__all__"] = form.error_class([_("Please use the newest letter of this hour.")])
    context = {"form": form, "sent": shown.is_sent(request), "next": _next(request)}
    return render(request, "account/once_more.html", context, status=status)


@require_POST
@school_admin_required
@reauthentication_required(app="allauth.mfa")
def take_second_factor_off(request: SchoolRequest) -> HttpResponse:
    """Another admin of the school has lost theirs."""
    number = id_in(request.POST.get("admin", ""))
    others = request.school.admins.exclude(user=request.user)
    # An operator's also guards /admin/: whoever runs the server takes it off, by a command.
    others = others.filter(user__is_staff=False, user__is_superuser=False)
    admin = others.filter(pk=number).first()
    if admin is None:
        raise Http404
    second_factor.take_off(admin.user)
    messages.success(request, _("Done. They sign in by their password, and set up a new one."))
    return redirect(f"{reverse('classrooms:school')}?school={request.school.pk}")


def _show(request: AccountRequest, form: NameForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "here": request.session.session_key,
        "sign_ins": sessions.of(request.user),
        "has_second": bool(second_factor.protected([request.user.pk])),
        "confirmed": proof.is_confirmed(request.user),
    }
    return render(request, "account/mine.html", context, status=status)


def _next(request: HttpRequest) -> str:
    """The page of this site that somebody was on the way to; the front page if they named none."""
    wanted = get_next_redirect_url(request, REDIRECT_FIELD_NAME) or ""
    return wanted if wanted.startswith("/") else reverse("classrooms:index")
