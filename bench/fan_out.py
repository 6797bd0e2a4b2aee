"""(c): what one more open page costs: processor time for each text, and memory while idle.

Helpers' pages are opened in one class, in steps; a raised hand sends all of them the same text. A
socket's share is the slope between one page and many, so that the POST and the rendering, which
are paid once, do not count (without any page nothing would be rendered). The floor sends a text of
the same size from a bare ASGI loop.
"""

import asyncio
import statistics
import time
from contextlib import ExitStack

from bench import school, servers, wire
from bench.raising import Side, new_key, open_all
from bench.report import Result
from bench.servers import Server
from bench.wire import Http, Page

TITLE = "One text to many sockets, and what an idle one weighs"
TIMES_FLOOR, MOST_KIB, LINEAR = 1.25, 30, 1.15
#: Pages that one member may have open (gate.MOST_SOCKETS).
PER_HELPER = 20


def run(quick: bool) -> Result:
    result = Result("fan_out", TITLE)
    few, middle, many, events = (20, 40, 60, 2) if quick else (200, 1000, 2000, 30)
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        made = school.made(environment, rooms=1, students=30, helpers=many // PER_HELPER)
        ours = stack.enter_context(servers.helpdesk(environment))
        floor = stack.enter_context(servers.floor())
        told = wire.run(grow(ours, floor, made[0], (few, middle, many), events))
    share = {name: cost_of_one(each, 1, middle) for name, each in told["cpu"].items()}
    figure = result.add(
        f"CPU per socket, {middle:,}", share["helpdesk"], "µs", floor=share["floor"]
    )
    result.at_most(figure, TIMES_FLOOR, than=share["floor"], words="≤ 1.25× floor")
    costs = told["cpu"]["helpdesk"]
    line = [cost_of_one(costs, 1, size) for size in (few, many)]
    figure = result.add(f"CPU per socket, {many:,}, against {few:,} sockets", line[1], "µs")
    result.at_most(figure, LINEAR, than=line[0], words=f"≤ 1.15× of {few:,} sockets")
    memory = {name: each / 1024 for name, each in told["memory"].items()}
    figure = result.add(
        f"Memory per idle socket, {middle:,}", memory["helpdesk"], "KiB", floor=memory["floor"]
    )
    result.at_most(figure, MOST_KIB)
    once = {name: each[1] * 1000 for name, each in told["cpu"].items()}
    result.add("CPU of an event with one socket", once["helpdesk"], "ms", floor=once["floor"])
    result.add("Bytes of the text", told["size"])
    result.raw = told["cpu"] | {"memory": memory}
    return result


def cost_of_one(costs: dict[int, float], few: int, many: int) -> float:
    """Microseconds."""
    return (costs[many] - costs[few]) / (many - few) * 1e6


async def grow(ours: Server, floor: Server, room, sizes, events: int) -> dict:
    """CPU seconds of an event with one and with each number of sockets; bytes of an idle one."""
    sides = [Side(ours), Side(floor)]
    text = await text_size(sides[0], room)
    cpu: dict[str, dict[int, float]] = {"helpdesk": {}, "floor": {}}
    memory = {}
    for size in (1, *sizes):
        before = [side.server.memory() for side in sides]
        for side in sides:
            await fill_up(side, room, size)
        await asyncio.sleep(1.5)  # the hub looks newcomers up after a second
        if size == sizes[1]:  # measured from the first step on: what is set up once is there
            for side, earlier in zip(sides, before, strict=True):
                grown = side.server.memory() - earlier
                memory[side.server.name] = grown / (size - sizes[0])
        spent: dict[str, list[float]] = {"helpdesk": [], "floor": []}
        for number in range(events + 2):
            for side in sides:
                used = await event(side, room, number, text)
                if number >= 2:
                    spent[side.server.name].append(used)
        for name, each in spent.items():
            cpu[name][size] = statistics.median(each)
    for side in sides:
        side.close()
    return {"cpu": cpu, "memory": memory, "size": text}


async def text_size(side: Side, room) -> int:
    """Bytes of what a helper's page is sent for one raised hand."""
    page = await Page(side.server.url, room.teacher.socket, room.teacher.cookie).open()
    await page.greeted
    heard = page.bytes
    side.teachers[room.slug] = page
    await side.raise_hand(room.students[0])
    size = page.bytes - heard
    await side.lower(room.students[:1])
    page.close()
    return size


async def fill_up(side: Side, room, size: int) -> None:
    """Open pages until there are so many."""
    missing = size - len(side.pages)
    places = range(len(side.pages), len(side.pages) + missing)
    pages = [side.page(room.helpers[place // PER_HELPER], who="helper") for place in places]
    await open_all(pages)
    side.pages += pages


async def event(side: Side, room, number: int, size: int) -> float:
    """CPU seconds until all pages have heard of one event."""
    student = room.students[number % len(room.students)]
    heard = [page.heard + 1 for page in side.pages]
    http = await Http(side.server.url).open()
    cpu = side.server.cpu()
    if side.server.name == "floor":
        await http.post("/all/", "", size=str(size))
    else:
        await http.post(student.url("raise/"), student.cookie, form_key=new_key())
    await until_heard(side.pages, heard)
    used = side.server.cpu() - cpu
    if side.server.name != "floor":
        heard = [page.heard + 1 for page in side.pages]
        await side.lower([student])
        await until_heard(side.pages, heard)
    http.close()
    return used


async def until_heard(pages: list[Page], heard: list[int]) -> None:
    until = time.perf_counter() + 10
    while any(page.heard < wanted for page, wanted in zip(pages, heard, strict=True)):
        if time.perf_counter() > until:
            raise RuntimeError("Some sockets were not sent what all were to be sent.")
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.03)
