"""What whoever runs the server asks it: does it live, can it work, how much does it do."""

import asyncio
import hmac
import ipaddress
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.http import require_safe
from huey.contrib.djhuey import HUEY

from helpdesk import storage
from requests_app import metrics as measured
from requests_app import tasks
from requests_app.models import WITH_HELPER, HelpRequest, Status

logger = logging.getLogger(__name__)

#: Seconds in which a message must come back from the channel layer.
ROUND_TRIP = 1
#: Seconds in which the database must answer.
STORAGE = 3
#: Seconds after which a clock that has not worked is away; it works once a minute.
CLOCK_LATE = 90
#: What proxies add to a request that they pass on.
_PROXIED = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Real-IP",
)

#: One: whatever hangs in it, no more than this one thread hangs.
_thread = ThreadPoolExecutor(1, thread_name_prefix="readyz")
#: The server's event loop, in which its sockets live; None where there is no server (a test).
server_loop: asyncio.AbstractEventLoop | None = None
#: The channel that a loop's round trips go through; a new one each time would stay subscribed.
_channels: WeakKeyDictionary[asyncio.AbstractEventLoop, str] = WeakKeyDictionary()


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; it asks nothing else."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if people can be served from here, else 503: that is the database alone. How each part
    is (JSON: the part → "ok" or "away") is for the inside; nobody else is told a word."""
    told = _parts()
    status = 200 if told["database"] == "ok" else 503
    if is_from_inside(request):
        return JsonResponse(told, status=status)
    return HttpResponse(status=status, content_type="text/plain; charset=utf-8")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for whoever shows the token; for everybody else there is nothing here."""
    if not shows_token(request):
        return HttpResponseNotFound()
    parts = {name: int(state == "ok") for name, state in _parts().items()}
    told = measured.as_text(_present(), parts)
    return HttpResponse(told, content_type=measured.CONTENT_TYPE)


def shows_token(request: HttpRequest) -> bool:
    shown = request.headers.get("Authorization", "").encode()
    wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(shown, wanted)


def is_from_inside(request: HttpRequest) -> bool:
    """Whoever shows the token, or asks on this very machine and not through a proxy on it."""
    if shows_token(request):
        return True
    if any(name in request.headers for name in _PROXIED):
        return False
    try:
        peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return (getattr(peer, "ipv4_mapped", None) or peer).is_loopback


def _present() -> dict[str, int]:
    """What all open lessons hold, in one query; nothing while the database is away."""
    open_ones = HelpRequest.objects.filter(lesson__closed_at=None).order_by()
    try:
        held = dict(open_ones.values_list("status").annotate(Count("pk")))
    except DatabaseError:
        return {}
    return {
        "helpdesk_waiting": held.get(Status.WAITING, 0),
        "helpdesk_with_helper": sum(held.get(status, 0) for status in WITH_HELPER),
    }


def _parts() -> dict[str, str]:
    """Each part → "ok" or "away", within a few seconds whatever hangs."""
    asked = _thread.submit(copy_context().run, _ask_storage)
    layer = _state("layer", _ask_layer)
    return _answer_of(asked) | {"layer": layer}


def _state(name: str, ask: Callable[[], object]) -> str:
    try:
        ask()
    except storage.Unfit as unfit:
        logger.warning("readyz: %s", unfit)
        return "away"
    except Exception as error:  # noqa: BLE001  whatever it is, the part cannot be used
        logger.warning("readyz: %s is away (%s)", name, type(error).__name__)
        return "away"
    return "ok"


def _ask_storage() -> dict[str, str]:
    """In a thread of its own, with connections of its own: a new one shows what is true now."""
    try:
        database = _state("database", storage.ask)
        # The clock works in the database, and tells of it there.
        clock = _state("clock", _ask_clock) if database == "ok" else "away"
        return {"database": database, "clock": clock}
    finally:
        connections.close_all()
        HUEY.storage.close()


def _answer_of(asked: Future[dict[str, str]]) -> dict[str, str]:
    """What it found, or that it finds nothing: a database that hangs hangs every question."""
    try:
        return asked.result(STORAGE)
    except Exception as error:  # noqa: BLE001  whatever it is, it cannot be used
        asked.cancel()
        logger.warning("readyz: the database hangs (%s)", type(error).__name__)
        return {"database": "away", "clock": "away"}


def _ask_clock() -> None:
    age = tasks.clock_age()
    if age is None or age > CLOCK_LATE:
        raise TimeoutError


def _ask_layer() -> None:
    """Where the sockets are: another loop's connection may be well while theirs is not."""
    if server_loop is None:
        async_to_sync(_round_trip)()
        return
    under_way: Future = asyncio.run_coroutine_threadsafe(_round_trip(), server_loop)
    under_way.result(2 * ROUND_TRIP)


async def _round_trip() -> None:
    loop = asyncio.get_running_loop()
    try:
        await asyncio.wait_for(_send_and_receive(loop), ROUND_TRIP)
    except BaseException:
        _channels.pop(loop, None)  # an interrupted receive gives its channel up
        raise


async def _send_and_receive(loop: asyncio.AbstractEventLoop) -> None:
    layer = get_channel_layer()
    assert layer is not None, "CHANNEL_LAYERS names none"
    if loop not in _channels:
        _channels[loop] = await layer.new_channel()
    channel = _channels[loop]
    await layer.send(channel, {"type": "ready"})
    await layer.receive(channel)
