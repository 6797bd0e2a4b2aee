"""HTTP: one hop into a thread and back for each request.

Django's own ASGI handler hops for every middleware and opens a database connection for every
request. This one reads the whole request in the event loop, answers it in a thread that keeps its
connection, and sends the whole answer from the event loop: a slow network, or somebody who
is slow on purpose, holds no thread that others need. Bodies are small where forms are small, must
be here in time, and are counted while they arrive (``helpdesk.unfinished``). What asks no database
(``/healthz``, files) is answered in the event loop, by the same middleware: it is there also when
all threads wait.
"""

import asyncio
import contextvars
import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, set_script_prefix

from helpdesk import static
from helpdesk.slow import hold_off
from helpdesk.unfinished import Unfinished, group_of

#: Threads that answer.
THREADS = 4
#: Seconds without a byte of the body until we stop waiting for it.
PATIENCE = 10
#: Seconds that a whole body may take: a form, and a file.
FORM_TIME, FILE_TIME = 30, 120
#: Digits of a length that are looked at: what has more is larger than anything.
DIGITS = 19
#: Bytes that an arriving body counts for beside its own: its connection and its task.
COST = 8 * 1024
#: Bytes of all bodies that are still arriving, and of those from one address.
bodies = Unfinished(most=24 * 1024 * 1024, most_each=8 * 1024 * 1024)


@dataclass(frozen=True)
class Answer:
    """A response as bytes."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    content: bytes
    #: Seconds for which it is held back (helpdesk.slow).
    hold: float = 0


@dataclass(frozen=True)
class Arrived:
    """A body and its size in bytes; one that is larger than ``limit`` is not here.

    ``refusal``: the status with which the request is refused before anything looks at it.
    """

    body: bytes
    size: int
    limit: int
    refusal: int = 0


LATE = Arrived(b"", 0, 0, refusal=408)
UNREADABLE = Arrived(b"", 0, 0, refusal=400)


class OneHop(BaseHandler):
    """Django as an ASGI application for HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="http")

    async def __call__(self, scope, receive, send) -> None:
        try:
            arrived = await whole_body(scope, receive)
        except TimeoutError:
            arrived = LATE
        except ConnectionAbortedError:
            return
        run = contextvars.copy_context().run
        if is_at_hand(scope):
            answer = run(self.answer, scope, arrived)
        else:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self.threads, run, self.answer, scope, arrived)
        await hold_off(answer.hold)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        await send({"type": "http.response.body", "body": answer.content})

    def answer(self, scope: Mapping, arrived: Arrived) -> Answer:
        """What the middleware and the view say; in a thread, unless it is at hand."""
        set_script_prefix(scope.get("root_path", ""))
        signals.request_started.send(sender=self.__class__, scope=scope)
        response = self.get_response(request_of(scope, arrived))
        try:
            return as_bytes(response)
        finally:
            response.close()


def is_at_hand(scope: Mapping) -> bool:
    """Whether the answer needs no database and no more than a moment."""
    return scope["path"] == "/healthz" or static.is_known(scope["path"])


def request_of(scope: Mapping, arrived: Arrived) -> ASGIRequest:
    """The request; one that cannot be read says so to ``helpdesk.middleware.Refusals``."""
    try:
        request = ASGIRequest(scope, io.BytesIO(arrived.body))
    except (ValueError, LookupError):  # a query that is no text, a character set that is none
        readable = [pair for pair in scope["headers"] if pair[0] in (b"host", b"accept-language")]
        bare = {**scope, "query_string": b"", "headers": readable}
        request = ASGIRequest(bare, io.BytesIO())
        arrived = UNREADABLE
    if arrived.size > arrived.limit:
        # It was not read: nothing looks for its fields.
        request._mark_post_parse_error()  # type: ignore[attr-defined]
    request.META["CONTENT_LENGTH"] = str(arrived.size)
    request.read_at_most = arrived.limit  # type: ignore[attr-defined]
    request.refusal = arrived.refusal  # type: ignore[attr-defined]
    return request


class Body:
    """One that is arriving; it is given up when it is late, or when others need the room."""

    def __init__(self, address: str, patience: asyncio.Timeout) -> None:
        self.address, self.patience = address, patience

    def give_up(self) -> None:
        if not self.patience.expired():
            self.patience.reschedule(0)


async def whole_body(scope: Mapping, receive) -> Arrived:
    """The body. One that is larger than its view takes is not read to its end.

    Raises TimeoutError if it comes too slowly, ConnectionAbortedError if who sent it has gone.
    """
    headers = dict(scope["headers"])
    declared = headers.get(b"content-length", b"")
    size = int(declared[:DIGITS]) if declared.isdigit() else 0
    limit, body, more = settings.MAX_BODY, bytearray(), True
    now = asyncio.get_running_loop().time
    ends = now() + FORM_TIME
    async with asyncio.timeout(PATIENCE) as patience:
        arriving = Body(group_of((scope.get("client") or ("",))[0]), patience)
        try:
            if size or b"transfer-encoding" in headers:
                bodies.hold(arriving, COST)
            while True:
                if size > limit == settings.MAX_BODY:
                    limit, ends = most_of(scope), ends + FILE_TIME - FORM_TIME
                if size > limit:
                    return Arrived(b"", size, limit)
                if not more:
                    return Arrived(bytes(body), size, limit)
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ConnectionAbortedError
                body += message.get("body", b"")
                size, more = max(size, len(body)), message.get("more_body", False)
                if more:
                    patience.reschedule(min(now() + PATIENCE, ends))
                    bodies.hold(arriving, len(body) + COST)
        finally:
            bodies.leave(arriving)


def most_of(scope: Mapping) -> int:
    """Bytes that the view at this address takes; a file is for somebody with a cookie of ours."""
    names = (settings.SESSION_COOKIE_NAME, settings.DEVICE_COOKIE_NAME)
    cookies = b";".join(value for name, value in scope["headers"] if name == b"cookie")
    known = {pair.partition(b"=")[0].strip() for pair in cookies.split(b";")}
    if known.isdisjoint(name.encode() for name in names):
        return settings.MAX_BODY
    try:
        view = resolve(scope["path"]).func
    except Resolver404:
        return settings.MAX_BODY
    return getattr(view, "max_body", settings.MAX_BODY)


def as_bytes(response: HttpResponseBase) -> Answer:
    """Whole: files, which come in pieces, are small here."""
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    headers += [
        (b"Set-Cookie", cookie.OutputString().encode("ascii"))
        for cookie in response.cookies.values()
    ]
    hold = getattr(response, "hold", 0)
    return Answer(response.status_code, headers, b"".join(response), hold)
