"""Rows from one database into another, table by table, as they are.

Within the caller's transactions. References are checked when the target's is committed, so that
tables need no order. No signal is sent, and no field fills itself.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connections, models

from helpdesk.operate import Refusal

#: How many rows are read and written at a time.
LOT = 2000
#: How many values that do not fit are named.
NAMED = 5
#: Nobody sees these: NUL, and half a character, which SQLite's JSON may hold and PostgreSQL not.
NO_CHARACTER = re.compile("[\0\ud800-\udfff]")


def tables() -> list[type[models.Model]]:
    """Everything that has a table, what joins two others included."""
    every = apps.get_models(include_auto_created=True)
    return [each for each in every if each._meta.managed and not each._meta.proxy]


def is_used(alias: str, there: list[str]) -> bool:
    """Whether anybody is in the database, of whichever release, that has the tables ``there``;
    what ``migrate`` makes by itself is nobody."""
    who = map(apps.get_model, ("accounts.User", "classrooms.School", "classrooms.Classroom"))
    return any(each._meta.db_table in there and _rows(each, alias).exists() for each in who)


def copy(source: str, target: str) -> str:
    """Put all rows of the source in the place of the target's; says how much it was."""
    every = tables()
    for model in every:
        _rows(model, target)._raw_delete(target)
    misfits: list[str] = []
    mended: list[str] = []
    written = {model: _copy_table(model, source, target, misfits, mended) for model in every}
    if misfits:
        more = f" and {len(misfits) - NAMED} more" if len(misfits) > NAMED else ""
        raise Refusal(
            f"Nothing was moved, for the new database cannot hold {'; '.join(misfits[:NAMED])}"
            f"{more}: shorten them where helpdesk runs now, then move again."
        )
    for statement in connections[target].ops.sequence_reset_sql(no_style(), every):
        with connections[target].cursor() as cursor:
            cursor.execute(statement)
    for model, sums in written.items():
        if sums != _summed(model, target):
            raise Refusal(f"Nothing was moved: {model._meta.db_table} did not arrive as it was.")
    rows = sum(count for count, _ in written.values())
    told = f"{rows:,} rows of {len(every)} tables, counted and compared"
    if mended:
        more = f" and {len(mended) - NAMED} more" if len(mended) > NAMED else ""
        told += (
            f"; left out of {', '.join(mended[:NAMED])}{more}: characters that nobody sees and"
            " PostgreSQL does not hold"
        )
    return told


def _copy_table(
    model: Any, source: str, target: str, misfits: list[str], mended: list[str]
) -> tuple[int, int]:
    """How many rows were written, and their sum; notes what does not fit and what was changed."""
    count = total = 0
    fields = _fields(model)
    operations = connections[target].ops
    for lot in _lots(model, source):
        for row in lot:
            mended += _mend(row, fields)
            misfits += _misfits(row, fields, operations)
            total += _digest(row, fields)
        count += len(lot)
        if misfits:
            continue  # only to find them all
        size = operations.bulk_batch_size(fields, lot)
        for first in range(0, len(lot), size):
            part = lot[first : first + size]
            # As Django's own loading of fixtures does it: values go in as they are.
            model._base_manager.using(target)._insert(part, fields=fields, using=target, raw=True)
    return count, total


def _summed(model: Any, alias: str) -> tuple[int, int]:
    """How many rows a table has, and a sum that tells of any value that differs in one."""
    fields = _fields(model)
    count = total = 0
    for lot in _lots(model, alias):
        count += len(lot)
        total += sum(_digest(row, fields) for row in lot)
    return count, total


def _rows(model: Any, alias: str) -> models.QuerySet:
    return model._base_manager.using(alias).order_by()


def _lots(model: Any, alias: str) -> Iterator[list[models.Model]]:
    lot = []
    for row in _rows(model, alias).order_by("pk").iterator(chunk_size=LOT):
        lot.append(row)
        if len(lot) == LOT:
            yield lot
            lot = []
    if lot:
        yield lot


@cache
def _fields(model: type[models.Model]) -> list[models.Field]:
    return [each for each in model._meta.local_concrete_fields if not each.generated]


# --- Values ---------------------------------------------------------------------


def _digest(row: models.Model, fields: list[models.Field]) -> int:
    """Added up, so that it does not matter in which order a database puts letters."""
    told = json.dumps(
        [_plain(getattr(row, each.attname)) for each in fields], sort_keys=True, default=repr
    )
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=16).digest(), "big")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat()
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _mend(row: models.Model, fields: list[models.Field]) -> Iterator[str]:
    """Leave out what is no character of a text; says where, never what."""
    for each in fields:
        value = getattr(row, each.attname)
        if isinstance(value, str | list | dict) and (clean := _clean(value)) != value:
            setattr(row, each.attname, clean)
            yield f"{row._meta.db_table} {row.pk}, {each.name}"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return NO_CHARACTER.sub("", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return value


def _misfits(row: models.Model, fields: list[models.Field], operations: Any) -> Iterator[str]:
    """Where the row has what SQLite holds and PostgreSQL does not; never the value itself."""
    for each in fields:
        value = getattr(row, each.attname)
        if isinstance(value, str) and each.max_length and len(value) > each.max_length:
            fit = f"longer than {each.max_length} characters"
        elif isinstance(value, int) and not _in_range(value, each, operations):
            fit = "too big a number"
        else:
            continue
        yield f"{row._meta.db_table} {row.pk}, {each.name} ({fit})"


def _in_range(value: int, field: models.Field, operations: Any) -> bool:
    if not isinstance(field, models.IntegerField):
        return True
    low, high = operations.integer_field_range(field.get_internal_type())
    return (low is None or low <= value) and (high is None or value <= high)
