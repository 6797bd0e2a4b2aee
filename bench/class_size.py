"""(b): whether a bigger class waits longer: one class with 1, 30, 120 and 300 pages open."""

import asyncio
from contextlib import ExitStack

from bench import school, servers, wire
from bench.raising import Measured, Side
from bench.report import Result, summary

TITLE = "POST raise → the teacher's socket, by size of the class"
SIZES = (1, 30, 120, 300)
#: The class whose p50 the goal speaks of (the third), and how much longer it may be than the
#: first one's.
JUDGED, TIMES = SIZES[2], 1.2


def run(quick: bool) -> Result:
    result = Result("class_size", TITLE)
    sizes = (1, 8) if quick else SIZES
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        # All of the same size in the database: only the pages that are open differ.
        rooms = school.made(environment, rooms=len(sizes), students=max(sizes))
        server = stack.enter_context(servers.helpdesk(environment))
        told = wire.run(in_turn(server, rooms, sizes, 3 if quick else 80))
    first = summary(told[sizes[0]].spent)["p50"]
    for size, measured in told.items():
        figure = result.add(f"{size} sockets: p50", summary(measured.spent)["p50"], "ms")
        figure.ratio = figure.value / first if figure.value and first else None
        if size == JUDGED or (quick and size == sizes[-1]):
            words = f"≤ {TIMES}× of {sizes[0]} socket"
            result.at_most(figure, TIMES, than=first, words=words)
        result.add(f"{size} sockets: CPU per raise", measured.cpu, "ms")
        result.raw[str(size)] = [round(each, 3) for each in measured.spent]
    return result


async def in_turn(server, rooms, sizes, raises: int) -> dict[int, Measured]:
    """One raise in each class, then the next: the same noise for all."""
    side = Side(server)
    for room, size in zip(rooms, sizes, strict=True):
        await side.open_pages([room], students=size - 1)
    told = {size: Measured() for size in sizes}
    for number in range(raises + 5):
        for room, size in zip(rooms, sizes, strict=True):
            # By somebody whose page is open, except where only the teacher's is.
            student = room.students[number % max(1, size - 1)]
            cpu = server.cpu()
            spent = await side.raise_hand(student)
            await asyncio.sleep(0.03)
            if number >= 5:
                told[size].note(spent)
                told[size].cpu_seconds += server.cpu() - cpu
            await side.lower([student])
            await asyncio.sleep(0.03)
    side.close()
    return told
