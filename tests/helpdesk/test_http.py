"""HTTP by one hop: the same answers as Django's own handler gives, and nobody holds up others."""

import asyncio
import io
import re
import threading

import pytest
import time_machine
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import reverse
from django.utils import timezone

from helpdesk import http
from helpdesk.http import OneHop
from helpdesk.static import StaticFiles
from tests.browser.conftest import cookie_of
from tests.browser.test_every_page import ROLES, addresses

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
    arrived = http.Arrived(body, len(body), settings.MAX_BODY)
    return shown(OneHop().answer(scope_of(path, **given), arrived))


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
def as_they_are():
    """Connections stay as they are: the handlers close and look for none."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def one_connection(db, as_they_are):
    """What a test does in its transaction, the handlers see."""


@pytest.mark.parametrize("role", ROLES)
def test_every_address_answers_as_with_djangos_own_handler(role, world, one_connection):
    cookie = cookie_of(world["people"][role])
    sent = f"{cookie['name']}={cookie['value']}"
    with time_machine.travel(timezone.now(), tick=False):
        for path in addresses(world)[role]:
            assert ours(path, cookie=sent) == djangos(path, cookie=sent), path


def test_what_is_sent_arrives_as_with_djangos_own_handler(world, room, one_connection):
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
    status, page = await answered(scope, piece(b"code="))
    assert (status, "took too long to arrive" in page) == (408, True)


async def test_nothing_is_done_for_who_has_gone():
    scope = scope_of("/join/", "POST", content_type=FORM, content_length="20")
    assert await answered(scope, piece(b"code="), {"type": "http.disconnect"}) is None


@pytest.mark.django_db(transaction=True)
async def test_a_body_larger_than_any_view_takes_is_refused_unread():
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


@pytest.fixture
def names_of_a_class(room):
    return reverse("classrooms:roster", args=[room.slug])


LARGE = settings.MAX_BODY + 1


@pytest.mark.parametrize(
    ("path", "cookie", "takes"),
    [
        ("{names}", "sessionid=any", 1024 * 1024),
        ("{names}", "a=b; helpdesk-device=any", 1024 * 1024),
        ("{names}", "", settings.MAX_BODY),
        ("{names}", "xsessionid=any; other=sessionid=any", settings.MAX_BODY),
        ("/join/", "sessionid=any", settings.MAX_BODY),
        ("/nowhere/", "sessionid=any", settings.MAX_BODY),
        ("/c/x/manage/people/" + "9" * 5000 + "/rename/", "sessionid=any", settings.MAX_BODY),
    ],
)
@pytest.mark.django_db
def test_only_what_takes_files_reads_them(path, cookie, takes, names_of_a_class):
    headers = {"cookie": cookie} if cookie else {}
    found = http.most_of(scope_of(path.format(names=names_of_a_class), "POST", **headers))
    assert takes <= found < takes + LARGE


@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_form_of_someone_unknown_is_not_read_beyond_what_forms_are(is_declared):
    """1.1 MB used to be kept for any address, to be refused then."""
    asked = []

    async def receive():
        asked.append(http.bodies.total)
        return piece(b"x" * 16_000)

    length = {"content_length": "1100000"} if is_declared else {"transfer_encoding": "chunked"}
    arrived = await http.whole_body(scope_of("/nowhere/", "POST", **length), receive)
    assert arrived.body == b""
    assert arrived.size > arrived.limit == settings.MAX_BODY
    assert len(asked) == (0 if is_declared else 5)
    assert http.bodies.total == 0


async def test_a_list_that_comes_in_pieces_is_read_whole(names_of_a_class_without_database):
    path, pieces = names_of_a_class_without_database, [piece(b"x" * 50_000) for _each in range(19)]
    pieces.append(piece(b"x" * 50_000, more=False))
    scope = scope_of(path, "POST", cookie="sessionid=any", transfer_encoding="chunked")

    async def receive():
        return pieces.pop(0)

    arrived = await http.whole_body(scope, receive)
    assert (len(arrived.body), arrived.size, pieces) == (1_000_000, 1_000_000, [])


@pytest.fixture
def names_of_a_class_without_database():
    return reverse("classrooms:roster", args=["any-class"])


async def test_a_length_of_many_digits_is_only_large():
    scope = scope_of("/join/", "POST", content_length="9" * 5000)
    assert (await http.whole_body(scope, None)).size > settings.MAX_BODY


async def test_a_body_that_drips_ends_too(monkeypatch):
    monkeypatch.setattr(http, "FORM_TIME", 0.3)

    async def receive():
        await asyncio.sleep(0.05)
        return piece(b"x")

    scope = scope_of("/join/", "POST", content_length="60000")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(http.whole_body(scope, receive), 60)
    assert http.bodies.total == 0


async def test_bodies_that_stand_still_make_room_for_those_that_move(monkeypatch):
    """A school behind one address is not hurt by one of its computers."""
    monkeypatch.setattr(http.bodies, "most_each", 40 * http.COST)

    async def stuck():
        await asyncio.Event().wait()

    async def moving():
        await asyncio.sleep(0.001)
        return piece(b"x" * 10, more=False)

    scope = scope_of("/join/", "POST", content_length="10")
    still = [asyncio.create_task(http.whole_body(scope, stuck)) for _each in range(60)]
    async with asyncio.timeout(60):
        while sum(each.done() for each in still) < 20:
            await asyncio.sleep(0.01)
    assert sum(each.done() for each in still) == 20
    for each in still[:20]:
        with pytest.raises(TimeoutError):
            each.result()
    for _each in range(200):
        assert (await http.whole_body(scope, moving)).size == 10
    for each in still:
        each.cancel()
    await asyncio.gather(*still, return_exceptions=True)
    assert http.bodies.total == 0


# --- While all threads wait ------------------------------------------------------


@pytest.fixture
def known_files(settings, monkeypatch):
    """Files as a server knows them; the tests look each up when it is asked for."""
    monkeypatch.setattr(StaticFiles, "known", {})
    settings.WHITENOISE_AUTOREFRESH = False


async def test_what_needs_no_database_is_answered_while_all_threads_wait(known_files):
    """/healthz took 19 s while the database was away, and so did the stylesheet."""
    server, free = OneHop(), threading.Event()
    waiting = [server.threads.submit(free.wait, 30) for _each in range(http.THREADS)]
    try:
        for path, words in (("/healthz", "ok"), ("/static/css/base.css", "@layer")):
            told = []

            async def send(message, told=told):
                told.append(message)

            async def receive():
                return piece(b"", more=False)

            await asyncio.wait_for(server(scope_of(path), receive, send), 20)
            assert told[0]["status"] == 200
            assert {name.lower() for name, _ in told[0]["headers"]} >= HEADERS
            assert words in told[1]["body"].decode()
        assert not any(each.done() for each in waiting)
    finally:
        free.set()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"method": "HEAD"},
        {"method": "POST"},
        {"accept_encoding": "gzip"},
        {"range": "bytes=2-9"},
        {"if_none_match": "{etag}"},
    ],
)
def test_files_are_answered_as_with_djangos_own_handler(known_files, as_they_are, asked):
    for path in ("/healthz", "/static/css/base.css", "/static/js/live.js", "/static/img/hand.svg"):
        plain = OneHop().answer(scope_of(path), http.Arrived(b"", 0, 0))
        etag = dict(plain.headers).get(b"ETag", b"").decode()
        given = {name: value.format(etag=etag) for name, value in asked.items()}
        assert http.is_at_hand(scope_of(path))
        assert ours(path, **given) == djangos(path, **given), path
        if "if_none_match" in asked and etag:
            assert ours(path, **given)[0] == 304
        if "range" in asked and etag:
            assert ours(path, **given)[0] == 206


# --- What cannot be read -------------------------------------------------------

HEADERS = {
    b"content-security-policy", b"permissions-policy", b"x-content-type-options",
    b"x-frame-options", b"referrer-policy", b"cross-origin-opener-policy", b"cache-control",
    b"cross-origin-resource-policy", b"x-request-id",
}  # fmt: skip
TOKEN = {"cookie": "csrftoken=" + "c" * 32, "x_csrftoken": "c" * 32}
MULTIPART = "multipart/form-data"


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({"content_type": f"{FORM}; charset*=nonsense''utf-8"}, b"code=x"),
        ({"content_type": f"{FORM}; charset=nonsense"}, b"code=x"),
        ({"content_type": f"{FORM}; charset=utf-16"}, b"code=x"),
        ({"content_type": f"{FORM}; charset=idna"}, b"code=x"),
        ({"content_type": "text/plain; charset=hex"}, b"code=x"),
        ({"content_type": f"{MULTIPART}; boundary=edge; charset=hex"}, b"--edge--\r\n"),
        ({"content_type": f"{MULTIPART}; boundary=edge; charset=undefined"}, b"--edge--\r\n"),
        ({"content_type": MULTIPART}, b"--edge--\r\n"),
        ({"content_type": f"{MULTIPART}; boundary="}, b"--\r\n"),
        ({"content_type": f"{MULTIPART}; boundary=" + "x" * 500}, b"--\r\n"),
        ({"content_type": f"{MULTIPART}; boundary=d\xe9j\xe0"}, b"--\r\n"),
        ({"content_type": FORM}, b"a=b&" * 5001),
    ],
)  # fmt: skip
@pytest.mark.parametrize("origin", ["http://testserver", "http://evil.example"])
@pytest.mark.django_db
def test_what_cannot_be_read_is_refused_with_all_headers(given, body, origin, one_connection):
    scope = scope_of("/join/", "POST", origin=origin, **given, **TOKEN)
    answer = OneHop().answer(scope, http.Arrived(body, len(body), settings.MAX_BODY))
    assert answer.status in (400, 403)
    assert {name.lower() for name, _ in answer.headers} >= HEADERS
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize("query", [b"next=\xff", b"\xff", b"a=b&" * 5001])
@pytest.mark.django_db
def test_nor_does_a_query_that_is_none_lose_them(query, one_connection):
    scope = scope_of("/") | {"query_string": query}
    answer = OneHop().answer(scope, http.Arrived(b"", 0, settings.MAX_BODY))
    assert answer.status in (200, 400)
    assert {name.lower() for name, _ in answer.headers} >= HEADERS


@pytest.mark.parametrize("refusal", [http.LATE, http.UNREADABLE])
def test_a_refusal_looks_nowhere_and_has_all_headers(refusal, as_they_are):
    # pytest-django refuses the database to a test that did not ask for it.
    scope = scope_of("/join/", "POST", cookie="sessionid=any", accept_language="ar")
    answer = OneHop().answer(scope, refusal)
    assert answer.status == refusal.refusal
    assert {name.lower() for name, _ in answer.headers} >= HEADERS
    assert dict(answer.headers)[b"Connection"] == b"close"
