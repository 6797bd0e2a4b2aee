"""Tables of text from any spreadsheet, as rows: encodings, separators, quotes.

Promises: a file is read in whatever encoding and with whatever separator it was saved, or
Unreadable says why and what to do. The work is bounded by MAX_BYTES; line numbers count
from 1 as in a text editor. What is written runs nowhere as a formula, also not in a spreadsheet
that takes another sign for the one between cells.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

#: Bytes.
MAX_BYTES = 1024 * 1024
#: Code points of a line that are kept as it was given.
RAW_LENGTH = 200
#: Cells after these are not looked at, so that a line of commas costs nothing.
MAX_CELLS = 200
#: Lines that show which sign stands between the columns.
_LOOKED_AT_LINES = 50

_SPREADSHEETS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\xd0\xcf\x11\xe0")
#: Openings of PDF, RTF, and of the HTML and XML that some programs call a spreadsheet.
_OTHER_FILES = (b"%PDF", b"{\\rtf", b"<")
_BLANK_BYTES = codecs.BOM_UTF8 + b" \t\r\n"
#: Signs nobody types. One may have slipped in; one in twenty is not a text.
_UNTYPED = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_SEPARATOR_HINT = re.compile(r"sep=([,;\t])\s*$", re.IGNORECASE)
#: In the order of belief when the counts are equal: names have commas, but no tabs.
_DELIMITERS = "\t;,"
#: A formula begins with one of these, also in their other forms: a spreadsheet may take them so.
FORMULA_SIGNS = "=＝﹦⁼₌⩵⩶+＋﹢⁺₊﬩-－﹣@＠﹫"
#: Where another spreadsheet may begin a cell within one of ours: behind what separates its cells.
_WITHIN = rf'([,;|\t\n\r\x0b\x0c\x85\u2028\u2029][\s"]*){{}}(\'*[{re.escape(FORMULA_SIGNS)}])'
_RISKY, _DEFUSED = re.compile(_WITHIN.format("")), re.compile(_WITHIN.format("'"))


@dataclass
class Row:
    """Cells with the line they start on, and that line as it was given."""

    number: int
    raw: str
    cells: list[str]

    def cell(self, column: int | None) -> str:
        return self.cells[column] if column is not None and column < len(self.cells) else ""


class Unreadable(Exception):
    """The list as a whole cannot be read; the text says why and what to do."""


def decoded(data: bytes) -> str:
    """The text of a file."""
    check_size(len(data))
    if data.startswith(_SPREADSHEETS):
        raise Unreadable(
            _(
                "This looks like a spreadsheet file. Please save it as CSV first, "
                "or copy the names and paste them."
            )
        )
    if data.lstrip(_BLANK_BYTES).startswith(_OTHER_FILES):
        raise Unreadable(_not_a_list())
    text = _as_text(data).rstrip("\x1a")  # old programs end a text file with it
    if _is_binary(text):
        raise Unreadable(_not_a_list())
    return text


def _as_text(data: bytes) -> str:
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    if not is_wide and _is_binary(data.decode("latin-1")):
        raise Unreadable(_not_a_list())
    raise Unreadable(
        _(
            "Some letters in this file cannot be read. "
            "Please save it as “CSV UTF-8”, or copy the names and paste them."
        )
    )


def _is_binary(text: str) -> bool:
    return "\0" in text or len(_UNTYPED.findall(text)) * 20 > len(text)


def _not_a_list() -> str:
    return _(
        "This does not look like a list of names. "
        "Please choose a CSV file, or copy the names and paste them."
    )


def check_size(size: int) -> None:
    """``size`` in bytes."""
    if size > MAX_BYTES:
        raise Unreadable(
            _("This list is too big. Please send a smaller one: %(most)d MB at most.")
            % {"most": MAX_BYTES // (1024 * 1024)}
        )


def table(text: str, delimiter: str | None = None) -> Iterator[Row]:
    """The rows that have something in them; the sign between the cells is found out."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    hint = _SEPARATOR_HINT.match(lines[0])
    if hint:
        lines[0] = ""
    return _rows(lines, delimiter or (hint[1] if hint else _delimiter(lines)))


def _delimiter(lines: list[str]) -> str:
    """The sign that is on most of the first lines, outside of quotes."""
    sample: list[str] = []
    is_quoted = False
    for line in lines[:_LOOKED_AT_LINES]:
        parts = line.split('"')
        outside = "".join(parts[1 if is_quoted else 0 :: 2])
        is_quoted ^= len(parts) % 2 == 0
        if outside.strip():
            sample.append(outside)

    def weight(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in sample]
        return sum(map(bool, counts)), sum(counts)

    best = max(_DELIMITERS, key=weight)
    return best if any(weight(best)) else ","


def _rows(lines: list[str], delimiter: str) -> Iterator[Row]:
    """The rows that have something in them."""
    end = "\x00"  # no text comes here with one in it, so a cell that holds it was never closed
    reader = csv.reader((line + "\n" for line in [*lines, end]), delimiter=delimiter)
    first = 1
    while True:
        try:
            cells = next(reader)
        except csv.Error:  # a cell of more than 128 Ki code points
            raise Unreadable(_too_long(first, lines[first - 1])) from None
        if cells == [end]:
            return
        if cells and end in cells[-1]:
            raise Unreadable(_never_closed(first))
        if any(cells) and any(cell.strip() for cell in cells):
            raw = "\n".join(lines[first - 1 : min(reader.line_num, first + RAW_LENGTH)])
            yield Row(first, raw, [cell.strip() for cell in cells[:MAX_CELLS]])
        first = reader.line_num + 1


def _too_long(number: int, line: str) -> str:
    if '"' in line:
        return _never_closed(number)
    return _("Please look at line %(number)d: it is too long for a name.") % {"number": number}


def _never_closed(number: int) -> str:
    return _(
        'Please look at line %(number)d: a quotation mark (") opens there and nothing closes it.'
    ) % {"number": number}


# --- Out ---------------------------------------------------------------------


def written(rows: Iterable[Iterable[str]]) -> bytes:
    """A CSV file in UTF-8 with a mark that spreadsheets know it by."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def defused(cell: str) -> str:
    """A spreadsheet takes what stands behind an apostrophe for text; ``restored`` takes it away."""
    inside = _RISKY.sub(r"\1'\2", cell)
    begins = inside[:1]
    return f"'{inside}" if begins and begins in f"'\t\r\n{FORMULA_SIGNS}" else inside


def restored(cell: str) -> str:
    return _DEFUSED.sub(r"\1\2", cell.removeprefix("'"))
