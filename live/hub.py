"""One hub per worker: what changed comes in once, what people see goes out to every socket.

An event is one small message per worker that names a topic and what of it changed, not its content.
The hub then has what changed drawn for each audience that somebody here watches, once
(``live.drawing``), and hands the same text to all its sockets. Events that arrive meanwhile are
answered by one more round, and a slow socket that has caught up is simply given the present state.
"""

import asyncio
import logging
import random
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from asgiref.sync import async_to_sync
from django.db import close_old_connections, connections

from live import layer, metrics, rights, topics
from live.drawing import Batch, Drawing, Watch
from live.gate import Gate, Socket
from live.sending import LOAD_ANEW, NOT_LET_IN, Sending
from live.topics import Audience, News

logger = logging.getLogger(__name__)

#: Seconds between two beats. A beat shows a page that its socket lives, and finds a change whose
#: message was lost on the way here (reliability.md F10, F13).
BEAT = 4
#: Beats in a minute, in which the passes of every open page are looked up once more.
BEATS = 60 // BEAT
#: Seconds until a layer that went away is asked again.
LAYER_AGAIN = 1
#: Seconds for which who changed something lets its push go first.
PUSH_FIRST = 0.1
#: A message that changes nothing on the page.
BEAT_TEXT = "<!-- beat -->"


@dataclass
class Work:
    """What has to be done for one topic in the next round."""

    news: News = field(default_factory=News)
    newcomers: set[Socket] = field(default_factory=set)
    #: Set when all of it is sent.
    sent: list[threading.Event] = field(default_factory=list)


