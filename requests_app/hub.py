"""One hub per worker: what changed comes in once, what people see goes out to every socket.

An event is one small channel-layer message per worker that names the queue, not
its content. The hub then renders each audience that somebody here watches, once,
and hands the same text to all its sockets. Because a push is always the whole
state, events that arrive while a render is under way are answered by one more
render, and a slow socket that has caught up is simply given the present state.
"""

import asyncio
import logging
import random
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import close_old_connections, connections

from requests_app import metrics
from requests_app.gate import Gate, Socket

logger = logging.getLogger(__name__)

#: Every worker's hub listens to this one group.
GROUP = "helpdesk.live"
#: Seconds after which a socket that takes nothing is closed (performance.md 6.7).
STUCK_AFTER = 10
#: Seconds between two beats. A beat shows a page that its socket lives, and finds a change whose
#: message was lost on the way here (reliability.md F10, F13).
BEAT = 4
#: Beats in a minute, in which the passes of every open page are looked up once more.
BEATS = 60 // BEAT
#: Seconds until a layer that went away is asked again.
LAYER_AGAIN = 1
#: Seconds for which who changed something lets its push go first.
PUSH_FIRST = 0.1
#: Close codes: 4403 "you are not let in any more", 4409 "your page is from another time: load it
#: anew", 1013 "try again later", 1008 "a page's socket only listens".
NOT_LET_IN, LOAD_ANEW, TRY_AGAIN, ONLY_LISTEN = 4403, 4409, 1013, 1008
#: A message that changes nothing on the page.
BEAT_TEXT = "<!-- beat -->"


@dataclass
class Work:
    """What has to be rendered for one queue in the next go.

    ``asides``: what another app shows to the whole class changed; ``asides_of``: what it shows
    to these students. ``everything``: nobody knows what changed, only that something did.
    """

    students: set[int] = field(default_factory=set)
    class_wide: bool = False
    asides: bool = False
    asides_of: set[int] = field(default_factory=set)
    changed: bool = False
    everything: bool = False
    attend: int | None = None
    newcomers: set[Socket] = field(default_factory=set)
    #: Set when all of it is sent.
    sent: list[threading.Event] = field(default_factory=list)


@dataclass(frozen=True)
class Frame:
    """Text for one audience.

    Newcomers get every frame; the others only ``news``, and a frame with a ``sameness``
    not twice in a row.
    """

    text: str
    news: bool = True
    sameness: str | None = None


@dataclass(frozen=True)
class Part:
    """Frames for some audiences, ready to be sent; no socket has audiences in two parts.

    ``labels``: audience → version of what it sees. ``version``: the queue's.
    """

    frames: Mapping[str, list[Frame]]
    labels: Mapping[str, int]
    version: int


class Source(Protocol):
    """Where the hub has its texts and its knowledge from; it is asked in the render thread."""

    def frames_for(self, queue_id: int, work: Work, watched: set[str]) -> Iterable[Part]:
        """What there is to send, in as many parts as it likes; each is sent at once."""

    def versions_of(self, queue_ids: Collection[int]) -> Mapping[int, int]:
        """The versions that the queues have now."""

    def still_let_in(self, passes: Sequence[Mapping], came: bool) -> Sequence[bool]:
        """For each socket's passes, whether they let it in now; ``came``: they just came."""

    def endings(self) -> Mapping[int, tuple[str, int]]:
        """Rights that ended in the last minute: a number of its own → which pass, and whose."""


