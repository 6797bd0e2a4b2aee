"""What pages were shown, so that they need be given no more than what is new since then.

A page tells the digest of what it shows. Of each audience the last few states that this process
drew are remembered, whoever they were drawn for: a page, an answer or a push. A digest that is not
among them belongs to a page that is given the whole.
"""

import threading
from collections import OrderedDict

from live.shown import Shown

#: States remembered of one audience, and audiences: a few kilobytes for a class of thirty hands.
STATES, AUDIENCES = 8, 2048

_lock = threading.Lock()
_seen: OrderedDict[str, OrderedDict[str, Shown]] = OrderedDict()


def note(place: str, shown: Shown) -> None:
    """Somebody of the audience ``place`` (``queue:7/student.31:en``) is shown this."""
    with _lock:
        states = _seen.setdefault(place, OrderedDict())
        states[shown.digest] = shown
        states.move_to_end(shown.digest)
        if len(states) > STATES:
            states.popitem(last=False)
        _seen.move_to_end(place)
        if len(_seen) > AUDIENCES:
            _seen.popitem(last=False)


def known(place: str, digest: str) -> Shown | None:
    """What a page shows that says so; None where that is not remembered."""
    with _lock:
        states = _seen.get(place)
        return states.get(digest) if states is not None else None


def forget_all() -> None:
    """Everybody is given the whole."""
    with _lock:
        _seen.clear()
