from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import guesses, mail, sessions, shown
from accounts.models import User
from classrooms import invitations
from helpdesk import events


class AccountAdapter(DefaultAccountAdapter):
    """Where allauth asks us: who may sign up, how letters leave, how somebody is signed in."""

    def is_open_for_signup(self, request) -> bool:
        """Anybody may sign up where the setting says so; else an invitation opens it once."""
        return settings.OPEN_SIGNUP or invitations.opens_sign_up(request.session.get("invitation"))

    def save_user(self, request, user, form, commit=True):
        """Where sign-up is closed, the account belongs to the invitation that opened it.

        Raises Http404 if somebody else made one with the same invitation a moment ago.
        """
        if settings.OPEN_SIGNUP:
            return super().save_user(request, user, form, commit)
        with transaction.atomic():
            saved = super().save_user(request, user, form, commit)
            if not invitations.give_account(request.session.get("invitation"), saved):
                raise Http404
        return saved

    def is_safe_url(self, url: str) -> bool:
        """An address that cannot even be read (``http://[::1``) is none to go on to."""
        try:
            return super().is_safe_url(url)
        except ValueError:
            return False

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """After the answer, and never into a log."""
        send = super().send_mail
        if mail.works():
            mail.post(lambda: send(template_prefix, email, context))

    def pre_authenticate(self, request: HttpRequest, **credentials) -> None:
        """In place of allauth's limits: those refuse the right one for a neighbour's mistakes."""
        seconds = guesses.take_turn(request, credentials.get("email", ""))
        if seconds:
            raise ImmediateHttpResponse(_please_wait(request, seconds))

    def authenticate(self, request: HttpRequest, **credentials) -> User | None:
        user = super().authenticate(request, **credentials)
        if user is not None:
            guesses.was_right(request, credentials.get("email", ""))
        return user

    def post_login(self, request: HttpRequest, user: User, **facts) -> HttpResponse:
        response = super().post_login(request, user, **facts)
        guesses.remember(request, response, user.email)
        sessions.limit(request)
        sessions.note(request, user)
        return response

    def get_reauthentication_methods(self, user) -> list[dict]:
        """Somebody who has neither password nor second factor shows a mailed code."""
        ways = super().get_reauthentication_methods(user)
        if not ways and user.is_authenticated and mail.works():
            ways = [
                {"id": "code", "description": _("A code"), "url": reverse("accounts:once_more")}
            ]
        return ways

    def is_reauthentication_required(self, *, app: str, **facts) -> bool:
        required = super().is_reauthentication_required(app=app, **facts)
        ways = [way["id"] for way in self.get_reauthentication_methods(self.request.user)]
        if required and ways == ["code"] and not shown.lately(self.request):
            raise ReauthenticationRequired  # allauth lets somebody without a password pass
        return required

    def login(self, request: HttpRequest, user: User) -> None:
        # What proved the address a moment ago may have changed what a session must show.
        user.refresh_from_db(fields=["password", "sign_outs"])
        super().login(request, user)


def _please_wait(request: HttpRequest, seconds: int) -> HttpResponse:
    events.tried("a password, which waits in line")
    context = {
        "seconds": seconds,
        "action": request.path,
        "login": request.POST.get("login", ""),
        "next": request.POST.get("next", ""),
    }
    response = render(request, "account/wait.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
