"""From a student's tap to the teacher's screen: POST to the frame on the teacher's socket.

The whole product runs as ``./run`` starts it, with every student's page and the teacher's
open. Each raise is followed by one on the floor (bench.floor), so that both meet the same
noise. Goal: a median of at most 20 ms with 30 sockets.
"""

import argparse
import asyncio
import json
import time

from websockets.asyncio.client import connect

from bench.wire import Class, Http, free_port, helpdesk, machine, served, summary

GOAL_MS = 20
#: Bytes of a floor's frame: what a teacher's regions with a few rows weigh.
FRAME = 6_000


def main(args: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./run bench post_to_socket", description=__doc__)
    parser.add_argument("--sockets", type=int, default=30, help="open pages, the teacher's too")
    parser.add_argument("--raises", type=int, default=200)
    wanted = parser.parse_args(args)
    before = machine()
    floor_port = free_port()
    with (
        helpdesk(wanted.sockets - 1) as (url, made),
        served("-m", "bench.floor", str(floor_port), str(FRAME), port=floor_port) as floor_url,
    ):
        product, floor = asyncio.run(measure(url, made, floor_url, wanted))
    told = {"product_ms": summary(product), "floor_ms": summary(floor)}
    ratio = told["product_ms"]["p50"] / told["floor_ms"]["p50"]
    print(
        json.dumps(
            {
                "what": "POST raise to the teacher's socket",
                "sockets": wanted.sockets,
                "raises": wanted.raises,
                **told,
                "ratio_p50": round(ratio, 1),
                "goal_ms": GOAL_MS,
                "goal_met": told["product_ms"]["p50"] <= GOAL_MS,
                "machine": before,
            },
            indent=1,
        )
    )


async def measure(url: str, made: Class, floor_url: str, wanted) -> tuple[list, list]:
    """Milliseconds of each raise, of the product and of the floor."""
    path = f"/ws/c/{made.slug}/en/"
    sockets = [await open_socket(url, path, cookie) for cookie in made.students]
    teacher = await open_socket(url, path, made.teacher)
    floor_sockets = [await open_socket(floor_url, "/", "") for _each in range(wanted.sockets)]
    floor_teacher = floor_sockets.pop()
    readers = [asyncio.create_task(drain(each)) for each in [*sockets, *floor_sockets]]
    http, floor_http = Http(url), Http(floor_url)
    await http.open()
    await floor_http.open()
    await quiet(teacher)
    product, floor = [], []
    for number in range(wanted.raises + 10):
        cookie = made.students[number % len(made.students)]
        spent = await one_raise(http, teacher, made.slug, cookie, number)
        floor_spent = await timed(floor_http.post("/", ""), floor_teacher)
        if number >= 10:  # the first ones warm caches and connections up
            product.append(spent)
            floor.append(floor_spent)
    for reader in readers:
        reader.cancel()
    return product, floor


async def one_raise(http: Http, teacher, slug: str, cookie: str, number: int) -> float:
    spent = await timed(http.post(f"/c/{slug}/raise/", cookie, f"form_key=bench-{number}"), teacher)
    status, _headers, _text = await http.post(f"/c/{slug}/lower/", cookie)
    assert status == 200, status
    await quiet(teacher)
    return spent


async def timed(post, socket) -> float:
    """Milliseconds from just before ``post`` is sent until ``socket`` hears of it."""
    began = time.perf_counter()
    sent = asyncio.create_task(post)
    await socket.recv()
    spent = (time.perf_counter() - began) * 1000
    status = (await sent)[0]
    assert status == 200, status
    return spent


async def quiet(socket) -> None:
    """Read until nothing has come for a moment."""
    while True:
        try:
            await asyncio.wait_for(socket.recv(), 0.08)
        except TimeoutError:
            return


async def drain(socket) -> None:
    async for _message in socket:
        pass


async def open_socket(url: str, path: str, cookie: str):
    return await connect(
        url.replace("http", "ws", 1) + path,
        origin=url,
        additional_headers={"Cookie": cookie},
        compression=None,
    )
