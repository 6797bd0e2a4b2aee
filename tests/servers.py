"""A help desk of a test's own: real processes, seen from outside."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from websockets.sync.client import connect

from bench import school
from bench.servers import Server
from tests import services
from tests.proxy import Proxy
from tests.run_all import clean_environment

ROOT = Path(__file__).resolve().parent.parent
KEY = "several-workers-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF"
#: Seconds for what takes a moment, on a machine that is busy with other things.
PATIENCE = 60
#: Seconds until a server that makes its database anew answers there, and until it has ended.
START, END = 600, 60
CAST = """
import json, secrets
import django; django.setup()
from classrooms.models import Classroom, Role, School
from requests_app import actions
from requests_app.models import Queue
from tests.conftest import staff, student, device_cookie
from django.test import Client
school = School.objects.create(name="Hill School", time_zone="Europe/Berlin")
slug = "class-" + secrets.token_hex(4)
room = Classroom.objects.create(
    school=school, name="Class", slug=slug, code=secrets.token_hex(4).upper()
)
queue = Queue.objects.create(classroom=room)
grace = staff(room, slug + "@example.org", "Grace", Role.TEACHER)
actions.open_help(room, by=grace)
client = Client(); client.force_login(grace.user)
students = [device_cookie(student(room, f"Ada {n}")) for n in range(4)]
print(json.dumps({
    "slug": slug, "topic": f"queue:{queue.pk}", "teacher": client.session.session_key,
    "students": students,
}))
"""


class Running:
    """A server that runs; ``said()`` is what it has written so far."""

    def __init__(self, process, port, log, environment):
        self.process, self.port, self.log, self.environment = process, port, log, environment

    @property
    def bench(self) -> Server:
        """The same as the benchmarks' pages and connections know it."""
        return Server("helpdesk", f"http://localhost:{self.port}", self.process.pid)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def get(self, path, *, data=None, **headers):
        """(status, text) of one request on a connection of its own."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=data,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self) -> dict:
        return json.loads(self.get("/readyz")[1])

    def children(self, kind) -> set[int]:
        found = set()
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                words = (entry / "cmdline").read_text().split("\0")
                if int(parent) == self.process.pid and f"--{kind}" in words:
                    found.add(int(entry.name))
        return found

    def cast(self) -> dict:
        """A class with its teacher and four students, made in the server's database."""
        made = subprocess.run(
            [sys.executable, "-c", CAST],
            cwd=ROOT,
            env={**self.environment, "DJANGO_SETTINGS_MODULE": "helpdesk.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        return json.loads(made.stdout)

    def rooms(self, *, rooms=1, students=8, check_ins=False) -> list[school.Room]:
        """Classes as the benchmarks have them: their people's cookies, tickets and addresses."""
        return school.made(self.environment, rooms=rooms, students=students, check_ins=check_ins)

    @contextmanager
    def listen(self, cast):
        """A socket of the teacher's page, past its greeting."""
        with connect(
            f"ws://127.0.0.1:{self.port}/ws/en/?have={cast['topic']}/helpers=",
            origin=self.environment["HELPDESK_SITE_URL"],
            additional_headers={"Cookie": f"sessionid={cast['teacher']}"},
            open_timeout=PATIENCE,
        ) as socket:
            socket.recv(timeout=PATIENCE)
            yield socket

    def post(self, path, *, cookie="", **data) -> tuple[int, str]:
        token = "c" * 32
        form = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **data}).encode()
        return self.get(path, data=form, Cookie=f"csrftoken={token}; {cookie}")

    def raise_hand(self, cast, number) -> int:
        """The status of a student's tap."""
        cookie = f"helpdesk-device={cast['students'][number]}"
        return self.post(f"/c/{cast['slug']}/raise/", cookie=cookie)[0]


