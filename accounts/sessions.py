"""Where an account is signed in: a list for its owner, and a way to end each.

A row is written at sign-in and follows its session when that gets another key; nothing is written
or asked while somebody just uses the site. No network address is kept.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import SignIn, User

#: What a browser calls itself, the most special name first.
_BROWSERS = {
    "Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "CrOS": "ChromeOS", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad",
    "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux",
}  # fmt: skip


def note(request: HttpRequest, user: User) -> None:
    """``user`` has just signed in with this browser."""
    if request.session.session_key:
        SignIn.objects.update_or_create(
            session_key=request.session.session_key,
            defaults={"user": user, "browser": browser_name(request.headers.get("User-Agent", ""))},
        )


def limit(request: HttpRequest) -> None:
    """The session ends two weeks from now, used or not: Django would begin them anew whenever
    something in it changes."""
    ends = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    request.session.set_expiry(ends)


def renew(request: HttpRequest) -> None:
    """Somebody has shown who they are once more: whoever copied the old key has not."""
    before = request.session.session_key
    request.session.cycle_key()
    now = request.session.session_key or ""
    SignIn.objects.filter(session_key=before).update(session_key=now)
    # What follows in this request looks for its own sign-in by the key that came along.
    request.COOKIES[settings.SESSION_COOKIE_NAME] = now


def follow(request: HttpRequest) -> None:
    """The session may have got a new key while this request was answered."""
    before = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    now = request.session.session_key
    if before and now and before != now and request.user.is_authenticated:
        SignIn.objects.filter(session_key=before, user_id=request.user.pk).update(session_key=now)


def of(user: User) -> QuerySet[SignIn]:
    """The sign-ins of ``user`` that still count, the newest first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return SignIn.objects.filter(user=user, session_key__in=alive).order_by("-began_at", "-pk")


@transaction.atomic
def end(sign_ins: QuerySet[SignIn]) -> None:
    """Sign these browsers out; their open pages close with them (``classrooms.endings``)."""
    keys = list(sign_ins.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    SignIn.objects.filter(session_key__in=keys).delete()


def browser_name(user_agent: str) -> str:
    """ "Firefox, Windows": enough to know one's own again."""
    names = (
        next((name for mark, name in known.items() if mark in user_agent), "")
        for known in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in names if name)


def _forget(sender, request, **kwargs) -> None:
    if request is not None and request.session.session_key:
        SignIn.objects.filter(session_key=request.session.session_key).delete()


def connect() -> None:
    user_logged_out.connect(_forget, dispatch_uid="sign_in_forgotten")
