"""Codes of an app, each of which opens once in all the time that it is valid (RFC 6238, 5.2)."""

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.core.cache import cache


def valid_for() -> int:
    """Seconds from a code's first moment to its last: its own period and those around it."""
    return app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)


class _Once:
    """A code typed as a second step. allauth remembers a used one for a single period, and takes
    it in three: whoever looked on could have used it again."""

    cleaned_data: dict
    authenticator: Authenticator

    def clean_code(self) -> str:
        code = super().clean_code()  # type: ignore[misc]
        is_of_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_of_app and not _use(self.authenticator, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


def _use(authenticator: Authenticator, code: str) -> bool:
    key = f"app-code-{authenticator.pk}-{normalize_user_code(code)}"
    return cache.add(key, True, timeout=valid_for())


class SecondStepByCode(_Once, forms.AuthenticateForm):
    pass


class ShowCodeAgain(_Once, forms.ReauthenticateForm):
    pass
