"""Hundreds of requests that never end: they cost little, end soon, and hold up nobody."""

import selectors
import socket
import time
from contextlib import suppress

import pytest

from tests.servers import PATIENCE, running, until

MANY = 300
#: Bytes that they may cost; it was 277 MB.
COST = 40 * 1024 * 1024
#: Seconds in which all have ended, counted from the last byte: silence is waited for 10 s, a form
#: that goes on coming 30 (where others are at work, as much more as ten requests take). And in
#: which somebody else is served: who is held up waits for that.
ENDED, SERVED = 25, 8
HEAD = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
UNFINISHED = {
    "nothing": b"",
    "heads": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=" + b"a" * 15_000,
    "forms": HEAD % (b"/join/", 65_000) + b"a" * 64_000,
    "files": HEAD % (b"/join/", 1_100_000) + b"a" * 1_090_000,
    "anywhere": HEAD % (b"/nowhere/", 1_100_000) + b"a" * 1_090_000,
    "pieces": b"POST /join/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"4000\r\n" + b"a" * 0x4000 + b"\r\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unfinished")
    with running(folder, DATABASE_URL=f"sqlite:///{folder}/school.sqlite3") as started:
        for _warm in range(20):
            started.get("/join/")
        yield started


def say(port, words) -> list[socket.socket]:
    """``MANY`` connections that say this and no more, as much of it as the server takes."""
    opened = []
    for _each in range(MANY):
        one = socket.create_connection(("127.0.0.1", port))
        one.settimeout(0.2)
        with suppress(OSError):  # it is not read to its end
            one.sendall(words)
        opened.append(one)
    return opened


def left(opened) -> int:
    """How many have not been ended by the other side."""
    with selectors.DefaultSelector() as chosen:
        for each in opened:
            each.setblocking(False)
            chosen.register(each, selectors.EVENT_READ)
        for key, _ in chosen.select(0):
            with suppress(BlockingIOError):
                try:
                    while key.fileobj.recv(65_536):
                        pass
                except ConnectionError:
                    pass
                opened.remove(key.fileobj)
                key.fileobj.close()
    return len(opened)


@pytest.mark.parametrize("kind", UNFINISHED)
def test_requests_that_never_end(kind, server):
    before = server.bench.memory()
    opened = say(server.port, UNFINISHED[kind])
    silent_since = time.monotonic()
    times = []
    for _each in range(10):
        asked = time.monotonic()
        assert server.get("/join/")[0] == 200
        times.append(time.monotonic() - asked)
    more = server.bench.memory() - before
    until(lambda: left(opened) == 0)
    lasted = time.monotonic() - silent_since
    assert more < COST
    assert sorted(times)[-2] < SERVED
    assert lasted < ENDED + sum(times)
    assert "Traceback" not in server.said()


def test_a_head_and_a_body_that_drip_end(server):
    head = socket.create_connection(("127.0.0.1", server.port))
    body = socket.create_connection(("127.0.0.1", server.port))
    body.sendall(HEAD % (b"/join/", 60_000))
    opened, began, ended = [head, body], time.monotonic(), {}
    while opened and time.monotonic() - began < 90:
        for each, name in ((head, "head"), (body, "body")):
            with suppress(OSError):
                each.send(b"G")
            if name not in ended and left([each]) == 0:
                ended[name] = time.monotonic() - began
                opened.remove(each)
        time.sleep(0.5)
    assert ended["head"] < ENDED
    assert 20 < ended["body"] < 60


def test_a_class_that_comes_at_once_is_served(server):
    """The browsers of a school share one address, open connections, and speak a moment later."""
    opened = [socket.create_connection(("127.0.0.1", server.port)) for _each in range(700)]
    for each in opened:
        each.sendall(b"GET /join/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    for each in opened:
        each.settimeout(PATIENCE)
        assert each.recv(20).startswith(b"HTTP/1.1 200")
        each.close()
