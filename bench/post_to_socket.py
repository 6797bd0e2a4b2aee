"""(a) and (l): from a student's tap to the teacher's screen, with 30 and with 1,000 pages open."""

import asyncio
from contextlib import ExitStack

from bench import school, servers, wire
from bench.raising import Measured, Side, spread, steadily
from bench.report import Result, summary
from bench.school import Room
from bench.servers import Server

TITLE = "POST raise → the teacher's socket"
#: Milliseconds.
MOST_P50 = 20
TIMES_FLOOR = 3
#: helpdesk's p99 as a part of the stock way's.
PART_OF_STOCK = 1 / 15


def run(quick: bool) -> Result:
    result = Result("post_to_socket", TITLE)
    small = {"rooms": 1, "students": 29, "raises": 3 if quick else 80}
    big = {"rooms": 2 if quick else 30, "students": 4 if quick else 32}
    with ExitStack() as stack:
        one = three_sides(stack, small["rooms"], small["students"])
        tell_small(result, wire.run(one_after_the_other(*one, small["raises"])))
    with ExitStack() as stack:
        many = three_sides(stack, big["rooms"], big["students"])
        rounds, a_round, rate = (1, 6, 20) if quick else (3, 160, 20)
        told = wire.run(at_a_rate(*many, rounds, a_round, rate))
        tell_big(result, told, big["rooms"] * (big["students"] + 1), rate)
    return result


def three_sides(stack: ExitStack, rooms: int, students: int) -> tuple[list[Room], list[Server]]:
    """helpdesk, the floor and the stock way, the first and the last with the same school."""
    environment = stack.enter_context(servers.sqlite())
    made = school.made(environment, rooms=rooms, students=students)
    copy = stack.enter_context(servers.copied(environment))
    sides = [
        stack.enter_context(servers.helpdesk(environment)),
        stack.enter_context(servers.floor()),
        stack.enter_context(servers.stock(copy)),
    ]
    return made, sides


async def one_after_the_other(made, listed, raises: int) -> dict[str, Measured]:
    """One raise on each side, then the next: the same noise for all."""
    sides = [Side(server) for server in listed]
    for side in sides:
        await side.open_pages(made)
    told = {side.server.name: Measured() for side in sides}
    students = spread(made)
    for number in range(raises + 5):
        for side in sides:
            student = students[number % len(students)]
            cpu = side.server.cpu()
            spent = await side.raise_hand(student)
            await asyncio.sleep(0.02)  # the rest of its work, so that no side pays for another's
            if number >= 5:  # the first ones warm caches and connections up
                told[side.server.name].note(spent)
                told[side.server.name].cpu_seconds += side.server.cpu() - cpu
            await side.lower([student])
            await asyncio.sleep(0.02)
    for side in sides:
        side.close()
    return told


async def at_a_rate(made, listed, rounds: int, a_round: int, rate: float) -> dict[str, Measured]:
    sides = [Side(server) for server in listed]
    for side in sides:
        await side.open_pages(made)
    told = {side.server.name: Measured() for side in sides}
    students = spread(made)
    for side in sides:
        await steadily(side, students[:10], rate, Measured())
        await side.lower(students[:10])
    for turn in range(rounds):
        wanted = [students[(turn * a_round + each) % len(students)] for each in range(a_round)]
        for side in sides:
            await steadily(side, wanted, rate, told[side.server.name])
            await side.lower(wanted)
            await asyncio.sleep(0.3)
    for side in sides:
        side.close()
    return told


def tell_small(result: Result, told: dict[str, Measured]) -> None:
    ours, floor, stock = (summary(told[name].spent) for name in ("helpdesk", "floor", "stock"))
    kind = "30 sockets"
    p50 = result.add(f"{kind}: p50", ours["p50"], "ms", floor=floor["p50"], stock=stock["p50"])
    result.at_most(p50, TIMES_FLOOR, than=floor["p50"], words="≤ 3× floor")
    absolute = result.add(f"{kind}: p50, in itself", ours["p50"], "ms")
    result.at_most(absolute, MOST_P50)
    result.add(f"{kind}: p99", ours["p99"], "ms", floor=floor["p99"], stock=stock["p99"])
    tell_rest(result, kind, told)


def tell_big(result: Result, told: dict[str, Measured], sockets: int, rate: float) -> None:
    ours, floor, stock = (summary(told[name].spent) for name in ("helpdesk", "floor", "stock"))
    kind = f"{sockets:,} sockets, {rate}/s"
    p50 = result.add(f"{kind}: p50", ours["p50"], "ms", floor=floor["p50"], stock=stock["p50"])
    result.at_most(p50, TIMES_FLOOR, than=floor["p50"], words="≤ 3× floor")
    p99 = result.add(f"{kind}: p99", ours["p99"], "ms", floor=floor["p99"], stock=stock["p99"])
    result.at_most(p99, PART_OF_STOCK, than=stock["p99"], words="≤ 1/15 of stock")
    tell_rest(result, kind, told)


def tell_rest(result: Result, kind: str, told: dict[str, Measured]) -> None:
    missing = {name: each.missing for name, each in told.items()}
    lost = result.add(
        f"{kind}: missing", missing["helpdesk"], floor=missing["floor"], stock=missing["stock"]
    )
    result.at_most(lost, 0, words="0")
    cpu = {name: each.cpu for name, each in told.items()}
    result.add(
        f"{kind}: CPU per raise", cpu["helpdesk"], "ms", floor=cpu["floor"], stock=cpu["stock"]
    )
    result.raw[kind] = {name: [round(x, 3) for x in each.spent] for name, each in told.items()}
