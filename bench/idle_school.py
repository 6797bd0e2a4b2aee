"""(g): ten thousand open pages in 300 classes on one process, and 60 raised hands a second.

A third of that rate is measured too: it tells how much of a tap's time is waiting for others'.
"""

import asyncio
from contextlib import ExitStack

from bench import school, servers, wire
from bench.raising import Measured, Side, spread, steadily
from bench.report import Result, summary
from bench.servers import Server

TITLE = "10,000 open pages on one process"
#: Milliseconds.
MOST_P99 = 50
RATE, CALM_RATE = 60, 20


def run(quick: bool) -> Result:
    result = Result("idle_school", TITLE)
    rooms, students, raises = (4, 5, 20) if quick else (300, 33, 900)
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        made = school.made(environment, rooms=rooms, students=students)
        server = stack.enter_context(servers.helpdesk(environment))
        sockets, calm, told, idle, memory = wire.run(at_work(server, made, raises))
    wanted = rooms * (students + 1)
    figure = result.add("Open pages", sockets)
    result.at_least(figure, wanted, words=f"{wanted:,}")
    for part in ("p50", "p99"):
        result.add(f"{CALM_RATE} raises/s: {part}", summary(calm.spent)[part], "ms")
    spent = summary(told.spent)
    result.add(f"{RATE} raises/s: p50", spent["p50"], "ms")
    result.at_most(result.add(f"{RATE} raises/s: p99", spent["p99"], "ms"), MOST_P99)
    result.at_most(
        result.add("Raises that no page showed", told.missing + calm.missing), 0, words="0"
    )
    result.add("CPU per raise", told.cpu, "ms")
    result.add("Part of a core while idle", idle * 100, "%")
    result.add("Memory of the server", memory / 2**20, "MiB")
    result.raw = {"ms": [round(each, 2) for each in told.spent]}
    return result


async def at_work(server: Server, made, raises: int):
    side = Side(server)
    try:
        await side.open_pages(made)
    except OSError:  # the pages that are open stay; the figure says how many
        side.pages = [each for each in side.pages if each.shaken]
    await asyncio.sleep(3)
    cpu = server.cpu()
    await asyncio.sleep(10 if raises > 100 else 1)
    idle = (server.cpu() - cpu) / (10 if raises > 100 else 1)
    students = [each for each in spread(made) if side.teachers[each.slug].shaken][:raises]
    calm, told = Measured(), Measured()
    some = students[: raises // 3]
    await steadily(side, some[:10], CALM_RATE, Measured())
    await side.lower(some[:10])
    await steadily(side, some, CALM_RATE, calm)
    await side.lower(some)
    await steadily(side, students, RATE, told)
    memory = server.memory()
    side.close()
    return len(side.pages), calm, told, idle, memory
