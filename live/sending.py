"""Texts are given to sockets without waiting for their networks."""

import asyncio
from collections.abc import Callable

from live import metrics
from live.gate import Socket

#: Seconds after which a socket that takes nothing is closed (performance.md 6.7).
STUCK_AFTER = 10
#: Close codes: 4403 "you are not let in any more", 4409 "your page is from another time: load it
#: anew", 1013 "try again later", 1008 "a page's socket only listens".
NOT_LET_IN, LOAD_ANEW, TRY_AGAIN, ONLY_LISTEN = 4403, 4409, 1013, 1008


class Sending:
    """``gone``: its connection is dead. ``drained``: it has taken what it was slow to take, and
    was not given something meanwhile."""

    def __init__(
        self,
        *,
        spawn: Callable[..., asyncio.Task],
        gone: Callable[[Socket], None],
        drained: Callable[[Socket], None],
    ) -> None:
        self.spawn, self.gone, self.drained = spawn, gone, drained

    def deliver(self, socket: Socket, message: dict) -> None:
        """Almost always the network takes it at once. A send that would block is finished in a task
        of its own, and what comes meanwhile is not queued: the socket is given the newest state
        when it has drained."""
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
            self.gone(socket)
            return
        socket.sending = self.spawn(self._finish(socket, _Rest(sending, waits_for)))

    async def _finish(self, socket: Socket, rest: "_Rest") -> None:
        try:
            await asyncio.wait_for(_as_coroutine(rest), STUCK_AFTER)
        except (TimeoutError, OSError, RuntimeError):
            socket.sending = None
            self.gone(socket)
            await socket.close(TRY_AGAIN)
            return
        socket.sending = None
        if socket.missed_something:
            socket.missed_something, socket.have = False, {}
            socket.in_step.clear()
            self.drained(socket)


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
