"""Hours in one line: what is understood, what is refused, and when it is open."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from resources import hours

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        ("mon-fri 8:30-15:30", "Mon-Fri 08:30-15:30"),
        ("Monday to Friday 8.30 – 15.30", "Mon-Fri 08:30-15:30"),
        ("Mon, Wed 9-10, 12-13:30; Sat 10-12", "Mon,Wed 09:00-10:00,12:00-13:30; Sat 10:00-12:00"),
        ("Fri-Mon: 20-02", "Fri-Mon 20:00-02:00"),
        ("24/7", "always"),
        ("Always", "always"),
        ("by arrangement", "by arrangement"),
        ("Sun 0-24", "Sun 00:00-24:00"),
    ],
)
def test_hours_come_to_one_form_and_stay_there(typed, stored):
    assert hours.tidy(typed) == stored
    assert hours.tidy(stored) == stored


@pytest.mark.parametrize(
    "typed",
    ["soon", "Mon", "9-10", "Mon 9", "Mon 9-9", "Mon 25-26", "Mon 9:70-10", "Mon 24-2", "x 9-10"],
)
def test_unclear_hours_are_refused_with_an_example(typed):
    with pytest.raises(ValidationError, match=r"Mon-Fri 08:30-15:30"):
        hours.tidy(typed)


@given(st.text(max_size=300))
def test_any_text_is_tidied_or_refused(typed):
    try:
        stored = hours.tidy(typed)
    except ValidationError:
        return
    assert hours.tidy(stored) == stored
    hours.is_open(stored, datetime(2026, 11, 25, 12, tzinfo=BERLIN))
    hours.shown(stored)


@pytest.mark.parametrize(
    ("stored", "at", "expected"),
    [
        ("Mon-Fri 08:30-15:30", datetime(2026, 11, 25, 8, 30), True),  # a Wednesday
        ("Mon-Fri 08:30-15:30", datetime(2026, 11, 25, 15, 30), False),
        ("Mon-Fri 08:30-15:30", datetime(2026, 11, 28, 10), False),
        ("Fri 20:00-02:00", datetime(2026, 11, 28, 1, 59), True),
        ("Fri 20:00-02:00", datetime(2026, 11, 27, 1, 59), False),
        ("Sun 20:00-02:00", datetime(2026, 11, 30, 1), True),
        ("Sun 00:00-24:00", datetime(2026, 11, 29, 23, 59), True),
        ("Sat-Mon 09:00-10:00", datetime(2026, 11, 29, 9), True),
        ("always", datetime(2026, 11, 29, 3), True),
        ("by arrangement", datetime(2026, 11, 25, 12), False),
    ],
)
def test_open_by_the_schools_clock(stored, at, expected):
    assert hours.is_open(stored, at.replace(tzinfo=BERLIN)) is expected


def test_hours_are_typed_and_shown_in_the_language_at_hand():
    with translation.override("de"):
        assert hours.tidy("Mo-Fr 8-15; Samstag 10-12") == "Mon-Fri 08:00-15:00; Sat 10:00-12:00"
        assert hours.shown("Mon-Fri 08:00-15:00") == "Mo–Fr 08:00–15:00"
