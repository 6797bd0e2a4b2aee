"""Both stacks, part by part: one process on SQLite; two workers, PostgreSQL and Redis."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from bench.school import Person
from tests import services
from tests.faults import driver, invariants
from tests.faults.report import note
from tests.run_all import clean_environment
from tests.servers import KEY, ROOT, Running, redis_at, running, until


@dataclass(frozen=True)
class Room:
    """A class, as ``tests.faults.cast`` made it."""

    slug: str
    code: str
    check_in: str
    teacher: Person
    students: list[Person]
    helpers: list[Person]
    removed: Person


class Postgres:
    """A PostgreSQL that tests stop, freeze and start again. Its commits outlive its processes."""

    def __init__(self, folder: Path, programs: Path, rights: dict) -> None:
        self.folder, self.programs, self.rights = folder, programs, rights
        self.process: subprocess.Popen | None = None
        where = f"host={quote(str(folder), safe='')}"
        self.url = f"postgres://postgres@/helpdesk?{where}"

    def start(self) -> None:
        command = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder]
        command += ["-c", "listen_addresses=", "-c", "fsync=off"]  # the machine goes on
        command += ["-c", "max_connections=40"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self.rights,
            )  # fmt: skip
        until(self.answers)

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            self.ask("SELECT 1", database="postgres")
            return True
        return False

    def stop(self) -> None:
        """At once, without a checkpoint: what a crash of the database leaves."""
        if self.process is not None:
            self.thaw()
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(services.PATIENCE)

    def freeze(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)
        for each in self._backends():
            os.kill(each, signal.SIGSTOP)

    def thaw(self) -> None:
        for each in [*self._backends(), self.process.pid]:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)

    def _backends(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in found.read_text().split()]

    def connect(self, database: str = "helpdesk") -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True,
            connect_timeout=5, application_name="faults",
        )  # fmt: skip

    def ask(self, statement: str, *, database: str = "helpdesk") -> None:
        with self.connect(database) as connection:
            connection.execute(statement)


@contextmanager
def postgres() -> Iterator[Postgres]:
    rights = services._rights_of_nobody() if services._is_root() else {}
    with services._folder(rights) as folder:
        programs = services._postgres_programs(folder, rights)
        services._initdb(programs, folder / "data", rights)
        database = Postgres(folder, programs, rights)
        database.start()
        try:
            database.ask("CREATE DATABASE helpdesk", database="postgres")
            yield database
        finally:
            database.stop()


class Stand:
    """A stack under a lesson. ``redis`` and ``postgres`` are None where it has none."""

    def __init__(self, kind: str, folder: Path, parts: ExitStack) -> None:
        self.kind, self.folder, self.parts = kind, folder, parts
        self.postgres = parts.enter_context(postgres()) if kind == "postgres" else None
        self.redis_port = services._free_port()
        self.redis: subprocess.Popen | None = None
        self.workers = 2 if self.postgres else 1
        self.files = folder / "files"
        self.files.mkdir()
        self.environment = {
            "PORT": str(services._free_port()),
            "HELPDESK_CLOCK": "in-server",
            "DATABASE_URL": f"sqlite:///{self.files}/school.sqlite3",
        }
        if self.postgres:
            self.environment["DATABASE_URL"] = self.postgres.url
            self.environment["REDIS_URL"] = f"redis://127.0.0.1:{self.redis_port}/0"
            self.start_redis()
        self.server: Running | None = None
        self._running: ExitStack | None = None
        self.rooms = self._cast()
        self.start()

    @property
    def database(self) -> str:
        return self.environment["DATABASE_URL"]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.environment['PORT']}"

    # --- Its parts ---

    def start(self, **more: str) -> None:
        """The server, with the settings ``more``; it answers."""
        self._running = ExitStack()
        settings = self.environment | {"HELPDESK_SITE_URL": self.url, **more}
        self.server = self._running.enter_context(running(self.folder, self.workers, **settings))

    def stop(self) -> None:
        """The server ends in good order, or is gone already."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def kill_all(self) -> None:
        """Every process of the server at one moment."""
        for pid in [*self.server.bench.tree()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.process.wait()
        self.stop()

    def start_redis(self) -> None:
        self.redis = self.parts.enter_context(redis_at(self.redis_port))

    def mend(self) -> None:
        """Whatever a test left broken works again."""
        if self.postgres:
            self.postgres.thaw()
            if self.postgres.process.poll() is not None:
                self.postgres.start()
            self.redis.send_signal(signal.SIGCONT)
            if self.redis.poll() is not None:
                self.start_redis()
        if self.server is None or self.server.process.poll() is not None:
            self.stop()
            self.start()

    def _cast(self) -> list[Room]:
        made = subprocess.run(
            [sys.executable, "-m", "tests.faults.cast"],
            cwd=ROOT, env={**clean_environment(), "SECRET_KEY": KEY, **self.environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        rooms = []
        for told in json.loads(made.stdout.splitlines()[-1]):
            students = [Person(**each) for each in told["students"]]
            teacher = Person(**told["teacher"])
            names = told["slug"], told["code"], told["check_in"]
            helpers = [Person(**each) for each in told["helpers"]]
            rooms.append(Room(*names, teacher, students[:-1], helpers, students[-1]))
        return rooms

    # --- What tests do with it ---

    def get(self, path: str) -> int:
        """The status of a page, for anybody."""
        return self.server.get(path, Host=self.url.removeprefix("http://"))[0]

    @asynccontextmanager
    async def lesson(self, fault: str):
        """People act while the block breaks something and mends it; then all of I1 to I6 holds."""
        self.mend()
        began = time.monotonic()
        async with driver.lesson(self.url, self.rooms) as load:
            await load.some()
            yield load
            first = await load.some()
            true_after = await load.settle()
        wrong = invariants.broken(self.database, load.ledger)
        assert not wrong, wrong
        note(fault, self.kind, load.ledger, first, true_after, time.monotonic() - began)


@contextmanager
def stand(kind: str, folder: Path) -> Iterator[Stand]:
    """``kind``: "sqlite" or "postgres"."""
    with ExitStack() as parts:
        made = Stand(kind, folder, parts)
        try:
            yield made
        finally:
            if made.postgres:
                made.postgres.thaw()
            made.stop()
