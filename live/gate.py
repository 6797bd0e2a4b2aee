"""Who may be at this worker's hub. Nobody hears anything before their right is known.

A ticket lets a page connect without asking the database, which matters when a thousand pages come
back at once, but it does not let it hear. All who wait here are looked up together, in a handful of
queries for however many; those who came meanwhile are the next lot. A right that ends while
somebody waits is looked at again, so that no old answer lets them in.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from live.rights import Pass

logger = logging.getLogger(__name__)

#: One person's pages that may be open at this worker, and their new sockets in a minute: more is
#: a program that went wrong.
MOST_SOCKETS, MOST_KNOCKS = 20, 60
#: Seconds that whoever is refused waits for the answer, and how many may wait at a time. A program
#: that comes back in a loop comes once a second then, and not two thousand times (measured: others'
#: p95 beside it was 2.1 times the calm one and is 1.3); a page waits longer before it tries again.
HOLD_OFF, MOST_HELD = 1, 256
#: How many are looked up at a time: one query can name no more than some ten thousand.
MOST_AT_ONCE = 1000
#: Seconds in which those who come together are gathered: a thousand are a few lots, not fifty.
GATHER = 0.03
#: Seconds until a database that did not answer is asked again.
ASK_AGAIN = 1


@dataclass(eq=False)
class Socket:
    """One open page.

    ``topics``: topic → names of the audiences that the page belongs to. ``passes``: what let it
    in; ending any of them closes it. ``owner``: whose page it is, for there is a limit for each.
    ``have``: topic and kind of audience (``queue:7/helpers``) → version and digest of what the page
    shows as it comes.
    """

    topics: Mapping[str, tuple[str, ...]]
    passes: Sequence[Pass]
    owner: Hashable
    send: Callable[..., Awaitable[None]]
    close: Callable[..., Awaitable[None]]
    have: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    #: The one send that the network has not taken yet.
    sending: asyncio.Task | None = None
    missed_something: bool = False
    #: Topics of which its page has been given what it lacked: from then on it is told what is new.
    in_step: set[str] = field(default_factory=set)

    @property
    def is_greeted(self) -> bool:
        """Before that it is not told that it is live."""
        return len(self.in_step) == len(self.topics)

    def came_by(self, passes: Pass) -> bool:
        """Whether one of these passes let it in."""
        return any(
            each.get(name) == value for name, value in passes.items() for each in self.passes
        )


#: Asks the database which of them are let in.
LookUp = Callable[[Sequence[Socket]], Awaitable[Sequence[bool]]]


class Gate:
    """Those who wait to be looked up, and what each person may take of this worker."""

    def __init__(
        self,
        *,
        look_up: LookUp,
        let_in: Callable[[Socket], None],
        turn_out: Callable[[Socket], None],
        spawn: Callable[..., asyncio.Task],
    ) -> None:
        self.look_up, self.let_in, self.turn_out = look_up, let_in, turn_out
        self.spawn = spawn
        #: In the order in which they came.
        self.waiting: dict[Socket, None] = {}
        #: Those of them of whom something ended while they were being looked up.
        self.doubtful: set[Socket] = set()
        self.is_asking = False
        self.open: Counter = Counter()
        self.knocks: Counter = Counter()
        self.held = 0

    def has_room_for(self, owner: Hashable) -> bool:
        """Whether this one may open one more page now."""
        self.knocks[owner] += 1
        return self.open[owner] < MOST_SOCKETS and self.knocks[owner] <= MOST_KNOCKS

    async def hold_off(self) -> None:
        """Before somebody is refused; with too many of them at a time it is done at once."""
        if self.held < MOST_HELD:
            self.held += 1
            try:
                await asyncio.sleep(HOLD_OFF)
            finally:
                self.held -= 1

    def knock(self, socket: Socket) -> None:
        """Let the socket in as soon as it is known that it may."""
        self.open[socket.owner] += 1
        self.waiting[socket] = None
        if not self.is_asking:
            self.is_asking = True
            self.spawn(self._ask())

    def leave(self, socket: Socket) -> None:
        """It is gone, from here or from inside."""
        self.waiting.pop(socket, None)
        self.doubtful.discard(socket)
        self.open[socket.owner] -= 1
        if not self.open[socket.owner]:
            del self.open[socket.owner]

    async def _ask(self) -> None:
        try:
            while self.waiting:
                await asyncio.sleep(GATHER)
                lot = list(self.waiting)[:MOST_AT_ONCE]
                welcome = await self._told(lot)
                if welcome is None:
                    await asyncio.sleep(ASK_AGAIN)
                    continue
                for socket, is_welcome in zip(lot, welcome, strict=True):
                    self._decide(socket, is_welcome)
        finally:
            self.is_asking = False

    def _decide(self, socket: Socket, is_welcome: bool) -> None:
        if socket not in self.waiting:
            return  # it went, or was turned out, meanwhile
        if is_welcome and socket in self.doubtful:
            self.doubtful.discard(socket)  # what was found may be from before: ask once more
            return
        if is_welcome:
            del self.waiting[socket]
            self.let_in(socket)
        else:
            self.turn_out(socket)

    async def look_again(self, sockets: Sequence[Socket]) -> None:
        """Something of these ended; whoever is not let in any more is turned out, as soon as the
        database can be asked."""
        self.doubtful.update(socket for socket in sockets if socket in self.waiting)
        inside = [socket for socket in sockets if socket not in self.waiting]
        while inside and not await self.close_unwelcome(inside):
            await asyncio.sleep(ASK_AGAIN)

    async def close_unwelcome(self, sockets: Sequence[Socket]) -> bool:
        """Turn out those whose passes are worth nothing any more; False if that is not known."""
        welcome = await self._told(sockets)
        for socket, is_welcome in zip(sockets, welcome or (), strict=welcome is not None):
            if not is_welcome:
                self.turn_out(socket)
        return welcome is not None

    async def _told(self, sockets: Sequence[Socket]) -> Sequence[bool] | None:
        try:
            return await self.look_up(sockets)
        except Exception as error:  # noqa: BLE001  the database is away: asked again
            logger.warning("live: sockets could not be checked (%s)", type(error).__name__)
            return None

    def of(self, passes: Pass, inside: Iterable[Socket]) -> list[Socket]:
        """Every socket, waiting or ``inside``, that one of these passes let in."""
        return [each for each in (*self.waiting, *inside) if each.came_by(passes)]
