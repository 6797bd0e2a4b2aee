"""Each app declares here what it keeps about people; this module knows no app.

An app does so in its own ``records.py``, which is read at the start. Everything else follows from
the declaration: the clock empties it (``run_due``), a person can read it (``tell``), it goes when
a person is erased (``erase``), docs/privacy.md lists it, and a test walks all models so that no
field is forgotten::

    NOTES = Rule(
        "notes",
        _("%(days)d days after they were written"),
        days="KEEP_FACTS_DAYS",
        empty=old_rows(Note, "written_at"),
    )
    register(
        Record(
            Note,
            "student text written_at",
            what=_("Notes that a student writes to themselves"),
            why=_("to remember what worked"),
            seen=_("the student alone"),
            rule=NOTES,
            member="student",
            private=True,
        )
    )
    not_personal(Note, "colour", why="how it looks")

A person is a set of memberships, or an account, or both (``Person``).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone

logger = logging.getLogger(__name__)

#: Rows that one step of a rule takes at most, so that nobody waits long for the database.
BATCH = 200
#: Steps that one rule makes in one run of the clock; what is left waits for the next.
STEPS = 50
#: Rows of one model that a person is told at most, the newest first, so that no file grows without
#: end.
MOST = 2000

#: A text in the language of whoever reads it (gettext_lazy).
Words = Any


@dataclass(frozen=True)
class Person:
    """Whoever it is about: memberships (ids) and an account (id)."""

    members: tuple[int, ...] = ()
    account: int | None = None


@dataclass(frozen=True)
class Rule:
    """How long something stays. ``keeps`` says it to people; ``%(days)d`` in it is the number.

    ``days``: the setting that holds the number; without one the rule finds its own limit.
    ``empty``: does one step and returns how many rows it was; it is given the moment up to which
    things are due. Late or twice does no harm. None: somebody takes it away, not the clock.
    """

    name: str
    keeps: Words
    days: str = ""
    empty: Callable[[datetime], int] | None = None

    @property
    def kept_days(self) -> int:
        return getattr(settings, self.days) if self.days else 0

    @property
    def how_long(self) -> str:
        return str(self.keeps) % {"days": self.kept_days} if self.days else str(self.keeps)


class Reader(Enum):
    """Whom somebody's rows are told."""

    PERSON = auto()
    TEACHER = auto()
    ADMIN = auto()


class ForAdmin(Enum):
    """What a school admin, who helps in no class, reads of a pupil."""

    NOTHING = auto()
    COUNT = auto()
    ROWS = auto()


Eraser = Callable[["Record", Person], object]


def delete_rows(record: "Record", person: Person) -> None:
    record.rows_of(person).delete()


def unlink_rows(record: "Record", person: Person) -> None:
    """Let the rows stay without saying who: for what belongs to others as well."""
    record.rows_of(person).update(**{record.member or record.account: None})


def with_its_row(record: "Record", person: Person) -> None:
    """Another declaration of the same rows, or of the row they hang on, erases them."""


@dataclass(frozen=True)
class Record:
    """Some fields of a model, and what a person can be told of them.

    ``member`` and ``account`` are the ways (field look-ups) from a row to the membership and to
    the account that it is about. ``told`` names the fields (or look-ups) that the person gets to
    read, if not all; ``says`` puts one of them into words, given the row. ``private``: for the
    person alone, never for a teacher; ``for_admin``: what a school admin reads. ``moment`` is the
    look-up of when it came to be: rows without one are not told where a past is closed. ``erase``:
    what becomes of the rows when the person is erased.
    """

    model: type[models.Model]
    fields: str
    what: Words
    why: Words
    seen: Words
    rule: Rule
    member: str = ""
    account: str = ""
    told: str | None = None
    says: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    private: bool = False
    for_admin: ForAdmin = ForAdmin.NOTHING
    moment: str = ""
    erase: Eraser = delete_rows
    loosen: Callable[[Person], int] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.fields.split())

    @property
    def told_names(self) -> tuple[str, ...]:
        return self.names if self.told is None else tuple(self.told.split())

    def is_told_to(self, reader: Reader) -> bool:
        if reader is Reader.ADMIN:
            return self.for_admin is ForAdmin.ROWS and not self.private
        return reader is Reader.PERSON or not self.private

    def rows_of(self, person: Person) -> models.QuerySet:
        about = Q(pk=None)
        if self.member and person.members:
            about |= Q(**{f"{self.member}__in": person.members})
        if self.account and person.account is not None:
            about |= Q(**{self.account: person.account})
        return self.model._base_manager.filter(about)


