"""The stock way: Django's own ASGI handler, and a Channels consumer in a group for its class.

The same urls, views, middleware, templates and database settings as the product, and pages are
sent the same HTML: a raise renders the teacher's regions and the student's own, and hands both to
the class's group; each consumer sends on what is for its page. Only the road is different: it is
the one that the manuals of Django and Channels show. Run as ``python -m bench.stock PORT``.
"""

import os
import sys
from urllib.parse import parse_qs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

# What follows needs the app registry.
import uvicorn  # noqa: E402
from asgiref.sync import async_to_sync  # noqa: E402
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from classrooms.access import find_entry  # noqa: E402
from live import hub, sending  # noqa: E402
from live.drawing import Drawing, Watch  # noqa: E402
from live.topics import News, kind_of  # noqa: E402
from requests_app import regions  # noqa: E402
from requests_app.models import Queue  # noqa: E402

# Django's manual: "When using ASGI, persistent database connections should be disabled."
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0


class ClassPage(AsyncWebsocketConsumer):
    """One open page."""

    async def connect(self) -> None:
        found = await self.find()
        if found is None:
            await self.close(sending.NOT_LET_IN)
            return
        queue_id, self.audiences = found
        self.group = f"class.{queue_id}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send(hub.BEAT_TEXT)

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def class_changed(self, event: dict) -> None:
        for audience in self.audiences:
            if audience in event["texts"]:
                await self.send(event["texts"][audience])

    @database_sync_to_async
    def find(self) -> tuple[int, tuple[str, ...]] | None:
        asked = parse_qs(self.scope["query_string"].decode())["have"][0]
        _kind, queue_id = kind_of(asked.partition("/")[0])
        slug = Queue.objects.values_list("classroom__slug", flat=True).get(pk=queue_id)
        entry = find_entry(self.scope["user"], self.scope["cookies"], slug)
        if entry is None:
            return None
        return queue_id, tuple(f"{each}:en" for each in regions.audiences_of(entry.membership))


#: What pages were shown, so that they are sent the same pieces.
drawing = Drawing()


def tell_class(message: dict) -> None:
    """After the commit, in the thread of the request, as the manual has it."""
    if message["type"] != "live.changed":
        return
    seen = watched_after(message)
    new = News(set(message["what"]))
    texts = {
        audience: told.news
        for batch in drawing.batches(message["topic"], new, Watch(seen, seen, {}))
        for audience, told in batch.told.items()
    }
    _kind, queue_id = kind_of(message["topic"])
    event = {"type": "class.changed", "texts": texts}
    async_to_sync(get_channel_layer().group_send)(f"class.{queue_id}", event)


def watched_after(message: dict) -> set[str]:
    """The teacher's page, and that of whoever's hand it is."""
    hands = (each.partition(".")[2] for each in message["what"] if each.startswith("hand."))
    return {"helpers:en", *(f"student.{number}:en" for number in hands)}


hub.tell_all = tell_class

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AuthMiddlewareStack(
            URLRouter([path("ws/<slug:language>/", ClassPage.as_asgi())])
        ),
    }
)

if __name__ == "__main__":
    uvicorn.run(
        application,
        port=int(sys.argv[1]),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
    )
