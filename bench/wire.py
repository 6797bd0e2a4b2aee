"""What the benchmarks share: a server of their own, a class in it, plain HTTP and numbers."""

import asyncio
import contextlib
import os
import platform
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Class:
    """A class with help open: its slug, a cookie header for the teacher, one for each student."""

    slug: str
    teacher: str
    students: list[str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(*command: str, port: int, **environment: str) -> Iterator[str]:
    """Run a server until the block ends; yields its address once it answers."""
    child = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _try in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(url + "/", timeout=5).close()
                break
            if child.poll() is not None:
                sys.exit("The server of the benchmark ended by itself.")
            time.sleep(0.1)
        yield url
    finally:
        child.terminate()
        child.wait(20)


@contextlib.contextmanager
def helpdesk(students: int) -> Iterator[tuple[str, Class]]:
    """The whole product, as ``./run`` starts it, with one class of so many students.

    DATABASE_URL and REDIS_URL choose the database and the channel layer, else a new SQLite.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        environment = {
            "HELPDESK_MODE": "local",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "SECRET_KEY": os.environ.get("SECRET_KEY") or secrets.token_hex(32),
            "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3"),
        }
        os.environ.update(environment)
        made = make_class(students)
        with served("-m", "helpdesk.server", port=port) as url:
            yield url, made


def make_class(students: int) -> Class:
    """Fill the database of the settings; the cookies are made as the product makes them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core import signing
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from accounts.models import User
    from classrooms import access
    from classrooms import actions as classroom_actions
    from requests_app import actions

    call_command("migrate", verbosity=0, interactive=False)
    user = User.objects.create_user(f"bench-{secrets.token_hex(4)}@example.org", name="Ms Bench")
    room = classroom_actions.start_classroom(user, name="Bench")
    actions.open_help(room, by=room.memberships.get(user=user))
    client = Client()
    client.force_login(user)
    cookies = []
    for number in range(students):
        joined = classroom_actions.join(room, name=f"Student {number}")
        value = signing.dumps({room.slug: joined.key}, salt=access._SALT)
        cookies.append(f"{settings.DEVICE_COOKIE_NAME}={value}")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    connections.close_all()
    return Class(room.slug, f"{settings.SESSION_COOKIE_NAME}={session}", cookies)


class Http:
    """One kept-open HTTP/1.1 connection that posts forms as htmx does."""

    def __init__(self, url: str) -> None:
        self.host = url.removeprefix("http://")
        self.origin = url

    async def open(self) -> None:
        name, port = self.host.split(":")
        self.reader, self.writer = await asyncio.open_connection(name, int(port))

    async def get(self, path: str, cookie: str) -> tuple[int, dict[str, str], str]:
        return await self._send("GET", path, cookie, {}, "")

    async def post(self, path: str, cookie: str, form: str = "") -> tuple[int, dict[str, str], str]:
        """The CSRF token is a cookie that this client made up, sent back as a header."""
        token = "a" * 32
        headers = {
            "X-CSRFToken": token,
            "HX-Request": "true",
            "Origin": self.origin,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await self._send("POST", path, f"{cookie}; csrftoken={token}", headers, form)

    async def _send(self, method: str, path: str, cookie: str, headers: dict, body: str):
        lines = {
            "Host": self.host,
            "Cookie": cookie,
            "Content-Length": str(len(body)),
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        told = dict(line.lower().split(": ", 1) for line in answer[1:] if ": " in line)
        if told.get("transfer-encoding") == "chunked":
            text = b""
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                text += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        else:
            text = await self.reader.readexactly(int(told.get("content-length", 0)))
        return int(answer[0].split()[1]), told, text.decode()


def summary(milliseconds: Sequence[float]) -> dict[str, float]:
    """Best, median, 90th and 99th percentile, in milliseconds."""
    ordered = sorted(milliseconds)
    cuts = statistics.quantiles(ordered, n=100, method="inclusive")
    return {
        "best": round(ordered[0], 2),
        "p50": round(cuts[49], 2),
        "p90": round(cuts[89], 2),
        "p99": round(cuts[98], 2),
    }


def machine() -> dict[str, str | int | None]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
