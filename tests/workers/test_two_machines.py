"""Two machines behind the balancer of deploy/: one is stopped, killed, or falls silent in the
middle of a lesson, and comes back. Nobody's tap fails, none is lost, every page is true again."""

import asyncio
import os
import re
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bench import loss, restarts
from bench.browser import open_browsers, true_after
from bench.raising import new_key
from bench.wire import Http
from tests import services
from tests.servers import (
    PATIENCE,
    ROOT,
    START,
    database_behind,
    is_open,
    kill,
    proxied,
    running,
    until,
)
from tests.workers.test_upgrade import assert_served

#: Taps a second, and how many there are at least in each part.
RATE, TAPS = 15, 20
#: Where the example's machines are.
EXAMPLES = ("10.0.0.11:8000", "10.0.0.12:8000")


def configuration(port: int, machines: list[int]) -> str:
    """The example, on this machine, without a certificate, for a process with few files."""
    text = (ROOT / "deploy/haproxy.cfg").read_text(encoding="utf-8")
    changes = {
        r" +bind :80\n": "",
        r"bind :443 .*": f"bind 127.0.0.1:{port}",
        r".* redirect scheme https .*\n": "",
        r"maxconn \d+": "maxconn 2000",
    } | {example: f"127.0.0.1:{port}" for example, port in zip(EXAMPLES, machines, strict=True)}
    for old, new in changes.items():
        text, times = re.subn(old, new, text)
        assert times, old
    return text


class Balancer:
    def __init__(self, port: int, log: Path) -> None:
        self.url, self.log = f"http://127.0.0.1:{port}", log

    async def says(self, machine: str, state: str) -> None:
        """Wait until this is the last that it said of a machine: DOWN or UP."""
        told = re.compile(rf"Server helpdesk/{machine} is (DOWN|UP)")
        await soon(lambda: told.findall(self.log.read_text())[-1:] == [state])


@contextmanager
def balancer(folder: Path, port: int, machines: list[int]):
    program = services.haproxy()
    if program is None:
        pytest.skip("there is no HAProxy, and it could not be fetched")
    file, log = folder / "haproxy.cfg", folder / "haproxy-log"
    # What it says of its own accord has another number than what helpdesk says.
    (folder / "own").write_text("HTTP/1.1 599 Balancer\r\nContent-Length: 0\r\n\r\n")
    text = configuration(port, machines)
    marked = text.replace("mode http\n", f"mode http\n    errorfile 503 {folder}/own\n", 1)
    assert marked != text
    file.write_text(marked, encoding="utf-8")
    there = {**os.environ, "LD_LIBRARY_PATH": str(Path(program).parent)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "-db", "-f", file], env=there, stdout=output, stderr=output
        )
    try:
        until(lambda: is_open(port) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield Balancer(port, log)
    finally:
        process.kill()
        process.wait()


async def soon(is_so) -> None:
    async with asyncio.timeout(START):
        while not is_so():
            await asyncio.sleep(0.05)


def stop(machine) -> None:
    machine.process.terminate()
    assert machine.process.wait(PATIENCE) == 0


def kill_all(machine) -> None:
    """Every process at once: where only the parent is killed its workers end in order."""
    for number in machine.bench.tree():
        kill(number)
    machine.process.wait()


async def test_one_of_two_machines_goes_and_comes_back(database, redis, tmp_path):
    front, first, second, third = (services._free_port() for _ in range(4))
    with ExitStack() as stack:
        behind = stack.enter_context(balancer(tmp_path, front, [first, second]))
        same = {"DATABASE_URL": database, "REDIS_URL": redis, "HELPDESK_SITE_URL": behind.url}

        def start(port, workers=1, clock="separate"):
            machine = running(tmp_path, workers, PORT=str(port), HELPDESK_CLOCK=clock, **same)
            return asyncio.to_thread(stack.enter_context, machine)

        one, two = await asyncio.gather(start(first, clock="in-server"), start(second, 2))
        await behind.says("one", "UP")
        await behind.says("two", "UP")
        rooms = one.rooms(rooms=3, students=8)
        students = restarts.spread(rooms)
        people = [*(room.teacher for room in rooms), *students[:8]]
        browsers = await open_browsers(behind.url, people)
        taps, over = restarts.Taps(), asyncio.Event()
        tapping = asyncio.create_task(restarts.keep_tapping(behind.url, students, taps, RATE, over))

        async def left(machine: str, been: int) -> None:
            """People go on tapping, and its pages are at the other one."""
            await so_many(taps)
            await soon(lambda: reconnects(browsers) > been)
            await soon(lambda: all(each.is_live for each in browsers))
            await behind.says(machine, "DOWN")

        try:
            await so_many(taps)
            # In order. All pages are at the first machine afterwards.
            been = reconnects(browsers)
            await asyncio.to_thread(stop, two)
            await left("two", been)
            network = stack.enter_context(proxied(third, port=second))
            again = await start(third)
            await behind.says("two", "UP")
            await so_many(taps)
            # Without a word. All pages are at the second machine afterwards.
            been = reconnects(browsers)
            await asyncio.to_thread(kill_all, one)
            await left("one", been)
            last = await start(first, clock="in-server")
            await behind.says("one", "UP")
            await so_many(taps)
            # As without power: nobody is refused, and nobody answered.
            been = reconnects(browsers)
            network.stall()
            await left("two", been)
            network.mend()
        finally:
            over.set()
            await tapping
        print(f"{taps.done} taps, the slowest {max(taps.spent):.0f} ms, {taps.again} said again")
        assert_served(taps)
        assert taps.lost(loss.statuses(database)) == 0
        assert (await true_after(browsers, START))[1] == 0
        for machine in (one, two, again, last):
            assert "Traceback" not in machine.said()
        for each in browsers:
            each.close()


async def test_while_the_database_is_away_people_read_our_own_page(database, redis, tmp_path):
    """Both machines say 503 to the balancer, which then asks them all the same."""
    front, first = services._free_port(), services._free_port()
    with (
        balancer(tmp_path, front, [first, services._free_port()]) as behind,
        database_behind(database) as (network, url),
        running(
            tmp_path, PORT=str(first), DATABASE_URL=url, REDIS_URL=redis,
            HELPDESK_SITE_URL=behind.url,
        ) as one,
    ):  # fmt: skip
        student = one.rooms(students=1)[0].students[0]
        await behind.says("one", "UP")
        network.cut()
        await behind.says("one", "DOWN")
        line = await Http(behind.url).open()
        answer = await line.post(student.url("raise/"), student.cookie, form_key=new_key())
        line.close()
        assert answer.status == 503
        assert "content-security-policy" in answer.headers


def reconnects(browsers) -> int:
    return sum(each.reconnects for each in browsers)


async def so_many(taps) -> None:
    wanted = taps.done + TAPS
    await soon(lambda: taps.done >= wanted)
