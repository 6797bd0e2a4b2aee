"""The wall clock in three zones, on the days on which it skips or repeats time."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from checkins.when import Clock, planned


@pytest.mark.parametrize(
    ("zone", "day", "hour", "at", "clock"),
    [
        # Berlin: 29 March 2026 02:00 → 03:00, 25 October 03:00 → 02:00.
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), (2026, 3, 29, 1, 0), Clock.SKIPPED),
        ("Europe/Berlin", date(2026, 3, 29), time(3, 0), (2026, 3, 29, 1, 0), Clock.PLAIN),
        ("Europe/Berlin", date(2026, 3, 29), time(1, 59), (2026, 3, 29, 0, 59), Clock.PLAIN),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), (2026, 10, 25, 0, 30), Clock.TWICE),
        ("Europe/Berlin", date(2026, 10, 25), time(3, 0), (2026, 10, 25, 2, 0), Clock.PLAIN),
        # New York: 8 March 2026 02:00 → 03:00, 1 November 02:00 → 01:00.
        ("America/New_York", date(2026, 3, 8), time(2, 0), (2026, 3, 8, 7, 0), Clock.SKIPPED),
        ("America/New_York", date(2026, 3, 8), time(2, 59), (2026, 3, 8, 7, 0), Clock.SKIPPED),
        ("America/New_York", date(2026, 11, 1), time(1, 15), (2026, 11, 1, 5, 15), Clock.TWICE),
        # Lord Howe Island moves by half an hour: 4 October 2026 02:00 → 02:30.
        (
            "Australia/Lord_Howe",
            date(2026, 10, 4),
            time(2, 10),
            (2026, 10, 3, 15, 30),
            Clock.SKIPPED,
        ),
        ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), (2026, 4, 4, 14, 45), Clock.TWICE),
        ("Australia/Lord_Howe", date(2026, 4, 5), time(2, 0), (2026, 4, 4, 15, 30), Clock.PLAIN),
    ],
)
def test_what_really_happens_when_the_clocks_change(zone, day, hour, at, clock):
    assert planned(day, hour, ZoneInfo(zone)) == (datetime(*at, tzinfo=UTC), clock)
