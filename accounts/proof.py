"""Whose address is it? An account may do something only once its address is proven.

An address is proven by a code that was mailed to it, or by the mailed link to a new password.
Until then anybody may have typed it. So the first proof makes the account the reader's own:

* all other sessions of the account end;
* a password that was set before is void, and so is a second factor, unless the code was typed
  into the very browser that made the account with this password or has just signed in by it.
  Whoever asks for a *sign-in code* shows no password, so that way the old one always goes.

Where no mail works nothing can be proven, nothing is asked, and the pages say what that means.
"""

from allauth.account import signals as said
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import mail, sessions, shown
from accounts.models import SignIn, User
from classrooms.endings import tell_end

#: In a session: whose password was typed here, by signing up or in.
PASSWORD_TYPED = "password_typed_of"  # noqa: S105  the name of a mark, no password


def is_confirmed(user: User) -> bool:
    """Whether somebody has shown that they read what is sent to this account's address."""
    return EmailAddress.objects.filter(user=user, email=user.email.lower(), verified=True).exists()


def may_take_rights(user: User) -> bool:
    """May start a class, accept an invitation and set up a school."""
    return not mail.works() or is_confirmed(user)


def end_sessions(user: User, request: HttpRequest | None = None) -> None:
    """Sign ``user`` out everywhere, except in the browser that ``request`` came from."""
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
    user.refresh_from_db(fields=["sign_outs"])
    others = SignIn.objects.filter(user=user)
    if request is not None and request.user.is_authenticated and request.user.pk == user.pk:
        others = others.exclude(session_key=request.session.session_key)
        update_session_auth_hash(request, user)
    sessions.end(others)
    close_pages(user)


def close_pages(user: User) -> None:
    """Close the open pages of ``user`` that are not let in any more."""
    tell_end(user=user)


def connect() -> None:
    """Listen to what happens at the entrance."""
    said.user_signed_up.connect(_signed_up, dispatch_uid="proof_signed_up")
    said.authentication_step_completed.connect(_step_taken, dispatch_uid="proof_step")
    said.email_confirmed.connect(_confirmed, dispatch_uid="proof_confirmed")
    said.password_reset.connect(_password_reset, dispatch_uid="proof_reset")
    for signal in (said.password_changed, said.password_set):
        signal.connect(_password_changed, dispatch_uid="proof_password")


def _signed_up(request: HttpRequest, user: User, **_facts) -> None:
    request.session[PASSWORD_TYPED] = user.pk


def _step_taken(
    request: HttpRequest, user: User, method: str, reauthenticated: bool = False, **_facts
) -> None:
    if reauthenticated:
        sessions.renew(request)
    if method == "password":
        request.session[PASSWORD_TYPED] = user.pk
    elif method == "code":
        # Somebody may have signed up in this browser and gone away: a mailed code alone says
        # nothing about a password.
        request.session.pop(PASSWORD_TYPED, None)
        shown.note(request, user)


def _confirmed(request: HttpRequest, email_address: EmailAddress, **_facts) -> None:
    user = email_address.user
    if _was_proven(user, but=email_address):
        return  # a new address in place of one that was proven
    password_is_theirs = request.session.get(PASSWORD_TYPED) == user.pk
    had_password = user.has_usable_password()
    _take_over(request, user, keep_password=password_is_theirs)
    if had_password and not password_is_theirs:
        messages.info(
            request,
            _(
                "This was the first time that somebody proved this address. An older password was "
                "taken away, and all other browsers were signed out. You can set a new password."
            ),
        )


def _password_reset(request: HttpRequest, user: User, **_facts) -> None:
    """A mailed link is a proof too; the password is the new one."""
    address, _made = EmailAddress.objects.get_or_create(user=user, email=user.email.lower())
    if not _was_proven(user, but=address) and not address.verified and address.set_verified():
        address.set_as_primary(conditional=True)
        Authenticator.objects.filter(user=user).delete()
        _take_over(request, user, keep_password=True)
    sessions.end(SignIn.objects.filter(user=user))


def _password_changed(request: HttpRequest, user: User, **_facts) -> None:
    before = request.COOKIES.get(settings.SESSION_COOKIE_NAME)  # this browser has a new key by now
    sessions.end(SignIn.objects.filter(user=user).exclude(session_key=before))


def _was_proven(user: User, *, but: EmailAddress) -> bool:
    return EmailAddress.objects.filter(user=user, verified=True).exclude(pk=but.pk).exists()


@transaction.atomic
def _take_over(request: HttpRequest, user: User, *, keep_password: bool) -> None:
    if not keep_password:
        Authenticator.objects.filter(user=user).delete()
        user.set_unusable_password()
        user.save(update_fields=["password"])
    end_sessions(user, request)
