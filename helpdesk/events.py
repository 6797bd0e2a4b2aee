"""What concerns security, for the log: who came in, who was not let in, what was tried.

An account is told by its number, which says nothing to anybody who does not have the database; a
pupil, a class and what was typed are not told at all. What strangers can cause without end is
said once a minute (``helpdesk.logs.NotAgain``), what happens to an account each time.
"""

import logging

from allauth.account import signals as said
from allauth.mfa import signals as second
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

logger = logging.getLogger(__name__)

#: allauth's names for what somebody shows.
SHOWN = {"password": "a password", "code": "a mailed code", "mfa": "a second step"}


def tell(what: str, account: int | None = None) -> None:
    """An ordinary event, of an account if one is given."""
    if account is None:
        logger.info("%s", what)
    else:
        logger.info("account %s: %s", account, what, extra={"each_time": True})


def refused(request: HttpRequest) -> None:
    """Somebody asked for what is not theirs; the address is told by its pattern."""
    account = request.user.pk if request.user.is_authenticated else None
    who = "a browser of a class" if account is None else f"account {account}"
    route = request.resolver_match.route if request.resolver_match else ""
    logger.warning("%s was not let in at /%s", who, route)


def tried(what: str) -> None:
    """A control held somebody up."""
    logger.warning("held up: %s", what)


def connect() -> None:
    for signal, listener in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _wrong_password),
        (said.authentication_step_completed, _shown),
    ):
        signal.connect(listener, dispatch_uid=f"event_{listener.__name__}")
    changes = {
        "a new password": (said.password_changed, said.password_set, said.password_reset),
        "a new address": (said.email_changed,),
        "a proven address": (said.email_confirmed,),
        "a new account": (said.user_signed_up,),
        "a second step was added": (second.authenticator_added,),
        "a second step was taken off": (second.authenticator_removed,),
    }
    for what, signals in changes.items():
        for number, signal in enumerate(signals):
            signal.connect(_telling(what), weak=False, dispatch_uid=f"event_{what}_{number}")


def _telling(what: str):
    def listener(sender, user=None, email_address=None, **facts) -> None:
        tell(what, (user or email_address.user).pk)

    return listener


def _signed_in(sender, user, **facts) -> None:
    tell("signed in", user.pk)


def _signed_out(sender, user, **facts) -> None:
    if user is not None:
        tell("signed out", user.pk)


def _shown(sender, user, method: str, **facts) -> None:
    again = " once more" if facts.get("reauthenticated") else ""
    kind = f" ({facts['type']})" if "type" in facts else ""
    tell(f"showed {SHOWN.get(method, method)}{kind}{again}", user.pk)


def _wrong_password(sender, credentials: dict, **facts) -> None:
    typed = credentials.get("email") or credentials.get("username") or ""
    accounts = get_user_model().objects.filter(email__iexact=typed)
    account = accounts.values_list("pk", flat=True).first()
    tell("a wrong password" if account else "a password of no account", account)
