"""Reading a roster: names pasted into a box, or a CSV file from any spreadsheet.

Promises: it never fails and never guesses in silence. Whatever comes in, a Roster
comes out, in which each line is good or says in a sentence what to change; a file
that cannot be read at all says so once. Nothing is stored here. Sizes are bytes,
lengths code points, and line numbers count from 1 as in a text editor.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from classrooms.spreadsheet import (
    LINE_ENDS,
    MAX_CELLS,
    RAW_LENGTH,
    Row,
    Unreadable,
    check_size,
    decoded,
    table,
)
from classrooms.text import clean_line, clean_name, name_key

#: Lines with somebody on them.
MAX_LINES = 2000
#: Code points, as the database has room for.
EMAIL_LENGTH = 254
EXTERNAL_ID_LENGTH = 64
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_NAME_AND_EMAIL = re.compile(r"([^<>]*)<([^<>]*)>")
_BULLET = re.compile(r"(?:[*•·‣◦▪●○►–—]\s*|-(?:\s+|$)|\(?\d{1,4}[.)](?:\s+|$|(?=[^\W\d_])))")
_FORMULA_SIGNS = "=+@-"


def _titles(words: str) -> frozenset[str]:
    return frozenset(words.split("|"))


#: Titles of columns in English, German, French and Spanish, as _title() shows them.
_NAME_WORDS = _titles(
    "name|names|full name|student|students|student name|pupil|pupils|pupil name|learner"
    "|display name|vollständiger name|schüler|schülerin|schüler in|schülername|lernende"
    "|nom|nom complet|nom et prénom|prénom et nom|élève|étudiant|nom de l élève"
    "|nombre|nombre completo|nombre y apellidos|alumno|alumna|estudiante"
)
_FIRST_WORDS = _titles(
    "first name|firstname|first|given name|given names|forename|middle name|student first name"
    "|vorname|vornamen|rufname|prénom|prénoms|nombre de pila|nombres"
)
_LAST_WORDS = _titles(
    "last name|lastname|last|surname|family name|student last name"
    "|nachname|familienname|zuname|nom de famille"
    "|apellido|apellidos|primer apellido|segundo apellido"
)
#: "Name" beside "Vorname" and "nom" beside "prénom" are surnames; "nombre" beside "apellidos"
#: is a first name.
_LAST_BESIDE_FIRST = frozenset({"name", "nom"})
_FIRST_BESIDE_LAST = frozenset({"nombre"})
_EMAIL_WORDS = _titles(
    "email|e mail|mail|email address|e mail address|mail address|student email|school email"
    "|emailadresse|e mail adresse|mailadresse|courriel|adresse e mail|adresse email"
    "|adresse mail|adresse électronique|correo|correo electrónico|email del alumno"
)
_ID_WORDS = _titles(
    "id|student id|external id|pupil id|user id|sis id|student number|sourcedid|upn"
    "|schüler id|schülernummer|matrikelnummer|identifiant|matricule|numéro d étudiant"
    "|id de alumno|matrícula|número de alumno"
)


@dataclass
class RosterLine:
    """One line of the list: somebody, or the sentence that says what to change."""

    number: int
    raw: str
    name: str = ""
    email: str = ""
    external_id: str = ""
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


@dataclass
class Roster:
    """The lines of a list; ``problem`` says why a whole list cannot be read."""

    lines: list[RosterLine] = field(default_factory=list)
    problem: str = ""


@dataclass
class _Columns:
    """Where a table keeps what; the cells of ``names`` are joined."""

    names: list[int]
    email: int | None = None
    external_id: int | None = None


def read_paste(text: str) -> Roster:
    """Read names from a text box: one on each line, or cells copied from a spreadsheet."""
    text = text.encode(errors="ignore").decode()  # half a character cannot be shown again
    return _read(lambda: _paste_lines(text))


def read_csv(data: bytes) -> Roster:
    """Read a CSV file in whatever encoding and with whatever separator it was saved."""
    return _read(lambda: _table_lines(decoded(data), delimiter=None))


def _read(read_lines: Callable[[], list[RosterLine]]) -> Roster:
    try:
        lines = read_lines()
    except Unreadable as error:
        return Roster(problem=str(error))
    _mark_same_names(lines)
    return Roster(lines)


def _check_count(count: int) -> None:
    if count > MAX_LINES:
        raise Unreadable(
            _("This list has %(count)d lines. Please send at most %(most)d at a time.")
            % {"count": count, "most": MAX_LINES}
        )
    if count == 0:
        raise Unreadable(_("There are no names here yet. Please add at least one."))


# --- Pasted names ------------------------------------------------------------


def _paste_lines(text: str) -> list[RosterLine]:
    check_size(len(text.encode()))
    lines = LINE_ENDS.split(text.replace("\0", "").removeprefix("\ufeff"))
    filled = sum(bool(line.strip()) for line in lines)
    if filled > MAX_LINES + 1:  # one may be a header
        _check_count(filled)
    delimiter = _pasted_delimiter(lines)
    if delimiter:
        return _table_lines("\n".join(lines), delimiter=delimiter)
    rows = [
        Row(number, raw, [line])
        for number, raw in enumerate(lines, start=1)
        if (line := _without_bullet(raw))
    ]
    header = _header(rows[0].cells) if rows else None
    if header and header.names:
        del rows[0]
    _check_count(len(rows))
    people = [_name_and_email(row.cells[0]) for row in rows]
    is_surname_first = all(_is_surname_first(name) for name, _email in people)
    return [
        _line(row, _flipped(name) if is_surname_first else name, email, "")
        for row, (name, email) in zip(rows, people, strict=True)
    ]


def _pasted_delimiter(lines: list[str]) -> str | None:
    """What stands between the columns, if this was copied from a table."""
    filled = [line.strip() for line in lines if line.strip()]
    if not filled:
        return None
    unmarked = [_without_bullet(line) for line in filled]
    if sum("\t" in line for line in unmarked) * 2 > len(filled):
        return "\t"
    for delimiter in ";,":
        has_header = delimiter in filled[0] and _header(filled[0].split(delimiter))
        with_email = sum(_has_email_cell(line.split(delimiter)) for line in filled)
        if has_header or with_email * 2 > len(filled):
            return delimiter
    return None


def _has_email_cell(cells: list[str]) -> bool:
    is_email = (_EMAIL.fullmatch(cell.strip()) for cell in cells[:MAX_CELLS])
    return len(cells) > 1 and any(is_email)


def _without_bullet(line: str) -> str:
    line = line.strip()
    bullet = _BULLET.match(line)
    return line[bullet.end() :].strip() if bullet else line


def _is_surname_first(name: str) -> bool:
    surname, comma, first = name.partition(",")
    return bool(comma and surname.strip() and first.strip()) and "," not in first


def _flipped(name: str) -> str:
    surname, _comma, first = name.partition(",")
    return f"{first.strip()} {surname.strip()}"


# --- Tables ------------------------------------------------------------------


def _table_lines(text: str, *, delimiter: str | None) -> list[RosterLine]:
    rows, count = _first_rows(table(text, delimiter))
    columns = _header(rows[0].cells) if rows else None
    if columns:
        del rows[0]
        count -= 1
    _check_count(count)
    columns = columns or _guessed_columns(rows)
    if not columns.names:
        raise Unreadable(
            _("This list has no column for names. Please call one of its columns “Name”.")
        )
    return [_table_line(row, columns) for row in rows]


def _first_rows(rows: Iterable[Row]) -> tuple[list[Row], int]:
    """As many rows as a list can have, a header among them, and how many there are."""
    kept = []
    count = 0
    for row in rows:
        count += 1
        if count <= MAX_LINES + 1:
            kept.append(row)
    return kept, count


def _header(cells: list[str]) -> _Columns | None:
    """The columns if these cells are titles of columns; None if they are somebody."""
    titles = [_title(cell) for cell in cells[:MAX_CELLS]]
    last = [at for at, title in enumerate(titles) if title in _LAST_WORDS]
    first = [at for at, title in enumerate(titles) if title in _FIRST_WORDS]
    if first and not last:
        last = [at for at, title in enumerate(titles) if title in _LAST_BESIDE_FIRST]
    elif last and not first:
        first = [at for at, title in enumerate(titles) if title in _FIRST_BESIDE_LAST]
    whole = [
        at for at, title in enumerate(titles) if title in _NAME_WORDS and at not in first + last
    ]
    email = [at for at, title in enumerate(titles) if title in _EMAIL_WORDS]
    external_id = [at for at, title in enumerate(titles) if title in _ID_WORDS]
    names = whole[:1] or first + last
    known = len(whole + first + last + email + external_id)
    filled = sum(bool(title) for title in titles)
    if not known or any("@" in cell for cell in cells[:MAX_CELLS]):
        return None
    if not names and known < filled:
        return None
    return _Columns(names, next(iter(email), None), next(iter(external_id), None))


def _title(cell: str) -> str:
    return re.sub(r"[\W_]+", " ", name_key(cell[:RAW_LENGTH])).strip()


def _guessed_columns(rows: list[Row]) -> _Columns:
    """Without titles: the name comes first; e-mail is what looks like it; the rest is the id."""
    width = max(len(row.cells) for row in rows)
    columns = {at: [row.cell(at) for row in rows if row.cell(at)] for at in range(width)}
    columns = {at: cells for at, cells in columns.items() if cells}
    email = next((at for at, cells in columns.items() if _looks_like_email(cells)), None)
    rest = [at for at in columns if at != email]
    if len(rest) > 1 and _is_numbering(columns[rest[0]]):
        del rest[0]
    names = [at for at in rest if _has_letters(columns[at])][:1] or rest[:1]
    ids = [at for at in rest if at not in names]
    return _Columns(names or [email or 0], email, next(iter(ids), None))


def _looks_like_email(cells: list[str]) -> bool:
    return sum(bool(_EMAIL.fullmatch(cell)) for cell in cells) * 2 >= len(cells)


def _is_numbering(cells: list[str]) -> bool:
    """Bullets, or 1, 2, 3 down the first column."""
    return all(
        not _without_bullet(cell) or cell.rstrip(".)") == str(count)
        for count, cell in enumerate(cells, start=1)
    )


def _has_letters(cells: list[str]) -> bool:
    return any(char.isalpha() for cell in cells for char in cell)


def _table_line(row: Row, columns: _Columns) -> RosterLine:
    name = " ".join(cell for column in columns.names if (cell := row.cell(column)))
    email = row.cell(columns.email)
    if not email:
        name, email = _name_and_email(name)
    return _line(row, name, email, row.cell(columns.external_id))


# --- One line ----------------------------------------------------------------


def _name_and_email(text: str) -> tuple[str, str]:
    """The parts of ``Ada Byron <ada@example.org>``; also without the brackets."""
    bracketed = _NAME_AND_EMAIL.fullmatch(text.strip())
    if bracketed:
        name = bracketed[1].strip().strip("\"'").strip()
        return name, bracketed[2].strip().removeprefix("mailto:")
    words = text.rsplit(maxsplit=1)
    email = words[-1].strip("(),;") if words else ""
    if _EMAIL.fullmatch(email):
        return (words[0].rstrip(" ,;") if len(words) > 1 else ""), email
    return text.strip(), ""


def _line(row: Row, name: str, email: str, external_id: str) -> RosterLine:
    line = RosterLine(row.number, row.raw[:RAW_LENGTH])
    try:
        line.name = _checked_name(name)
        line.email = _checked_email(email)
        line.external_id = _checked_id(external_id)
    except ValidationError as error:
        line.problem = error.messages[0]
    return line


def _checked_name(name: str) -> str:
    if not name or _EMAIL.fullmatch(name):  # classmates see names, and need no addresses
        raise ValidationError(_("Please add a name on this line."))
    if name.count("\n") > 1:
        raise ValidationError(
            _('This name goes over several lines. Please check the quotation marks (").')
        )
    return _without_formula(clean_name(name))


def _checked_email(email: str) -> str:
    try:
        cleaned = _without_formula(clean_line(email, limit=EMAIL_LENGTH))
        if cleaned:
            validate_email(cleaned)
    except ValidationError:
        raise ValidationError(
            _("Please check the e-mail address “%(email)s”.") % {"email": email[:80]}
        ) from None
    return cleaned


def _checked_id(external_id: str) -> str:
    try:
        cleaned = clean_line(external_id, limit=EXTERNAL_ID_LENGTH)
    except ValidationError:
        raise ValidationError(
            _("Please use a shorter id: %(limit)d characters at most.")
            % {"limit": EXTERNAL_ID_LENGTH}
        ) from None
    return _without_formula(cleaned)


def _without_formula(cell: str) -> str:
    """``cell`` again; refused if a spreadsheet would run it as a formula once it is exported."""
    sign = unicodedata.normalize("NFKC", cell[:1])
    if sign and sign in _FORMULA_SIGNS:
        raise ValidationError(
            _("Please take away the “%(sign)s” at the start of “%(cell)s”.")
            % {"sign": sign, "cell": cell[:40]}
        )
    return cell


def _mark_same_names(lines: list[RosterLine]) -> None:
    seen: dict[str, int] = {}
    for line in lines:
        if not line.ok:
            continue
        number = seen.setdefault(name_key(line.name), line.number)
        if number != line.number:
            line.problem = _(
                "Same name as line %(number)d. If they are two people, please add a letter."
            ) % {"number": number}
