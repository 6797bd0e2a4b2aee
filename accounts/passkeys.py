"""Passkeys as allauth has them, given no more than its library can take.

Promises: whatever a browser sends in place of a key's answer is refused with a sentence, never an
error; and only keys of approved algorithms are added (ASVS V11.6.1).
"""

from collections.abc import Callable

from allauth.mfa.webauthn import forms
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.forms import HiddenInput, JSONField
from django.utils.translation import gettext as _
from fido2.cose import ES256, ES384, ES512, PS256, RS256, CoseKey, EdDSA

#: Signatures that NIST approves (FIPS 186-5), by their numbers in COSE. The library also takes
#: ES256K, whose curve is on no such list, and whatever is added to it one day.
APPROVED = {kind.ALGORITHM for kind in (EdDSA, ES256, ES384, ES512, PS256, RS256)}


class AnswerField(JSONField):
    """What a key answered. It is not shown again: to the next question it answers anew, and its
    text may hold half a character, which no page can."""

    widget = HiddenInput

    def prepare_value(self, value: object) -> str:
        return ""


class AddPasskey(forms.AddWebAuthnForm):
    credential = AnswerField()

    def clean_credential(self) -> dict:
        credential = self.cleaned_data["credential"]
        made = _parsed(auth.parse_registration_response, credential).response.attestation_object
        data = made.auth_data.credential_data
        if data is None or CoseKey.parse(data.public_key).ALGORITHM not in APPROVED:
            raise ValidationError(
                _("This passkey is of a kind that is not used here. Please try another one.")
            )
        return credential


class _Shown:
    """The answer of a key that is shown, on any of the pages where one is."""

    cleaned_data: dict

    def clean_credential(self):
        _parsed(auth.parse_authentication_response, self.cleaned_data["credential"])
        return super().clean_credential()  # type: ignore[misc]


class SignInByPasskey(_Shown, forms.LoginWebAuthnForm):
    credential = AnswerField()


class SecondStepByPasskey(_Shown, forms.AuthenticateWebAuthnForm):
    credential = AnswerField()


class ShowPasskeyAgain(_Shown, forms.ReauthenticateWebAuthnForm):
    credential = AnswerField()


def _parsed(parse: Callable, credential: object):
    """The library names no list of what its parsers raise; it is all about what was sent."""
    try:
        return parse(credential)
    except ValidationError:
        raise
    except Exception as error:
        raise ValidationError(_("This passkey could not be read. Please try once more.")) from error
