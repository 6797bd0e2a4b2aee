"""(k): whether anything is lost or goes backwards: a burst in one class, then a worker killed.

First everybody in one class raises a hand at the same instant. Then, over PostgreSQL, Redis and
two workers, students raise and lower while one worker is killed with SIGKILL half-way. Pages
behave as browsers do: they reconnect by themselves with what they have, apply a region only if
it is not older than the one they show, and whoever got no answer taps again.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import school, servers, wire
from bench.browser import open_browsers, true_after
from bench.raising import new_key, spread
from bench.report import Result
from bench.school import Person
from bench.servers import Server
from bench.wire import Answer, Http

TITLE = "Nothing lost, nothing backwards"
#: Seconds after the last answer until which every page must show what is true.
IN_TIME = 2
#: Seconds after which a page that does not show it never will.
NEVER = 30 * IN_TIME
#: Seconds after which the second part stops, however many raises it has done.
LONGEST = 900


def run(quick: bool) -> Result:
    result = Result("loss", TITLE)
    burst(result, 8 if quick else 32)
    kill(result, raises=60 if quick else 10_000)
    return result


# --- A burst in one class ----------------------------------------------------


def burst(result: Result, hands: int) -> None:
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        room = school.made(environment, rooms=1, students=hands)[0]
        server = stack.enter_context(servers.helpdesk(environment))
        told = wire.run(all_at_once(server, room))
        known = len(statuses(environment["DATABASE_URL"]))
    kind = f"{hands} raises at once"
    result.at_most(result.add(f"{kind}: not answered", hands - told["answered"]), 0, words="0")
    lost = result.add(f"{kind}: answered, but not in the database", told["answered"] - known)
    result.at_most(lost, 0, words="0")
    result.at_most(result.add(f"{kind}: versions that went down", told["backwards"]), 0, words="0")
    result.at_most(result.add(f"{kind}: pages that are not true", told["late"]), 0, words="0")
    result.add(f"{kind}: last answer after", told["ms"], "ms")
    result.raw["burst"] = told


async def all_at_once(server: Server, room) -> dict:
    browsers = await open_browsers(server.url, [room.teacher, *room.students])
    lines = [await Http(server.url).open() for _each in room.students]
    keys = [new_key() for _each in lines]
    began = time.perf_counter()
    answers = await asyncio.gather(
        *(
            line.post(student.url("raise/"), student.cookie, form_key=key)
            for line, student, key in zip(lines, room.students, keys, strict=True)
        )
    )
    took = (time.perf_counter() - began) * 1000
    true_for, untrue = await true_after(browsers, NEVER)
    for each in [*browsers, *lines]:
        each.close()
    return {
        "keys": [key for key, each in zip(keys, answers, strict=True) if each.status == 200],
        "answered": sum(each.status == 200 for each in answers),
        "backwards": sum(each.backwards for each in browsers),
        "untrue": untrue,
        "late": untrue if true_for <= IN_TIME else max(untrue, 1),
        "ms": took,
    }


# --- Two workers, one of them killed -----------------------------------------


@dataclass
class Taps:
    """``answered``: form key → whether its hand was lowered again, both acknowledged."""

    wanted: int
    begun: int = 0
    answered: dict[str, bool] = field(default_factory=dict)
    again: int = 0
    refused: list[int] = field(default_factory=list)

    def lost(self, known: Mapping[str, str]) -> int:
        """How many acknowledged moves a database does not have (form key → status)."""
        return sum(
            key not in known or (is_lowered and known[key] != "withdrawn")
            for key, is_lowered in self.answered.items()
        )


def kill(result: Result, raises: int) -> None:
    with ExitStack() as stack:
        environment = stack.enter_context(servers.postgres_and_redis())
        rooms = school.made(environment, rooms=8, students=4)
        server = stack.enter_context(servers.helpdesk(environment, workers=2, pinned=False))
        told = wire.run(with_a_kill(server, rooms, raises))
        known = statuses(environment["DATABASE_URL"])
    taps: Taps = told.pop("taps")
    lost = taps.lost(known)
    kind = f"{len(taps.answered):,} raises, 2 workers, one killed"
    result.at_most(result.add(f"{kind}: answered, but lost", lost), 0, words="0")
    result.at_most(result.add(f"{kind}: refused", len(taps.refused)), 0, words="0")
    result.at_most(result.add(f"{kind}: versions that went down", told["backwards"]), 0, words="0")
    untrue = result.add(f"{kind}: pages not true after {IN_TIME} s", told["late"])
    result.at_most(untrue, 0, words="0")
    result.add(f"{kind}: all pages true after", told["true_after"], "s")
    result.add(f"{kind}: tapped again", taps.again)
    result.add(f"{kind}: pages that reconnected", told["reconnects"])
    if len(taps.answered) < raises:
        result.notes.append(f"Stopped after {LONGEST} s, before {raises:,} raises were done.")
    result.raw["kill"] = told


def statuses(database: str) -> dict[str, str]:
    """Form key → status of each request in a database."""
    return dict(servers.rows(database, "SELECT form_key, status FROM requests_app_helprequest"))


async def with_a_kill(server: Server, rooms, raises: int) -> dict:
    students = spread(rooms)
    people = [*(room.teacher for room in rooms), *students]
    browsers = await open_browsers(server.url, people)
    taps = Taps(raises)
    until = time.monotonic() + LONGEST
    killing = asyncio.create_task(kill_one_half_way(server, taps))
    await asyncio.gather(*(keep_tapping(server.url, each, taps, until) for each in students[:32]))
    killed = await killing
    true_for, untrue = await true_after(browsers, NEVER)
    for each in browsers:
        each.close()
    return {
        "taps": taps,
        "killed": killed,
        "true_after": true_for,
        "untrue": untrue,
        "late": untrue if true_for <= IN_TIME else max(untrue, 1),
        "backwards": sum(each.backwards for each in browsers),
        "reconnects": sum(bool(each.reconnects) for each in browsers),
    }


async def kill_one_half_way(server: Server, taps: Taps) -> int:
    latest = time.monotonic() + LONGEST / 2
    while len(taps.answered) < taps.wanted / 2 and time.monotonic() < latest:
        await asyncio.sleep(0.05)
    victim = busiest(server)
    os.kill(victim, signal.SIGKILL)
    return victim


def busiest(server: Server) -> int:
    """The worker that has most of the pages: of many that come at once one may take all."""
    return max(workers_of(server), key=lambda pid: len(os.listdir(f"/proc/{pid}/fd")))


def workers_of(server: Server) -> list[int]:
    """The processes of the server that have its sockets."""
    found = []
    for pid in server.tree()[1:]:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as line:
            if b"--worker" in line.read().split(b"\0"):
                found.append(pid)
    if not found:
        sys.exit("The server has no workers that could be killed.")
    return found


async def keep_tapping(url: str, student: Person, taps: Taps, until: float) -> None:
    """Raise and lower in turn; whoever gets no answer taps again, as the page says."""
    line = Line(url, taps)
    while taps.begun < taps.wanted and time.monotonic() < until:
        taps.begun += 1
        key = new_key()
        answer = await line.post(student.url("raise/"), student.cookie, form_key=key)
        if answer.status != 200:
            taps.refused.append(answer.status)
            continue
        taps.answered[key] = False
        answer = await line.post(student.url("lower/"), student.cookie)
        # A tap that was answered by nobody may have lowered the hand already.
        if answer.status in (200, 409):
            taps.answered[key] = True
        else:
            taps.refused.append(answer.status)
    line.close()


class Line:
    """A connection that is opened again when it breaks, and then says the same once more."""

    def __init__(self, url: str, taps: Taps) -> None:
        self.url, self.taps = url, taps
        self.http: Http | None = None

    async def post(self, path: str, cookie: str, **form: str) -> Answer:
        for _try in range(100):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                if self.http is None:
                    self.http = await Http(self.url).open()
                return await self.http.post(path, cookie, **form)
            self.close()
            self.taps.again += 1
            await asyncio.sleep(0.1)
        raise RuntimeError("The server did not come back.")

    def close(self) -> None:
        if self.http is not None:
            self.http.close()
        self.http = None
