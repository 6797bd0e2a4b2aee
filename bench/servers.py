"""The programs that a benchmark sets side by side, each in a process of its own.

``Server`` knows its address, and what its whole process tree has used of processor and memory.
"""

import contextlib
import os
import resource
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import services
from tests.run_all import clean_environment

ROOT = Path(__file__).resolve().parent.parent
#: Seconds that a server may take to answer for the first time.
PATIENCE = 60
#: With two cores or more, what is measured has the first one and the generator the others.
PINNED = (os.cpu_count() or 1) >= 2


@dataclass(frozen=True)
class Server:
    name: str
    url: str
    pid: int

    def tree(self) -> list[int]:
        """Its process and everything that it started."""
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError):
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(after_name[1])
        tree = [self.pid]
        for pid in tree:
            tree += [child for child, parent in parents.items() if parent == pid]
        return tree

    def cpu(self) -> float:
        """Seconds of processor time used so far, threads that have ended too."""
        total = 0.0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                # Linux's own numbering of a process's clock (clock_getcpuclockid).
                total += time.clock_gettime((~pid << 3) | 2)
        return total

    def memory(self) -> int:
        """Resident bytes."""
        total = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                total += pages * resource.getpagesize()
        return total


@contextlib.contextmanager
def served(name: str, *command: str, port: int, pinned: bool = True, **environment: str):
    """Run ``python COMMAND`` until the block ends; yields its ``Server`` once it answers."""
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT, stdout=log, stderr=log,
            env=clean_environment() | environment,
            preexec_fn=_onto_its_core if pinned and PINNED else _more_files,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(child, url, log)
            yield Server(name, url, child.pid)
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait(child: subprocess.Popen, url: str, log) -> None:
    until = time.monotonic() + PATIENCE
    while not _answers(url):
        if child.poll() is not None or time.monotonic() > until:
            log.seek(0)
            told = log.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"A server of the benchmark does not answer: {told}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url + "/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _onto_its_core() -> None:
    os.sched_setaffinity(0, {0})
    _more_files()


def _more_files() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def onto_the_other_cores() -> None:
    """For the generator's own process; with room for its many files."""
    if PINNED:
        os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)))
    _more_files()


# --- Databases ---------------------------------------------------------------


@contextlib.contextmanager
def sqlite() -> Iterator[dict[str, str]]:
    """The environment of a new database file."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        yield _environment(f"sqlite:///{folder}/bench.sqlite3")


@contextlib.contextmanager
def copied(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a copy of a database file; the same cookies are good for it."""
    source = Path(environment["DATABASE_URL"].removeprefix("sqlite:///"))
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        for each in source.parent.glob(source.name + "*"):
            shutil.copy(each, folder)
        yield environment | {"DATABASE_URL": f"sqlite:///{folder}/{source.name}"}


@contextlib.contextmanager
def postgres_and_redis() -> Iterator[dict[str, str]]:
    """A PostgreSQL and a Redis of the benchmark's own.

    With several workers every core is for everybody, also for what this process starts from now on.
    """
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    with (
        contextlib.redirect_stdout(sys.stderr),
        services.postgres() as database,
        services.redis() as redis,
    ):
        yield _environment(database) | {"REDIS_URL": redis}


def rows(database: str, asked: str) -> list[tuple]:
    """What a database answers."""
    import psycopg

    if database.startswith("sqlite:///"):
        path = database.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return connection.execute(asked).fetchall()
    with psycopg.connect(database) as connection:
        return connection.execute(asked).fetchall()


def _environment(database: str) -> dict[str, str]:
    return clean_environment() | {
        "HELPDESK_MODE": "local",
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": database,
    }


# --- The three sides ---------------------------------------------------------


@contextlib.contextmanager
def helpdesk(
    environment: dict[str, str], *, workers: int = 1, pinned: bool = True, port: int = 0
) -> Iterator[Server]:
    """The whole product, as ``./run`` starts it."""
    port = port or services._free_port()
    more = ["--workers", str(workers)] if workers > 1 else []
    with served(
        "helpdesk", "-m", "helpdesk.server", *more,
        port=port, pinned=pinned, **_at(environment, port),
    ) as server:  # fmt: skip
        yield server


@contextlib.contextmanager
def stock(environment: dict[str, str]) -> Iterator[Server]:
    """The same views behind Django's own ASGI handler, and Channels as its manual has it."""
    port = services._free_port()
    with served(
        "stock", "-m", "bench.stock", str(port), port=port, **_at(environment, port)
    ) as server:
        yield server


@contextlib.contextmanager
def floor() -> Iterator[Server]:
    """The least that a server can do."""
    port = services._free_port()
    with served("floor", "-m", "bench.floor", str(port), port=port) as server:
        yield server


def _at(environment: dict[str, str], port: int) -> dict[str, str]:
    return environment | {"HOST": "127.0.0.1", "PORT": str(port)}
