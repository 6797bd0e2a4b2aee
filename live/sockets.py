"""One socket per open page, for all of its topics. It only speaks: actions go over HTTP.

A plain ASGI application. As a consumer of Channels each page that connects cost a hop into a
thread for its database connections, which it does not have, two tasks, and a wrapper around every
text it was sent: 0.55 to 0.85 ms for one of a thousand that come back at once, instead of 0.44.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from functools import reduce
from urllib.parse import parse_qs

from django.db import DatabaseError
from django.http import parse_cookie
from django.utils.translation import get_supported_language_variant

from live import hub, ticket, topics
from live.gate import Socket
from live.rights import Admission
from live.sending import LOAD_ANEW, NOT_LET_IN, ONLY_LISTEN, TRY_AGAIN

#: Characters of what a page says in its address.
MOST_TOLD = 4000

Send = Callable[..., Awaitable[None]]


async def page(scope, receive, send: Send) -> None:
    """Let somebody's page in and hand its ``send`` to the hub, until it goes."""
    await receive()  # that it would like to connect
    working = hub.joined()
    asked = {name: values[0] for name, values in parse_qs(_query(scope)).items()}
    have = topics.shown_by(asked.get("have", ""))
    admitted = await _admit(scope, asked.get("ticket", ""), have, working)
    if isinstance(admitted, int):
        await working.gate.hold_off()
        await _closing(send)(admitted)
        return
    language = _language(scope["url_route"]["kwargs"]["language"])
    came = Socket(
        topics={
            topic: tuple(f"{audience}:{language}" for audience in audiences)
            for topic, audiences in admitted.topics.items()
        },
        passes=admitted.passes,
        owner=admitted.owner,
        send=send,
        close=_closing(send),
        have=have,
    )
    await send({"type": "websocket.accept"})
    working.join(came)
    try:
        if (await receive())["type"] == "websocket.receive":
            # Pages say nothing here, so this is not one of them.
            working.leave(came)
            await came.close(ONLY_LISTEN)
    finally:
        working.leave(came)


async def former_page(scope, receive, send: Send) -> None:
    """A page of the last release, whose socket had another address: it is loaded anew."""
    await receive()
    await send({"type": "websocket.accept"})
    await _closing(send)(LOAD_ANEW)


async def _admit(scope, given: str, have: topics.Shows, working: hub.Hub) -> Admission | int:
    """Whom the ticket lets in, or else the cookies; the close code for who is not."""
    cookies = _cookies(scope)
    admitted = ticket.read(given, cookies)
    if admitted is None:
        try:
            admitted = await working.in_thread(_by_cookies, cookies, have)
        except DatabaseError:  # it is away; the page tries again by itself
            return TRY_AGAIN
    if admitted is None:
        return NOT_LET_IN
    if not all(topics.is_known(topic) for topic in admitted.topics):
        return LOAD_ANEW  # a page of another release
    return admitted if working.gate.has_room_for(admitted.owner) else TRY_AGAIN


def _by_cookies(cookies: Mapping[str, str], wanted: Collection[str]) -> Admission | None:
    """Whom the cookies let in to every topic, and as every audience, that is wanted: a page of
    somebody whose role is another one now is none of theirs."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for place in wanted:
        topic, _slash, kind = place.partition("/")
        kinds[topic].add(kind)
    found = []
    for topic, those in kinds.items():
        if not topics.is_known(topic):
            return None
        declared, number = topics.kind_of(topic)
        admitted = declared.admit(cookies, number, those)
        if admitted is None or not those <= admitted.kinds_of(topic):
            return None
        found.append(admitted)
    return reduce(Admission.along_with, found) if found else None


def _closing(send: Send) -> Callable[[int], Awaitable[None]]:
    async def close(code: int) -> None:
        with suppress(OSError, RuntimeError):  # it is gone already
            await send({"type": "websocket.close", "code": code})

    return close


def _cookies(scope) -> dict[str, str]:
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return parse_cookie("; ".join(told))


def _query(scope) -> str:
    return scope["query_string"].decode("latin-1")[:MOST_TOLD]


def _language(told: str) -> str:
    """The language the page was rendered in; it says so in the address of its socket."""
    try:
        return get_supported_language_variant(told)
    except LookupError:
        return get_supported_language_variant("en")
