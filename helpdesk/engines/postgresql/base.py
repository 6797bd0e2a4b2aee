"""PostgreSQL, which nobody waits for while it is away (helpdesk.breaker)."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property

from helpdesk.breaker import server
from helpdesk.engines.connection import PATIENCE, Connection


class Noticing(DatabaseErrorWrapper):
    """Whatever goes wrong may be because the database has gone."""

    def __exit__(self, kind, error, stack) -> None:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            server.doubt()
        super().__exit__(kind, error, stack)


class DatabaseWrapper(base.DatabaseWrapper):
    def connect(self) -> None:
        server.check()
        try:
            super().connect()
        except psycopg.OperationalError as error:
            server.trip(error)
            raise

    def _cursor(self, name=None):
        server.check()
        return super()._cursor(name)  # type: ignore[misc]

    @cached_property
    def wrap_database_errors(self) -> Noticing:
        return Noticing(self)

    def forget_pool(self) -> None:
        """Give up all connections that nobody uses, and let nobody wait for one: what this pool
        knows of a database that was away would keep it from trying soon enough."""
        pool = base.DatabaseWrapper._connection_pools.pop(self.alias, None)  # type: ignore[attr-defined]
        if pool is not None:
            pool.close(timeout=0.1)

    def ask(self, question: str) -> Any:
        """The one value that a new connection of its own answers, in bounded time.

        Raises psycopg.Error.
        """
        params = {**self.get_connection_params(), "connect_timeout": PATIENCE, "autocommit": True}
        with Connection.connect(**params) as asked:
            asked.patience = PATIENCE
            row = asked.execute(question).fetchone()
        return None if row is None else row[0]
