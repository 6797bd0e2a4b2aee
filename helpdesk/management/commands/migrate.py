"""``migrate``, while people are at work: it never lets them wait for it, and has time itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import Error, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from helpdesk.startup import prepare_jobs

#: Seconds between two tries, and after which it is given up.
PAUSE, PATIENCE = 1, 15 * 60
#: Whoever wants a table for itself stands in line for it, and everybody else behind: taps wait for
#: a second at most (settings), so this one leaves the line well before. What is under way may take
#: long: nobody but an operator waits for it.
LIMITS = {
    "lock_timeout": "300ms",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
#: Of PostgreSQL: a lock was not to be had in time, or each waited for the other.
NOT_NOW = {"55P03", "40P01"}
#: What machines that start together agree on: only one of them migrates.
ONE_AT_A_TIME = 0x68656C70
WAITING = "Waiting: others use what is to be changed. People go on working meanwhile."
GIVEN_UP = (
    "Others have used what is to be changed for {} minutes: a backup, or another migrate? What was"
    " done so far stays; start it again when they have finished."
)


class Command(migrate.Command):
    def execute(self, *args, **options) -> None:
        connection = connections[options["database"]]
        give_up_at = time.monotonic() + PATIENCE
        with own_limits(connection):
            try:
                self.patiently(lambda: begin_alone(connection), give_up_at)
                self.patiently(lambda: super(Command, self).execute(*args, **options), give_up_at)
            finally:
                let_others(connection)

    def handle(self, *args, **options) -> None:
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]):
            prepare_jobs()

    def patiently(self, work: Callable[[], object], give_up_at: float) -> None:
        """Again and again until nobody stands in the way: what was not finished was rolled back.

        Raises CommandError when that takes too long.
        """
        told = False
        while True:
            try:
                work()
            except OperationalError as error:
                if not is_busy(error):
                    raise
            else:
                return
            if not told:
                self.stderr.write(WAITING)
                told = True
            if time.monotonic() > give_up_at:
                raise CommandError(GIVEN_UP.format(PATIENCE // 60))
            time.sleep(PAUSE)


def is_busy(error: OperationalError) -> bool:
    cause = error.__cause__
    name = getattr(cause, "sqlite_errorname", "")
    return getattr(cause, "sqlstate", None) in NOT_NOW or name.startswith("SQLITE_BUSY")


@contextmanager
def own_limits(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """PostgreSQL's for this session. SQLite has no line: who waits there is in nobody's way."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for name, value in LIMITS.items():
            cursor.execute(f"SET {name} = '{value}'")
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:  # it may be gone, with its limits
            for name in LIMITS:
                cursor.execute(f"RESET {name}")


def begin_alone(connection: BaseDatabaseWrapper) -> None:
    """Make sure that no other ``migrate`` is at work until ``let_others``.

    Raises OperationalError if one is, or with SQLite if somebody writes just now: Django takes its
    refusal for a lack of JSON.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
    else:
        with transaction.atomic(connection.alias):
            pass


def let_others(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "postgresql":
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
