"""Labels made of moments: a page shows nothing with a smaller label than that of what it shows.

Clocks are set back now and then, labels never: what changes again is labelled with ``later_than``.
"""

from datetime import UTC, datetime, timedelta

STEP = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def label_of(moment: datetime) -> int:
    """Microseconds, exact: the next step is another label."""
    return (moment - _EPOCH) // STEP


def later_than(before: datetime, now: datetime) -> datetime:
    """``now``, or the step after ``before`` where the clock is not past it."""
    return max(now, before + STEP)
