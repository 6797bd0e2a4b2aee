"""Whether the database takes what is written: asked at the start, and by who asks /readyz.

It costs a few milliseconds, leaves nothing behind, and holds up nobody who writes.
"""

import errno
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from django.db import InterfaceError, InternalError, OperationalError, connection, connections
from psycopg.errors import ReadOnlySqlTransaction

from helpdesk import breaker

#: Bytes that must find room: a few changes.
ROOM = 256 * 1024
#: What PostgreSQL says to who would be one too many; a refused connection has no code.
FULL = re.compile("too many (clients|connections)|connection slots")


class Unfit(Exception):
    """It takes nothing now; the text is one sentence that says why and what helps."""


def is_away(error: BaseException | None) -> bool:
    """Whether a request failed because of the database, so that the same works a little later."""
    if isinstance(error, InternalError):
        return isinstance(error.__cause__, ReadOnlySqlTransaction)
    return isinstance(error, OperationalError | InterfaceError)


def ask() -> None:
    """Raise Unfit, or an error of the database, unless it answers and takes what is written."""
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        breaker.file.check()
        try_file(path)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    elif _postgres().ask("SELECT current_setting('transaction_read_only')") != "off":
        raise Unfit("The database can only be read: it is a copy, or set to be read only.")


def try_file(path: Path) -> None:
    """Raise Unfit unless a file of SQLite can be written: it, what lies beside it, and more of it.

    The file itself is not opened: closing it would give up the locks of this whole process.
    """
    try:
        _try_folder(path.parent)
    except OSError as error:
        raise Unfit(_sentence(path.parent, error.errno, error.strerror or "unknown")) from error
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise Unfit(_sentence(path, errno.EACCES, os.strerror(errno.EACCES)))


def _try_folder(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as probe:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(probe.fileno(), 0, ROOM)
        probe.write(b"\0" if hasattr(os, "posix_fallocate") else bytes(ROOM))
        probe.flush()
        os.fsync(probe.fileno())


def _sentence(where: Path, number: int | None, words: str) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT):
        return f"There is no room left for the database in {where}: make room there."
    if number == errno.ENOENT:
        return f"The folder of the database is not there: make {where}, or change DATABASE_URL."
    return (
        f"{where} cannot be written ({words}): give it to the user who runs helpdesk,"
        " or change DATABASE_URL."
    )


def reach() -> None:
    """Raise psycopg.Error unless PostgreSQL lets us in and answers, in bounded time."""
    _postgres().ask("SELECT 1")


def find_out() -> None:
    """Raise psycopg.Error unless PostgreSQL is there. One that has no room for one more connection
    is: those that we have go on."""
    try:
        reach()
    except psycopg.OperationalError as error:
        if not FULL.search(str(error)):
            raise


def watch() -> None:
    """From now on, notice when the database goes away; in a server, once it is up to date."""
    if connection.vendor == "sqlite":
        breaker.file.begin(connection.settings_dict["NAME"])
    else:
        breaker.server.begin(find_out, _postgres().forget_pool)


def watch_no_more() -> None:
    breaker.file.end()
    breaker.server.end()


def _postgres() -> Any:
    """The wrapper of this thread's connection (helpdesk.engines.postgresql)."""
    return connections["default"]
