"""PostgreSQL by its own programs: dumped while the server runs, read through, put back at once.

The programs get the address and the password by their environment, which other users cannot see.
"""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict

from helpdesk import env
from helpdesk.operate import Refusal
from helpdesk.operate.archive import Contents

PIECE = 256 * 1024
SCHEMA = "public"
#: Where Debian puts the programs of each version.
DEBIAN = Path("/usr/lib/postgresql")
#: From this version on pg_restore writes a setting that older servers do not know.
TRANSACTION_TIMEOUT = 170_000

_COPY = re.compile(rb"COPY public\.(\S+) \(.*\) FROM stdin;\n")
_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1
"""
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""
#: All of helpdesk's tables, whichever release made them.
_DROP_ALL = b"""
DO $$ DECLARE each text; BEGIN
  FOR each IN SELECT format('%I.%I', schemaname, tablename)
    FROM pg_catalog.pg_tables WHERE schemaname = 'public'
  LOOP EXECUTE 'DROP TABLE ' || each || ' CASCADE'; END LOOP;
END $$;
"""


# --- The server and its programs ----------------------------------------------


def connect() -> psycopg.Connection:
    """A connection without the short limits that the server's have."""
    return psycopg.connect(env.text("DATABASE_URL"), connect_timeout=10)


def environment() -> dict[str, str]:
    """What tells PostgreSQL's programs where the database is."""
    given = conninfo_to_dict(env.text("DATABASE_URL"))
    names = {
        each.keyword.decode(): each.envvar.decode()
        for each in pq.Conninfo.get_defaults()
        if each.envvar
    }
    return os.environ | {names[key]: str(given[key]) for key in given if key in names}


def program(name: str, version: int) -> str:
    """The program's path, of the lowest version that can do it: one that is as new as the server.

    ``version``: the server's, such as 150018.
    """
    wanted = version // 10_000
    folders = [*os.get_exec_path(), *(str(each / "bin") for each in DEBIAN.glob("*"))]
    paths = [path for each in folders if (path := shutil.which(name, path=each))]
    found = {_major(path): path for path in reversed(paths)}  # the first of PATH wins
    fitting = [major for major in found if major >= wanted]
    if not fitting:
        have = f"only {max(found)} is here" if any(found) else "none is here"
        raise Refusal(
            f"PostgreSQL {wanted}'s program {name} is needed, and {have}: install"
            f" postgresql-client-{wanted} (on Debian and Ubuntu: sudo apt install ...)."
        )
    return found[min(fitting)]


def _major(path: str) -> int:
    """0 where it does not start."""
    with suppress(OSError):
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        if found := re.search(r"(\d+)(\.|beta|rc|devel)", told.stdout):
            return int(found[1])
    return 0


def refuse_others(connection: psycopg.Connection) -> None:
    """Raise where anybody else is connected, such as a server that runs."""
    connection.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees old news
    others = connection.execute(_OTHERS).fetchone()
    if others and others[0]:
        raise Refusal(
            f"helpdesk is running, or another program uses its database ({others[0]} connections):"
            " stop it first (systemctl stop helpdesk on every machine)."
        )


def tables(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute(_TABLES, [SCHEMA])]


def contents(connection: psycopg.Connection) -> Contents:
    """What is in the database, as this connection's transaction sees it."""
    names = tables(connection)
    if "django_migrations" not in names:
        raise Refusal("The database of DATABASE_URL has no helpdesk in it: look at the address.")
    rows = {}
    for name in names:
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(SCHEMA, name))
        rows[name] = next(connection.execute(count))[0]
    done = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
    version = connection.info.server_version
    return Contents("postgresql", rows, [name for (name,) in done], server=version)


# --- Out ----------------------------------------------------------------------


@contextmanager
def dumped() -> Iterator[tuple[Contents, Iterator[bytes]]]:
    """What is committed now, and pg_dump's archive of exactly that: both see one snapshot."""
    with connect() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        snapshot = next(connection.execute("SELECT pg_export_snapshot()"))[0]
        found = contents(connection)
        command = [
            program("pg_dump", found.server), "--format=custom", f"--schema={SCHEMA}",
            f"--snapshot={snapshot}", "--no-password", "--lock-wait-timeout=30s",
        ]  # fmt: skip
        yield found, _archive(command)


