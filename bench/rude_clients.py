"""(n): clients that misbehave beside a queue at work: they are limited, and others notice nothing.

In one class some pages never read what they are sent, one sends words of its own over and over,
one opens fifty sockets and one comes back in a loop. The raises whose times count are those of
the same class.
"""

import asyncio
import contextlib
from contextlib import ExitStack
from dataclasses import dataclass

from bench import school, servers, wire
from bench.raising import Measured, Side, steadily
from bench.report import Result, summary
from bench.school import Person, Room
from bench.wire import Page

TITLE = "Rude clients beside a queue at work"
RATE = 8
TIMES_CALM = 2
#: Close codes of the product (live/sending.py), and how many sockets one member may have.
ONLY_LISTEN, TRY_AGAIN, MOST_SOCKETS = 1008, 1013, 20
#: Seconds in which a page that is sent away must be gone.
ENDED = 10
#: The same for one that has read nothing; where it was not for long it is kept, and not waited for.
GIVEN_UP = 10
#: Pages that read nothing.
MUTE = 6


def run(quick: bool) -> Result:
    result = Result("rude_clients", TITLE)
    seconds, rounds = (2, 1) if quick else (20, 2)
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        room = school.made(environment, rooms=1, students=30)[0]
        server = stack.enter_context(servers.helpdesk(environment))
        calm, busy, seen = wire.run(in_turn(server, room, seconds, rounds))
    calm_p95, busy_p95 = summary(calm.spent)["p95"], summary(busy.spent)["p95"]
    result.add(f"Queue p95 at {RATE} raises/s, calm", calm_p95, "ms")
    figure = result.add("Queue p95 beside rude clients", busy_p95, "ms")
    result.at_most(figure, TIMES_CALM, than=calm_p95, words="≤ 2× calm")
    missing = result.add("Raises that no page showed", calm.missing + busy.missing)
    result.at_most(missing, 0, words="0")
    figure = result.add("Sockets that one person had at once", seen.most_open)
    result.at_most(figure, MOST_SOCKETS)
    figure = result.add("Words sent that were not answered with 1008", seen.talked - seen.hushed)
    result.at_most(figure, 0, words="0")
    result.add("Times that the loop was let in", seen.looped)
    result.add("Times that the loop was refused", seen.slowed)
    kept = result.add("Pages that never read, and were not given up", seen.kept)
    if not quick:
        result.at_most(kept, 0, words="0")
    result.raw = {"calm": calm.spent, "busy": busy.spent}
    return result


@dataclass
class Seen:
    """What became of the rude ones."""

    most_open: int = 0
    talked: int = 0
    hushed: int = 0
    looped: int = 0
    slowed: int = 0
    kept: int = 0


async def in_turn(server, room: Room, seconds: float, rounds: int):
    side = Side(server)
    await side.open_pages([room], students=20)
    calm, busy, seen = Measured(), Measured(), Seen()
    wanted = [room.students[each % 20] for each in range(int(seconds * RATE))]
    await steadily(side, wanted[:10], RATE, Measured())
    await side.lower(wanted[:10])
    for _round in range(rounds):
        await steadily(side, wanted[:20], RATE, calm)
        await side.lower(wanted[:20])
        over = asyncio.Event()
        rude = asyncio.gather(*rude_ones(server.url, room, over, seen))
        for start in range(0, len(wanted), 20):
            await steadily(side, wanted[start : start + 20], RATE, busy)
            await side.lower(wanted[start : start + 20])
        over.set()
        await rude
    side.close()
    return calm, busy, seen


def rude_ones(url: str, room: Room, over: asyncio.Event, seen: Seen) -> list:
    talker, many, looper = room.students[20:23]
    mutes = [never_read(url, room.teacher, over, seen) for _each in range(MUTE)]
    return [
        *mutes,
        talk(url, talker, over, seen),
        open_fifty(url, many, over, seen),
        come_back_at_once(url, looper, over, seen),
    ]


async def never_read(url: str, person: Person, over: asyncio.Event, seen: Seen) -> None:
    page = await Page(url, person.socket, person.cookie).open()
    page.transport.pause_reading()
    await over.wait()
    page.transport.resume_reading()  # the close comes after what was on its way
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GIVEN_UP):
            while not page.is_lost:
                await asyncio.sleep(0.05)
    # Who does not read for long is not told the code either: the connection ends.
    seen.kept += not page.is_lost or page.code not in (TRY_AGAIN, None)
    page.close()


async def talk(url: str, person: Person, over: asyncio.Event, seen: Seen) -> None:
    """Whatever it says, it is told that pages only listen; a few times a minute it comes again."""
    for words in (b"hello", b"{}", b"\x00\xff", b"x" * 100):
        page = await Page(url, person.socket, person.cookie).open()
        page.say(words)
        seen.talked += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDED):
                while not page.is_lost:
                    await asyncio.sleep(0.02)
        seen.hushed += page.code == ONLY_LISTEN
        page.close()
        if over.is_set():
            return


async def open_fifty(url: str, person: Person, over: asyncio.Event, seen: Seen) -> None:
    pages = [Page(url, person.socket, person.cookie) for _each in range(50)]
    await asyncio.gather(*(each.open() for each in pages), return_exceptions=True)
    seen.most_open = max(seen.most_open, sum(each.shaken and not each.is_lost for each in pages))
    await over.wait()
    for each in pages:
        each.close()


async def come_back_at_once(url: str, person: Person, over: asyncio.Event, seen: Seen) -> None:
    while not over.is_set():
        page = Page(url, person.socket, person.cookie)
        try:
            await page.open()
            seen.looped += 1
        except OSError:
            seen.slowed += 1
        page.close()
