"""The directory as a CSV file, out and in again.

Promises: what ``write`` gives, ``read`` takes, also after a spreadsheet has saved it in
another encoding or with another separator; nothing in it runs as a formula; and what
comes in is good, or says on its line what to change. Nothing is stored here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core import signing
from django.db import models
from django.utils.translation import gettext as _

from classrooms.spreadsheet import (
    FORMULA_SIGNS,
    MAX_BYTES,
    Row,
    Unreadable,
    decoded,
    restored,
    table,
    written,
)
from classrooms.text import name_key
from resources.forms import EntryForm
from resources.models import Cost, Entry, Kind, Topic, Where
from resources.place import Place

#: Lines with an entry on them.
MAX_LINES = 500
#: Seconds for which a preview can be added.
PREVIEW_LASTS = 60 * 60
_SALT = "resources.import-preview"
#: Titles of columns, in the order of the file. They are names, the same in each language.
COLUMNS = {
    "title": "Name",
    "kind": "Kind",
    "use": "Use this to",
    "audience": "Who it is for",
    "topics": "Topics",
    "languages": "Languages",
    "cost": "Cost",
    "hours": "Hours",
    "where": "Where",
    "place": "Place",
    "contact": "Contact",
    "link": "Web address",
    "bring": "What to bring",
    "reading_age": "Reading age",
    "author": "Author",
    "reviewed_by": "Reviewed by",
    "review_due": "Review date",
    "data_note": "Data",
}
_CHOICES: dict[str, type[models.TextChoices]] = {
    "kind": Kind,
    "topics": Topic,
    "cost": Cost,
    "where": Where,
}
_FORMULA = frozenset(FORMULA_SIGNS)
_PHONE = re.compile(r"\+[\d ()/.-]+")
_LIST = re.compile(r"[,;|\n]")


# --- Out ---------------------------------------------------------------------


def write(entries: Iterable[Entry]) -> bytes:
    """A CSV file."""
    rows = ([_cell(getattr(entry, name)) for name in COLUMNS] for entry in entries)
    return written([list(COLUMNS.values()), *rows])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


# --- In ----------------------------------------------------------------------


@dataclass
class EntryLine:
    """One line of the file: an entry, or the sentence that says what to change."""

    number: int
    cells: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    missing: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problem


@dataclass
class Table:
    """The lines of a file; ``problem`` says why a whole file cannot be read."""

    lines: list[EntryLine] = field(default_factory=list)
    problem: str = ""


def read(data: bytes) -> Table:
    """Read a CSV file in whatever encoding and with whatever separator it was saved."""
    try:
        return Table([_line(number, cells) for number, cells in _rows(data)])
    except Unreadable as reason:
        return Table(problem=str(reason))


def _rows(data: bytes) -> list[tuple[int, dict[str, Any]]]:
    rows = _read_rows(data)
    if not rows:
        raise Unreadable(_("This file is empty. Please choose another one."))
    columns = _columns(rows[0].cells)
    if len(rows) - 1 > MAX_LINES:
        raise Unreadable(
            _("This file has %(count)d lines. Please send at most %(most)d at a time.")
            % {"count": len(rows) - 1, "most": MAX_LINES}
        )
    if len(rows) == 1:
        raise Unreadable(_("There is nothing below the titles of the columns yet."))
    return [(row.number, {name: row.cell(at) for name, at in columns.items()}) for row in rows[1:]]


def _read_rows(data: bytes) -> list[Row]:
    if len(data) > MAX_BYTES:
        raise Unreadable(
            _("This file is too big. Please send a smaller one: %(most)d MB at most.")
            % {"most": MAX_BYTES // (1024 * 1024)}
        )
    try:
        text = decoded(data)
    except Unreadable:
        raise Unreadable(
            _("This file cannot be read as a table. Please save it as “CSV UTF-8” and send that.")
        ) from None
    return list(table(text))


def _columns(titles: list[str]) -> dict[str, int]:
    """Which column holds what. Columns of other names are left out of account."""
    places = {name_key(title): at for at, title in reversed([*enumerate(titles)])}
    known = {
        name: places[key]
        for name, title in COLUMNS.items()
        for key in (name_key(title), name)
        if key in places
    }
    if "title" not in known:
        raise Unreadable(
            _("This file has no column called “%(title)s”. It can have these columns: %(columns)s.")
            % {"title": COLUMNS["title"], "columns": ", ".join(COLUMNS.values())}
        )
    return known


def _line(number: int, cells: dict[str, Any]) -> EntryLine:
    found = EntryLine(number, cells)
    for name, cell in cells.items():
        if cell[:1] in _FORMULA and not (name == "contact" and _PHONE.fullmatch(cell)):
            found.problem = _("Please take away the “%(sign)s” at the start of “%(cell)s”.") % {
                "sign": cell[:1],
                "cell": cell[:40],
            }
            return found
        cells[name] = restored(cell)
    _check(found)
    return found


def _check(found: EntryLine) -> None:
    """Read the cells as the form for one entry would."""
    form = EntryForm({name: _given(name, cell) for name, cell in found.cells.items()})
    if form.is_valid():
        found.values = form.cleaned_data
        found.missing = Entry(**form.cleaned_data).missing_labels()
        return
    name, sentences = next(iter(form.errors.items()))
    found.problem = f"{form.fields[name].label}: {sentences[0]}"


def _given(name: str, cell: str) -> Any:
    """A cell as a form takes it: words for choices become their values."""
    if name not in _CHOICES:
        return cell
    words = [word.strip() for word in _LIST.split(cell)] if name == "topics" else [cell]
    values = [_value(_CHOICES[name], word) for word in words if word]
    return values if name == "topics" else "".join(values[:1])


def _value(choices: type[models.TextChoices], word: str) -> str:
    key = name_key(word)
    known = {
        name_key(str(text)): value for value, label in choices.choices for text in (value, label)
    }
    return known.get(key, word)


# --- Before anything is written ----------------------------------------------


class ImportPreview:
    """What adding a file to a directory would do."""

    def __init__(self, place: Place, lines: list[EntryLine]) -> None:
        self.place = place
        self.lines = lines
        titles = place.own_entries().values_list("title", flat=True)
        self.known = {name_key(title) for title in titles}

    @cached_property
    def rows(self) -> list[tuple[EntryLine, bool]]:
        """``(line, whether its name is there already)``, also when an earlier line has it."""
        seen = set(self.known)
        rows = []
        for line in self.lines:
            key = name_key(line.values["title"]) if line.ok else ""
            rows.append((line, line.ok and key in seen))
            seen.add(key)
        return rows

    @cached_property
    def new(self) -> list[EntryLine]:
        return [line for line, is_known in self.rows if line.ok and not is_known]

    @property
    def complete_count(self) -> int:
        return sum(not line.missing for line in self.new)

    @property
    def problem_count(self) -> int:
        return sum(not line.ok for line in self.lines)

    @property
    def known_count(self) -> int:
        return sum(is_known for _line, is_known in self.rows)

    @cached_property
    def signed(self) -> str:
        """The new lines for a hidden field; nobody can change them on the way."""
        kept = {"place": self.place.url("entries"), "cells": [line.cells for line in self.new]}
        return signing.dumps(kept, salt=_SALT, compress=True)


class PreviewGone(Exception):
    """The signed lines of a preview cannot be used any more."""


def previewed(signed: str, place: Place) -> list[dict[str, Any]]:
    """The values that ``ImportPreview.signed`` holds for this place; raises PreviewGone."""
    try:
        kept = signing.loads(signed, salt=_SALT, max_age=PREVIEW_LASTS)
    except signing.BadSignature:
        raise PreviewGone from None
    if kept["place"] != place.url("entries"):
        raise PreviewGone
    lines = [EntryLine(number, cells) for number, cells in enumerate(kept["cells"])]
    preview = ImportPreview(place, lines)
    for line in lines:
        _check(line)
    return [line.values for line in preview.new]
