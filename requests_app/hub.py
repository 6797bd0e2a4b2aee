"""One hub per worker: what changed comes in once, what people see goes out to every socket.

An event is one small channel-layer message per worker that names the queue, not
its content. The hub then renders each audience that somebody here watches, once,
and hands the same text to all its sockets. Because a push is always the whole
state, events that arrive while a render is under way are answered by one more
render, and a slow socket that has caught up is simply given the present state.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import close_old_connections, connections

logger = logging.getLogger(__name__)

#: Every worker's hub listens to this one group.
GROUP = "helpdesk.live"
#: Seconds after which a socket that takes nothing is closed (performance.md 6.7).
STUCK_AFTER = 10
#: Close codes: 4403 "you are not let in any more", 1013 "try again later".
NOT_LET_IN, TRY_AGAIN = 4403, 1013


@dataclass(eq=False)
class Socket:
    """One open page. ``passes`` is what let it in: ending any of them closes it."""

    queue_id: int
    audiences: tuple[str, ...]
    passes: Mapping[str, int | str | None]
    send: Callable[..., Awaitable[None]]
    close: Callable[..., Awaitable[None]]
    #: The one send that the network has not taken yet.
    sending: asyncio.Task | None = None
    missed_something: bool = False


@dataclass
class Work:
    """What has to be rendered for one queue in the next go."""

    students: set[int] = field(default_factory=set)
    class_wide: bool = False
    changed: bool = False
    attend: int | None = None
    newcomers: set[Socket] = field(default_factory=set)


@dataclass(frozen=True)
class Frame:
    """Text for one audience.

    Newcomers get every frame; the others only ``news``, and a frame with a ``sameness``
    not twice in a row.
    """

    text: str
    news: bool = True
    sameness: str | None = None


#: (queue id, what to do, the audiences watched here) → audience → frames, in as many parts as
#: it likes: each part is sent at once. No socket has audiences in two parts.
Renderer = Callable[[int, Work, set[str]], Iterable[Mapping[str, list[Frame]]]]


class Hub:
    """The sockets of this worker, and the thread in which their pages are rendered."""

    def __init__(self, render: Renderer) -> None:
        self.loop = asyncio.get_running_loop()
        self.render = render
        self.sockets: dict[int, set[Socket]] = defaultdict(set)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self.work: dict[int, Work] = {}
        self.tasks: set[asyncio.Task] = set()
        self.said: dict[str, str] = {}
        self.listener: asyncio.Task | None = None

    # --- Coming and going ---

    async def start(self) -> None:
        layer = _layer()
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
        self.listener = self._spawn(self._listen(layer, channel))

    async def stop(self) -> None:
        """For the end of the server: no task and no database connection stays."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.loop.run_in_executor(self.thread, connections.close_all)
        self.thread.shutdown()

    async def in_thread(self, call: Callable, *args):
        """Run blocking work in the render thread, which keeps its database connection."""
        return await self.loop.run_in_executor(self.thread, _fresh, call, *args)

    def join(self, socket: Socket) -> None:
        """From now on the socket hears everything; the present state comes first."""
        self.sockets[socket.queue_id].add(socket)
        self._todo(socket.queue_id).newcomers.add(socket)

    def leave(self, socket: Socket) -> None:
        self.sockets[socket.queue_id].discard(socket)
        if not self.sockets[socket.queue_id]:
            del self.sockets[socket.queue_id]
            for audience in socket.audiences:
                self.said.pop(audience, None)
        if socket.sending is not None:
            socket.sending.cancel()

    # --- Hearing ---

    async def _listen(self, layer, channel: str) -> None:
        while True:
            message = await layer.receive(channel)
            if message["type"] == "live.changed":
                self._changed(message)
            else:
                self._dismiss(message["passes"])

    def _changed(self, message: Mapping) -> None:
        if message["queue"] not in self.sockets:
            return
        work = self._todo(message["queue"])
        work.changed = True
        work.students.update(message["students"])
        work.class_wide |= message["class_wide"]
        work.attend = message["attend"] or work.attend

    def _dismiss(self, passes: Mapping) -> None:
        """Close every socket that one of these passes let in; it hears nothing from now on."""
        for socket in [each for group in self.sockets.values() for each in group]:
            if any(socket.passes.get(name) == value for name, value in passes.items()):
                self.leave(socket)
                self._spawn(socket.close(NOT_LET_IN))

    # --- Saying ---

    def _todo(self, queue_id: int) -> Work:
        if queue_id not in self.work:
            self.work[queue_id] = Work()
            self._spawn(self._go(queue_id))
        return self.work[queue_id]

    async def _go(self, queue_id: int) -> None:
        """Render and send until nothing is left to do; one at a time for each queue."""
        while (work := self.work[queue_id]) != Work():
            self.work[queue_id] = Work()
            watched = {name for socket in self._of(queue_id) for name in socket.audiences}
            try:
                await self.in_thread(self._render, queue_id, work, watched)
            except Exception:
                logger.exception("live: rendering queue %s failed", queue_id)
        del self.work[queue_id]

    def _render(self, queue_id: int, work: Work, watched: set[str]) -> None:
        """In the render thread: hand each part to the event loop as soon as it is ready."""
        for frames in self.render(queue_id, work, watched):
            self.loop.call_soon_threadsafe(self._send_all, queue_id, work, frames)

    def _of(self, queue_id: int) -> Iterable[Socket]:
        return self.sockets.get(queue_id, ())

    def _send_all(self, queue_id: int, work: Work, frames: Mapping[str, list[Frame]]) -> None:
        news = {
            audience: {"type": "websocket.send", "text": text}
            for audience, listed in frames.items()
            if (text := "".join(self._unsaid(audience, listed)))
        }
        for socket in list(self._of(queue_id)):
            if socket in work.newcomers:
                mine = [frames[name] for name in socket.audiences if name in frames]
                if everything := "".join(frame.text for listed in mine for frame in listed):
                    self._deliver(socket, {"type": "websocket.send", "text": everything})
                continue
            for audience in socket.audiences:
                if audience in news:
                    self._deliver(socket, news[audience])

    def _unsaid(self, audience: str, frames: list[Frame]) -> Iterable[str]:
        for frame in frames:
            if not frame.news:
                continue
            if frame.sameness is None:
                yield frame.text
            elif self.said.get(audience) != frame.sameness:
                self.said[audience] = frame.sameness
                yield frame.text

    def _deliver(self, socket: Socket, message: dict) -> None:
        """Give a socket its text without waiting; almost always the network takes it at once.

        A send that would block is finished in a task of its own, and what comes meanwhile
        is not queued: the socket is given the newest state when it has drained.
        """
        if socket.sending is not None:
            socket.missed_something = True
            return
        sending = socket.send(message).__await__()
        try:
            waits_for = next(sending)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001  whatever a dead connection raises, the others go on
            self.leave(socket)
            return
        socket.sending = self._spawn(self._finish(socket, _Rest(sending, waits_for)))

    async def _finish(self, socket: Socket, rest: "_Rest") -> None:
        try:
            await asyncio.wait_for(_as_coroutine(rest), STUCK_AFTER)
        except (TimeoutError, OSError, RuntimeError):
            socket.sending = None
            self.leave(socket)
            await socket.close(TRY_AGAIN)
            return
        socket.sending = None
        if socket.missed_something and socket in self.sockets.get(socket.queue_id, ()):
            socket.missed_something = False
            self._todo(socket.queue_id).newcomers.add(socket)

    def _spawn(self, work) -> asyncio.Task:
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


