"""One socket per open classroom page. It only speaks: actions go over HTTP."""

from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from redis.exceptions import RedisError

from classrooms.access import Entry, find_entry
from classrooms.actions import attend
from requests_app import hub, live
from requests_app.models import Queue


class ClassroomConsumer(AsyncWebsocketConsumer):
    """Lets a member's page in and hands its ``send`` to the hub.

    It has no channel of its own (the alias names no layer): the hub fans out.
    """

    channel_layer_alias = "none: the hub fans out"
    socket: hub.Socket | None = None

    async def connect(self) -> None:
        try:
            self.hub = await hub.joined(live.frames_for)
        except (OSError, RedisError):
            # The layer is away: the page asks for itself until a later try succeeds.
            await self.close(hub.TRY_AGAIN)
            return
        where = self.scope["url_route"]["kwargs"]
        slug = where["slug"]
        found = await self.hub.in_thread(_find, self.scope, slug)
        if found is None:
            await self.close(hub.NOT_LET_IN)
            return
        entry, queue_id, session = found
        membership = entry.membership
        self.socket = hub.Socket(
            queue_id=queue_id,
            # A projector must not even be sent what it does not show.
            audiences=live.audiences_of(
                membership, _language(self.scope), on_board="on_board" in where
            ),
            passes={
                "membership": membership.pk,
                "device": entry.device and entry.device.pk,
                "user": membership.user_id,
                "classroom": membership.classroom_id,
                "session": session,
            },
            send=self.base_send,
            close=self.close,
        )
        await self.accept()
        self.hub.join(self.socket)
        # Joined first, then asked again: whoever was removed in between is not let stay.
        if await self.hub.in_thread(_find, self.scope, slug) is None:
            self.hub.leave(self.socket)
            await self.close(hub.NOT_LET_IN)

    async def disconnect(self, code: int) -> None:
        if self.socket is not None:
            self.hub.leave(self.socket)


def _find(scope, slug: str) -> tuple[Entry, int, str | None] | None:
    """The entry, the queue's id and the session's key; None for whoever is not let in."""
    request = HttpRequest()
    request.session = scope["session"]
    request.COOKIES = scope["cookies"]
    user = get_user(request)
    entry = find_entry(user, request.COOKIES, slug)
    if entry is None or entry.is_waiting:
        return None
    queue = Queue.objects.of(entry.membership.classroom)
    if entry.membership.can_raise and (lesson := queue.classroom.open_lesson()):
        attend(lesson, [entry.membership.pk])
    by_session = entry.device is None
    return entry, queue.pk, request.session.session_key if by_session else None


def _language(scope) -> str:
    """The language the page was rendered in; it says so in the address of its socket."""
    try:
        return get_supported_language_variant(scope["url_route"]["kwargs"]["language"])
    except LookupError:
        return get_supported_language_variant("en")
