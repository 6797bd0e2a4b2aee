"""The least that a server can do: on POST commit one row, then send texts of the right size.

No framework, no template, no permission; the same uvicorn with the same settings, and SQLite as
safe as the product's. Those who post at the same time share one commit. It listens to the
product's own addresses. Run as ``python -m bench.floor PORT``.

* a socket: its class and its person are read from the address (``?room=…&who=…``);
* ``POST /c/SLUG/raise/`` with ``name=`` and ``size=``: a row, ``size`` bytes that begin with the
  name to the class's teachers (``who=teacher``) and a quarter of that to the student;
* ``POST /all/`` with ``size=``: no row, that many bytes to every socket there is.
"""

import asyncio
import queue
import sqlite3
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn

#: Real texts have such a sign somewhere, and Python encodes a text without one 20 times faster.
DASH = "–"
#: Class → person → the ``send`` of each of their pages.
rooms: dict[str, dict[str, set]] = defaultdict(lambda: defaultdict(set))


class Writer(threading.Thread):
    """One thread that commits all rows that are there, and then tells those who wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.todo: queue.Queue = queue.Queue()

    def write(self, row: tuple[str, str]) -> asyncio.Future:
        done = asyncio.get_running_loop().create_future()
        self.todo.put((row, done))
        return done

    def run(self) -> None:
        database = sqlite3.connect(self.path, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE hand (id INTEGER PRIMARY KEY, room TEXT, name TEXT)")
        while True:
            work = [self.todo.get()]
            while not self.todo.empty():
                work.append(self.todo.get())
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT INTO hand (room, name) VALUES (?, ?)", [w[0] for w in work]
            )
            database.execute("COMMIT")
            work[0][1].get_loop().call_soon_threadsafe(_tell, [done for _row, done in work])


def _tell(futures: list[asyncio.Future]) -> None:
    for each in futures:
        if not each.done():
            each.set_result(None)


def application_for(writer: Writer):
    async def application(scope, receive, send) -> None:
        if scope["type"] == "websocket":
            await page(scope, receive, send)
        elif scope["type"] == "http":
            await http(scope, receive, send, writer)

    return application


async def page(scope, receive, send) -> None:
    asked = parse_qs(scope["query_string"].decode())
    slug, who = asked["room"][0], asked.get("who", [""])[0]
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "<!-- beat -->"})
    rooms[slug][who].add(send)
    while (await receive())["type"] != "websocket.disconnect":
        pass
    rooms[slug][who].discard(send)


async def http(scope, receive, send, writer: Writer) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    size = int(form.get("size", 2))
    if scope["path"] == "/all/":
        everybody = {each for room in rooms.values() for sends in room.values() for each in sends}
        await give(everybody, DASH + "x" * (size - len(DASH.encode())))
    elif scope["method"] == "POST":
        slug, name = scope["path"].split("/")[2], form["name"]
        await writer.write((slug, name))
        room = rooms[slug]
        await give(room["teacher"], name + DASH + "x" * (size - len(name)))
        await give(room[name], DASH + "x" * (size // 4))
    await send({
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-length", b"2")],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": b"ok"})


async def give(sends, text: str) -> None:
    message = {"type": "websocket.send", "text": text}
    for each in list(sends):
        await each(message)


def serve(port: int) -> None:
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        writer = Writer(Path(folder, "floor.sqlite3"))
        writer.start()
        uvicorn.run(
            application_for(writer),
            port=port,
            ws="websockets-sansio",
            ws_ping_interval=20,
            ws_per_message_deflate=False,
            access_log=False,
            log_level="warning",
            lifespan="off",
        )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
