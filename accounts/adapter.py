from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from accounts import mail
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Where allauth asks us: who may sign up, how letters leave, how somebody is signed in."""

    def is_open_for_signup(self, request) -> bool:
        """Anybody may sign up where the setting says so; an invited colleague always may."""
        return settings.OPEN_SIGNUP or bool(request.session.get("invited"))

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """After the answer, and never into a log."""
        send = super().send_mail
        if mail.works():
            mail.post(lambda: send(template_prefix, email, context))

    def login(self, request: HttpRequest, user: User) -> None:
        # What proved the address a moment ago may have changed what a session must show.
        user.refresh_from_db(fields=["password", "sign_outs"])
        super().login(request, user)
