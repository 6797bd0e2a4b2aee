"""Hours that people write in one line: ``Mon-Fri 08:30-15:30, 17:00-18:00; Sat 10-12``.

Promises: ``tidy`` takes a line in English or in the language at hand and gives it back in
one form, or refuses it with a sentence that shows how; only that form is stored. The
reading functions take what ``tidy`` gave, and clocks in the school's zone.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.utils import dates
from django.utils.formats import time_format
from django.utils.translation import gettext as _

#: The stored forms without a clock: open day and night, and open when agreed.
ALWAYS, BY_ARRANGEMENT = "always", "by arrangement"
LENGTH = 160
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DASH = re.compile(r"\s*(?:[-–—‒−]|\bto\b)\s*")
_DAY = re.compile(r"[^\W\d_]+\.?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")
_MIDNIGHT = 24 * 60

#: Weekday, first and last minute of the day; a span past midnight ends after 24 * 60.
Span = tuple[int, int, int]


def tidy(text: str) -> str:
    """``text`` in the stored form; "" stays ""."""
    plain = " ".join(text.lower().split()).strip(" ;.")
    if not plain:
        return ""
    if plain in {ALWAYS, "24/7", "day and night", _("day and night").lower()}:
        return ALWAYS
    if plain in {BY_ARRANGEMENT, _("by arrangement").lower()}:
        return BY_ARRANGEMENT
    stored = "; ".join(_tidy_part(part) for part in plain.split(";") if part.strip())
    if len(stored) > LENGTH:
        raise ValidationError(
            _("Please make this shorter: %(limit)d characters at most.") % {"limit": LENGTH}
        )
    return stored


def _tidy_part(part: str) -> str:
    days, clocks = _split(part)
    spans = [_tidy_span(span) for span in clocks.split(",") if span.strip()]
    names = [_tidy_days(piece) for piece in days.split(",") if piece.strip()]
    if not spans or not names:
        raise _unclear()
    return f"{','.join(names)} {','.join(spans)}"


def _split(part: str) -> tuple[str, str]:
    """Days, and what stands from the first digit on."""
    digit = re.search(r"\d", part)
    if digit is None:
        raise _unclear()
    return part[: digit.start()].strip(" :"), part[digit.start() :]


def _tidy_days(piece: str) -> str:
    ends = [_day(name.strip()) for name in _DASH.split(piece.strip())]
    if len(ends) > 2:
        raise _unclear()
    return "-".join(_DAYS[end] for end in ends)


def _day(name: str) -> int:
    if not _DAY.fullmatch(name):
        raise _unclear()
    name = name.rstrip(".")
    for number, english in enumerate(_ENGLISH):
        own = str(dates.WEEKDAYS[number]).lower()
        short = str(dates.WEEKDAYS_ABBR[number]).lower().rstrip(".")
        if (len(name) > 1 and english.startswith(name)) or name in (own, short):
            return number
    raise _unclear()


def _tidy_span(span: str) -> str:
    ends = _DASH.split(span.strip())
    if len(ends) != 2:
        raise _unclear()
    first, last = (_clock(end) for end in ends)
    if first == last or first == "24:00":
        raise _unclear()
    return f"{first}-{last}"


def _clock(text: str) -> str:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise _unclear()
    hour, minute = int(found[1]), int(found[2] or 0)
    if minute > 59 or hour * 60 + minute > _MIDNIGHT:
        raise _unclear()
    return f"{hour:02d}:{minute:02d}"


def _unclear() -> ValidationError:
    return ValidationError(
        _("Please write the hours like this: Mon-Fri 08:30-15:30; Sat 10:00-12:00.")
    )


@lru_cache(maxsize=4096)
def spans(stored: str) -> tuple[Span, ...]:
    """The times of a week; none for ``ALWAYS``, ``BY_ARRANGEMENT`` and ""."""
    if stored in ("", ALWAYS, BY_ARRANGEMENT):
        return ()
    return tuple(span for part in stored.split("; ") for span in _spans_of(part))


def _spans_of(part: str) -> Iterator[Span]:
    days, _space, clocks = part.partition(" ")
    for clock in clocks.split(","):
        first, last = (int(end[:2]) * 60 + int(end[3:]) for end in clock.split("-"))
        for day in _days_of(days):
            yield day, first, last if last > first else last + _MIDNIGHT


def _days_of(days: str) -> list[int]:
    numbers: list[int] = []
    for piece in days.split(","):
        ends = [_DAYS.index(name) for name in piece.split("-")]
        length = (ends[-1] - ends[0]) % 7
        numbers += [(ends[0] + step) % 7 for step in range(length + 1)]
    return numbers


def is_open(stored: str, at: datetime) -> bool:
    """Whether somebody is there at ``at``, a time in the school's zone.

    ``BY_ARRANGEMENT`` is not open by itself.
    """
    if stored == ALWAYS:
        return True
    now = at.hour * 60 + at.minute
    today, yesterday = at.weekday(), (at.weekday() - 1) % 7
    return any(
        (day == today and first <= now < last) or (day == yesterday and now + _MIDNIGHT < last)
        for day, first, last in spans(stored)
    )


def shown(stored: str) -> str:
    """The hours in the words and clock of the language at hand."""
    if stored == ALWAYS:
        return _("day and night")
    if stored == BY_ARRANGEMENT:
        return _("by arrangement")
    return "; ".join(_shown_part(part) for part in stored.split("; ")) if stored else ""


def _shown_part(part: str) -> str:
    days, _space, clocks = part.partition(" ")
    for number, name in enumerate(_DAYS):
        days = days.replace(name, str(dates.WEEKDAYS_ABBR[number]))
    times = ("–".join(_shown_clock(end) for end in clock.split("-")) for clock in clocks.split(","))
    return f"{days.replace('-', '–').replace(',', ', ')} {', '.join(times)}"


def _shown_clock(clock: str) -> str:
    return "24:00" if clock == "24:00" else time_format(time.fromisoformat(clock), "H:i")