def migrated() -> Path:
    """An SQLite file with every table and nothing in it. Making one takes ten seconds of a
    processor, so it is kept for as long as the migrations are the same."""
    digest = hashlib.sha256()
    for file in (ROOT / "requirements.txt", *sorted(ROOT.glob("*/migrations/*.py"))):
        digest.update(file.read_bytes())
    kept = services.KEPT / f"migrated-{digest.hexdigest()[:16]}.sqlite3"
    if not kept.exists():
        services.KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=services.KEPT) as folder:
            new = Path(folder, "new.sqlite3")
            environment = {**clean_environment(), "DATABASE_URL": f"sqlite:///{new}"}
            command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            new.rename(kept)
    return kept


@contextmanager
def running(
    folder: Path, workers: int = 1, *, files: int = 0, code: Path = ROOT, **environment: str
) -> Iterator[Running]:
    """A help desk that answers; it ends with the block. ``folder`` is for its log; ``files``: how
    many it may have open, if not as many as we may; ``code``: where it runs. A file of SQLite that
    is not there begins with every table of this code and nothing in it."""
    port = int(environment.get("PORT", services._free_port()))
    everything = {
        **clean_environment(),
        "SECRET_KEY": KEY,
        "PORT": str(port),
        "HELPDESK_SITE_URL": f"http://127.0.0.1:{port}",
        **environment,
    }
    file = Path(everything.get("DATABASE_URL", "").removeprefix("sqlite:///"))
    if file.suffix == ".sqlite3" and not file.exists() and code == ROOT:
        shutil.copyfile(migrated(), file)
    log = folder / f"log-{port}"
    command = [sys.executable, "-m", "helpdesk.server", "--workers", str(workers)]
    if files:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=code, env=everything, stdout=file, stderr=subprocess.STDOUT
        )
    server = Running(process, port, log, everything)
    try:
        until(lambda: "is ready" in server.said() or process.poll() is not None, START)
        assert process.poll() is None, server.said()
        yield server
    finally:
        process.terminate()
        try:
            process.wait(END)
        finally:
            process.kill()


def refused(*words: str, **environment: str) -> tuple[int, str]:
    """(exit code, what it said) of a start that ends by itself."""
    done = subprocess.run(
        [sys.executable, "-m", "helpdesk.server", *words],
        cwd=ROOT,
        env={**clean_environment(), "PORT": str(services._free_port()), **environment},
        capture_output=True,
        text=True,
        timeout=START,
        check=False,
    )
    return done.returncode, done.stderr.strip()


@contextmanager
def proxied(to: int | str, *, port: int = 0) -> Iterator[Proxy]:
    """A network in front of ``to`` that a test can cut, stall or mend."""
    network = Proxy(port or services._free_port(), to)
    network.start()
    try:
        yield network
    finally:
        network.stop()


@contextmanager
def database_behind(url: str) -> Iterator[tuple[Proxy, str]]:
    """A network in front of the tests' PostgreSQL, and the DATABASE_URL that leads through it."""
    folder = urllib.parse.unquote(url.partition("host=")[2])
    with proxied(f"{folder}/.s.PGSQL.5432") as network:
        yield network, f"postgres://postgres@127.0.0.1:{network.port}/helpdesk?sslmode=disable"


@contextmanager
def redis_at(port: int) -> Iterator[subprocess.Popen]:
    """A Redis at that port, killed at the end."""
    with services.redis_process(port) as process:
        yield process


def until(is_so, seconds=PATIENCE):
    """Wait for it; the test fails if it never comes."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def is_open(port: int) -> bool:
    """Whether somebody takes connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
        return True
    return False


def is_gone(pid) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def kill(pid) -> None:
    os.kill(pid, signal.SIGKILL)


def hears(socket, name) -> bool:
    """Whether the socket is told of this student in time."""
    end = time.monotonic() + PATIENCE
    with suppress(TimeoutError):
        while (left := end - time.monotonic()) > 0:
            if name in socket.recv(timeout=left):
                return True
    return False
