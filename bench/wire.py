"""The load generator's two ends: pages that hold a socket open, and connections that post.

Written for many: a page is one protocol object, without tasks or queues of its own, so that
what is measured is the server.
"""

import asyncio
import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

#: What the product sends every few seconds so that a page knows it is live.
BEAT = b"<!-- beat -->"
TEXT, CLOSE, PING = 1, 8, 9
#: Seconds after which a connection is not used again; uvicorn closes it after five.
IDLE = 3


def run(work):
    """``asyncio.run`` on uvloop where there is one; a slower generator measures itself."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


class Page(asyncio.Protocol):
    """One open page. ``opened`` is done when the server has accepted its socket.

    ``heard``: texts that were no beats; ``last``: ``perf_counter`` of the newest of them;
    ``alive``: of anything at all. ``code``: what it was closed with.
    """

    def __init__(self, url: str, path: str, cookie: str, *, source: str = "") -> None:
        self.loop = asyncio.get_running_loop()
        self.url, self.path, self.cookie, self.source = url, path, cookie, source
        self.opened: asyncio.Future = self.loop.create_future()
        self.greeted: asyncio.Future = self.loop.create_future()
        self.on_text: Callable[[bytes], None] | None = None
        self.buffer = bytearray()
        self.awaited: dict[bytes, asyncio.Future] = {}
        self.code: int | None = None
        self.heard = self.bytes = 0
        self.last = 0.0
        self.alive = time.perf_counter()
        self.shaken = self.is_lost = False
        self.transport: asyncio.Transport | None = None

    async def open(self) -> "Page":
        host, port = self.url.removeprefix("http://").split(":")
        await self.loop.create_connection(
            lambda: self, host, int(port), local_addr=_local(self.source)
        )
        await self.opened
        return self

    def expect(self, words: bytes) -> asyncio.Future:
        """Done, with the moment, as soon as a text with these words arrives."""
        return self.awaited.setdefault(words, self.loop.create_future())

    def say(self, words: bytes) -> None:
        """What no page of the product does: send fewer than 126 bytes."""
        self.transport.write(bytes((0x82, 0x80 | len(words), 0, 0, 0, 0)) + words)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    # --- What the event loop calls ---

    def connection_made(self, transport) -> None:
        self.transport = transport
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: {self.url.removeprefix('http://')}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\nOrigin: {self.url}\r\n"
            f"Cookie: {self.cookie}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.alive = time.perf_counter()
        self.buffer += data
        if not self.shaken:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            status = bytes(self.buffer[:end]).split(b" ", 2)[1]
            del self.buffer[: end + 4]
            if status != b"101":
                told = bytes(self.buffer[:300]).decode(errors="replace")
                words = f"{self.path} was answered with {status.decode()}: {told}"
                self._settle(ConnectionError(words))
                self.transport.abort()
                return
            self.shaken = True
            self.opened.set_result(time.perf_counter())
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame (a server's are not masked) as kind and content."""
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1], 2
        if size > 125:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            return None
        kind, content = buffer[0] & 15, bytes(buffer[start : start + size])
        del buffer[: start + size]
        return kind, content

    def _take(self, kind: int, content: bytes) -> None:
        if kind == PING and not self.transport.is_closing():
            self.transport.write(bytes((0x8A, 0x80 | len(content), 0, 0, 0, 0)) + content)
        elif kind == CLOSE:
            self.code = int.from_bytes(content[:2], "big")
            self.transport.close()
        elif kind == TEXT:
            if not self.greeted.done():
                self.greeted.set_result(time.perf_counter())
            if content != BEAT:
                self._hear(content)

    def _hear(self, content: bytes) -> None:
        self.heard += 1
        self.bytes += len(content)
        self.last = time.perf_counter()
        for words in [each for each in self.awaited if each in content]:
            future = self.awaited.pop(words)
            if not future.done():
                future.set_result(self.last)
        if self.on_text is not None:
            self.on_text(content)

    def connection_lost(self, error) -> None:
        self.is_lost = True
        self._settle(error or ConnectionError("the server closed the socket"))

    def _settle(self, error: BaseException) -> None:
        for future in (self.opened, self.greeted):
            if not future.done():
                future.set_exception(error)
                future.exception()  # looked at: whoever waits for it is told, else nobody need be


def _local(source: str) -> tuple[str, int] | None:
    """Where a connection comes from: one address has 28,000 ports for the same server."""
    return (source, 0) if source else None


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str


class Http:
    """One kept-open HTTP/1.1 connection that asks and posts as htmx does."""

    def __init__(self, url: str, *, source: str = "") -> None:
        self.url, self.host, self.source = url, url.removeprefix("http://"), source
        self.writer: asyncio.StreamWriter | None = None
        #: What tells one browser from another.
        self.token = secrets.token_hex(16)

    async def open(self) -> "Http":
        name, port = self.host.split(":")
        self.reader, self.writer = await asyncio.open_connection(
            name, int(port), limit=2**20, local_addr=_local(self.source)
        )
        return self

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()

    async def get(
        self, path: str, cookie: str = "", *, htmx: bool = False, have: str = ""
    ) -> Answer:
        """``have``: what the page shows that asks."""
        headers = {"HX-Request": "true"} if htmx else {}
        headers |= {"X-Shows": have} if have else {}
        return await self._send("GET", path, cookie, headers, "")

    async def post(self, path: str, cookie: str, *, htmx: bool = True, **form: str) -> Answer:
        """The CSRF token is a cookie that this client made up, sent back as a header."""
        headers = {
            "X-CSRFToken": self.token,
            "Origin": self.url,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if htmx:
            headers["HX-Request"] = "true"
        cookies = f"{cookie}; csrftoken={self.token}".lstrip("; ")
        return await self._send("POST", path, cookies, headers, urlencode(form))

    async def _send(self, method: str, path: str, cookie: str, more: dict, body: str) -> Answer:
        headers = {"Host": self.host, "Cookie": cookie, "Content-Length": str(len(body)), **more}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        assert self.writer is not None, "open() comes first"
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines[1:] if ": " in line]
        told = {name.lower(): value for name, value in pairs}
        cookies = [value for name, value in pairs if name.lower() == "set-cookie"]
        text = await self._body(told)
        return Answer(int(lines[0].split()[1]), told, cookies, text.decode())

    async def _body(self, told: dict[str, str]) -> bytes:
        if told.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(told.get("content-length", 0)))
        parts = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            parts.append((await self.reader.readexactly(size + 2))[:-2])
        await self.reader.readexactly(2)
        return b"".join(parts)


@dataclass
class Pool:
    """Connections that are free; a new one is opened when all are busy."""

    url: str
    source: str = ""
    free: list[tuple[Http, float]] = field(default_factory=list)

    async def get(self, path: str, cookie: str, *, htmx: bool = False) -> Answer:
        http = await self.one()
        return self._kept(http, await http.get(path, cookie, htmx=htmx))

    async def post(self, path: str, cookie: str, *, htmx: bool = True, **form: str) -> Answer:
        http = await self.one()
        return self._kept(http, await http.post(path, cookie, htmx=htmx, **form))

    def _kept(self, http: Http, answer: Answer) -> Answer:
        self.free.append((http, time.monotonic()))
        return answer

    async def one(self) -> Http:
        while self.free:
            http, since = self.free.pop()
            if time.monotonic() - since < IDLE:
                return http
            http.close()
        return await Http(self.url, source=self.source).open()

    def close(self) -> None:
        for http, _since in self.free:
            http.close()
