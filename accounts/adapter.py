from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request) -> bool:
        """Anybody may sign up where the setting says so; an invited colleague always may."""
        return settings.OPEN_SIGNUP or bool(request.session.get("invited"))
