"""How long a wait usually is, from the visits that a class has had. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

#: A range from fewer visits than this would be a guess, so none is shown (D2).
KNOWN_FROM = 5
#: Only this many visits count: a class changes.
LATEST = 20


@dataclass(frozen=True)
class Visit:
    """One visit: asked, started, ended."""

    raised_at: datetime
    started_at: datetime
    ended_at: datetime

    @property
    def length(self) -> float:
        """Minutes that the help took."""
        return max(0.0, (self.ended_at - self.started_at).total_seconds() / 60)

    @property
    def wait(self) -> float:
        """Minutes from the raised hand to the start of help."""
        return max(0.0, (self.started_at - self.raised_at).total_seconds() / 60)


def quarters(values: Sequence[float]) -> tuple[float, float]:
    """The 25th and 75th percentile, linear between neighbours; ``values`` is not empty."""
    ordered = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return at(0.25), at(0.75)


def wait_range(ahead: int, visits: Sequence[Visit], helpers: int) -> tuple[int, int] | None:
    """``ahead * (p25..p75 of visit lengths) / helpers`` in whole minutes (D2).

    None until five visits are known. At least one minute; the upper end is rounded up,
    so that the promise errs on the kind side.
    """
    if len(visits) < KNOWN_FROM:
        return None
    low, high = quarters([visit.length for visit in visits])
    share = ahead / max(1, helpers)
    return max(1, round(low * share)), max(1, ceil(high * share))


def usual_wait(visits: Sequence[Visit]) -> tuple[int, int] | None:
    """The middle half of the latest waits, in whole minutes; None until five are known."""
    if len(visits) < KNOWN_FROM:
        return None
    low, high = quarters([visit.wait for visit in visits])
    return max(1, round(low)), max(1, ceil(high))
