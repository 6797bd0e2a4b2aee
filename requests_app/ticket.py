"""A page's ticket for its socket: who it was rendered for, signed, for a few minutes.

With it a socket is let in without asking the database, which matters when a thousand
pages come back at once; the hub looks its people up a second later, all together. A
ticket is worth nothing in another browser: it is bound to the cookie that the page came
with.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import signing

from classrooms.access import Entry, device_keys, digest
from classrooms.models import Membership

#: Seconds. An older page is looked up as it connects.
LASTS = 600
_SALT = "requests_app.ticket"


@dataclass(frozen=True)
class Admission:
    """Whom a socket was opened for, to which queue, and what lets it in (hub.Socket.passes)."""

    queue_id: int
    membership: Membership
    passes: Mapping[str, int | str | None]


def admit(entry: Entry, queue_id: int, cookies: Mapping[str, str]) -> Admission:
    """For somebody who came in by the door."""
    device_id = entry.device.pk if entry.device else None
    return _admission(queue_id, entry.membership, device_id, cookies)


def issue(entry: Entry, queue_id: int, cookies: Mapping[str, str]) -> str:
    """A ticket for the page that is being rendered."""
    member, device = entry.membership, entry.device
    slug = member.classroom.slug
    facts = [
        queue_id,
        {
            "pk": member.pk,
            "role": member.role,
            "classroom_id": member.classroom_id,
            "user_id": member.user_id,
        },
        device and device.pk,
        _bound_to(slug, cookies, by_device=device is not None),
    ]
    return signing.dumps(facts, salt=_SALT + slug)


def read(ticket: str, slug: str, cookies: Mapping[str, str]) -> Admission | None:
    """Whom this ticket lets in; None if it is too old, not ours, or another browser's."""
    try:
        queue_id, member, device_id, bound_to = signing.loads(
            ticket, salt=_SALT + slug, max_age=LASTS
        )
    except signing.BadSignature:
        return None
    if bound_to != _bound_to(slug, cookies, by_device=device_id is not None):
        return None
    return _admission(queue_id, Membership(**member), device_id, cookies)


def _admission(
    queue_id: int, member: Membership, device_id: int | None, cookies: Mapping[str, str]
) -> Admission:
    passes: dict[str, int | str | None] = {
        "membership": member.pk,
        "role": member.role,
        "device": device_id,
        "user": member.user_id,
        "classroom": member.classroom_id,
        "session": None if device_id else cookies.get(settings.SESSION_COOKIE_NAME),
    }
    return Admission(queue_id, member, passes)


def _bound_to(slug: str, cookies: Mapping[str, str], *, by_device: bool) -> str:
    key = device_keys(cookies).get(slug) if by_device else cookies.get(settings.SESSION_COOKIE_NAME)
    return digest(key or "")
