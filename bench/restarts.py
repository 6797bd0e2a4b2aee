"""(m): planned restarts under load: twenty times every worker is replaced, at 50 taps a second.

Students raise and lower on connections that stay open, as their browsers keep them. A browser
says a request once more if a connection that it had kept was closed before a byte of the answer
came; whatever else goes wrong is a failed tap, and somebody saw it.
"""

import asyncio
import os
import random
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import school, servers, wire
from bench.browser import open_browsers, true_after
from bench.loss import IN_TIME, NEVER, statuses, workers_of
from bench.raising import new_key, spread
from bench.report import Result, summary
from bench.school import Person
from bench.servers import Server
from bench.wire import IDLE, Answer, Http

TITLE = "Planned restarts under load, two workers, PostgreSQL and Redis"
RATE = 50
#: Seconds that one restart of all workers may take.
LONGEST = 60


def run(quick: bool) -> Result:
    result = Result("restarts", TITLE)
    restarts = 1 if quick else 20
    with ExitStack() as stack:
        environment = stack.enter_context(servers.postgres_and_redis())
        rooms = school.made(environment, rooms=8, students=25)
        server = stack.enter_context(servers.helpdesk(environment, workers=2, pinned=False))
        taps, told = wire.run(under_load(server, rooms, restarts, RATE))
        lost = taps.lost(statuses(environment["DATABASE_URL"]))
    kind = f"{restarts} restarts, {taps.done:,} taps"
    result.at_most(result.add(f"{kind}: failed", len(taps.failed)), 0, words="0")
    result.at_most(result.add(f"{kind}: answered, but lost", lost), 0, words="0")
    untrue = result.add(f"{kind}: pages not true after {IN_TIME} s", told["late"])
    result.at_most(untrue, 0, words="0")
    result.add("Taps per second", taps.done / told["seconds"])
    result.add("Said once more on a new connection", taps.again)
    result.add("A tap: p50", summary(taps.spent)["p50"], "ms")
    result.add("A tap: p99", summary(taps.spent)["p99"], "ms")
    result.add("One restart of both workers", told["seconds"] / restarts, "s")
    result.raw = {"failed": taps.failed}
    return result


@dataclass
class Taps:
    """``answered``: form key → whether its hand was lowered again. Times are milliseconds."""

    done: int = 0
    again: int = 0
    answered: dict[str, bool] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)

    def lost(self, known: dict[str, str]) -> int:
        return sum(
            key not in known or (is_lowered and known[key] != "withdrawn")
            for key, is_lowered in self.answered.items()
        )


async def under_load(server: Server, rooms, restarts: int, rate: float) -> tuple[Taps, dict]:
    """Tap at a rate until so many restarts are over; then look at every page."""
    students = spread(rooms)
    browsers = await open_browsers(server.url, [room.teacher for room in rooms] + students[:32])
    taps, over = Taps(), asyncio.Event()
    tapping = asyncio.create_task(keep_tapping(server.url, students, taps, rate, over))
    began = time.perf_counter()
    try:
        for _restart in range(restarts):
            await restart(server)
    finally:
        over.set()
        await tapping
    seconds = time.perf_counter() - began
    true_for, untrue = await true_after(browsers, NEVER)
    for each in browsers:
        each.close()
    late = untrue if true_for <= IN_TIME else max(untrue, 1)
    return taps, {"seconds": seconds, "late": late, "untrue": untrue}


async def restart(server: Server) -> None:
    """Tell the parent to replace its workers; wait until only new ones are there."""
    before = set(workers_of(server))
    os.kill(server.pid, signal.SIGHUP)
    async with asyncio.timeout(LONGEST):
        while len(now := set(workers_of(server))) != len(before) or now & before:
            await asyncio.sleep(0.1)


async def keep_tapping(url: str, students, taps: Taps, rate: float, over: asyncio.Event) -> None:
    """Open loop: each moment a student who is not waiting for an answer raises or lowers, whatever
    became of the others."""
    loop = asyncio.get_running_loop()
    began, number, tasks = loop.time(), 0, []
    people = [Student(url, each, taps) for each in students]
    while not over.is_set():
        moment = began + (number + random.random()) / rate
        await asyncio.sleep(max(0, moment - loop.time()))
        person = next((each for each in people if not each.is_busy), None)
        if person is not None:
            person.is_busy = True
            tasks.append(asyncio.create_task(person.tap()))
            people.remove(person)  # and to the end of the line
            people.append(person)
        number += 1
    await asyncio.gather(*tasks)
    for each in people:
        each.close()


class Student:
    """One browser: a kept connection, and a hand that is up or down."""

    def __init__(self, url: str, person: Person, taps: Taps) -> None:
        self.url, self.person, self.taps = url, person, taps
        self.http: Http | None = None
        self.used = 0.0
        self.key = ""
        self.is_busy = False

    async def tap(self) -> None:
        began = time.perf_counter()
        verb, form = ("lower", {}) if self.key else ("raise", {"form_key": new_key()})
        try:
            answer = await self.post(self.person.url(f"{verb}/"), **form)
            if answer.status != 200:
                raise ConnectionError(f"{verb} was answered with {answer.status}")
        except (OSError, EOFError) as error:
            self.taps.failed.append(f"{type(error).__name__}: {error}")
        else:
            self.taps.done += 1
            self.taps.spent.append((time.perf_counter() - began) * 1000)
            self.taps.answered[self.key or form["form_key"]] = bool(self.key)
            self.key = "" if self.key else form["form_key"]
        self.is_busy = False

    async def post(self, path: str, **form: str) -> Answer:
        if self.http is not None and time.monotonic() - self.used < IDLE:
            try:
                return await self.say(self.http, path, form)
            except (OSError, EOFError):
                self.taps.again += 1
        self.close()
        self.http = await Http(self.url).open()
        return await self.say(self.http, path, form)

    async def say(self, http: Http, path: str, form: dict[str, str]) -> Answer:
        try:
            answer = await http.post(path, self.person.cookie, **form)
        except (OSError, EOFError):
            self.close()
            raise
        self.used = time.monotonic()
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self.http is not None:
            self.http.close()
        self.http = None
