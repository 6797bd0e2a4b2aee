"""Files that only their owner reads, whoever makes them: the server, or a command.

The database, its journals and the jobs hold what pupils wrote. This is read before Django.
"""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

#: Commands whose files everybody may read: static files, and what belongs to the source.
FOR_EVERYBODY = {"collectstatic", "makemigrations", "makemessages", "compilemessages"}
#: What SQLite writes beside a database, and where the jobs are.
BESIDE = ("", "-wal", "-shm", "-journal")


def files_from_now_on(command: Sequence[str] = ()) -> None:
    """Make what this process writes private; ``command``: the words after ``manage.py``."""
    if not FOR_EVERYBODY.intersection(command[:1]):
        os.umask(0o077)


def files_of_sqlite(database: Path) -> None:
    """Take everybody else's rights to a database's files away: an older version, or a copy that was
    put back, may have left some."""
    for name in (database, database.with_suffix(".jobs.sqlite3")):
        for ending in BESIDE:
            path = Path(f"{name}{ending}")
            with suppress(OSError):  # it is not there, or not ours
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    path.chmod(0o600)
