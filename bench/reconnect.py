"""(j): a thousand pages come back at the same instant, as after a restart or a lost network."""

import asyncio
import statistics
import time
from contextlib import ExitStack

from bench import school, servers, wire
from bench.raising import Side
from bench.report import Result
from bench.servers import Server

TITLE = "All pages reconnect at once"
TIMES_FLOOR = 1.6


def run(quick: bool) -> Result:
    result = Result("reconnect", TITLE)
    rooms, students, rounds = (4, 9, 1) if quick else (30, 32, 5)
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        made = school.made(environment, rooms=rooms, students=students)
        listed = [
            stack.enter_context(servers.helpdesk(environment)),
            stack.enter_context(servers.floor()),
        ]
        told = wire.run(in_turn(made, listed, rounds))
    sockets = rooms * (students + 1)
    middle = {
        name: {what: statistics.median(each[what] for each in rounds) for what in rounds[0]}
        for name, rounds in told.items()
    }
    ours, floor = middle["helpdesk"], middle["floor"]
    figure = result.add(
        f"{sockets:,} accepted after", ours["accepted"], "ms", floor=floor["accepted"]
    )
    result.at_most(figure, TIMES_FLOOR, than=floor["accepted"], words="≤ 1.6× floor")
    result.add(f"{sockets:,} greeted after", ours["greeted"], "ms", floor=floor["greeted"])
    result.add("CPU per socket", ours["cpu"], "ms", floor=floor["cpu"])
    lost = sum(each["lost"] for each in told["helpdesk"])
    figure = result.add("Not let in, all rounds", lost, floor=sum(e["lost"] for e in told["floor"]))
    result.at_most(figure, 0, words="0")
    result.notes.append("Accepted: the whole floor and all of helpdesk, tickets checked.")
    result.raw = told
    return result


async def in_turn(made, listed: list[Server], rounds: int) -> dict[str, list[dict]]:
    told: dict[str, list[dict]] = {server.name: [] for server in listed}
    for number in range(rounds + 1):
        for server in listed:
            once = await herd(Side(server), made)
            # helpdesk looks them up a second later; then all leave.
            await asyncio.sleep(1.5 if server.name == "helpdesk" else 0.3)
            if number:
                told[server.name].append(once)
    return told


async def herd(side: Side, made) -> dict[str, float]:
    """Everybody at once. Milliseconds until the last was accepted, and greeted."""
    people = [(each, each.name) for room in made for each in room.students]
    people += [(room.teacher, "teacher") for room in made]
    pages = [side.page(person, who=who) for person, who in people]
    cpu, began = side.server.cpu(), time.perf_counter()
    told = await asyncio.gather(*(each.open() for each in pages), return_exceptions=True)
    greeted = await asyncio.wait_for(
        asyncio.gather(*(each.greeted for each in pages), return_exceptions=True), 30
    )
    used = side.server.cpu() - cpu
    accepted = [each.opened.result() for each in pages if not each.opened.exception()]
    for each in pages:
        each.close()
    moments = [each for each in greeted if isinstance(each, float)]
    return {
        "accepted": (max(accepted) - began) * 1000,
        "greeted": (max(moments) - began) * 1000,
        "cpu": used * 1000 / len(pages),
        "lost": sum(isinstance(each, BaseException) for each in told),
    }
