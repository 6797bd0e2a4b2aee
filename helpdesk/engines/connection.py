"""A connection to PostgreSQL that nobody waits for when the database is away."""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.waiting import Ready

from helpdesk.breaker import server

#: Seconds without an answer after which it is asked whether the database is still there.
LONG = 0.5
#: Seconds in which a database that is there answers the simplest question.
PATIENCE = 2
#: What libpq is told: a machine that is gone does not say so, and is found out in ten seconds.
GONE = {
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class Connection(psycopg.Connection):
    """One that is given up when the database is away.

    A server that hangs still takes what it is sent, so no limit of TCP finds it out, and its own
    limits hang with it.
    """

    #: Seconds after which it is given up in any case; None: only when the database is away.
    patience: float | None = None

    def wait(self, gen, *args, **kwargs):
        return super().wait(self._watched(gen), *args, **kwargs)

    def _watched(self, gen: Generator) -> Generator[Any, Any, Any]:
        """The same steps; the waiting in between comes back with ``NONE`` ten times a second."""
        began = 0.0
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready == Ready.NONE:
                    began = began or time.monotonic()
                    self._think(time.monotonic() - began)
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value

    def _think(self, waited: float) -> None:
        if waited > LONG and self.patience is None:
            server.doubt()
        if server.is_open if self.patience is None else waited > self.patience:
            self.pgconn.finish()
            raise psycopg.OperationalError("the database does not answer")
