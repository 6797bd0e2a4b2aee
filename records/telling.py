"""What is kept about somebody, as a page shows it and as a file holds it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import JsonResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from records.registry import Reader, Record, Told, Words
from records.words import WORDS

#: Rows of each kind on a page; the file has more.
SHOWN = 20


@dataclass(frozen=True)
class Shown:
    """One kind of thing on the page: why it is kept, and each row as ``(word, value)`` lines."""

    records: list[Record]
    rows: list[list[tuple[Words, str]]]
    is_cut: bool

    @property
    def title(self) -> Words:
        return self.records[0].what


def reader_of_self() -> Reader:
    """As whom people read about themselves: over an open network nothing that is for them alone."""
    return Reader.TEACHER if settings.LAN else Reader.PERSON


def left_out_for_self() -> list[str]:
    if not settings.LAN:
        return []
    return [_("What is for you alone is left out, because others could read along here.")]


def shown(told: Iterable[Told]) -> list[Shown]:
    return [
        Shown(each.records, [_lines(row) for row in each.rows[:SHOWN]], each.is_cut)
        for each in told
    ]


def download(about: dict[str, str], told: Iterable[Told], left_out: list[str]) -> JsonResponse:
    """A file that no browser and no proxy keeps a copy of."""
    kept = [
        {
            "kept": [
                {
                    "what": each.what,
                    "why": each.why,
                    "who_sees_it": each.seen,
                    "how_long": each.rule.how_long,
                }
                for each in group.records
            ],
            "only_the_newest": group.is_cut,
            "rows": group.rows,
        }
        for group in told
    ]
    made_at = timezone.localtime().isoformat(timespec="minutes")
    answer = JsonResponse(
        {"about": about, "made_at": made_at, "left_out": left_out, "groups": kept},
        json_dumps_params={"indent": 1, "ensure_ascii": False},
    )
    answer["Content-Disposition"] = 'attachment; filename="what-is-kept.json"'
    answer["Cache-Control"] = "no-store, private"
    return answer


def _lines(row: dict[str, Any]) -> list[tuple[Words, str]]:
    """What a row says; fields with nothing in them are left out."""
    return [
        (WORDS[name], _readable(value))
        for name, value in row.items()
        if value is not None and value not in ("", [], {})
    ]


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(value, "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, list):
        return ", ".join(map(_readable, value))
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_readable(each)}" for name, each in value.items())
    return str(value)
