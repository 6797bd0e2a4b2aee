"""Queries whose SQL is made once: for what a whole class does at the same time.

Django makes a query's SQL anew each time that it runs. That takes 0.2 to 0.7 ms of the processor,
several times what the database takes to answer, and one raised hand ran ten of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from django.db.models.query import get_related_populators

Row = TypeVar("Row")


class Prepared(Generic[Row]):
    """``Prepared(lambda pk: Lesson.objects.filter(pk=pk))``, to be called with the values.

    A value is an int or a str, always of one kind in its place, and is compared with a column as
    it is. Whatever else the query is made of must never change. Each call gives a list of new
    rows: model instances, with what ``select_related`` names, or tuples for ``values_list``.
    Raises TypeError for a value that the query does not compare as it is.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self.build = build
        self.made: _Made | None = None

    def __call__(self, *values: int | str) -> list[Row]:
        return list(self._ready(values).run(values))

    def first(self, *values: int | str) -> Row | None:
        """The first row, of a query that ends in ``[:1]``."""
        return next(iter(self(*values)), None)

    def again(self, known: Mapping[tuple, Row], *values: int | str) -> dict[tuple, Row]:
        """The same as a mapping: what the database said of a row → the object made of it.

        Objects in ``known``, which an earlier call gave, are taken over while the database says
        the same of them: they are shared, so nobody may change them.
        """
        return self._ready(values).run_again(known, values)

    def _ready(self, values: tuple) -> "_Made":
        if self.made is None:
            self.made = _Made(self.build, values)
        return self.made


class _Made:
    """A query's SQL, and how its rows become objects: what django.db.models.query's ModelIterable
    finds out each time."""

    def __init__(self, build: Callable[..., QuerySet], values: tuple) -> None:
        marks = [_mark(place, value) for place, value in enumerate(values)]
        self.compiler = build(*marks).query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, params = self.compiler.as_sql()
        if unused := set(marks) - set(params):
            raise TypeError(f"not compared with a column as it is: {unused}")
        self.params = [
            (marks.index(each), None) if each in marks else (None, each) for each in params
        ]
        select = self.compiler.select
        self.converters = self.compiler.get_converters([column for column, *_rest in select])
        self.populators = []
        self.model: Any = None
        if self.compiler.query.default_cols:  # not values_list
            own = self.compiler.klass_info["select_fields"]
            self.model = self.compiler.klass_info["model"]
            self.columns = slice(own[0], own[-1] + 1)
            self.names = [column.target.attname for column, *_rest in select[self.columns]]
            self.populators = get_related_populators(  # type: ignore[call-arg]  # as of Django 6
                self.compiler.klass_info, select, DEFAULT_DB_ALIAS
            )

    def run(self, values: tuple) -> Iterator:
        return self._objects(self._rows(values))

    def run_again(self, known: Mapping[tuple, Any], values: tuple) -> dict[tuple, Any]:
        rows = self._rows(values)
        new = [row for row in rows if row not in known]
        made = dict(zip(new, self._objects(new), strict=True))
        return {row: made[row] if row in made else known[row] for row in rows}

    def _rows(self, values: tuple) -> list[tuple]:
        params = [fixed if place is None else values[place] for place, fixed in self.params]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            return cursor.fetchall()

    def _objects(self, rows: Iterable) -> Iterator:
        if self.converters:
            rows = self.compiler.apply_converters(rows, self.converters)
        return map(tuple if self.model is None else self._instance, rows)

    def _instance(self, row):
        found = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.columns])
        for each in self.populators:
            each.populate(row, found)
        return found


def _mark(place: int, value: int | str) -> int | str:
    """What stands for a value while the SQL is made; nothing else in a query looks like it."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"neither int nor str: {value!r}")
    return 2_000_000_000 + place if isinstance(value, int) else f"\x00value {place}\x00"
