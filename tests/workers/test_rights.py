"""Rights that end in another process, seen from two real workers: every cause, every way in.

Eight subjects for each cause in every run; ``RIGHTS_ROUNDS=100`` is the long one, whose figures
stand in docs/threats.md.
"""

import asyncio
import json
import os
import subprocess
import sys
import time

import pytest

from bench.wire import Http, Page
from tests import rights
from tests.servers import PATIENCE, ROOT, running

ROUNDS = int(os.environ.get("RIGHTS_ROUNDS", "8"))
NOT_LET_IN = 4403
#: Seconds in which the page must be closed; where others are at work, as much more as so many
#: requests take.
IN_TIME, REQUESTS = 2, 10


class Beside:
    """The process in which rights end."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.rights"],
            cwd=ROOT, env={**environment, "DJANGO_SETTINGS_MODULE": "helpdesk.settings"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def say(self, line: str) -> list:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0


@pytest.fixture(scope="module")
def server(database, redis, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rights")
    with running(folder, 2, DATABASE_URL=database, REDIS_URL=redis) as server:
        server.rooms(students=1)  # migrated
        yield server


@pytest.fixture(scope="module")
def beside(server):
    process = Beside(server.environment)
    yield process
    process.close()


class Watched(Page):
    """Notes when it was closed, and whether anything but a beat came after the end."""

    def connection_lost(self, error) -> None:
        self.closed_at = time.monotonic()
        super().connection_lost(error)


async def come(url: str, ways: list[rights.Way]) -> list[Watched]:
    pages = [Watched(url, way.socket, way.cookie) for way in ways]
    await asyncio.gather(*(page.open() for page in pages))
    return pages


@pytest.mark.parametrize("name", rights.CAUSES)
async def test_nothing_outlives_its_cause_at_any_worker(name, server, beside):
    url = server.bench.url.replace("localhost", "127.0.0.1")
    ways = [rights.Way(**each) for each in beside.say(f"make {name} {ROUNDS}")]
    pages = await come(url, ways)
    async with asyncio.timeout(PATIENCE):
        while not all(page.heard for page in pages):  # a beat can come before the greeting
            await asyncio.sleep(0.02)
    heard = [page.heard for page in pages]

    began = time.monotonic()
    for _each in range(REQUESTS):
        assert (await asyncio.to_thread(server.get, "/join/"))[0] == 200
    busy = time.monotonic() - began
    ended = await asyncio.to_thread(beside.say, "end")
    async with asyncio.timeout(PATIENCE):
        while not all(page.is_lost for page in pages):
            await asyncio.sleep(0.02)
    late = [page.closed_at - moment for page, moment in zip(pages, ended, strict=True)]
    assert {page.code for page in pages} == {NOT_LET_IN}
    assert [page.heard for page in pages] == heard  # not one frame more
    assert max(late) < IN_TIME + busy
    print(f"{name}: {ROUNDS} pages closed after at most {max(late) * 1000:.0f} ms")

    again = [Watched(url, way.socket, way.cookie) for way in ways]
    await asyncio.gather(*(page.open() for page in again), return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        while not all(page.is_lost for page in again):
            await asyncio.sleep(0.02)
    assert [page.heard for page in again] == [0] * ROUNDS
    assert {page.code for page in again} <= {NOT_LET_IN, None}

    http = await Http(url).open()
    for way in ways:
        for path in way.paths:
            answer = await http.get(path, way.cookie)
            assert answer.status != 200, path
            assert rights.CANARY not in answer.text
    http.close()
