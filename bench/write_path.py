"""(e) and (l): raises and lowers in a second, from 1, 32 and 128 students at the same time."""

import statistics
from contextlib import ExitStack

from bench import wire
from bench.post_to_socket import three_sides
from bench.raising import Side, as_fast_as_can_be, spread
from bench.report import Result

TITLE = "Raises and lowers per second, one process, one core"
#: The concurrency that the goal speaks of, and how much more than the stock way it asks for.
JUDGED, TIMES = 32, 8


def run(quick: bool) -> Result:
    result = Result("write_path", TITLE)
    levels, rounds, seconds = ((1, 32), 1, 0.5) if quick else ((1, 32, 128), 3, 2.0)
    with ExitStack() as stack:
        made, listed = three_sides(stack, 4 if quick else 16, 8)
        told = wire.run(in_turn(made, listed, levels, rounds, seconds))
    for level in levels:
        rate = {
            name: statistics.median(rates)
            for (name, its_level), rates in told["rates"].items()
            if its_level == level
        }
        figure = result.add(
            f"{level} at once", rate["helpdesk"], "per s", floor=rate["floor"], stock=rate["stock"]
        )
        if level == JUDGED:
            result.at_least(figure, TIMES, than=rate["stock"], words="≥ 8× stock")
    cpu = told["cpu"]
    result.add(
        f"CPU of one, {JUDGED} at once", cpu["helpdesk"], "ms",
        floor=cpu["floor"], stock=cpu["stock"],
    )  # fmt: skip
    result.notes.append("Each class's teacher has a page open and is sent every change.")
    result.raw = {f"{name} {level}": rates for (name, level), rates in told["rates"].items()}
    return result


async def in_turn(made, listed, levels, rounds: int, seconds: float) -> dict:
    sides = [Side(server) for server in listed]
    for side in sides:
        await side.open_pages(made, students=0)
        await as_fast_as_can_be(side, spread(made)[:4], 0.3)
    rates: dict[tuple[str, int], list[float]] = {}
    cpu: dict[str, list[float]] = {side.server.name: [] for side in sides}
    for _round in range(rounds):
        for level in levels:
            for side in sides:
                used = side.server.cpu()
                done, took = await as_fast_as_can_be(side, spread(made)[:level], seconds)
                rates.setdefault((side.server.name, level), []).append(done / took)
                if level == JUDGED:
                    cpu[side.server.name].append((side.server.cpu() - used) * 1000 / done)
    for side in sides:
        side.close()
    return {"rates": rates, "cpu": {name: statistics.median(each) for name, each in cpu.items()}}
