"""Log lines that say what happened and never to whom: an account is a number (helpdesk.events).

Left out: addresses of people, what was asked for (a class's address is in it), what was typed,
and the words of exceptions, which quote values. An exception is told by its type and its stack.
"""

import json
import logging
import sys
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

#: The id of the request that is being answered, empty outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")
#: Seconds in which the same is not said twice.
QUIET = 60
#: Bytes of errors that are kept, twice.
KEPT = 64 * 1024


def configuration(form: str, *, with_values: bool, last_errors: Path) -> dict:
    """Django's LOGGING. ``form``: text or json; ``with_values`` adds what a programmer wants to see
    to standard error, never to the file ``last_errors``."""
    handlers = ["console", "last_errors"]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        # One each: what the first has heard, the other must hear too.
        "filters": {"not_again": {"()": NotAgain}, "not_kept_again": {"()": NotAgain}},
        "formatters": {
            "text": {"()": TextLine, "with_values": with_values},
            "json": {"()": JsonLine},
            "kept": {"()": TextLine},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "formatter": form,
                "filters": ["not_again"],
            },
            "last_errors": {
                "()": LastErrors,
                "path": last_errors,
                "level": "ERROR",
                "formatter": "kept",
                "filters": ["not_kept_again"],
            },
        },
        "root": {"handlers": handlers, "level": "WARNING"},
        "loggers": {
            "django": {"handlers": handlers, "level": "WARNING", "propagate": False},
            # A 404 is an ordinary day; what was asked for may hold a class's address.
            "django.request": {"level": "ERROR"},
            # helpdesk.breaker says the same once, and without the database's address.
            "psycopg.pool": {"level": "ERROR"},
            # With a handler of its own, or run_huey gives it one that says more.
            "huey": {"handlers": handlers, "level": "WARNING", "propagate": False},
            "helpdesk": {"level": "INFO"},
        },
    }


class NotAgain(logging.Filter):
    """Says the same once a minute: what is away is asked again and again, and told once.

    Requests that went wrong are all told, but not all that came while something was away; and so is
    what happened to an account (helpdesk.events).
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[tuple, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(record, "request") and getattr(record, "status_code", 500) != 503:
            return True
        if getattr(record, "each_time", False):
            return True
        kind = record.exc_info[0] if record.exc_info else None
        sameness = (record.name, record.levelno, message_of(record), kind)
        now = time.monotonic()
        if now - self.said.get(sameness, -QUIET) < QUIET:
            return False
        if len(self.said) > 500:  # texts that are made anew each time
            self.said.clear()
        self.said[sameness] = now
        return True


def message_of(record: logging.LogRecord) -> str:
    """One line. For a request: the answer's status, the method and the pattern of its address."""
    request = getattr(record, "request", None)
    if request is None:
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):  # a wrong line must not end who wrote it
            text = str(record.msg)
        # asyncio and others write values of objects on the lines that follow.
        return text.strip().partition("\n")[0]
    match = getattr(request, "resolver_match", None)
    route = f"/{match.route}" if match else "an address that does not exist"
    # Some log the connection; only a request of HTTP has a method.
    method = getattr(request, "method", None) or "a request"
    return f"{getattr(record, 'status_code', 500)} for {method} {route}"


def stack_of(error: BaseException | None) -> list[dict]:
    """The exception and those before it, the newest first: type and places, no words."""
    told: list[dict] = []
    while error is not None and len(told) < 10:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        told.append({"type": kind, "stack": places})
        error = error.__cause__ or error.__context__
    return told


class JsonLine(logging.Formatter):
    """One JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
        }
        if request_id.get():
            line["request"] = request_id.get()
        if record.exc_info:
            line["exceptions"] = stack_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


class TextLine(logging.Formatter):
    """The same for a person; ``with_values`` adds all that Python can tell, for a programmer."""

    def __init__(self, *, with_values: bool = False) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.with_values = with_values

    def format(self, record: logging.LogRecord) -> str:
        if self.with_values:
            return super().format(record)
        asked = f" [{request_id.get()}]" if request_id.get() else ""
        lines = [
            f"{self.formatTime(record)} {record.levelname} {record.name}: "
            f"{message_of(record)}{asked}"
        ]
        for told in stack_of(record.exc_info[1] if record.exc_info else None):
            lines += [f"  {told['type']}", *(f"    {place}" for place in told["stack"])]
        return "\n".join(lines)


class LastErrors(RotatingFileHandler):
    """The last errors in a small file, for ``./run doctor``. Standard error has them too, so that a
    full disk, or a folder that cannot be written, costs nothing."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=KEPT, backupCount=1, encoding="utf-8", delay=True)

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of such a file, the older one before it included."""
    both = (path.with_name(f"{path.name}.1"), path)
    told = "".join(each.read_text("utf-8", "replace") for each in both if each.exists())
    return told.splitlines()[-count:]
