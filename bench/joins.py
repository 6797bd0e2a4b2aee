"""(i): a school's start of the day: joins at 5 a second from one address, beside a queue at work.

1,500 joins in five minutes are 5 a second; the run is shorter at the same rate. A join is what a
browser asks for: the page with the name, the name, and the class page behind it.
"""

import asyncio
import random
from contextlib import ExitStack

from bench import school, servers, wire
from bench.raising import Measured, Side, spread, steadily
from bench.report import Result, summary
from bench.wire import Http

TITLE = "Joins from one address beside a queue at work"
RATE, QUEUE_RATE = 5, 4
TIMES_CALM = 2


def run(quick: bool) -> Result:
    result = Result("joins", TITLE)
    seconds, rounds = (2, 1) if quick else (10, 3)
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        made = school.made(environment, rooms=6, students=20)
        server = stack.enter_context(servers.helpdesk(environment))
        calm, busy, statuses = wire.run(in_turn(server, made, seconds, rounds))
    refused = [each for each in statuses if each != 200]
    joins = result.add(f"{len(statuses)} joins at {RATE}/s: refused", len(refused))
    result.at_most(joins, 0, words="0")
    calm_p95, busy_p95 = summary(calm.spent)["p95"], summary(busy.spent)["p95"]
    result.add(f"Queue p95 at {QUEUE_RATE} raises/s, calm", calm_p95, "ms")
    figure = result.add("Queue p95 beside the joins", busy_p95, "ms")
    result.at_most(figure, TIMES_CALM, than=calm_p95, words="≤ 2× calm")
    missing = result.add("Raises that no page showed", calm.missing + busy.missing)
    result.at_most(missing, 0, words="0")
    result.raw = {"calm": calm.spent, "busy": busy.spent, "refused": refused}
    return result


async def in_turn(server, made, seconds: int, rounds: int):
    side = Side(server)
    await side.open_pages(made)
    students = spread(made)
    calm, busy = Measured(), Measured()
    statuses: list[int] = []
    await steadily(side, students[:5], QUEUE_RATE, Measured())
    await side.lower(students[:5])
    for turn in range(rounds):
        wanted = [students[each % len(students)] for each in range(seconds * QUEUE_RATE)]
        await steadily(side, wanted, QUEUE_RATE, calm)
        await side.lower(wanted)
        joining = asyncio.create_task(join_all(server.url, made, seconds * RATE, turn))
        await steadily(side, wanted, QUEUE_RATE, busy)
        statuses += await joining
        await side.lower(wanted)
    side.close()
    return calm, busy, statuses


async def join_all(url: str, made, number: int, turn: int) -> list[int]:
    tasks = []
    began = asyncio.get_running_loop().time()
    for each in range(number):
        moment = began + (each + random.random()) / RATE
        await asyncio.sleep(max(0, moment - asyncio.get_running_loop().time()))
        room = made[each % len(made)]
        tasks.append(asyncio.create_task(join(url, room.code, f"Newcomer {turn} {each}")))
    return await asyncio.gather(*tasks)


async def join(url: str, code: str, name: str) -> int:
    """The status of the class page at the end, or the first that stopped the way there."""
    http = await Http(url).open()
    try:
        page = await http.get(f"/join/{code}/")
        if page.status != 200:
            return page.status
        come_in = await http.post(f"/join/{code}/", "", name=name)
        where = come_in.headers.get("hx-redirect")
        if where is None:
            return come_in.status if come_in.status >= 400 else 422
        cookie = "; ".join(each.partition(";")[0] for each in come_in.cookies)
        return (await http.get(where, cookie)).status
    finally:
        http.close()
