"""A clock that can be set, so that the verbs of today make a past that agrees with itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_set_to: ContextVar[datetime | None] = ContextVar("demo_clock", default=None)
_one_at_a_time = threading.Lock()


@contextmanager
def settable_clock() -> Iterator[Callable[[datetime], object]]:
    """Yields what sets ``timezone.now()`` to a moment, for the caller's thread alone.

    Everybody else's clock keeps going, and the caller's goes on when the block ends.
    """
    with _one_at_a_time:
        real_now = timezone.now
        timezone.now = lambda: _set_to.get() or real_now()
        before = _set_to.set(None)
        try:
            yield _set_to.set
        finally:
            _set_to.reset(before)
            timezone.now = real_now
