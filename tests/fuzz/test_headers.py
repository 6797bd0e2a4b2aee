"""Each kind of answer has the headers of all: pages, refusals, failures, what no view sees."""

import pytest
from django.db import OperationalError

from helpdesk import health, http
from tests.fuzz.answers import missing_headers
from tests.live.conftest import cookies_of

pytestmark = pytest.mark.django_db(transaction=True)

HOST = b"Host: testserver\r\n"
TOKEN = b"c" * 32
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nCookie: csrftoken=" + TOKEN + b"\r\n"
KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n" + KEY


def get(path: bytes, more: bytes = b"") -> bytes:
    return b"GET %s HTTP/1.1\r\n%s%s\r\n" % (path, HOST, more)


def post(path: bytes, body: bytes, more: bytes = FORM) -> bytes:
    body += b"&csrfmiddlewaretoken=" + TOKEN
    head = b"POST %s HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n"
    return head % (path, HOST, more, len(body)) + body


#: What is asked, and the status of the answer.
KINDS = {
    "a page": (get(b"/join/"), 200),
    "a page without its body": (get(b"/join/").replace(b"GET", b"HEAD", 1), 200),
    "on to another page": (get(b"/school/"), 302),
    "on to where the slash is": (get(b"/join"), 301),
    "a static file": (get(b"/static/js/live.js"), 200),
    "a static file, small": (get(b"/static/js/live.js", b"Accept-Encoding: gzip\r\n"), 200),
    "no static file": (get(b"/static/nothing.js"), 404),
    "a static file that is known": (
        get(b"/static/js/live.js", b"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"),
        304,
    ),
    "part of a static file": (get(b"/static/js/live.js", b"Range: bytes=0-9\r\n"), 206),
    "a part that is none": (get(b"/static/js/live.js", b"Range: bytes=99999999-\r\n"), 416),
    "nothing here": (get(b"/nowhere/"), 404),
    "another host": (get(b"/").replace(b"testserver", b"evil.example"), 400),
    "a form that says what is wrong": (post(b"/join/", b"code="), 422),
    "a form without its token": (post(b"/join/", b"code=X", b""), 403),
    "no form": (post(b"/nowhere/", b"x", b"Content-Type: multipart/form-data\r\n"), 400),
    "no character set": (post(b"/", b"", b"Content-Type: text/plain; charset=klingon\r\n"), 400),
    "another method": (post(b"/", b""), 405),
    "too large": (post(b"/join/", b"x" * 70_000), 413),
    "a body that does not come": (post(b"/join/", b"x").replace(b"Length: ", b"Length: 9"), 408),
    "no request": (b"nonsense\r\n\r\n", 400),
    "no path": (get(b"*").replace(b"GET", b"OPTIONS", 1), 404),
    "too long a head": (get(b"/", b"X-Long: " + b"x" * 20_000 + b"\r\n"), 431),
    "alive": (get(b"/healthz"), 200),
    "ready": (get(b"/readyz"), 200),
    "no numbers": (get(b"/metrics"), 404),
    "a socket to nowhere": (get(b"/ws/nowhere/", UPGRADE), 403),
    "a socket of another website": (
        get(b"/ws/en/", UPGRADE + b"Origin: http://evil.example\r\n"),
        403,
    ),
    "half a socket": (get(b"/ws/en/", UPGRADE.replace(b"13", b"12")), 400),
    "no socket": (get(b"/ws/en/", UPGRADE + b"X-Long: " + b"x" * 9000 + b"\r\n"), 400),
}


@pytest.mark.shared
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_answer_carries_them(kind, server, monkeypatch):
    monkeypatch.setattr(http, "PATIENCE", 0.5)
    asked, status = KINDS[kind]
    answer = server.ask(asked)
    assert answer.status == status
    path = asked.split(b" ")[1].decode() if b" " in asked else "/"
    assert missing_headers(answer, path) == []


def test_so_do_parts_of_pages_and_files(server, lesson, ada, grace):
    slug = lesson.classroom.slug.encode()
    for who, path in ((ada, b"/c/%s/regions/"), (grace, b"/c/%s/manage/resources/export/")):
        cookie = f"Cookie: {cookies_of(who)}\r\n".encode()
        answer = server.ask(get(path % slug, cookie + b"HX-Request: true\r\n"))
        assert answer.status == 200
        assert missing_headers(answer) == []


@pytest.mark.parametrize(("error", "status"), [(ValueError, 500), (OperationalError, 503)])
def test_so_do_failures(error, status, server, monkeypatch):
    def fails(_request):
        raise error("on purpose")

    monkeypatch.setattr(health, "shows_token", fails)
    answer = server.ask(get(b"/metrics"))
    assert answer.status == status
    assert missing_headers(answer) == []


def test_so_does_too_much_at_once(server, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "signup": "1/m/ip"}
    asked = post(b"/accounts/signup/", b"email=x")
    answers = [server.ask(asked) for _each in range(3)]
    assert answers[-1].status == 429
    assert missing_headers(answers[-1]) == []
