"""Something delicate: show once more that it is you.

allauth asks for the password or the second factor. Somebody who has neither, because they come in
by mailed codes, types one more code; a sign-in code of the last minutes counts.
"""

import time
from typing import TYPE_CHECKING

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.core.internal.cryptokit import compare_user_code
from django.http import HttpRequest

from accounts import guesses, sessions

if TYPE_CHECKING:
    from classrooms.access import AccountRequest

#: In a session: which code was sent, and when whose was shown.
SENT, SHOWN = "once_more_sent", "once_more_shown"
#: Seconds that a code is good for, and wrong ones until it is void.
GOOD_FOR, TRIES = 600, 3


def lately(request: HttpRequest) -> bool:
    """Whether this browser showed a mailed code of this account just now."""
    shown = request.session.get(SHOWN, {})
    return (
        shown.get("of") == request.user.pk
        and time.time() - shown["at"] < app_settings.REAUTHENTICATION_TIMEOUT
    )


def note(request: HttpRequest, user) -> None:
    request.session[SHOWN] = {"of": user.pk, "at": time.time()}


def send(request: "AccountRequest") -> bool:
    """Mail a code to the account's address; False when there were enough letters."""
    if not guesses.may_write(request, request.user.email):
        return False
    adapter = get_adapter()
    code = adapter.generate_login_code()
    request.session[SENT] = {"code": code, "at": time.time(), "of": request.user.pk, "tries": 0}
    adapter.send_mail("account/email/login_code", request.user.email, {"code": code})
    return True


def is_sent(request: "AccountRequest") -> bool:
    """Whether a code is on its way that can still be typed."""
    sent = request.session.get(SENT)
    return (
        sent is not None
        and sent["of"] == request.user.pk
        and sent["tries"] < TRIES
        and time.time() - sent["at"] < GOOD_FOR
    )


def take(request: "AccountRequest", code: str) -> bool:
    """Whether this is the code; a right one is used up."""
    if not is_sent(request):
        return False
    sent = request.session.pop(SENT)
    if compare_user_code(actual=code, expected=sent["code"]):
        note(request, request.user)
        sessions.renew(request)
        return True
    request.session[SENT] = sent | {"tries": sent["tries"] + 1}
    return False
