"""Real sockets through the real ASGI application; act through actions, listen on the wire."""

import contextlib

import pytest
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from helpdesk.asgi import application
from live import gate, hub
from requests_app.models import Queue
from tests.conftest import device_cookie

#: Seconds for what takes a moment, on a machine that is busy with other things.
PATIENCE = 60


@pytest.fixture(autouse=True)
async def _fresh_hub(monkeypatch):
    """No test hears what another one said, nor, on a busy machine, a beat that it does not await;
    no thread keeps a database connection. Who is refused is told soon."""
    monkeypatch.setattr(hub, "BEAT", 600)
    monkeypatch.setattr(gate, "HOLD_OFF", 0.01)
    channel_layers.backends.clear()
    yield
    await hub.shut()


def cookies_of(who) -> str:
    if getattr(who, "user_id", None):
        client = Client()
        client.force_login(who.user)
        return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    return f"{settings.DEVICE_COOKIE_NAME}={device_cookie(who)}"


def topic_in(room) -> str:
    """The topic of this class's pages."""
    return f"queue:{Queue.objects.of(room).pk}"


def shows(topic, **versions) -> str:
    """As a page says what it shows."""
    return ",".join(f"{topic}/{kind}={version}" for kind, version in versions.items())


#: Kind of audience → the version of it; these pages show nothing yet.
HELPERS, STUDENT, BOARD = {"helpers": ""}, {"class": "", "student": ""}, {"class": ""}


def page_of(who) -> dict:
    """What there is on their page."""
    return HELPERS if who.can_help else STUDENT


def open_socket(
    topic, cookies, *, origin="http://testserver", language="en", shown=BOARD, query=None
):
    """A page that came without a ticket, unless ``query`` says otherwise."""
    query = f"have={shows(topic, **shown)}".encode() if query is None else query
    socket = WebsocketCommunicator(
        application,
        f"/ws/{language}/",
        headers=[
            (b"cookie", cookies.encode()),
            (b"origin", origin.encode()),
            (b"host", b"testserver"),
        ],
    )
    socket.scope["query_string"] = query
    return socket


@pytest.fixture
async def listen():
    """``await listen(ada)``: a socket that Ada's page has open, past its greeting."""
    from channels.db import database_sync_to_async

    opened = []

    async def connect(who, **kwargs):
        cookies = await database_sync_to_async(cookies_of)(who)
        topic = await database_sync_to_async(topic_in)(who.classroom)
        socket = open_socket(topic, cookies, **{"shown": page_of(who)} | kwargs)
        connected, _ = await socket.connect(timeout=PATIENCE)
        assert connected
        opened.append(socket)
        socket.greeting = await socket.receive_from(timeout=PATIENCE)
        return socket

    yield connect
    for socket in opened:
        with contextlib.suppress(BaseException):
            await socket.disconnect()