@dataclass(frozen=True)
class Plain:
    """Fields that tell nothing about a person, and why."""

    model: type[models.Model]
    fields: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Told:
    """What one model keeps about one person: the declarations by which rows were found, and a dict
    for each row."""

    records: list[Record]
    rows: list[dict[str, Any]]
    #: There are more rows than were asked for; these are the newest.
    is_cut: bool = False


_records: list[Record] = []
_plain: list[Plain] = []


def register(*declared: Record) -> None:
    """Declare what is kept about people, in the order in which it is told."""
    _records.extend(declared)


def not_personal(model: type[models.Model], fields: str = "", *, why: str) -> None:
    """Declare fields that tell nothing about a person; without ``fields`` all of the model."""
    named = fields.split() or [field.name for field in model._meta.concrete_fields]
    _plain.append(Plain(model, tuple(named), why))


def all_records() -> list[Record]:
    return list(_records)


def all_plain() -> list[Plain]:
    return list(_plain)


def all_rules() -> list[Rule]:
    """Each rule once, in the order of the declarations."""
    return list({record.rule.name: record.rule for record in _records}.values())


# --- Emptying ----------------------------------------------------------------


def old_rows(model: type[models.Model], moment: str, **others) -> Callable[[datetime], int]:
    """A step of a rule: delete the rows whose ``moment`` (a look-up) is not after the limit."""

    def empty(limit: datetime) -> int:
        due = model._base_manager.filter(**{f"{moment}__lte": limit}, **others).order_by("pk")
        return delete_some(due)

    return empty


def old_links(model: type[models.Model], link: str, *, since: str) -> Callable[[datetime], int]:
    """A step of a rule: rows stay, but who it was is forgotten; ``since`` counts the days."""

    def empty(limit: datetime) -> int:
        due = model._base_manager.filter(**{f"{since}__lte": limit}).exclude(**{link: None})
        found = list(due.order_by("pk").values_list("pk", flat=True)[:BATCH])
        return model._base_manager.filter(pk__in=found).update(**{link: None})

    return empty


def delete_some(due: models.QuerySet) -> int:
    """Delete the first rows of ``due``, at most BATCH; returns how many."""
    found = list(due.values_list("pk", flat=True)[:BATCH])
    due.model._base_manager.filter(pk__in=found).delete()
    return len(found)


def run_due(now: datetime | None = None) -> dict[str, int]:
    """The clock's: empty whatever is due by each rule; rule → how many rows it was.

    A rule that fails is logged and tried again the next time; the others go on.
    """
    now = now or timezone.now()
    done = {}
    for rule in all_rules():
        try:
            count = sum(_steps(rule, now))
        except Exception:
            logger.exception("the rule %s could not be kept", rule.name)
            continue
        if count:
            done[rule.name] = count
            logger.info("%s: %d emptied", rule.name, count)
    forget_old_pages()
    return done


def _steps(rule: Rule, now: datetime) -> Iterator[int]:
    """Steps are small, and each is a transaction of its own: nobody waits long for the clock."""
    if rule.empty is None:
        return
    limit = now - timedelta(days=rule.kept_days)
    for _step in range(STEPS):
        count = rule.empty(limit)
        if not count:
            return
        yield count


# --- Telling and erasing -----------------------------------------------------


def tell(
    person: Person, reader: Reader, *, since: datetime | None = None, most: int = MOST
) -> list[Told]:
    """What is kept about a person, as far as ``reader`` may know it: the newest rows of each
    model. ``since``: nothing from before, and nothing that has no moment."""
    by_model: dict[type[models.Model], list[Record]] = {}
    for record in _records:
        if record.told_names and record.is_told_to(reader) and (since is None or record.moment):
            by_model.setdefault(record.model, []).append(record)
    found = (_told(records, person, since, most) for records in by_model.values())
    return [told for told in found if told.rows]


