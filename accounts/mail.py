"""Letters to accounts: whether they reach anybody, and sending them without holding up an answer.

A letter is made and sent after the page has been answered, one after another, in a thread of its
own: how long a page takes does not tell whether there was somebody to write to. A letter that
could not be sent is logged without its address, and its reader asks for another.
"""

import contextvars
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from threading import BoundedSemaphore

from django.conf import settings
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

logger = logging.getLogger(__name__)

#: Letters that may wait: a mail server that is slow must not fill the memory.
WAITING = 500

_postman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_room = BoundedSemaphore(WAITING)


def works() -> bool:
    """Whether letters reach people: without, no address can be proven, and none is asked for."""
    return settings.MAIL


def post(send: Callable[[], None]) -> None:
    """Run ``send`` in the language and the context of now, but later (tests: at once)."""
    if settings.MAIL_AT_ONCE:
        send()
        return
    if not _room.acquire(blocking=False):
        logger.warning("%d letters wait for the mail server; one more was dropped.", WAITING)
        return
    _postman.submit(contextvars.copy_context().run, _send, send, translation.get_language())


def _send(send: Callable[[], None], language: str) -> None:
    try:
        with translation.override(language):
            send()
    except Exception as error:  # noqa: BLE001  whatever a mail server may say holds the address
        logger.warning("A letter could not be sent: %s.", type(error).__name__)
    finally:
        _room.release()
        close_old_connections()


def needed(view: Callable) -> Callable:
    """For pages that end with a letter: where no mail works they say so, and write nothing."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if works():
            return view(request, *args, **kwargs)
        return render(request, "account/no_mail.html", status=404)

    return wrapped
