"""Sockets of who is wrong, and what no page says: refused or closed, and no error in the log."""

import contextlib
import socket
import struct
from random import Random

import pytest

from live import gate
from tests.fuzz import ROUNDS, SEED, hostile
from tests.fuzz.answers import PATIENCE, missing_headers
from tests.fuzz.served import read_answer
from tests.live.conftest import STUDENT, cookies_of, shows, topic_in

pytestmark = pytest.mark.django_db(transaction=True)

#: Handshakes in one round.
KNOCKS = 120
UPGRADE = {
    b"Host": b"testserver", b"Connection": b"Upgrade", b"Upgrade": b"websocket",
    b"Sec-WebSocket-Version": b"13", b"Sec-WebSocket-Key": b"dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip
ORIGIN = b"http://testserver"
ORIGINS = (
    b"", b"null", b"*", b"http://evil.example", b"http://testserver.evil.example",
    b"https://testserver",
    b"http://testserver:81", b"http://testserver@evil.example", b"http://[::1",
    b"http://host:99999999",
    "http://host:²".encode(), b"http://\xff", b"file://", b"//testserver", b"testserver",
    b"http://testserver:0",
    b"a" * 3000, b"http://testserver, http://evil.example",
)  # fmt: skip
PATHS = (
    b"/", b"/ws/", b"/ws/c/", b"/ws/en/", b"/ws/c/%00/en/", b"/ws/%ff/",
    b"/ws/../en/",
    b"/healthz", b"/static/js/live.js", b"/accounts/login/", b"/admin/",
    b"/ws/" + b"a" * 5000 + b"/",
    b"/ws/%E2%80%AE/", b"//ws/en/", b"/ws/en/?have=x:9/y=0",
    b"/ws/en/?have=queue:/class=0,queue:-1/x=0", b"/ws/en/?have=queue:%s/x=0" % (b"9" * 60),
    b"/ws/en/?ticket=x&have=%ff", b"*", b"http://[::1/ws/",
    b"/ws/c/x/en/board/board/", b"/metrics",
)  # fmt: skip
SPOILT = (
    (b"Sec-WebSocket-Version", b"12"), (b"Sec-WebSocket-Version", b"\xff"),
    (b"Sec-WebSocket-Version", b""),
    (b"Sec-WebSocket-Key", b""), (b"Sec-WebSocket-Key", b"!!!"), (b"Sec-WebSocket-Key",
    b"a" * 3000),
    (b"Sec-WebSocket-Extensions", b";;;=,"), (b"Sec-WebSocket-Protocol", b",,\xff;"),
    (b"Upgrade", b"websocket, x"),
    (b"Upgrade", b"h2c"), (b"Upgrade", b"\xff"), (b"Connection", b"keep-alive"), (b"Connection",
    b""),
    (b"X-Long", b"x" * 9000), (b"Host", b""), (b"Content-Length", b"5"), (b"Transfer-Encoding",
    b"chunked"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(gate, "HOLD_OFF", 0.01)


def page_of(room) -> bytes:
    """The address of the socket of a page of this class."""
    return f"/ws/en/?have={shows(topic_in(room), **STUDENT)}".encode()


def handshake(path: bytes, headers: dict[bytes, bytes], method: bytes = b"GET") -> bytes:
    lines = [b"%s %s HTTP/1.1" % (method, path)] + [b"%s: %s" % pair for pair in headers.items()]
    return b"\r\n".join([*lines, b"", b""])


def spoilt_knock(rng: Random, right: bytes, cookie: bytes) -> bytes:
    """A handshake with something in it for which nobody is let in."""
    headers = UPGRADE | {b"Origin": ORIGIN, b"Cookie": cookie}
    path, method = right, b"GET"
    kind = rng.randrange(7)
    if kind == 0:
        headers[b"Origin"] = rng.choice(ORIGINS)
    elif kind == 1:
        del headers[b"Origin"]
    elif kind == 2:
        path = rng.choice(PATHS)
    elif kind == 3:
        name, value = rng.choice(SPOILT)
        headers |= {name: value, b"Origin": rng.choice(ORIGINS)}
    elif kind == 4:
        headers[b"Cookie"] = rng.choice(
            (b"", b"\xff", cookie[:-1], b"sessionid=" + b"x" * 3000, b"=" * 900)
        )
        path += b"&ticket=" + hostile.escaped(hostile.value(rng))[:2000]
    elif kind == 5:
        method = rng.choice((b"POST", b"HEAD", b"OPTIONS", b"PUT"))
        headers |= {b"X-Odd": hostile.value(rng)[:200].replace(b"\n", b"").replace(b"\r", b"")}
    else:
        headers |= {b"X-%d" % number: b"x" for number in range(300)}
    return handshake(path, headers, method)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_who_is_wrong_is_refused_with_all_headers(number, server, room, lesson, ada, mallory):
    rng = Random(f"{SEED}:{number}:sockets")
    right, cookie = page_of(room), cookies_of(ada).encode()
    wrong = []
    for _each in range(KNOCKS):
        knock = spoilt_knock(rng, right, cookie)
        answer = server.ask(knock)
        faults = server.complaints.take()
        faults += missing_headers(answer) if answer.status > 0 else []
        if not 200 <= answer.status < 500:
            faults.append(f"status {answer.status}")
        if faults:
            wrong.append(f"{faults}\n    {hostile.shown(knock)[:3000]}")
    told = f"FUZZ_SEED={SEED}, round {number}:\n  " + "\n  ".join(wrong[:20])
    assert not wrong, told


def frame(opcode: int, text: bytes, *, ends: bool = True, masked: bool = True, reserved: int = 0):
    if len(text) < 126:
        size = bytes([len(text)])
    elif len(text) < 65_536:
        size = b"\x7e" + struct.pack("!H", len(text))
    else:
        size = b"\x7f" + struct.pack("!Q", len(text))
    size = bytes([size[0] | (0x80 if masked else 0)]) + size[1:]
    first = bytes([(0x80 if ends else 0) | reserved << 4 | opcode])
    return first + size + (b"\0\0\0\0" if masked else b"") + text


TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
FRAMES = {
    "text": frame(TEXT, b"hello"),
    "nothing": frame(TEXT, b""),
    "text that is none": frame(TEXT, b"\xff\xfe"),
    "half a character": frame(TEXT, b"\xe2", ends=False) + frame(CONTINUED, b"\xff"),
    "bytes": frame(BINARY, b"\0" * 9000),
    "too much": frame(BINARY, b"\0" * 70_000),
    "a length that is none": b"\x82\xff" + b"\xff" * 8,
    "many": frame(TEXT, b"x") * 3000,
    "without a mask": frame(TEXT, b"x", masked=False),
    "a frame that is none": frame(5, b"x"),
    "reserved bits": frame(TEXT, b"x", reserved=7),
    "a long ping": frame(PING, b"x" * 200),
    "a ping in parts": frame(PING, b"x", ends=False),
    "the rest of nothing": frame(CONTINUED, b"x"),
    "pieces without end": frame(TEXT, b"x", ends=False)
    + frame(CONTINUED, b"x" * 1000, ends=False) * 30,
    "a code that is none": frame(CLOSE, struct.pack("!H", 999)),
    "half a code": frame(CLOSE, b"\3"),
    "a reason that is no text": frame(CLOSE, struct.pack("!H", 1000) + b"\xff"),
    "a good end": frame(CLOSE, struct.pack("!H", 1000)),
    "nonsense": b"GET / HTTP/1.1\r\n\r\n",
    "noise": bytes(range(7, 256, 5)) + b"\x0f" * 64,
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("what", FRAMES)
def test_whatever_is_said_ends_the_socket_and_nothing_else(what, server, room, lesson, ada):
    headers = UPGRADE | {b"Origin": ORIGIN, b"Cookie": cookies_of(ada).encode()}
    with server.dial() as line:
        line.sendall(handshake(page_of(room), headers))
        assert read_answer(line, "GET").status == 101
        with contextlib.suppress(ConnectionError):  # closed before all of it was sent
            line.sendall(FRAMES[what])
        assert _ends(line)
    assert server.complaints.take() == []


def _ends(line: socket.socket) -> bool:
    """Whether the other side closes; its close is answered, as browsers do."""
    line.settimeout(PATIENCE)
    with contextlib.suppress(ConnectionError):
        while told := line.recv(65_536):
            if b"\x88" in told:
                line.sendall(frame(CLOSE, struct.pack("!H", 1000)))
    return True


def test_pings_without_end_keep_nobody_else_waiting(server, room, lesson, ada):
    headers = UPGRADE | {b"Origin": ORIGIN, b"Cookie": cookies_of(ada).encode()}
    with server.dial() as line:
        line.sendall(handshake(page_of(room), headers))
        assert read_answer(line, "GET").status == 101
        line.sendall(frame(PING, b"x") * 2000)
        page = server.ask(b"GET /healthz HTTP/1.1\r\nHost: testserver\r\n\r\n")
        assert page.status == 200
    assert server.complaints.take() == []