class Hub:
    """The sockets of this worker, and the thread in which their pages are drawn."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.name = uuid.uuid4().hex
        self.sockets: dict[str, set[Socket]] = defaultdict(set)
        self.inside: set[Socket] = set()
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self.drawing = Drawing()
        #: Topic → sockets inside whose pages could not be given what they lack.
        self.ungreeted: dict[str, set[Socket]] = defaultdict(set)
        self.work: dict[str, Work] = {}
        self.tasks: set[asyncio.Task] = set()
        self.telling: set[asyncio.Task] = set()
        #: Topic → the version up to which its sockets have been sent every change, and those
        #: beyond it that were heard of. One that was lost is missed for ever in between, also
        #: when later ones arrive; the next beat sees that the topic is further than we are.
        self.versions: dict[str, int] = {}
        self.beyond: dict[str, set[int]] = defaultdict(set)
        self.gate = Gate(
            look_up=self._look_up,
            let_in=self._let_in,
            turn_out=lambda socket: self.dismiss(socket, NOT_LET_IN),
            spawn=self._spawn,
        )
        self.sending = Sending(spawn=self._spawn, gone=self.leave, drained=self._come_again)
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
        """Run blocking work in the thread for drawing, which keeps its database connection."""
        return await self.loop.run_in_executor(self.thread, _fresh, call, *args)

    def join(self, socket: Socket) -> None:
        """As soon as it is known that it may, the socket hears everything; what its page lacks
        comes first."""
        self.gate.knock(socket)

    def _let_in(self, socket: Socket) -> None:
        self.inside.add(socket)
        for topic in socket.topics:
            self.sockets[topic].add(socket)
        metrics.SOCKETS.inc()
        self._come_again(socket)

    def _come_again(self, socket: Socket) -> None:
        """Its page is given what it lacks."""
        if socket in self.inside:
            for topic in socket.topics:
                self._todo(topic).newcomers.add(socket)

    def leave(self, socket: Socket) -> None:
        if socket not in self.inside:
            if socket in self.gate.waiting:
                self.gate.leave(socket)
            return
        self.gate.leave(socket)
        self.inside.discard(socket)
        metrics.SOCKETS.dec()
        for topic in socket.topics:
            group = self.sockets[topic]
            group.discard(socket)
            if not group:
                self._forget(topic)
        if socket.sending is not None:
            socket.sending.cancel()

    def _forget(self, topic: str) -> None:
        del self.sockets[topic]
        self.versions.pop(topic, None)
        self.beyond.pop(topic, None)
        self.drawing.forget(topic)

    def dismiss(self, socket: Socket, code: int) -> None:
        """Close a socket that is here or waits; it hears nothing from now on."""
        if socket in self.gate.waiting or socket in self.inside:
            self.leave(socket)
            self._spawn(socket.close(code))

    async def _look_up(self, sockets: Sequence[Socket]) -> Sequence[bool]:
        passes = [each for socket in sockets for each in socket.passes]
        told = iter(await self.in_thread(rights.registered().still_let_in, passes))
        return [all(list(islice(told, len(socket.passes)))) for socket in sockets]

    async def _check_again(self, turn: int) -> None:
        """In a minute every page has its turn. What ends a right says so at once; here is found
        whatever said nothing, such as a session that ran out."""
        if mine := list(self.inside)[turn::BEATS]:
            await self.gate.close_unwelcome(mine)

    # --- Hearing ---

    async def _listen(self) -> None:
        """Hear of changes for ever; while the layer is away, the beat finds them."""
        while True:
            try:
                ours = layer.layer()
                channel = await ours.new_channel()
                await ours.group_add(layer.GROUP, channel)
                while True:
                    message = await ours.receive(channel)
                    if message.get("by") != self.name:
                        self.hear(message)
            except Exception as error:  # noqa: BLE001  whatever it is, others go on
                logger.warning("live: the channel layer is away (%s)", type(error).__name__)
                await asyncio.sleep(LAYER_AGAIN)
                await layer.forget_channels()

    def tell(self, message: Mapping) -> None:
        """From a thread of this worker: its own pages hear at once, those of others by the layer.

        The thread waits until its pages have been sent the change. One thread of a process
        runs at a time, so the answer that it would draw meanwhile delays the push by as much
        (measured: 13 ms instead of 9 from a tap to the teacher's page); afterwards it finds most
        of what it needs drawn already.
        """
        sent = threading.Event()
        self.loop.call_soon_threadsafe(self._spread, message, sent)
        sent.wait(PUSH_FIRST)

    def _spread(self, message: Mapping, sent: threading.Event) -> None:
        self.hear(message, sent)
        telling = self._spawn(layer.send({**message, "by": self.name}))
        self.telling.add(telling)
        telling.add_done_callback(self.telling.discard)

    def hear(self, message: Mapping, sent: threading.Event | None = None) -> None:
        """``sent`` is set when nothing more is to be done for it."""
        if message["type"] == "live.changed" and message["topic"] in self.sockets:
            self._changed(message)
            if sent is not None:
                self.work[message["topic"]].sent.append(sent)
            return
        if message["type"] == "live.dismiss":
            self._dismiss(message["passes"])
        elif message["type"] == "live.look_again":
            self._look_again(message["passes"])
        if sent is not None:
            sent.set()

    def _changed(self, message: Mapping) -> None:
        self._todo(message["topic"]).news.what.update(message["what"])
        self._note(message["topic"], message["version"])

    def _note(self, topic: str, version: int) -> None:
        """This change is heard of; the ones before it may still be on their way, or lost."""
        if topic not in self.versions:
            return
        beyond = self.beyond[topic]
        beyond.add(version)
        while self.versions[topic] + 1 in beyond:
            self.versions[topic] += 1
            beyond.discard(self.versions[topic])

    def _caught_up(self, topic: str, version: int) -> None:
        """All sockets show everything up to this version."""
        self.versions[topic] = version
        self.beyond[topic] = {each for each in self.beyond[topic] if each > version}

    def _dismiss(self, passes: Mapping) -> None:
        """Close every socket that one of these passes let in."""
        for socket in self.gate.of(passes, self.inside):
            self.dismiss(socket, NOT_LET_IN)

    def _look_again(self, passes: Mapping) -> None:
        """Ask about every socket that one of these passes let in, whether it is let in still."""
        if doubtful := self.gate.of(passes, self.inside):
            self._spawn(self.gate.look_again(doubtful))

    # --- The beat ---

    async def _beat(self) -> None:
        """Every few seconds, whatever else is away: show each page that it is live, once it was
        given what it lacked."""
        while True:
            await _a_beat()
            message = {"type": "websocket.send", "text": BEAT_TEXT}
            for number, socket in enumerate(list(self.inside)):
                if socket.is_greeted and socket.sending is None:
                    self.sending.deliver(socket, message)
                if number % 30 == 29:
                    await asyncio.sleep(0)  # ten thousand pages must not hold up a raised hand

    async def _watch(self) -> None:
        """Every few seconds: look for changes unheard of, and for pages no longer let in."""
        beats = 0
        while True:
            await _a_beat()
            await self._look_for_changes()
            self._greet_late()
            await self._look_for_endings()
            beats += 1
            if beats % BEATS == 0:
                self.gate.knocks.clear()
            await self._check_again(beats % BEATS)

    async def _look_for_changes(self) -> None:
        try:
            versions = await self.in_thread(topics.versions_of, list(self.versions))
        except Exception as error:  # noqa: BLE001  the database is away: the next beat asks again
            logger.warning("live: the database is away (%s)", type(error).__name__)
            return
        for topic, version in versions.items():
            is_behind = self.versions.get(topic, version) < version
            if is_behind and topic in self.sockets and topic not in self.work:
                self._todo(topic).news.everything = True

    def _greet_late(self) -> None:
        late, self.ungreeted = self.ungreeted, defaultdict(set)
        for topic, sockets in late.items():
            if again := {each for each in sockets if self._is_ungreeted(topic, each)}:
                self._todo(topic).newcomers.update(again)

    async def _look_for_endings(self) -> None:
        """Rights that ended without a message of it coming here: their pages are asked about."""
        if not self.inside:
            return
        try:
            endings = await self.in_thread(rights.registered().endings)
        except Exception as error:  # noqa: BLE001  the database is away: the next beat asks again
            logger.warning("live: the database is away (%s)", type(error).__name__)
            return
        for number in endings.keys() - self.ended:
            name, whose = endings[number]
            self._look_again({name: whose})
        self.ended = set(endings)

    # --- Saying ---

    def _todo(self, topic: str) -> Work:
        if topic not in self.work:
            self.work[topic] = Work()
            self._spawn(self._go(topic))
        return self.work[topic]

    async def _go(self, topic: str) -> None:
        """Draw and send until nothing is left to do; one round at a time for each topic."""
        while (work := self.work[topic]) != Work():
            self.work[topic] = Work()
            watch = _watch_of(topic, self._of(topic), work.newcomers)
            try:
                await self.in_thread(self._draw, topic, work, watch)
            except Exception:
                # The next beat finds that the sockets are behind, and tries again.
                logger.exception("live: drawing %s failed", topic)
                if topic in self.sockets:
                    self.versions[topic] = -1
            self._remember_ungreeted(topic, work.newcomers)
            for each in work.sent:
                each.set()
        del self.work[topic]

    def _remember_ungreeted(self, topic: str, newcomers: Iterable[Socket]) -> None:
        """Those whom nothing could be drawn for come again with the next beat."""
        if left := {each for each in newcomers if self._is_ungreeted(topic, each)}:
            self.ungreeted[topic] |= left

    def _is_ungreeted(self, topic: str, socket: Socket) -> bool:
        return socket in self.inside and topic not in socket.in_step

    def _of(self, topic: str) -> Iterable[Socket]:
        return self.sockets.get(topic, ())

    def _draw(self, topic: str, work: Work, watch: Watch) -> None:
        """In the thread for drawing: hand each batch to the event loop as soon as it is ready. Each
        is sent before the next one is drawn: the event loop's thread would else get its turn only
        after five milliseconds (Python's switch interval)."""
        with metrics.RENDER_SECONDS.time():
            for batch in self.drawing.batches(topic, work.news, watch):
                is_sent = threading.Event()
                self.loop.call_soon_threadsafe(self._send_all, topic, work, batch, is_sent)
                is_sent.wait(PUSH_FIRST)

    def _send_all(self, topic: str, work: Work, batch: Batch, is_sent: threading.Event) -> None:
        try:
            self._send(topic, work, batch)
        finally:
            is_sent.set()

    def _send(self, topic: str, work: Work, batch: Batch) -> None:
        if topic in self.sockets and (work.news.everything or topic not in self.versions):
            self._caught_up(topic, batch.version)
        if topic in self.sockets and not batch.is_whole:
            self.versions[topic] = -1  # the next beat tries again
        news = {
            name: {"type": "websocket.send", "text": told.news}
            for name, told in batch.told.items()
            if told.news
        }
        back = {name for name, told in batch.told.items() if told.is_back}
        sent = 0
        for socket in list(self._of(topic)):
            if socket in work.newcomers:
                self._greet(topic, socket, batch)
            elif topic in socket.in_step:
                if any(name in back for name in socket.topics[topic]):
                    self.dismiss(socket, LOAD_ANEW)
                    continue
                for name in socket.topics[topic]:
                    if name in news:
                        self.sending.deliver(socket, news[name])
                        sent += 1
        metrics.PUSHES_SENT.inc(sent)

    def _greet(self, topic: str, socket: Socket, batch: Batch) -> None:
        """Give a newcomer what its page lacks; a page from a later time than ours is loaded anew
        (the database was restored from an older copy)."""
        mine = [
            (_shown_by(socket, topic, name), batch.told[name])
            for name in socket.topics[topic]
            if name in batch.told
        ]
        if not mine:
            return
        if any(version > (told.version or 0) for (version, _digest), told in mine):
            self.dismiss(socket, LOAD_ANEW)
            return
        texts = [told.lacking.get(digest) for (_version, digest), told in mine]
        if None in texts:
            return  # it was slow meanwhile, and comes again in the next round
        socket.in_step.add(topic)
        text = "".join(each for each in texts if each)
        # Who lacks nothing is told so: the page knows from now on that it is live.
        if text or socket.is_greeted:
            self.sending.deliver(socket, {"type": "websocket.send", "text": text or BEAT_TEXT})

    def _spawn(self, work) -> asyncio.Task:
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


def _shown_by(socket: Socket, topic: str, audience: str) -> tuple[int, str]:
    return socket.have.get(f"{topic}/{Audience(audience).kind}", (-1, ""))


def _watch_of(topic: str, sockets: Iterable[Socket], newcomers: set[Socket]) -> Watch:
    watched: set[str] = set()
    in_step: set[str] = set()
    came: dict[str, set[str]] = defaultdict(set)
    for socket in sockets:
        names = socket.topics[topic]
        watched.update(names)
        if socket in newcomers:
            for name in names:
                came[name].add(_shown_by(socket, topic, name)[1])
        elif topic in socket.in_step:
            in_step.update(names)
    return Watch(watched, in_step, came)


def _fresh(call: Callable, *args):
    """Run in the thread for drawing with a database connection that is still good."""
    close_old_connections()
    return call(*args)


async def _a_beat() -> None:
    await asyncio.sleep(BEAT * random.uniform(0.9, 1.1))  # noqa: S311  spread, not secret


# --- The hub of this process -------------------------------------------------

_hub: Hub | None = None


def joined() -> Hub:
    """The hub of the running server; started with its first socket."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub()
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
        async_to_sync(layer.send)({**message, "by": ""})
