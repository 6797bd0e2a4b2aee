"""Codes of an app, each of which opens once in all the time that it is valid (RFC 6238, 5.2)."""

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User


def valid_for() -> int:
    """Seconds from a code's first moment to its last: its own period and those around it."""
    return app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)


class _Once:
    """A code typed as a second step. allauth remembers a used one for a single period, and takes
    it in three: whoever looked on could have used it again."""

    user: User
    cleaned_data: dict
    authenticator: Authenticator

    def clean_code(self) -> str:
        used = f"app-code-{self.user.pk}-{normalize_user_code(self.cleaned_data['code'])}"
        if cache.get(used):
            raise _used()
        code = super().clean_code()  # type: ignore[misc]
        is_of_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_of_app and not cache.add(used, True, timeout=valid_for()):
            raise _used()  # in two windows at one moment
        return code


def _used() -> ValidationError:
    return ValidationError(_("This code has been used. Please take the next one of your app."))


class SecondStepByCode(_Once, forms.AuthenticateForm):
    pass


class ShowCodeAgain(_Once, forms.ReauthenticateForm):
    pass
