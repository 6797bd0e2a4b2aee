"""Heads that come late, large or never; what follows a body; and that all else is answered."""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import cycle

import pytest
import uvicorn
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from uvicorn.server import ServerState

from helpdesk import connections
from helpdesk.connections import Connection
from tests.servers import PATIENCE

REQUEST = b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n"
UPLOAD = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def app(scope, receive, send):
    """Tells the path and the headers; reads the body first, unless it is ``/unread``."""
    read = 0
    while scope["path"] != "/unread":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        read += len(message["body"])
        if not message["more_body"]:
            break
    names = sorted(name.decode() for name, _ in scope["headers"])
    text = json.dumps([scope["path"], read, names]).encode()
    length = [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": text})


@asynccontextmanager
async def served(state=None):
    config = uvicorn.Config(app, http=Connection, lifespan="off", ws="none", log_config=None)
    config.load()
    state = state or ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        for each in list(state.connections):
            each.transport.abort()
        async with asyncio.timeout(PATIENCE):
            while connections.heads.total:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def dialled(address):
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def said(reader, seconds=PATIENCE):
    """Everything until the other side closes. Where it closes before it has read all that was sent,
    the system may throw its last words away."""
    told = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(seconds):
            while more := await reader.read(1000):
                told += more
    return told


async def answer(reader):
    """The status line, the fields and the text of one answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    first, *fields = head.decode().strip().split("\r\n")
    named = {name.lower(): value for name, _, value in (each.partition(": ") for each in fields)}
    return first, named, await reader.readexactly(int(named["content-length"]))


@pytest.fixture
def short(monkeypatch):
    """What is said at once is in time, also where others are at work; what drips never ends."""
    monkeypatch.setattr(connections, "HEAD_TIME", 1)
    monkeypatch.setattr(connections, "REST_TIME", 1)


async def test_a_connection_on_which_nothing_is_said_ends(short):
    async with served() as address, dialled(address) as (reader, _writer):
        assert await said(reader) == b""


@pytest.mark.parametrize(
    "drip", [b"GET / HTTP/1.1\r\nHost: x\r\n", b"\r\n\r\n", b"\n", b"P", b"GET /" + b"a" * 500]
)
@pytest.mark.parametrize("before", [b"", REQUEST])
async def test_a_head_that_drips_ends(short, before, drip):
    """Also after an answer, and also where only blank lines come."""
    async with served() as address, dialled(address) as (reader, writer):
        if before:
            writer.write(before)
            await answer(reader)

        async def feed():
            for each in cycle(drip):
                writer.write(bytes([each]))
                await asyncio.sleep(0.1)

        feeding = asyncio.create_task(feed())
        told = await said(reader)
        feeding.cancel()
        assert told == b"" or told.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 20_000,
        b"GET / HTTP/1.1\r\n" + b"a" * 20_000,
    ],
)
async def test_a_head_that_is_too_large_is_refused(head):
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(head)
        assert (await said(reader))[:13] in (b"HTTP/1.1 431 ", b"")


async def test_a_large_head_in_small_pieces_is_refused():
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nCookie: ")
        for _piece in range(40):
            writer.write(b"a" * 500)
            await asyncio.sleep(0)
        assert (await said(reader))[:13] in (b"HTTP/1.1 431 ", b"")


async def test_fields_after_a_body_are_not_taken_for_its_heads():
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(CHUNKED + b"3\r\nabc\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n" + REQUEST)
        _, _, text = await answer(reader)
        assert json.loads(text) == ["/read", 3, ["host", "transfer-encoding"]]
        assert json.loads((await answer(reader))[2])[0] == "/one"


async def test_fields_after_a_body_without_an_end_are_not_kept():
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(CHUNKED + b"3\r\nabc\r\n0\r\nX-Long: ")
        for _piece in range(40):
            writer.write(b"a" * 1000)
            await asyncio.sleep(0.001)
        assert (await said(reader))[:13] in (b"HTTP/1.1 431 ", b"")


async def test_a_body_of_small_pieces_is_whole():
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(CHUNKED)
        for _piece in range(3000):
            writer.write(b"9;what=ever\r\n123456789\r\n")
        writer.write(b"0\r\n\r\n")
        assert json.loads((await answer(reader))[2])[:2] == ["/read", 27_000]


async def test_the_rest_of_an_answered_body_is_waited_for_a_moment(short):
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(UPLOAD % 1_000_000 + b"a" * 1000)
        assert (await answer(reader))[0] == "HTTP/1.1 200 OK"

        async def feed():
            while True:
                writer.write(b"a" * 100)
                await asyncio.sleep(0.02)

        feeding = asyncio.create_task(feed())
        assert await said(reader) == b""
        feeding.cancel()


async def test_after_a_body_that_was_answered_early_the_connection_goes_on(short):
    async with served() as address, dialled(address) as (reader, writer):
        for _twice in range(2):
            writer.write(UPLOAD % 40_000 + b"a" * 1000)
            await answer(reader)
            writer.write(b"a" * 39_000 + REQUEST)
            assert json.loads((await answer(reader))[2])[0] == "/one"
        writer.write(UPLOAD % 40_000 + b"a" * 1000)
        await answer(reader)
        writer.write(b"a" * 39_000)
        assert await said(reader) == b""  # and is not kept for ever


async def test_many_requests_at_once_are_not_kept_for_later():
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(REQUEST * 5000)
        assert (await said(reader)).count(b"HTTP/1.1 200 OK") < 100


@pytest.mark.parametrize(
    "nonsense",
    [b"nonsense\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00",
     b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
     b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
)  # fmt: skip
async def test_what_is_no_request_is_answered_with_all_headers(nonsense):
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(nonsense)
        first, fields, text = await answer(reader)
        assert (first, text) == ("HTTP/1.1 400 Bad Request", b"Bad Request\n")
        assert fields.keys() >= {
            "content-security-policy", "permissions-policy", "x-content-type-options",
            "x-frame-options", "referrer-policy", "cross-origin-opener-policy", "cache-control",
            "cross-origin-resource-policy",
        }  # fmt: skip
        assert await said(reader) == b""


async def test_a_refusal_keeps_browsers_to_https_as_pages_do(settings, rf):
    """They keep what they heard last: without the subdomains it would free them."""
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    page = SecurityMiddleware(lambda _request: HttpResponse())(rf.get("/", secure=True))
    async with served() as address, dialled(address) as (reader, writer):
        writer.write(b"nonsense\r\n\r\n")
        _, fields, _ = await answer(reader)
    assert fields["strict-transport-security"] == page["Strict-Transport-Security"]


async def test_the_oldest_silent_connection_makes_room(monkeypatch):
    monkeypatch.setattr(connections.heads, "most_each", 20)
    async with served() as address, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(dialled(address)) for _each in range(30)]
        async with asyncio.timeout(PATIENCE):
            while connections.heads.total != 20 or not silent[9][0].at_eof():
                await asyncio.sleep(0.01)
        assert await said(silent[0][0]) == b""
        reader, writer = await stack.enter_async_context(dialled(address))
        writer.write(REQUEST)
        assert (await answer(reader))[0] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize("comes", [True, False])
async def test_a_new_connection_has_a_moment_for_its_request_when_the_server_ends(
    comes, monkeypatch
):
    """Closed before a byte came, it was an error that a browser shows and does not mend."""
    monkeypatch.setattr(connections, "FIRST_WORDS", PATIENCE if comes else 0)
    state = ServerState()
    async with served(state) as address, dialled(address) as (reader, writer):
        async with asyncio.timeout(PATIENCE):
            while not state.connections:
                await asyncio.sleep(0.01)
        for each in list(state.connections):
            each.shutdown()
        if comes:
            await asyncio.sleep(0)
            writer.write(REQUEST)
            assert (await answer(reader))[0] == "HTTP/1.1 200 OK"
        else:
            assert await said(reader) == b""
