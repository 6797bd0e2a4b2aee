"""HTTP by one hop: the same answers as Django's own handler gives, and nobody holds up others."""

import asyncio
import io
import re

import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import reverse
from django.utils import timezone

from helpdesk import http
from helpdesk.http import OneHop
from tests.browser.conftest import cookie_of
from tests.browser.test_every_page import ROLES, addresses
from tests.test_access_table import world  # noqa: F401

HOST = "testserver"
FORM = "application/x-www-form-urlencoded"
#: Random in each answer: tokens against forgery, keys of forms and sessions, a request's id.
RANDOM = re.compile(rb"\b([A-Za-z0-9]{64}|[A-Za-z0-9]{32}|[0-9a-f]{16})\b")


def scope_of(path, method="GET", **headers):
    path, _, query = path.partition("?")
    named = {"host": HOST, **headers}
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "scheme": "http",
        "server": (HOST, 80),
        "client": ("127.0.0.1", 1),
        "headers": [(name.replace("_", "-").encode(), value.encode())
                    for name, value in named.items()],
    }  # fmt: skip


def ours(path, body=b"", **given):
    return shown(OneHop().answer(scope_of(path, **given), body, len(body)))


def djangos(path, body=b"", method="GET", content_type="", **headers):
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": HOST,
        "SERVER_NAME": HOST, "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http",
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }  # fmt: skip
    response = WSGIHandler()(environ, lambda status, headers: None)
    try:
        return shown(http.as_bytes(response))
    finally:
        response.close()


def shown(answer):
    """What of an answer is the same each time it is given; a policy's parts have no order."""
    headers = sorted(
        (name.lower(), sorted(RANDOM.sub(b"*", value).split(b"; ")))
        for name, value in answer.headers
    )
    return answer.status, headers, RANDOM.sub(b"*", answer.content)


@pytest.fixture
def one_connection(db):
    """What a test does in its transaction, the handlers see: they do not close its connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("role", ROLES)
def test_every_address_answers_as_with_djangos_own_handler(role, world, one_connection):  # noqa: F811
    cookie = cookie_of(world["people"][role])
    sent = f"{cookie['name']}={cookie['value']}"
    with time_machine.travel(timezone.now(), tick=False):
        for path in addresses(world)[role]:
            assert ours(path, cookie=sent) == djangos(path, cookie=sent), path


def test_what_is_sent_arrives_as_with_djangos_own_handler(world, room, one_connection):  # noqa: F811
    cookie = cookie_of(world["people"]["teacher"])
    token = "c" * 32
    sent = {
        "method": "POST",
        "cookie": f"{cookie['name']}={cookie['value']}; csrftoken={token}",
        "x_csrftoken": token,
    }
    file = (
        b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"names.csv\"\r\n"
        b"Content-Type: text/csv\r\n\r\nname\r\nAda Byron\r\n\xd0\x94\xd0\xb0\r\n--edge--\r\n"
    )  # fmt: skip
    names = reverse("classrooms:roster", args=[room.slug])
    for path, kind, body in (
        ("/join/", FORM, b"code=NO+SUCH+CODE"),
        (f"/c/{room.slug}/raise/", FORM, b"form_key=1"),
        (names, "multipart/form-data; boundary=edge", file),
        (names, FORM, "names=Дарина%0AJos\xe9".encode()),
    ):
        with time_machine.travel(timezone.now(), tick=False):
            expected = djangos(path, body, content_type=kind, **sent)
            assert ours(path, body, content_type=kind, **sent) == expected, path
        assert expected[0] < 500


# --- How a request arrives ----------------------------------------------------


async def answered(scope, *messages):
    """(status, text) of the answer to a request that arrives in these messages."""
    arriving, told = asyncio.Queue(), []
    for message in messages:
        arriving.put_nowait(message)

    async def send(message):
        told.append(message)

    await asyncio.wait_for(OneHop()(scope, arriving.get, send), 20)
    if not told:
        return None
    return told[0]["status"], b"".join(each.get("body", b"") for each in told).decode()


def piece(body, *, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.django_db(transaction=True)
async def test_a_body_may_come_in_pieces_and_without_its_length():
    scope = scope_of("/join/", "POST", content_type=FORM, cookie="csrftoken=" + "c" * 32)
    pieces = piece(b"csrfmiddlewaretoken=" + b"c" * 20), piece(b"c" * 12 + b"&code=", more=False)
    status, page = await answered(scope, *pieces)
    assert status == 422
    assert "field__error" in page


async def test_a_body_that_stops_coming_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(http, "PATIENCE", 0.1)
    scope = scope_of("/join/", "POST", content_type=FORM, content_length="20")
    assert await answered(scope, piece(b"code=")) == (408, http.TOO_SLOW)


async def test_nothing_is_done_for_who_has_gone():
    scope = scope_of("/join/", "POST", content_type=FORM, content_length="20")
    assert await answered(scope, piece(b"code="), {"type": "http.disconnect"}) is None


@pytest.mark.django_db(transaction=True)
async def test_a_body_larger_than_any_view_takes_is_refused_unread(settings):
    large = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    token = {"cookie": "csrftoken=" + "c" * 32, "x_csrftoken": "c" * 32, "content_type": FORM}
    status, page = await answered(scope_of("/join/", "POST", content_length=str(large), **token))
    assert (status, "too large" in page) == (413, True)
    rest = piece(b"x" * (large // 2 + 1))
    status, page = await answered(scope_of("/join/", "POST", **token), rest, rest)
    assert (status, "too large" in page) == (413, True)


@pytest.mark.django_db(transaction=True)
async def test_a_query_that_is_no_text_is_refused():
    scope = scope_of("/join/") | {"query_string": b"next=\xff"}
    assert (await answered(scope, piece(b"", more=False)))[0] == 400
