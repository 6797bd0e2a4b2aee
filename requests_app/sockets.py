"""One socket per open classroom page. It only speaks: actions go over HTTP.

A plain ASGI application. As a consumer of Channels each page that connects cost a hop into a
thread for its database connections, which it does not have, two tasks, and a wrapper around every
text it was sent: 0.55 to 0.85 ms for one of a thousand that come back at once, instead of 0.44.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest, parse_cookie
from django.utils.translation import get_supported_language_variant

from classrooms.access import find_entry
from classrooms.keys import renew_session
from requests_app import hub, live, ticket
from requests_app.models import Queue
from requests_app.ticket import Admission

#: Kinds of audience, in the order in which a page says what it has of each (live.js).
KINDS = ("helpers", "class", "student")

Send = Callable[..., Awaitable[None]]


async def class_page(scope, receive, send: Send) -> None:
    """Let a member's page in and hand its ``send`` to the hub, until it goes."""
    await receive()  # that it would like to connect
    working = hub.joined(live)
    asked = {name: values[0] for name, values in parse_qs(_query(scope)).items()}
    admitted = await _admit(scope, asked.get("ticket", ""), working)
    if isinstance(admitted, int):
        await working.gate.hold_off()
        await _closing(send)(admitted)
        return
    where = scope["url_route"]["kwargs"]
    page = hub.Socket(
        queue_id=admitted.queue_id,
        # A projector must not even be sent what it does not show.
        audiences=live.audiences_of(
            admitted.membership, _language(where["language"]), on_board="on_board" in where
        ),
        passes=admitted.passes,
        send=send,
        close=_closing(send),
        have=_have(asked.get("have", "")),
    )
    await send({"type": "websocket.accept"})
    working.join(page)
    try:
        if (await receive())["type"] == "websocket.receive":
            # Pages say nothing here, so this is not one of them.
            working.leave(page)
            await page.close(hub.ONLY_LISTEN)
    finally:
        working.leave(page)


async def _admit(scope, given: str, working: hub.Hub) -> Admission | int:
    """Whom the ticket lets in, or else the cookies; the close code for who is not."""
    cookies = _cookies(scope)
    slug = scope["url_route"]["kwargs"]["slug"]
    admitted = ticket.read(given, slug, cookies)
    if admitted is None:
        try:
            admitted = await working.in_thread(_find, cookies, slug)
        except DatabaseError:  # it is away; the page tries again by itself
            return hub.TRY_AGAIN
    if admitted is None:
        return hub.NOT_LET_IN
    return admitted if working.gate.has_room_for(admitted.membership.pk) else hub.TRY_AGAIN


def _closing(send: Send) -> Callable[[int], Awaitable[None]]:
    async def close(code: int) -> None:
        with suppress(OSError, RuntimeError):  # it is gone already
            await send({"type": "websocket.close", "code": code})

    return close


def _cookies(scope) -> dict[str, str]:
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return parse_cookie("; ".join(told))


def _query(scope) -> str:
    return scope["query_string"].decode("latin-1")[:2000]


def _find(cookies: dict[str, str], slug: str) -> Admission | None:
    """Whom the cookies let in, by the database."""
    sessions = import_module(settings.SESSION_ENGINE)
    request = HttpRequest()
    request.session = sessions.SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    renew_session(request.session)
    entry = find_entry(get_user(request), cookies, slug)
    if entry is None or entry.is_waiting:
        return None
    queue = Queue.objects.of(entry.membership.classroom)
    return ticket.admit(entry, queue.pk, cookies)


def _have(told: str) -> dict[str, int]:
    """``12.0.0`` → the version of each kind that the page shows; 0 is none."""
    numbers = told.split(".")
    if len(numbers) != len(KINDS) or not all(
        number.isascii() and number.isdigit() and len(number) < 20 for number in numbers
    ):
        return {}
    return {kind: int(number) for kind, number in zip(KINDS, numbers, strict=True)}


def _language(told: str) -> str:
    """The language the page was rendered in; it says so in the address of its socket."""
    try:
        return get_supported_language_variant(told)
    except LookupError:
        return get_supported_language_variant("en")
