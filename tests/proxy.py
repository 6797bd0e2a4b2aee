"""A network that a test can cut, stall, forbid sockets on, or make lose what it should carry.

It stands between a browser and the server, or between a server and its Redis.
"""

import asyncio
import contextlib
import threading

#: What a portal says to everybody, sockets and parts of pages too; with a part of ours in it.
PORTAL = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
    b'<section id="my-request" hx-swap-oob="true">Welcome to our network</section>'
)


class Proxy:
    """Passes bytes on from ``port`` on the loopback, in a thread of its own.

    ``to``: a port of the loopback, or the path of a socket.
    """

    def __init__(self, port: int, to: int | str) -> None:
        self.port, self.to = port, to
        self.refuses_upgrade = self.swallows_upgrade = False
        self.is_down = False
        self.is_silent = False
        self.is_portal = False
        #: How many sockets have asked to be let in.
        self.knocks = 0
        #: What comes back with these bytes in it is lost on the way.
        self.loses = b""
        self.listens = threading.Event()
        self.flows = threading.Event()
        self.flows.set()
        self.writers: set[asyncio.StreamWriter] = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """It takes connections from now on."""
        self.thread.start()
        assert self.listens.wait(30), "the network of a test did not start"

    def stop(self) -> None:
        self.flows.set()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    # --- What a test does to the network ---

    def cut(self) -> None:
        """Every connection breaks, and no new one is made until ``mend``."""
        self.is_down = True
        self.loop.call_soon_threadsafe(self._break_all)

    def stall(self) -> None:
        """Connections stay open and nothing passes: what a dead wireless network looks like."""
        self.flows.clear()

    def swallow(self) -> None:
        """What is asked now is never answered, not even after ``mend``: its packets are gone."""
        self.is_silent = True

    def pose(self) -> None:
        """Whatever is asked from now on is answered with a page of the network's own."""
        self.is_portal = True
        self.loop.call_soon_threadsafe(self._break_all)

    def lose_messages(self) -> None:
        """A Redis still takes every message and answers; nobody who listens to it hears one."""
        self.loses = b"\nmessage\r\n"

    def mend(self) -> None:
        self.is_down = self.is_silent = self.is_portal = False
        self.refuses_upgrade = self.swallows_upgrade = False
        self.loses = b""
        self.flows.set()

    # --- How it passes bytes on ---

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", self.port)
        )
        self.listens.set()
        self.loop.run_forever()
        server.close()
        self._break_all()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def _break_all(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    async def _serve(self, reader, writer) -> None:
        self.writers.add(writer)
        if self.is_down:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.read(65536)
            is_upgrade = b"upgrade: websocket" in head.lower()
            self.knocks += is_upgrade
            if self.is_silent or (self.swallows_upgrade and is_upgrade):
                await reader.read()
                writer.close()
                return
            if self.is_portal:
                writer.write(PORTAL)
                await writer.drain()
                writer.close()
                return
            if self.refuses_upgrade and is_upgrade:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                writer.close()
                return
            if isinstance(self.to, str):
                there, back = await asyncio.open_unix_connection(self.to)
            else:
                there, back = await asyncio.open_connection("127.0.0.1", self.to)
            self.writers.add(back)
            back.write(head)
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer, is_back=True))

    async def _pass(self, reader, writer, *, is_back: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.is_silent:
                    await reader.read()
                    break
                while not self.flows.is_set():
                    await asyncio.sleep(0.05)
                if is_back and self.loses and self.loses in data:
                    continue
                writer.write(data)
                await writer.drain()
        writer.close()
