"""What let an open page in, and whether it still does: the door's rule for many pages at once.

A pass is a mapping: ``membership``, ``role`` and ``classroom`` of whoever came in, and either the
``device`` that brought a student or the ``user`` and ``session`` of an account; None where a page
has none. ``classrooms.access`` asks the same of one request.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from classrooms.models import Device, Membership

Pass = Mapping[str, int | str | None]


def still_good(passes: Sequence[Pass]) -> list[bool]:
    """For each pass whether it lets in now; a handful of queries for however many."""
    roles = dict(
        Membership.objects.let_in()
        .filter(pk__in=those(passes, "membership"))
        .values_list("pk", "role")
    )
    devices = _approved(those(passes, "device"))
    users = get_user_model().objects.filter(is_active=True).in_bulk(those(passes, "user"))
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    sessions = alive.in_bulk(those(passes, "session"))
    return [
        roles.get(each["membership"]) == each["role"]
        and (each["device"] is None or each["device"] in devices)
        and (each["user"] is None or each["user"] in users)
        and (
            each["session"] is None
            or _is_signed_in(users.get(each["user"]), sessions.get(each["session"]))
        )
        for each in passes
    ]


def those(passes: Sequence[Pass], name: str) -> set[Any]:
    """Whose passes these are, by the pass of this name."""
    return {each[name] for each in passes} - {None}


def _approved(ids: set) -> set[int]:
    approved = Device.objects.filter(pk__in=ids, approved_at__isnull=False)
    return set(approved.values_list("pk", flat=True)) if ids else set()


def _is_signed_in(user: AbstractBaseUser | None, session: Session | None) -> bool:
    """Whether the session is still theirs: a new password ends those that there were."""
    if user is None or session is None:
        return False
    proof = session.get_decoded().get(HASH_SESSION_KEY, "")
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(proof, each) for each in hashes)
