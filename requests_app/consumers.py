"""One socket per open classroom page. It only speaks: actions go over HTTP."""

from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant

from classrooms.access import find_entry
from requests_app import hub, live, ticket
from requests_app.models import Queue
from requests_app.ticket import Admission

#: Kinds of audience, in the order in which a page says what it has of each (live.js).
KINDS = ("helpers", "class", "student")


class ClassroomConsumer(AsyncWebsocketConsumer):
    """Lets a member's page in and hands its ``send`` to the hub.

    It has no channel of its own (the alias names no layer): the hub fans out.
    """

    channel_layer_alias = "none: the hub fans out"
    socket: hub.Socket | None = None

    async def connect(self) -> None:
        self.hub = hub.joined(live)
        where = self.scope["url_route"]["kwargs"]
        asked = {name: values[0] for name, values in parse_qs(_query(self.scope)).items()}
        admitted = ticket.read(asked.get("ticket", ""), where["slug"], self.scope["cookies"])
        if admitted is None:
            admitted = await self.hub.in_thread(_find, self.scope, where["slug"])
        if admitted is None:
            await self.close(hub.NOT_LET_IN)
            return
        if not self.hub.has_room_for(admitted.membership.pk):
            await self.close(hub.TRY_AGAIN)
            return
        self.socket = hub.Socket(
            queue_id=admitted.queue_id,
            # A projector must not even be sent what it does not show.
            audiences=live.audiences_of(
                admitted.membership, _language(self.scope), on_board="on_board" in where
            ),
            passes=admitted.passes,
            send=self.base_send,
            close=self.close,
            have=_have(asked.get("have", "")),
        )
        await self.accept()
        self.hub.join(self.socket)

    async def receive(self, text_data=None, bytes_data=None) -> None:
        """Pages say nothing here, so this is not one of them."""
        if self.socket is not None:
            self.hub.leave(self.socket)
        await self.close(hub.ONLY_LISTEN)

    async def disconnect(self, code: int) -> None:
        if self.socket is not None:
            self.hub.leave(self.socket)


def _query(scope) -> str:
    return scope["query_string"].decode("latin-1")[:2000]


def _find(scope, slug: str) -> Admission | None:
    """Whom the cookies let in, by the database."""
    request = HttpRequest()
    request.session = scope["session"]
    request.COOKIES = scope["cookies"]
    entry = find_entry(get_user(request), request.COOKIES, slug)
    if entry is None or entry.is_waiting:
        return None
    queue = Queue.objects.of(entry.membership.classroom)
    return ticket.admit(entry, queue.pk, request.COOKIES)


def _have(told: str) -> dict[str, int]:
    """``12.0.0`` → the version of each kind that the page shows; 0 is none."""
    numbers = told.split(".")
    if len(numbers) != len(KINDS) or not all(
        number.isascii() and number.isdigit() and len(number) < 20 for number in numbers
    ):
        return {}
    return {kind: int(number) for kind, number in zip(KINDS, numbers, strict=True)}


def _language(scope) -> str:
    """The language the page was rendered in; it says so in the address of its socket."""
    try:
        return get_supported_language_variant(scope["url_route"]["kwargs"]["language"])
    except LookupError:
        return get_supported_language_variant("en")
