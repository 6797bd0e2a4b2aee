"""(o): how long a page shows an older state when the network, a worker or a message is lost.

Two workers, PostgreSQL and Redis; pages come through a network that breaks, and wait between
their tries to reconnect as live.js does. Time counts from the change, or from the moment at which
the network was whole again if that is later, until a page shows what a fresh render says.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from bench import school, servers, wire
from bench.browser import Browser, open_browsers
from bench.loss import busiest
from bench.raising import new_key
from bench.report import Result, summary
from bench.showing import shown_by
from bench.wire import Http
from tests.proxy import Proxy
from tests.services import _free_port

TITLE = "Until a page shows the truth after a fault, two workers"
#: Seconds: 95 of 100, and all.
MOST_P95, MOST = 10, 25
#: Seconds for which the network is cut, and silent; a page notices silence after nine.
CUT, SILENT = 5, 12


def run(quick: bool) -> Result:
    result = Result("catch_up", TITLE)
    with ExitStack() as stack:
        environment = stack.enter_context(servers.postgres_and_redis())
        port, redis = _free_port(), int(environment["REDIS_URL"].split(":")[2].split("/")[0])
        near, behind = Proxy(_free_port(), port), Proxy(_free_port(), redis)
        for each in (near, behind):
            each.start()
            stack.callback(each.stop)
        environment |= {
            "REDIS_URL": f"redis://127.0.0.1:{behind.port}/0",
            "HELPDESK_SITE_URL": near.url,
        }
        rooms = school.made(environment, rooms=10, students=4 if quick else 24)
        server = stack.enter_context(
            servers.helpdesk(environment, workers=2, pinned=False, port=port)
        )
        truth = f"http://localhost:{port}"
        faults = {
            "every message between workers lost": lost(behind),
            f"network cut for {CUT} s": cut(near),
            f"network silent for {SILENT} s": silent(near),
            "sockets forbidden": forbidden(near),
            "a worker killed": killed(server),
        }
        told = wire.run(each_fault(rooms, (near, behind), truth, faults))
    every = [seconds for listed in told.values() for seconds in listed]
    for fault, listed in told.items():
        result.add(f"{fault}: p50 of {len(listed)} pages", summary(listed)["p50"], "s")
        result.add(f"{fault}: p95", summary(listed)["p95"], "s")
    figure = result.add(f"All {len(every)}: p95", summary(every)["p95"], "s")
    result.at_most(figure, MOST_P95)
    result.at_most(result.add(f"All {len(every)}: longest", max(every), "s"), MOST)
    result.raw = told
    return result


# --- Faults: each is a block in which the change happens ---------------------


@asynccontextmanager
async def lost(behind: Proxy) -> AsyncIterator[None]:
    behind.lose_messages()
    yield


@asynccontextmanager
async def cut(near: Proxy) -> AsyncIterator[None]:
    near.cut()
    yield
    await asyncio.sleep(CUT)
    near.mend()


@asynccontextmanager
async def silent(near: Proxy) -> AsyncIterator[None]:
    near.stall()
    yield
    await asyncio.sleep(SILENT)
    near.mend()


@asynccontextmanager
async def forbidden(near: Proxy) -> AsyncIterator[None]:
    near.cut()
    await asyncio.sleep(0.5)
    near.mend()
    near.refuses_upgrade = True
    yield


@asynccontextmanager
async def killed(server: servers.Server) -> AsyncIterator[None]:
    os.kill(busiest(server), signal.SIGKILL)
    yield


# --- What pages show meanwhile -----------------------------------------------


async def each_fault(rooms, networks, truth: str, faults: dict) -> dict[str, list[float]]:
    told = {}
    for number, (fault, breaking) in enumerate(faults.items()):
        room = rooms[number]
        people = [room.teacher, *room.students]
        pages = await open_browsers(networks[0].url, people, truth=truth, is_patient=True)
        async with breaking:
            await raised(truth, room.students[0])
            await raised(truth, room.students[1])
        told[fault] = await seconds_until_true(pages)
        for each in pages:
            each.close()
        for network in networks:
            network.mend()
    return told


async def raised(url: str, student) -> None:
    http = await Http(url).open()
    answer = await http.post(student.url("raise/"), student.cookie, form_key=new_key())
    http.close()
    if answer.status != 200:
        raise RuntimeError(f"A raise was answered with {answer.status}")


async def seconds_until_true(pages: list[Browser]) -> list[float]:
    """For each page; those that never are count twice the longest time there may be."""
    began, missing, found = time.perf_counter(), {}, []
    for page in pages:
        missing[id(page)] = (page, shown_by(await page.fresh(page.truth)).shows())
    while missing and time.perf_counter() - began < 2 * MOST:
        for key, (page, fresh) in list(missing.items()):
            if page.showing.shows() == fresh:
                found.append(time.perf_counter() - began)
                del missing[key]
        await asyncio.sleep(0.02)
    return found + [2.0 * MOST] * len(missing)