class Hub:
    """The sockets of this worker, and the thread in which their pages are rendered."""

    def __init__(self, source: Source) -> None:
        self.loop = asyncio.get_running_loop()
        self.name = uuid.uuid4().hex
        self.source = source
        self.sockets: dict[int, set[Socket]] = defaultdict(set)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self.work: dict[int, Work] = {}
        self.tasks: set[asyncio.Task] = set()
        self.telling: set[asyncio.Task] = set()
        self.said: dict[str, str] = {}
        #: Queue → the version up to which its sockets have been sent every change, and those
        #: beyond it that were heard of. One that was lost is missed for ever in between, also
        #: when later ones arrive; the next beat sees that the queue is further than we are.
        self.versions: dict[int, int] = {}
        self.beyond: dict[int, set[int]] = defaultdict(set)
        self.gate = Gate(
            look_up=self._look_up,
            let_in=self._let_in,
            turn_out=lambda socket: self.dismiss(socket, NOT_LET_IN),
            spawn=self._spawn,
        )
        #: The endings of rights that were acted on.
        self.ended: set[int] = set()

    # --- Coming and going ---

    def start(self) -> None:
        for work in (self._listen(), self._beat(), self._watch()):
            self._spawn(work)

    async def stop(self) -> None:
        """For the end of the server: no task and no database connection stays, and what the
        others are to hear has been said."""
        if self.telling:
            await asyncio.wait(self.telling, timeout=1)
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.loop.run_in_executor(self.thread, connections.close_all)
        self.thread.shutdown()

    async def in_thread(self, call: Callable, *args):
        """Run blocking work in the render thread, which keeps its database connection."""
        return await self.loop.run_in_executor(self.thread, _fresh, call, *args)

    def join(self, socket: Socket) -> None:
        """As soon as it is known that it may, the socket hears everything; what its page lacks
        comes first."""
        self.gate.knock(socket)

    def _let_in(self, socket: Socket) -> None:
        self.sockets[socket.queue_id].add(socket)
        metrics.SOCKETS.inc()
        self._todo(socket.queue_id).newcomers.add(socket)

    def leave(self, socket: Socket) -> None:
        group = self.sockets.get(socket.queue_id, set())
        if socket not in group:
            if socket in self.gate.waiting:
                self.gate.leave(socket)
            return
        self.gate.leave(socket)
        group.discard(socket)
        metrics.SOCKETS.dec()
        if not group:
            del self.sockets[socket.queue_id]
            self.versions.pop(socket.queue_id, None)
            self.beyond.pop(socket.queue_id, None)
        for audience in socket.audiences:
            if not any(audience in other.audiences for other in group):
                self.said.pop(audience, None)
        if socket.sending is not None:
            socket.sending.cancel()

    def dismiss(self, socket: Socket, code: int) -> None:
        """Close a socket that is here or waits; it hears nothing from now on."""
        if socket in self.gate.waiting or socket in self.sockets.get(socket.queue_id, ()):
            self.leave(socket)
            self._spawn(socket.close(code))

    def _everybody(self) -> list[Socket]:
        return [socket for group in self.sockets.values() for socket in group]

    async def _look_up(self, sockets: Sequence[Socket], came: bool) -> Sequence[bool]:
        passes = [socket.passes for socket in sockets]
        return await self.in_thread(self.source.still_let_in, passes, came)

    async def _check_again(self, turn: int) -> None:
        """In a minute every page has its turn. What ends a right says so at once; here is found
        whatever said nothing, such as a session that ran out."""
        if mine := self._everybody()[turn::BEATS]:
            await self.gate.close_unwelcome(mine)

    # --- Hearing ---

    async def _listen(self) -> None:
        """Hear of changes for ever; while the layer is away, the beat finds them."""
        while True:
            try:
                layer = _layer()
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    message = await layer.receive(channel)
                    if message.get("by") != self.name:
                        self.hear(message)
            except Exception as error:  # noqa: BLE001  whatever it is, others go on
                logger.warning("live: the channel layer is away (%s)", type(error).__name__)
                await asyncio.sleep(LAYER_AGAIN)
                await _forget_channels()

    def tell(self, message: Mapping) -> None:
        """From a thread of this worker: its own pages hear at once, those of others by the layer.

        The thread waits until its pages have been sent the change. One thread of a process
        runs at a time, so the answer that it would render meanwhile delays the push by as much
        (measured: 13 ms instead of 9 from a tap to the teacher's page); afterwards it finds most
        of what it needs rendered already.
        """
        sent = threading.Event()
        self.loop.call_soon_threadsafe(self._spread, message, sent)
        sent.wait(PUSH_FIRST)

    def _spread(self, message: Mapping, sent: threading.Event) -> None:
        self.hear(message, sent)
        telling = self._spawn(_send({**message, "by": self.name}))
        self.telling.add(telling)
        telling.add_done_callback(self.telling.discard)

    def hear(self, message: Mapping, sent: threading.Event | None = None) -> None:
        """``sent`` is set when nothing more is to be done for it."""
        if message["type"] == "live.changed" and message["queue"] in self.sockets:
            self._changed(message)
            if sent is not None:
                self.work[message["queue"]].sent.append(sent)
            return
        if message["type"] == "live.dismiss":
            self._dismiss(message["passes"])
        elif message["type"] == "live.look_again":
            self._look_again(message["passes"])
        if sent is not None:
            sent.set()

    def _changed(self, message: Mapping) -> None:
        work = self._todo(message["queue"])
        work.changed = True
        work.students.update(message["students"])
        work.class_wide |= message["class_wide"]
        work.asides |= message["asides"]
        work.asides_of.update(message["asides_of"])
        if "version" in message:  # a worker that is about to be replaced may say none
            self._note(message["queue"], message["version"])
        work.attend = message["attend"] or work.attend

    def _note(self, queue_id: int, version: int) -> None:
        """This change is heard of; the ones before it may still be on their way, or lost."""
        if queue_id not in self.versions:
            return
        beyond = self.beyond[queue_id]
        beyond.add(version)
        while self.versions[queue_id] + 1 in beyond:
            self.versions[queue_id] += 1
            beyond.discard(self.versions[queue_id])

    def _caught_up(self, queue_id: int, version: int) -> None:
        """All sockets show everything up to this version."""
        self.versions[queue_id] = version
        self.beyond[queue_id] = {each for each in self.beyond[queue_id] if each > version}

    def _dismiss(self, passes: Mapping) -> None:
        """Close every socket that one of these passes let in."""
        for socket in self.gate.of(passes, self._everybody()):
            self.dismiss(socket, NOT_LET_IN)

    def _look_again(self, passes: Mapping) -> None:
        """Ask about every socket that one of these passes let in, whether it is let in still."""
        if doubtful := self.gate.of(passes, self._everybody()):
            self._spawn(self.gate.look_again(doubtful))

    async def _beat(self) -> None:
        """Every few seconds, whatever else is away: show each page that it is live, once it was
        given what it lacked."""
        while True:
            await _a_beat()
            message = {"type": "websocket.send", "text": BEAT_TEXT}
            for group in list(self.sockets.values()):
                for socket in list(group):
                    if socket.is_greeted and socket.sending is None:
                        self._deliver(socket, message)
                await asyncio.sleep(0)  # ten thousand pages must not hold up a raised hand

    async def _watch(self) -> None:
        """Every few seconds: look for changes unheard of, and for pages no longer let in."""
        beats = 0
        while True:
            await _a_beat()
            await self._look_for_changes()
            await self._look_for_endings()
            beats += 1
            if beats % BEATS == 0:
                self.gate.knocks.clear()
            await self._check_again(beats % BEATS)

    async def _look_for_changes(self) -> None:
        known = dict(self.versions)
        try:
            versions = await self.in_thread(self.source.versions_of, list(known))
        except Exception as error:  # noqa: BLE001  the database is away: the next beat asks again
            logger.warning("live: the database is away (%s)", type(error).__name__)
            return
        for queue_id, version in versions.items():
            is_behind = self.versions.get(queue_id, version) < version
            if is_behind and queue_id in self.sockets and queue_id not in self.work:
                self._todo(queue_id).everything = True

    async def _look_for_endings(self) -> None:
        """Rights that ended without a message of it coming here: their pages are asked about."""
        if not self.sockets:
            return
        try:
            endings = await self.in_thread(self.source.endings)
        except Exception as error:  # noqa: BLE001  the database is away: the next beat asks again
            logger.warning("live: the database is away (%s)", type(error).__name__)
            return
        for number in endings.keys() - self.ended:
            name, whose = endings[number]
            self._look_again({name: whose})
        self.ended = set(endings)

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
                # The next beat finds that the sockets are behind, and tries again.
                logger.exception("live: rendering queue %s failed", queue_id)
                self.versions[queue_id] = -1
            for each in work.sent:
                each.set()
        del self.work[queue_id]

    def _render(self, queue_id: int, work: Work, watched: set[str]) -> None:
        """In the render thread: hand each part to the event loop as soon as it is ready."""
        with metrics.RENDER_SECONDS.time():
            self._render_parts(queue_id, work, watched)

    def _render_parts(self, queue_id: int, work: Work, watched: set[str]) -> None:
        """Each part is sent before the next one is rendered: the event loop's thread would else
        get its turn only after five milliseconds (Python's switch interval)."""
        for part in self.source.frames_for(queue_id, work, watched):
            is_sent = threading.Event()
            self.loop.call_soon_threadsafe(self._send_all, queue_id, work, part, is_sent)
            is_sent.wait(PUSH_FIRST)

    def _of(self, queue_id: int) -> Iterable[Socket]:
        return self.sockets.get(queue_id, ())

    def _send_all(self, queue_id: int, work: Work, part: Part, is_sent: threading.Event) -> None:
        try:
            self._send_part(queue_id, work, part)
        finally:
            is_sent.set()

    def _send_part(self, queue_id: int, work: Work, part: Part) -> None:
        if queue_id in self.sockets and (work.everything or queue_id not in self.versions):
            self._caught_up(queue_id, part.version)
        news = {
            audience: {"type": "websocket.send", "text": text}
            for audience, listed in part.frames.items()
            if (text := "".join(self._unsaid(audience, listed)))
        }
        sent = 0
        for socket in list(self._of(queue_id)):
            if socket in work.newcomers:
                self._greet(socket, part)
                continue
            for audience in socket.audiences:
                if audience in news:
                    self._deliver(socket, news[audience])
                    sent += 1
        metrics.PUSHES_SENT.inc(sent)

    def _greet(self, socket: Socket, part: Part) -> None:
        """Give a newcomer what its page lacks; a page from a later time than ours is loaded anew
        (the database was restored from an older copy)."""
        mine = [name for name in socket.audiences if name in part.labels]
        if any(socket.have.get(_kind(name), 0) > part.labels[name] for name in mine):
            self.dismiss(socket, LOAD_ANEW)
            return
        texts = [frame.text for name in mine for frame in part.frames[name]]
        if mine:
            # One that lacks nothing is told so: its page knows from now on that it is live.
            text = "".join(texts) or BEAT_TEXT
            socket.is_greeted = True
            self._deliver(socket, {"type": "websocket.send", "text": text})

    def _unsaid(self, audience: str, frames: list[Frame]) -> Iterable[str]:
        for frame in frames:
            if not frame.news:
                continue
            if frame.sameness is None:
                # It may say what a frame with a sameness said, or no longer does.
                self.said.pop(audience, None)
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
            metrics.PUSHES_DROPPED.inc()
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
            socket.missed_something, socket.have = False, {}
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


