"""HTTP and sockets joined; the clock runs here where one process is all there is."""

import asyncio
import os
from typing import Any, cast
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup(set_prefix=False)

# What follows needs the app registry.
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware  # noqa: E402

from checkins import unnamed  # noqa: E402
from helpdesk import clock, health, storage  # noqa: E402
from helpdesk.http import OneHop  # noqa: E402
from live import hub  # noqa: E402
from live.routing import websocket_urlpatterns  # noqa: E402

#: Seconds.
HAND_IN_EVERY = 2

http = OneHop()


async def nowhere(scope, receive, send) -> None:
    """A socket that is refused before it opens."""
    await send({"type": "websocket.close"})


# The full origin, scheme and port too; an allowed host alone would let others' pages in.
_sockets = URLRouter([*websocket_urlpatterns, re_path("", cast(Any, nowhere))])
_checked = OriginValidator(_sockets, settings.ORIGINS)


async def websocket(scope, receive, send) -> None:
    """Sockets of our own pages; one origin at most is told, and it can be read."""
    told = [value for name, value in scope["headers"] if name == b"origin"]
    try:
        is_readable = len(told) < 2 and all(urlsplit(each.decode()).port != 0 for each in told)
    except ValueError:  # no text, no address, a port that is none
        is_readable = False
    await (_checked if is_readable else nowhere)(scope, receive, send)


async def routes(scope, receive, send):
    """HTTP and sockets, as whoever asked sees them: what the proxies say is taken over."""
    await (http if scope["type"] == "http" else websocket)(scope, receive, send)


# Whoever is not behind our proxy could write its headers themselves: nobody is believed then.
_proxied = ProxyHeadersMiddleware(
    cast(Any, routes), settings.TRUSTED_PROXIES if settings.PRODUCTION else []
)


async def application(scope, receive, send):
    """The whole application, as the server calls it."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    peer = scope["client"][0] if scope.get("client") else None
    if peer not in _proxied.trusted_hosts:
        given = scope["headers"]
        scope["headers"] = [pair for pair in given if pair[0] != b"x-request-id"]
    await _proxied(scope, receive, send)


async def lifespan(receive, send) -> None:
    """Start the clock with the server and stop it, and the hub, with it; answers that wait in
    this process's memory are written before it ends."""
    own_clock = watch = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            health.server_loop = asyncio.get_running_loop()
            storage.watch()
            await asyncio.to_thread(unnamed.in_thread, unnamed.note_new_process)
            watch = asyncio.create_task(hand_in_answers())
            if settings.CLOCK == "in-server":
                own_clock = clock.start()
            await send({"type": "lifespan.startup.complete"})
        else:
            health.server_loop = None
            if watch is not None:
                watch.cancel()
                await asyncio.to_thread(unnamed.in_thread, unnamed.before_the_end)
            await hub.shut()
            if own_clock is not None:
                await asyncio.to_thread(own_clock.stop, graceful=True)
            storage.watch_no_more()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def hand_in_answers() -> None:
    """Write answers without names that wait here as soon as their check-in has closed, whichever
    worker closed it."""
    while True:
        await asyncio.sleep(HAND_IN_EVERY)
        if unnamed.is_waiting():
            await asyncio.to_thread(unnamed.in_thread, unnamed.hand_in_closed)
