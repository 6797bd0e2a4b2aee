"""The application behind the server's own connections, in a thread, asked in bytes."""

import asyncio
import contextlib
import http.client
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from helpdesk import server as product
from live import hub
from tests.fuzz.answers import CLOSED, OPEN, PATIENCE, Answer

#: What is said there is about who asked, and is a 4xx.
ABOUT_OTHERS = "django.security"


class Complaints(logging.Handler):
    """Whatever the server logs as an error of its own, and each exception."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(ABOUT_OTHERS) or getattr(record, "status_code", 0) == 503:
            return  # a 503 is told by its status
        if record.levelno >= logging.ERROR or record.exc_info:
            error = record.exc_info[1] if record.exc_info else ""
            self.told.append(f"{record.name}: {record.getMessage()} {error!r}")

    def take(self) -> list[str]:
        told, self.told = self.told, []
        return told


class Served:
    """Where it listens, and what it complained about."""

    def __init__(self, address: tuple[str, int], complaints: Complaints) -> None:
        self.address, self.complaints = address, complaints

    def dial(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=PATIENCE)

    def ask(self, asked: bytes, *, method: str = "", ends: bool = False) -> Answer:
        """The answer to these bytes on a connection of their own; ``ends``: nothing more follows,
        which the server is told. Seconds are those that this process worked."""
        began = time.process_time()
        with self.dial() as line:
            with contextlib.suppress(ConnectionError):  # refused before all of it was sent
                line.sendall(asked)
                if ends:
                    line.shutdown(socket.SHUT_WR)
            answer = read_answer(line, method or asked.split(b" ", 1)[0].decode("latin-1"))
        spent = time.process_time() - began
        return Answer(answer.status, answer.headers, answer.body, spent)


def read_answer(line: socket.socket, method: str) -> Answer:
    """What is said on this line."""
    response = http.client.HTTPResponse(line, method=method)
    try:
        response.begin()
        body = response.read()
    except TimeoutError:
        return Answer(OPEN, [], b"")
    except (http.client.HTTPException, ConnectionError):
        return Answer(CLOSED, [], b"")
    finally:
        response.close()
    headers = [(name.lower(), value) for name, value in response.getheaders()]
    return Answer(response.status, headers, body)


@contextmanager
def served() -> Iterator[Served]:
    """It answers until the block ends."""
    config = product.configuration()
    config.lifespan = "off"  # no clock
    running = uvicorn.Server(config)
    listener = product.bound("127.0.0.1", 0)
    complaints = Complaints()

    async def serve() -> None:
        await running.serve(sockets=[listener])
        await hub.shut()  # its thread keeps a connection to the database

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    loggers = [logging.getLogger(name) for name in ("", "django", "huey")]  # those with handlers
    for each in loggers:
        each.addHandler(complaints)
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive()
            thread.join(0.02)
        yield Served(listener.getsockname(), complaints)
    finally:
        running.should_exit = True
        thread.join(PATIENCE)
        for each in loggers:
            each.removeHandler(complaints)