def _kind(audience: str) -> str:
    """``student.31:en`` is of the kind ``student``."""
    return audience.partition(":")[0].partition(".")[0]


# --- The hub of this process -------------------------------------------------

_hub: Hub | None = None


def joined(source: Source) -> Hub:
    """The hub of the running server; started with its first socket."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub(source)
        _hub.start()
    return _hub


async def shut() -> None:
    """Stop the hub of this event loop, if there is one."""
    global _hub
    if _hub is not None and _hub.loop is asyncio.get_running_loop():
        stopping, _hub = _hub, None
        await stopping.stop()


def tell_all(message: dict) -> None:
    """Send one message to the hub of every worker; a layer that is away loses nothing but speed.

    In a server its hub does it; from another process (a job, a command) it is sent from here.
    """
    if _hub is not None and _hub.loop.is_running():
        _hub.tell(message)
    else:
        async_to_sync(_send)({**message, "by": ""})


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    assert layer is not None, "CHANNEL_LAYERS names none"
    return layer


async def _forget_channels() -> None:
    """The layer keeps every channel that it could not subscribe to, and each try makes one."""
    with suppress(Exception):
        await _layer().flush()


async def _a_beat() -> None:
    await asyncio.sleep(BEAT * random.uniform(0.9, 1.1))  # noqa: S311  spread, not secret


async def _send(message: dict) -> None:
    try:
        await asyncio.wait_for(_layer().group_send(GROUP, message), 1)
    except Exception as error:  # noqa: BLE001  other workers' beats find the change (F5)
        logger.warning("live: the channel layer is away (%s)", type(error).__name__)
