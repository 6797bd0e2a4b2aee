"""Real sockets through the real ASGI application; act through actions, listen on the wire."""

import contextlib

import pytest
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from helpdesk.asgi import application
from requests_app import gate, hub
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


def open_socket(slug, cookies, *, origin="http://testserver", language="en", view="", query=b""):
    socket = WebsocketCommunicator(
        application,
        f"/ws/c/{slug}/{language}/{view}",
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
        socket = open_socket(who.classroom.slug, cookies, **kwargs)
        connected, _ = await socket.connect(timeout=PATIENCE)
        assert connected
        opened.append(socket)
        socket.greeting = await socket.receive_from(timeout=PATIENCE)
        return socket

    yield connect
    for socket in opened:
        with contextlib.suppress(BaseException):
            await socket.disconnect()
