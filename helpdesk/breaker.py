"""A database that is away takes nothing else with it.

PostgreSQL: whoever cannot connect opens the ``Breaker``, and whoever waits long or loses a
connection makes it ask. While it is open nobody waits: each query fails at once, and those that
are under way are given up. One thread asks whether the database is back, and closes it.

SQLite: a file that was deleted or replaced still takes what is written to it, and nobody will ever
read that. ``File`` finds it out before a transaction and after it.

Both watch in a server alone: a command may wait as long as it likes.
"""

import logging
import os
import threading
from collections.abc import Callable

from django.db import OperationalError

logger = logging.getLogger(__name__)

#: Seconds between two questions to a database that is away.
AGAIN = 1.0
#: Seconds between two to one that was doubted and answers.
NOT_AGAIN = 0.2


class Away(OperationalError):
    """The database cannot be asked now; nothing was asked or written."""


class Breaker:
    """Open while the database is away. All threads of the process share it."""

    def __init__(self) -> None:
        self.is_open = False
        self._doubted, self._ends = threading.Event(), threading.Event()
        self._ask: Callable[[], object] | None = None
        self._let_go: Callable[[], object] = lambda: None
        self._thread: threading.Thread | None = None

    def begin(self, ask: Callable[[], object], let_go: Callable[[], object]) -> None:
        """``ask`` raises unless the database answers, in bounded time; ``let_go`` is called when it
        opens, and gives up connections that wait for nobody."""
        self._ask, self._let_go = ask, let_go
        self._ends.clear()
        self._doubted.clear()
        self._thread = threading.Thread(target=self._watch, name="breaker", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Watch no more; the database counts as there."""
        thread, self._thread = self._thread, None
        self._ends.set()
        self._doubted.set()
        if thread is not None:
            thread.join()
        self.is_open = False

    def check(self) -> None:
        """Raise Away while it is open."""
        if self.is_open:
            raise Away("the database is away")

    def doubt(self) -> None:
        """Let it be found out whether the database is still there."""
        if self._thread is not None:
            self._doubted.set()

    def trip(self, error: Exception) -> None:
        """Nobody can connect: open at once, until the database answers."""
        if self._thread is not None:
            self._open(error)
            self._doubted.set()

    def _open(self, error: Exception) -> None:
        if not self.is_open:
            self.is_open = True
            logger.error("the database is away (%s)", type(error).__name__)
            self._let_go()

    def _watch(self) -> None:
        while self._doubted.wait() and not self._ends.is_set():
            self._doubted.clear()
            is_back = self._answers()
            if is_back and self.is_open:
                self.is_open = False
                logger.warning("the database is back")
            if not is_back:
                self._doubted.set()
            self._ends.wait(NOT_AGAIN if is_back else AGAIN)

    def _answers(self) -> bool:
        assert self._ask is not None, "it was not begun"
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001  whatever it is, it does not answer
            self._open(error)
            return False
        return True


class File:
    """The file that holds the database, which must stay the same one."""

    def __init__(self) -> None:
        self._path, self._is = "", (0, 0)

    def begin(self, path: str | os.PathLike[str]) -> None:
        """From now on it must be the file that lies there now."""
        found = os.stat(path)
        self._path, self._is = os.fspath(path), (found.st_dev, found.st_ino)

    def end(self) -> None:
        self._path = ""

    def check(self) -> None:
        """Raise Away if it was deleted, moved or replaced; it may come back.

        Another one is never taken: what this process knows is of the old one.
        """
        if not self._path:
            return
        try:
            found = os.stat(self._path)
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._is:
            logger.error(
                "the file of the database was deleted or replaced while the server runs: stop the"
                " server, put the file back, and start it again"
            )
            raise Away("the file of the database is another one")


#: Of the database of this process.
server, file = Breaker(), File()
