"""Several workers behind one socket: started, watched, replaced one by one, ended together.

The parent holds the listening socket, so that nobody is refused while workers come and go, and
serves nothing itself. Each child tells once a second, through a pipe, that it lives. One that is
silent is ended; one that is gone is started again; and a child whose parent is gone ends, for
its pipe is broken.
"""

import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from prometheus_client import multiprocess

logger = logging.getLogger(__name__)

#: Seconds between two signs of life.
BEAT = 1
#: Seconds of silence after which a child counts as stuck; it may also take so long to get ready.
SILENT = 30
#: Seconds until what ended is started again, and at most, if it ends again and again.
AGAIN, AGAIN_MOST = 0.5, 10
#: Seconds that children may take to end; uvicorn gives requests 15.
GRACE = 18
WORKER, CLOCK = "worker", "clock"


class Pulse:
    """A child's end of its pipe."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self.pipe = pipe

    def beat(self) -> bool:
        """Show that this process is ready and lives; False if nobody is there to see it."""
        try:
            os.write(self.pipe, b".")
        except BlockingIOError:
            return True  # the parent is busy
        except OSError:
            return False
        return True


@dataclass(eq=False)
class Child:
    """A process of the kind ``WORKER`` or ``CLOCK``. Times are seconds, monotonic."""

    kind: str
    process: subprocess.Popen
    pipe: int
    heard: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    #: When it was told to end.
    leaving: float | None = None

    def listen(self) -> None:
        if os.read(self.pipe, 4096):
            self.heard = time.monotonic()
            self.is_ready = True

    def leave(self) -> None:
        """Let it end what it is doing."""
        if self.leaving is None:
            self.leaving = time.monotonic()
            self.process.terminate()

    @property
    def is_stuck(self) -> bool:
        now = time.monotonic()
        if self.leaving is not None:
            return now - self.leaving > GRACE
        return now - self.heard > SILENT


class Supervisor:
    """``workers`` workers that share ``listener``, and with ``clock`` exactly one clock.

    ``share_numbers``: the workers' numbers are kept in a folder that lives as long as this.
    ``when_ready`` is called once, as soon as all workers answer.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        workers: int,
        clock: bool,
        share_numbers: bool,
        when_ready: Callable[[], None],
    ) -> None:
        self.listener = listener
        self.wanted = {WORKER: workers, CLOCK: int(clock)}
        self.numbers = tempfile.mkdtemp(prefix="helpdesk-metrics-") if share_numbers else ""
        self.when_ready = when_ready
        self.children: list[Child] = []
        self.heard: list[int] = []
        self.is_ready = False
        self.is_ending = False
        #: Kind → (when the next one may be started, the pause after that).
        self.pauses: dict[str, tuple[float, float]] = {}
        #: Workers that a rolling restart still has to replace, and the one that replaces the first.
        self.old: list[Child] = []
        self.successor: Child | None = None

    def run(self) -> bool:
        """Until a signal ends it; False if the workers could not even be started."""
        self._hear_signals()
        try:
            while not self.is_ending:
                self._fill()
                self._look()
                self._obey()
                self._roll()
                if not self.is_ready and self._all_serve():
                    self.is_ready = True
                    with suppress(BrokenPipeError):  # nobody reads what we say: no reason to end
                        self.when_ready()
        finally:
            self._end()
        return self.is_ready

    # --- Signals ---

    def _hear_signals(self) -> None:
        names = ("SIGTERM", "SIGINT", "SIGHUP")
        for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
            signal.signal(number, lambda number, _: self.heard.append(number))

    def _obey(self) -> None:
        while self.heard:
            if self.heard.pop(0) in (signal.SIGTERM, signal.SIGINT):
                self.is_ending = True
            elif self.is_ready:
                self._begin_rolling()

    # --- Children ---

    def _start(self, kind: str) -> Child:
        ours, theirs = os.pipe()
        command = [sys.executable, "-m", "helpdesk.server", f"--{kind}", str(theirs)]
        if kind == WORKER:
            command += ["--listener", str(self.listener.fileno())]
        try:
            process = subprocess.Popen(
                command,
                env=self._environment(),
                pass_fds=(theirs, self.listener.fileno()) if kind == WORKER else (theirs,),
                start_new_session=True,  # Ctrl+C is for the parent, which then ends them
            )
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        os.set_blocking(ours, False)
        child = Child(kind, process, ours)
        self.children.append(child)
        return child

    def _environment(self) -> Mapping[str, str]:
        """The clock is a process of its own, so no worker may run it."""
        shared = {"PROMETHEUS_MULTIPROC_DIR": self.numbers} if self.numbers else {}
        return {**os.environ, "HELPDESK_CLOCK": "separate", **shared}

    def _of(self, kind: str) -> list[Child]:
        """Those that count: a clock that is leaving may still be working, a worker is replaced."""
        return [
            child
            for child in self.children
            if child.kind == kind and (kind == CLOCK or child.leaving is None)
        ]

    def _fill(self) -> None:
        for kind, wanted in self.wanted.items():
            may_start_at, _ = self.pauses.get(kind, (0.0, 0.0))
            if time.monotonic() >= may_start_at:
                for _missing in range(wanted - len(self._of(kind))):
                    self._try_to_start(kind)

    def _try_to_start(self, kind: str) -> Child | None:
        """None, and another try later, where the system has no room for one more just now."""
        try:
            return self._start(kind)
        except OSError as error:
            logger.error("no %s could be started (%s)", kind, error.strerror)
            self.pauses[kind] = (time.monotonic() + AGAIN_MOST, AGAIN)
            return None

    def _all_serve(self) -> bool:
        """The clock is not waited for: without it people are served, and /readyz says so."""
        return sum(child.is_ready for child in self._of(WORKER)) >= self.wanted[WORKER]

    def _look(self) -> None:
        """Wait a moment for signs of life; see who is gone and who is stuck."""
        pipes = {child.pipe: child for child in self.children}
        for pipe in select.select(list(pipes), [], [], 0.1)[0]:
            pipes[pipe].listen()
        for child in list(self.children):
            if child.process.poll() is not None:
                self._bury(child)
            elif child.is_stuck:
                logger.error("%s %s does not answer", child.kind, child.process.pid)
                child.process.kill()

    def _bury(self, child: Child) -> None:
        self.children.remove(child)
        os.close(child.pipe)
        if child in self.old:
            self.old.remove(child)
        if self.numbers:
            multiprocess.mark_process_dead(child.process.pid, self.numbers)
        if child.leaving is not None or self.is_ending:
            return
        code = child.process.returncode
        logger.error("%s %s ended by itself (%s)", child.kind, child.process.pid, code)
        if not self.is_ready and child.kind == WORKER:
            self.is_ending = True  # it would not start the next time either
            return
        _, pause = self.pauses.get(child.kind, (0.0, AGAIN))
        pause = AGAIN if child.is_ready else min(2 * pause, AGAIN_MOST)
        self.pauses[child.kind] = (time.monotonic() + pause, pause)

    # --- A rolling restart ---

    def _begin_rolling(self) -> None:
        logger.info("workers are replaced one after another")
        self.old = self._of(WORKER)
        for clock in self._of(CLOCK):
            clock.leave()  # the next one is started when this one has gone: never two

    def _roll(self) -> None:
        """Let a worker go as soon as the one that replaces it is ready; then the next one."""
        if self.successor is not None:
            if self.successor not in self.children:
                logger.error("a new worker could not be started, the old ones stay")
                self.successor, self.old = None, []
            elif self.successor.is_ready:
                self.successor = None
                if self.old:
                    self.old[0].leave()
        elif self.old and self.old[0].leaving is None:
            self.successor = self._try_to_start(WORKER)
            if self.successor is None:
                self.old = []

    # --- The end ---

    def _end(self) -> None:
        self.is_ending = True
        self.heard.clear()
        # At once: as long as anybody holds it the system takes connections that nobody will answer.
        self.listener.close()
        for child in self.children:
            child.leave()
        while self.children:
            if signal.SIGINT in self.heard:  # a second Ctrl+C
                for child in self.children:
                    child.process.kill()
            self._look()
        if self.numbers:
            shutil.rmtree(self.numbers, ignore_errors=True)