class _Rest:
    """The rest of a coroutine that has been run up to its first wait."""

    def __init__(self, coroutine, waits_for) -> None:
        self.coroutine = coroutine
        self.waits_for = waits_for

    def __await__(self):
        yield self.waits_for
        return (yield from self.coroutine)


async def _as_coroutine(rest: _Rest) -> None:
    await rest


def _fresh(call: Callable, *args):
    """Run in the render thread with a database connection that is still good."""
    close_old_connections()
    return call(*args)


# --- The hub of this process -------------------------------------------------

_hub: Hub | None = None


async def joined(render: Renderer) -> Hub:
    """The hub of the running server; started with its first socket."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        starting = Hub(render)
        await starting.start()
        _hub = starting
    return _hub


async def shut() -> None:
    """Stop the hub of this event loop, if there is one."""
    global _hub
    if _hub is not None and _hub.loop is asyncio.get_running_loop():
        stopping, _hub = _hub, None
        await stopping.stop()


def tell_all(message: dict) -> None:
    """Send one message to the hub of every worker; a layer that is away loses nothing but speed.

    From the server's threads it is handed to the event loop and not waited for; from
    another process (a job, a command) it is sent from here.
    """
    if _hub is not None and _hub.loop.is_running():
        _hub.loop.call_soon_threadsafe(_send_from_loop, _hub, message)
    else:
        async_to_sync(_send)(message)


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    assert layer is not None, "CHANNEL_LAYERS names none"
    return layer


def _send_from_loop(hub: Hub, message: dict) -> None:
    hub._spawn(_send(message))


async def _send(message: dict) -> None:
    try:
        await asyncio.wait_for(_layer().group_send(GROUP, message), 1)
    except Exception as error:  # noqa: BLE001  pages find the change by themselves (F5)
        logger.warning("live: the channel layer is away (%s)", type(error).__name__)
