"""HTTP and sockets joined; the clock runs here where one process is all there is."""

import asyncio
import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

from django.core.wsgi import get_wsgi_application

wsgi = get_wsgi_application()

# What follows needs the app registry.
from a2wsgi import WSGIMiddleware  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from channels.sessions import SessionMiddlewareStack  # noqa: E402
from django.conf import settings  # noqa: E402
from huey.consumer import Consumer  # noqa: E402
from huey.contrib.djhuey import HUEY  # noqa: E402

from requests_app import hub  # noqa: E402
from requests_app.routing import websocket_urlpatterns  # noqa: E402

#: Threads that answer HTTP. Each request takes one hop into one of them and back; Django's own
#: ASGI handler hops for every middleware and opens a database connection for every request.
THREADS = 4

http = WSGIMiddleware(cast(Any, wsgi), workers=THREADS)
# The full origin, scheme and port too; an allowed host alone would let others' pages in.
websocket = OriginValidator(
    SessionMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ORIGINS
)


class Clock(Consumer):
    """huey's consumer inside the server: it must leave the server's signal handlers alone."""

    def _set_signal_handlers(self) -> None:
        pass


async def application(scope, receive, send):
    """The whole application, as the server calls it."""
    if scope["type"] == "http":
        await http(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)
    else:
        await lifespan(receive, send)


async def lifespan(receive, send) -> None:
    """Start the clock with the server and stop it, and the hub, with it."""
    clock = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if settings.CLOCK == "in-server":
                clock = Clock(HUEY, workers=1, periodic=True, check_worker_health=False)
                clock.start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await hub.shut()
            if clock is not None:
                await asyncio.to_thread(clock.stop, graceful=True)
            await send({"type": "lifespan.shutdown.complete"})
            return
