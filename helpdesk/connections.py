"""Connections whose heads come in time, and are not larger than heads are; and sockets.

uvicorn waits for a head for ever and keeps whatever comes before its end. Here a head has
``HEAD_TIME`` seconds from the moment it could begin, and ``MAX_HEAD`` bytes; unfinished ones are
counted (``helpdesk.unfinished``); fields that follow a body are not taken for its head's; and what
is refused before the application sees it carries the same headers as every other answer. So is
whoever comes when this process is about to run out of open files: the system would drop the
connection without a word, and the database and the log need files too.
"""

import asyncio
import logging
import math
from http import HTTPStatus
from typing import cast

from django.conf import settings
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Response
from websockets.server import ServerProtocol

from helpdesk.unfinished import Unfinished, group_of
from requests_app import metrics

logger = logging.getLogger(__name__)

#: Seconds in which a head must be here.
HEAD_TIME = 10
#: Seconds in which the rest of a body may still come that was answered before its end.
REST_TIME = 10
#: Seconds in which the first request of a connection may come when the server is to end.
FIRST_WORDS = 2
#: Bytes of a head: addresses are short, and a browser sends 4 KiB of cookies at most each.
MAX_HEAD = 16 * 1024
#: Requests that may wait on one connection for the answer to the one before; browsers send none.
MOST_WAITING = 4
#: Unfinished heads of everybody and of one address. Browsers open connections ahead of need, so a
#: school behind one address has many; an idle one that is closed is opened again unseen.
heads = Unfinished(most=2000, most_each=1000)
#: Open files that are no connections: the database, static files, logs, and what they open in turn.
OTHER_FILES = 128
#: Connections that this process takes.
most: float = math.inf


def keep_files(limit: int) -> None:
    """``limit``: files that this process may have open; negative where there is no limit."""
    global most
    most = math.inf if limit < 0 else max(limit - OTHER_FILES, limit // 2)


def headers() -> dict[str, str]:
    """What the middleware says of every answer (helpdesk.middleware, helpdesk.settings)."""
    told = {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store, private",
    }
    if age := settings.SECURE_HSTS_SECONDS:
        # Whole: browsers keep what they were told last.
        told["Strict-Transport-Security"] = f"max-age={age}; includeSubDomains; preload"
    return told


class Refused(Exception):
    """The head is none that we answer; the parser ends the connection with ``refusal``."""


class Connection(HttpToolsProtocol):
    """HTTP of uvicorn with an end to its patience."""

    #: Set once the other side is known.
    address = ""
    #: Ends the wait for a head, or for the rest of a body that nobody needs any more.
    timer: asyncio.TimerHandle | None = None
    #: Whether a head is awaited or has begun, and whether its body is still coming.
    in_head = in_body = False
    #: Bytes that came since the parser has told of a whole head, or of some of a body.
    unread = 0
    refusal = HTTPStatus.BAD_REQUEST

    def connection_made(self, transport) -> None:
        super().connection_made(transport)
        self.address = group_of(self.client[0] if self.client else "")
        if len(self.connections) > most:
            metrics.CONNECTIONS_REFUSED.inc()
            logger.error("no more connections are taken: too few open files (ulimit -n)")
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.in_head and not self.in_body and self._is_answered():
            self._await_head()  # blank lines before a request are no reason to wait for ever
        self.unread += len(data)
        if self.in_head:
            heads.hold(self, 1)
        super().data_received(data)
        if (self.in_head or self.in_body) and self.unread > MAX_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def shutdown(self) -> None:
        """End in good order. A browser says once more what a connection lost that it had kept, but
        not what a new one lost: there the first request has a moment to come."""
        if self.cycle is None and not self.transport.is_closing():
            self.loop.call_later(FIRST_WORDS, super().shutdown)
        else:
            super().shutdown()

    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    # --- What the parser finds ---

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self.in_head:
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_body:  # or a field after the body would count as one before it
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MAX_HEAD:
            self.refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise Refused
        if len(self.pipeline) >= MOST_WAITING:
            raise Refused
        self._settle()
        self.in_body, self.unread = True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.in_body = False
        if self.timer is not None:  # the rest of a body that was answered before its end
            self._await_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.in_body and not self.transport.is_closing():
            self._settle()
            self.timer = self.loop.call_later(REST_TIME, self.transport.abort)

    # --- Patience ---

    def _await_head(self) -> None:
        self._settle()
        self.in_head, self.unread = True, 0
        self.timer = self.loop.call_later(HEAD_TIME, self.give_up)
        heads.hold(self, 1)

    def _settle(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer, self.in_head = None, False
        heads.leave(self)

    def give_up(self) -> None:
        """The head did not come in time, or others need the room."""
        if self.unread and self._is_answered():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._settle()
            self.transport.close()  # a browser that opened it ahead of need opens another one

    def _refuse(self, status: HTTPStatus) -> None:
        if not self.transport.is_closing():
            self.refusal = status
            self.send_400_response(status.phrase)

    def send_400_response(self, msg: str) -> None:
        """As uvicorn does for a request that is none, with our headers."""
        self._settle()
        text = f"{self.refusal.phrase}\n"
        told = headers() | {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(text)),
            "Connection": "close",
        }
        lines = [f"HTTP/1.1 {self.refusal.value} {self.refusal.phrase}"]
        lines += [f"{name}: {value}" for name, value in told.items()]
        self.transport.write("\r\n".join([*lines, "", text]).encode())
        self.transport.close()


class Handshake(ServerProtocol):
    """How a socket opens; whoever is refused one is told with the headers of every answer."""

    def send_response(self, response: Response) -> None:
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            response.headers.update(headers())
        super().send_response(response)


class Socket(WebSocketsSansIOProtocol):
    """A socket of uvicorn that only speaks, and is refused with a word."""

    def __init__(self, config: Config, *args, **kwargs) -> None:
        super().__init__(config, *args, **kwargs)
        self.conn = Handshake(max_size=cast(int, config.ws_max_size), logger=self.logger)

    def data_received(self, data: bytes) -> None:
        """The first that comes is the whole head (``Connection`` has read it). One that websockets
        takes for none was left without an answer, and its connection open for ever."""
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            refusal = self.conn.reject(HTTPStatus.BAD_REQUEST, "Bad Request\n")
            refusal.headers.update(headers())
            self.transport.write(refusal.serialize())
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """Pages say nothing, so nobody looks into it: text that is none is no error of ours."""
        self.frames, self.curr_msg_data_type = [b""], "bytes"
        super().send_receive_event_to_app()
