"""SQLite's file: copied while the server runs, looked through, and put in another one's place."""

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from urllib.parse import quote

from helpdesk import private
from helpdesk.operate import Refusal, archive
from helpdesk.operate.archive import Contents

PIECE = 1024 * 1024
#: Seconds that a copy waits for a lock that somebody else has.
PATIENCE = 30
#: How the private folders begin in which copies lie while they are made.
SCRATCH = ".copy-"
#: Seconds after which such a folder is a leftover of a command that was killed.
FORGOTTEN = 24 * 3600


@contextmanager
def scratch(database: Path) -> Iterator[Path]:
    """A private folder beside the database, which is as private, for what nobody else may read."""
    for leftover in database.parent.glob(f"{SCRATCH}*"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > FORGOTTEN:
                rmtree(leftover)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=database.parent) as folder:
        yield Path(folder)


def opened(path: Path, *, timeout: float = PATIENCE) -> sqlite3.Connection:
    """A connection without transactions of its own; a file that is not there is not made."""
    if not path.exists():
        raise Refusal(f"There is no database at {path}: look at DATABASE_URL.")
    address = f"file:{quote(str(path))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=timeout, isolation_level=None)


def copied(database: Path, to: Path) -> Contents:
    """Copy what is committed now to the new file ``to``; nobody who writes waits for it.

    In one go: a copy in steps begins anew with every write of others, and never ends.
    """
    with closing(opened(database)) as connection:
        connection.execute("VACUUM INTO ?", [str(to)])
    return contents(to)


def contents(path: Path) -> Contents:
    """What is in a copy. Raises Refusal where its structure or a reference is broken."""
    with closing(opened(path)) as connection:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise Refusal(f"The database is damaged ({found}): keep it, and restore a backup.")
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise Refusal("A row of the database belongs to one that is not there: ask for help.")
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                " AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        if "django_migrations" not in tables:
            raise Refusal("This database is not one of helpdesk: look at DATABASE_URL.")
        count = "SELECT count(*) FROM {}".format
        rows = {each: connection.execute(count(f'"{each}"')).fetchone()[0] for each in tables}
        done = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
        return Contents("sqlite", rows, [name for (name,) in done])


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def unpacked(body: Iterator[bytes], wanted: Contents, to: Path) -> None:
    """Write a backup's database to the new file ``to`` and look it through."""
    with to.open("xb") as file:
        file.writelines(body)
        file.flush()
        os.fsync(file.fileno())
    archive.compare(wanted.rows, contents(to).rows)


def empty(path: Path, tables: Iterable[str]) -> None:
    with closing(opened(path)) as connection:
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        for table in there.intersection(tables):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608  ours


# --- Only for us ----------------------------------------------------------------


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Hold the database and its jobs: nobody else reads or writes until the block ends.

    Raises Refusal where somebody has one of them open. A server always has: its clock keeps the
    jobs open. A file that is missing or damaged holds nobody up.
    """
    with ExitStack() as stack:
        for path in (database, database.with_suffix(".jobs.sqlite3")):
            if path.exists():
                _take(stack.enter_context(closing(opened(path, timeout=0))))
                Path(f"{path}-journal").unlink(missing_ok=True)  # holding it leaves an empty one
        yield


def _take(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")  # the lock stays with the connection
        # All that its log holds comes into the file itself, which can then be moved alone.
        connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Refusal(
                "helpdesk is running, or another program has its database open: stop it first"
                " (systemctl stop helpdesk, or Ctrl+C where it runs)."
            ) from None
    except sqlite3.DatabaseError:
        pass  # damaged, which is why somebody restores it


def put_in_place(new: Path, database: Path) -> Path | None:
    """Put ``new`` where the database is, within ``alone``; says where the old one is now."""
    aside = database.with_name(f"{database.name}.before-{archive.now()}")
    old = [path for each in private.BESIDE if (path := Path(f"{database}{each}")).exists()]
    for path in old:  # a log that is left would be taken for the new one's
        path.rename(f"{aside}{path.name.removeprefix(database.name)}")
    new.rename(database)
    archive.sync_folder(database.parent)
    return aside if old else None