def count(
    person: Person,
    *,
    reader: Reader = Reader.TEACHER,
    without: type[models.Model] | None = None,
) -> list[tuple[Words, int]]:
    """What there is about a person, as others may know: what it is, and how many rows."""
    found = []
    for record in _records:
        if record.model is without:
            continue
        is_counted = reader is not Reader.ADMIN or record.for_admin is ForAdmin.COUNT
        is_counted = is_counted and not record.private and record.erase is not with_its_row
        if is_counted and record.told_names:
            rows = record.rows_of(person).count()
            found += [(record.what, rows)] if rows else []
    return found


def _told(records: list[Record], person: Person, since: datetime | None, most: int) -> Told:
    rows: dict[Any, dict[str, Any]] = {}
    telling: list[Record] = []
    is_cut = False
    for same in _by_way(records):
        found = same[0].rows_of(person)
        if since is not None:
            found = found.filter(**{f"{same[0].moment}__gte": since})
        related = {way for record in same for way in _related(record)}
        newest = list(found.select_related(*related).order_by("-pk")[: most + 1])
        is_cut = is_cut or len(newest) > most
        telling += same if newest else []
        for row in newest[:most]:
            said = rows.setdefault(row.pk, {})
            for record in same:
                said.update({name: _value(record, row, name) for name in record.told_names})
    return Told(telling, list(rows.values()), is_cut)


def _by_way(records: list[Record]) -> list[list[Record]]:
    """Declarations that find the same rows, together: one query for all of them."""
    ways: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        ways.setdefault((record.member, record.account, record.moment), []).append(record)
    return list(ways.values())


def _related(record: Record) -> list[str]:
    """Ways to other rows that are told, so that they are not fetched one by one."""
    ways = [name.rpartition("__")[0] for name in record.told_names if "__" in name]
    plain = [name for name in record.told_names if "__" not in name]
    return ways + [name for name in plain if record.model._meta.get_field(name).is_relation]


def _value(record: Record, row: Any, name: str) -> Any:
    """A field as JSON can hold it and people can read it; times in the zone of the reader."""
    if name in record.says:
        return record.says[name](row)
    way, _dots, last = name.rpartition("__")
    for each in way.split("__") if way else ():
        row = getattr(row, each)
    value = getattr(row, last)
    if isinstance(value, datetime):
        return timezone.localtime(value)
    if getattr(row._meta.get_field(last), "choices", None):
        return str(getattr(row, f"get_{last}_display")())
    if isinstance(value, str | int | float | list | dict | date | None):
        return value
    return str(value)


def loosen(person: Person) -> Iterator[int]:
    """What takes long, step by step, before a person is erased; nobody waits long for a step."""
    for record in reversed(_records):
        while record.loosen is not None and (count := record.loosen(person)):
            yield count


@transaction.atomic
def erase(person: Person) -> None:
    """Erase everything personal, from the app on top down to the person's own row."""
    for record in reversed(_records):
        record.erase(record, person)
    transaction.on_commit(forget_old_pages, robust=True)


def forget_old_pages() -> None:
    """SQLite: nothing that was deleted stays readable in the files.

    What is deleted is written over (``secure_delete``), but the write-ahead log still holds what
    was there before. It is emptied here unless somebody reads just now; then the next time.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 250")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("PRAGMA busy_timeout = 5000")


# --- For docs/privacy.md -----------------------------------------------------


def described() -> str:
    """The table of all that is kept, in Markdown."""
    lines = ["| What | Why | Who sees it | How long |", "|---|---|---|---|"]
    lines += [_line(record) for record in _records]
    return "\n".join(lines)


def _line(record: Record) -> str:
    setting = f" (`HELPDESK_{record.rule.days}`)" if record.rule.days else ""
    cells = (record.what, record.why, record.seen, record.rule.how_long + setting)
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def undeclared(all_models: Iterable[type[models.Model]]) -> set[str]:
    """Fields that nobody declared, as ``app.Model.field``; a row's own number is not asked for."""
    known = {(record.model, name) for record in _records for name in record.names}
    known |= {(plain.model, name) for plain in _plain for name in plain.fields}
    return {
        f"{model._meta.label}.{field.name}"
        for model in all_models
        for field in model._meta.concrete_fields
        if not (field.primary_key and field.name == "id") and (model, field.name) not in known
    }
