"""(f): raises and lowers in a second with one worker and with two, on PostgreSQL and Redis."""

import os
import statistics
from contextlib import ExitStack
from pathlib import Path

from bench import school, servers, wire
from bench.raising import Side, as_fast_as_can_be, spread
from bench.report import Result

TITLE = "Raises and lowers per second with one worker and two, PostgreSQL and Redis"
TIMES = 1.7
AT_ONCE = 32


def run(quick: bool) -> Result:
    result = Result("workers", TITLE)
    rounds, seconds = (1, 1.0) if quick else (4, 4.0)
    with ExitStack() as stack:
        environment = stack.enter_context(servers.postgres_and_redis())
        made = school.made(environment, rooms=8, students=8)
        listed = [
            stack.enter_context(servers.helpdesk(environment, workers=number, pinned=False))
            for number in (1, 2)
        ]
        one, two, busy, all_busy = wire.run(in_turn(made, listed, rounds, seconds))
    result.add("1 worker", statistics.median(one), "per s")
    figure = result.add("2 workers", statistics.median(two), "per s")
    result.at_least(figure, TIMES, than=statistics.median(one), words="≥ 1.7× of 1 worker")
    result.add("2 workers, the best round", max(two), "per s")
    result.add("Cores that 2 workers used, best round", busy)
    result.add("Cores that everything used, best round", all_busy)
    result.notes.append(
        f"These {os.cpu_count()} cores also run the generator, PostgreSQL and Redis; no process"
        " is bound to one of them."
    )
    result.notes.append(
        "Each raise and each lower comes on a new connection, and goes to a worker that is free."
        " Long-lived ones stay where they are: of those that come while nothing is to be done one"
        " worker may take all."
    )
    result.raw = {"one": one, "two": two}
    return result


async def in_turn(made, listed, rounds: int, seconds: float):
    """The rates of one worker and of two, and in the best round of two: cores that these workers
    used, and that the whole machine used."""
    sides = [Side(server) for server in listed]
    students = spread(made)[:AT_ONCE]
    for side in sides:
        await as_fast_as_can_be(side, students, 0.5, afresh=True)
    rates: list[list[float]] = [[], []]
    busy: list[tuple[float, float]] = []
    for _round in range(rounds):
        for side, told in zip(sides, rates, strict=True):
            cpu, machine = side.server.cpu(), machine_cpu()
            done, took = await as_fast_as_can_be(side, students, seconds, afresh=True)
            told.append(done / took)
            busy.append(((side.server.cpu() - cpu) / took, (machine_cpu() - machine) / took))
    one, two = rates
    return one, two, *busy[1::2][two.index(max(two))]


def machine_cpu() -> float:
    """Seconds for which the machine's cores have not been idle, together."""
    user, nice, system, _idle, _waiting, *rest = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, *rest))) / os.sysconf("SC_CLK_TCK")