def rows_in(body: Iterator[bytes], said: Contents) -> dict[str, int]:
    """Read a whole archive, without a server, and count each table's rows."""
    rows: dict[str, int] = {}
    table = ""
    for line in _script(body, said.server):
        if not table and (begun := _COPY.fullmatch(line)):
            table = begun[1].decode().strip('"')
            rows[table] = 0
        elif line == b"\\.\n":
            table = ""
        elif table:
            rows[table] += 1
    return rows


# --- In -----------------------------------------------------------------------


def restored(body: Iterator[bytes], said: Contents, *, emptied: Iterable[str]) -> None:
    """Put an archive in the database's place, in one transaction: all of it or nothing.

    What was there is dropped, the rows are counted, and the tables ``emptied`` are made empty.
    Everything will belong to the role of DATABASE_URL, whoever it belonged to before.
    """
    with connect() as connection:
        refuse_others(connection)
        version = connection.info.server_version
    if said.server // 10_000 > version // 10_000:
        raise Refusal(
            f"The backup is of PostgreSQL {said.server // 10_000}, and this server is"
            f" {version // 10_000}: give DATABASE_URL a server that is as new."
        )
    last = [_wanted(table, count) for table, count in said.rows.items()]
    last += [f"TRUNCATE {SCHEMA}.{table};" for table in emptied if table in said.rows]
    with _psql(version) as put:
        put(b"BEGIN;" + _DROP_ALL)
        for line in _script(body, max(said.server, version)):
            if version >= TRANSACTION_TIMEOUT or line != b"SET transaction_timeout = 0;\n":
                put(line)
        put("\n".join([*last, "COMMIT;\n"]).encode())


def _wanted(table: str, count: int) -> str:
    """SQL that fails where the table has another number of rows."""
    counted = f'SELECT count(*) FROM {SCHEMA}."{table}"'  # noqa: S608  the backup's own
    return (
        f"DO $$ BEGIN IF ({counted}) <> {count} THEN"
        f" RAISE EXCEPTION 'the table {table} is not whole'; END IF; END $$;"
    )


@contextmanager
def _psql(version: int) -> Iterator[Callable[[bytes], object]]:
    """What takes SQL. Where the block fails, the transaction that is under way is rolled back."""
    command = [
        program("psql", version), "--no-psqlrc", "--quiet", "--no-password",
        "--set=ON_ERROR_STOP=1", "--file=-",
    ]  # fmt: skip
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    # A pipe that breaks: it has ended, and what it said tells why.
    with _started(command, **streams) as process, suppress(BrokenPipeError):
        yield process.stdin.write
        process.stdin.close()


# --- Programs that run ----------------------------------------------------------


def _script(body: Iterator[bytes], version: int) -> Iterator[bytes]:
    """The archive as SQL, line by line. Raises Refusal where it is not whole."""
    command = [
        program("pg_restore", version), "--file=-", "--no-owner", "--no-privileges",
        f"--schema={SCHEMA}",
    ]  # fmt: skip
    failed: list[Exception] = []
    with _started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        feeder = threading.Thread(target=_feed, args=(process.stdin, body, failed))
        feeder.start()
        try:
            yield from process.stdout
        finally:
            process.stdout.close()
            feeder.join()
        if failed:
            raise failed[0]


def _feed(stdin: BinaryIO, body: Iterator[bytes], failed: list[Exception]) -> None:
    """All of it, also where the program wants no more: only the last piece shows it is whole."""
    try:
        with suppress(BrokenPipeError), stdin:
            for piece in body:
                stdin.write(piece)
        for _ in body:
            pass
    except (Refusal, OSError) as error:
        failed.append(error)


def _archive(command: list[str]) -> Iterator[bytes]:
    with _started(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        while piece := process.stdout.read(PIECE):
            yield piece


@contextmanager
def _started(command: list[str], **streams: Any) -> Iterator[Any]:
    """A program; Refusal with its own words where it fails. It never outlives the block."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stderr=said, env=environment(), **streams)
        try:
            yield process
            code = process.wait()
        finally:
            process.kill()
            process.wait()
        if code:
            said.seek(0)
            raise Refusal(_reason(command[0], said.read().decode(errors="replace")))


def _reason(path: str, said: str) -> str:
    """The first line that tells of an error: those after it may quote what people wrote."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    told = next((line for line in lines if "error" in line.lower()), lines[-1])
    return f"{Path(path).name} did not work: {told[:300]}"
