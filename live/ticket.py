"""A page's ticket for its socket: what it may hear, signed, for a few minutes.

With it a socket is let in without asking the database, which matters when a thousand pages come
back at once; the gate looks its people up a moment later, all together, before they hear anything.
A ticket is worth nothing in another browser: it is bound to the keys in the cookies that the page
came with, which are not in it.
"""

import hashlib
from collections.abc import Mapping

from django.core import signing

from live import rights
from live.rights import Admission, Pass

#: Seconds. An older page is looked up as it connects.
LASTS = 600
_SALT = "live.ticket"
#: Stands in a ticket where a pass has the key itself.
_THE_KEY = "key"


def issue(admission: Admission) -> str:
    """A ticket for the page that is being rendered."""
    passes = [
        [_with(each, key, _THE_KEY), _bound_to(key)]
        for each, key in zip(admission.passes, admission.keys, strict=True)
    ]
    return signing.dumps([dict(admission.topics), passes, admission.owner], salt=_SALT)


def read(ticket: str, cookies: Mapping[str, str]) -> Admission | None:
    """Whom this ticket lets in; None if it is too old, not ours, or another browser's."""
    try:
        topics, passes, owner = signing.loads(ticket, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    held = {_bound_to(key): key for key in rights.registered().keys_of(cookies)}
    if not all(bound_to in held for _pass, bound_to in passes):
        return None
    keys = tuple(held[bound_to] for _pass, bound_to in passes)
    return Admission(
        {topic: tuple(audiences) for topic, audiences in topics.items()},
        tuple(_with(each, _THE_KEY, key) for (each, _), key in zip(passes, keys, strict=True)),
        owner,
        keys,
    )


def _with(each: Pass, old: str, new: str) -> Pass:
    return {name: new if value == old else value for name, value in each.items()}


def _bound_to(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
