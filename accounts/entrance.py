"""allauth's pages for coming in, with what is different here: its forms and its addresses.

Sign-up, a new password and a sign-in code give no sign of who has an account: the same page, the
same answer, and about the same time, because letters leave after it (accounts.mail).
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from allauth.account import views
from allauth.account.decorators import reauthentication_required
from allauth.account.forms import (
    LoginForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    SignupForm,
)
from allauth.core import context
from allauth.mfa.base import views as second_steps
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.translation import gettext as _

from accounts import guesses, mail, sessions
from classrooms.access import CLEAR_SITE_DATA
from helpdesk import events


class SignIn(LoginForm):
    """Offers a new password only where a letter can bring it."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not mail.works():
            self.fields["password"].help_text = ""

    def login(self, request: HttpRequest, redirect_url=None) -> HttpResponse:
        response = super().login(request, redirect_url=redirect_url)
        if request.user.is_authenticated:  # allauth has just begun the two weeks in its own way
            sessions.limit(request)
        return response


class SignUp(SignupForm):
    """Takes as long for an address that has an account as for a new one."""

    def clean_email(self) -> str:
        return _count_letter(super().clean_email())

    def try_save(self, request: HttpRequest):
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class CodeRequest(RequestLoginCodeForm):
    def clean_email(self) -> str:
        return _count_letter(super().clean_email())


class ResetRequest(ResetPasswordForm):
    def clean_email(self) -> str:
        return _count_letter(super().clean_email())


def _count_letter(address: str) -> str:
    """The address, if one more letter may go there: counted alike with and without account."""
    if mail.works() and not guesses.may_write(context.request, address):
        raise forms.ValidationError(
            _(
                "Some letters went to this address within the last hour. Please use the newest "
                "one, or try again in an hour."
            )
        )
    return address


def noted(view: Callable, what: str) -> Callable:
    """The log says when this was typed wrong; for a password Django says so itself."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.method == "POST" and response.status_code == HTTPStatus.OK:
            events.tell(what, request.user.pk)
        return response

    return wrapped


def log_out(request: HttpRequest) -> HttpResponse:
    """What the browser keeps goes too, once somebody has signed out of it."""
    was_in = request.user.is_authenticated
    response = views.logout(request)
    if was_in and not request.user.is_authenticated:
        response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


#: A password where there was none is as delicate as a new address.
once_more = reauthentication_required(app="allauth.account")

urlpatterns = [
    path("login/code/", mail.needed(views.request_login_code), name="account_request_login_code"),
    path(
        "login/code/confirm/",
        noted(views.confirm_login_code, "a wrong mailed code"),
        name="account_confirm_login_code",
    ),
    path(
        "confirm-email/",
        noted(views.email_verification_sent, "a wrong mailed code"),
        name="account_email_verification_sent",
    ),
    path(
        "2fa/authenticate/",
        noted(second_steps.authenticate, "a wrong second step"),
        name="mfa_authenticate",
    ),
    path(
        "reauthenticate/",
        noted(views.reauthenticate, "a wrong password, once more"),
        name="account_reauthenticate",
    ),
    path(
        "2fa/reauthenticate/",
        noted(second_steps.reauthenticate, "a wrong second step, once more"),
        name="mfa_reauthenticate",
    ),
    path("logout/", log_out, name="account_logout"),
    path("password/reset/", mail.needed(views.password_reset), name="account_reset_password"),
    path("email/", mail.needed(views.email), name="account_email"),
    path("password/set/", once_more(views.password_set), name="account_set_password"),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
]
