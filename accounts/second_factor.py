"""The second step of a sign-in: a passkey, a code of an app, or a spare code.

Everybody may set one up. Where `HELPDESK_SECOND_FACTOR` says so, the pages of a school and /admin/
wait until school admins and operators have. Nobody is locked out by that: setting one up takes a
minute and needs nothing but the password; spare codes are given with the first one; and a factor
that is lost is taken off by another admin of the school or by `./run manage second_factor_off`.
"""

from collections.abc import Iterable

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import proof
from accounts.models import User

#: What counts as one; spare codes alone are none.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def protected(users: Iterable) -> set[int]:
    """Those of these accounts (ids) that have a second factor."""
    found = Authenticator.objects.filter(user__in=users, type__in=KINDS)
    return set(found.values_list("user_id", flat=True))


def asked_first(request: HttpRequest) -> HttpResponse | None:
    """Where school admins and operators go first, as long as a second factor is missing."""
    if settings.SECOND_FACTOR == "off" or protected([request.user.pk]):
        return None
    messages.info(
        request,
        _(
            "School admins and operators use a second step here, so that a password alone opens "
            "nothing. Choose one; it takes a minute."
        ),
    )
    return redirect("mfa_index")


@transaction.atomic
def take_off(user: User, *, tell: bool = True) -> None:
    """For somebody who has lost theirs: all of it goes, and every browser is signed out."""
    Authenticator.objects.filter(user=user).delete()
    proof.end_sessions(user)
    if tell:
        get_adapter().send_notification_mail("account/email/second_factor_off", user)


def connect() -> None:
    authenticator_added.connect(_added, dispatch_uid="second_factor_added")


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **facts) -> None:
    """Browsers that came in by a password alone must not go on as if they had shown both."""
    if authenticator.type in KINDS:
        proof.end_sessions(user, request)
