"""HTTP: one hop into a thread and back for each request.

Django's own ASGI handler hops for every middleware and opens a database connection for every
request. This one reads the whole request in the event loop, answers it in a thread that keeps its
connection, and sends the whole answer from the event loop: who sends or reads slowly, on a bad
network or on purpose, holds no thread that others need.
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
from django.http import HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

#: Threads that answer.
THREADS = 4
#: Seconds without a byte of the body until we stop waiting for it (reliability.md T20).
PATIENCE = 10
TOO_SLOW = "This took too long to arrive. Please send it again."


@dataclass(frozen=True)
class Answer:
    """A response as bytes."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    content: bytes


class OneHop(BaseHandler):
    """Django as an ASGI application for HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="http")

    async def __call__(self, scope, receive, send) -> None:
        try:
            body, size = await whole_body(scope, receive)
        except TimeoutError:
            answer = as_bytes(late())
        except ConnectionAbortedError:
            return
        else:
            run = contextvars.copy_context().run
            answer = await asyncio.get_running_loop().run_in_executor(
                self.threads, run, self.answer, scope, body, size
            )
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        await send({"type": "http.response.body", "body": answer.content})

    def answer(self, scope: Mapping, body: bytes, size: int) -> Answer:
        """In a thread: what the middleware and the view say."""
        set_script_prefix(scope.get("root_path", ""))
        signals.request_started.send(sender=self.__class__, scope=scope)
        try:
            request = ASGIRequest(scope, io.BytesIO(body))
        except UnicodeDecodeError:  # a query that is no text
            response: HttpResponseBase = HttpResponseBadRequest()
        else:
            request.META["CONTENT_LENGTH"] = str(size)
            response = self.get_response(request)
        try:
            return as_bytes(response)
        finally:
            response.close()


async def whole_body(scope: Mapping, receive) -> tuple[bytes, int]:
    """The body and its size in bytes. One that is larger than any view takes is not read to its
    end; ``BodyLimit`` refuses it by its size.

    Raises TimeoutError if it stops coming, ConnectionAbortedError if who sent it has gone.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"")
    size = int(declared) if declared.isdigit() else 0
    body = bytearray()
    more = size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    while more:
        async with asyncio.timeout(PATIENCE):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        body += message.get("body", b"")
        size = max(size, len(body))
        more = message.get("more_body", False) and size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return bytes(body), size


def late() -> HttpResponse:
    headers = {"Connection": "close", "Cache-Control": "no-store"}
    return HttpResponse(TOO_SLOW, status=408, content_type="text/plain", headers=headers)


def as_bytes(response: HttpResponseBase) -> Answer:
    """Whole: files, which come in pieces, are small here."""
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    headers += [
        (b"Set-Cookie", cookie.OutputString().encode("ascii"))
        for cookie in response.cookies.values()
    ]
    return Answer(response.status_code, headers, b"".join(response))
