"""A school's wall clock and what really happens: days on which it skips or repeats an hour.

Pure: dates, times and zones in, a moment in UTC and a word about it out. Also: when a time to
answer is over that counts only while somebody looks.
"""

import enum
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from resources import hours


class Clock(enum.Enum):
    """How a wall-clock time stands in its zone."""

    PLAIN = "plain"
    #: The clock jumps over it: what is planned then happens when the jump is over.
    SKIPPED = "skipped"
    #: The clock shows it twice: what is planned then happens the first time.
    TWICE = "twice"


class Planned(NamedTuple):
    at: datetime
    clock: Clock


def planned(day: date, hour: time, zone: ZoneInfo) -> Planned:
    """The moment (in UTC) at which the clock of ``zone`` shows, or should show, that time."""
    first = datetime.combine(day, hour.replace(tzinfo=None, fold=0), tzinfo=zone)
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after:
        return Planned(first.astimezone(UTC), Clock.PLAIN)
    assert before is not None
    assert after is not None
    if before > after:
        return Planned(first.astimezone(UTC), Clock.TWICE)
    return Planned(_end_of_jump(first, after - before), Clock.SKIPPED)


def _end_of_jump(local: datetime, length: timedelta) -> datetime:
    """The moment (UTC) at which the clock jumps over ``local``, to the second."""
    # With fold=0 a skipped time counts from before the jump, so it lies up to its length after.
    late = local.astimezone(UTC)
    early, zone = late - length, local.tzinfo
    offset = late.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)


#: Hours that are never open within this long count as if nobody had written them.
_LOOK_AHEAD = timedelta(days=21)


def within_hours(start: datetime, length: timedelta, stored: str, zone: ZoneInfo) -> datetime:
    """When ``length`` has passed since ``start``, counted only while ``stored`` hours are open
    (``resources.hours``; without any it always counts)."""
    if not stored or stored == hours.ALWAYS:
        return start + length
    minute, at = timedelta(minutes=1), start
    while at < start + _LOOK_AHEAD:
        if hours.is_open(stored, at.astimezone(zone)):
            if length < minute:
                return at
            length -= minute
        at += minute
    return start + length
