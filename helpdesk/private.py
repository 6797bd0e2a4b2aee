"""Files that only their owner reads, whoever makes them: the server, or a command.

The database, its journals and the jobs hold what pupils wrote. This is read before Django.
"""

import os
import shlex
import shutil
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

#: Commands whose files everybody may read: static files, and what belongs to the source.
FOR_EVERYBODY = {"collectstatic", "makemigrations", "makemessages", "compilemessages"}
#: What SQLite writes beside a database, and where the jobs are.
BESIDE = ("", "-wal", "-shm", "-journal")


#: Where whoever runs helpdesk keeps its data.
VAR = Path(__file__).resolve().parent.parent / "var"


def files_from_now_on(command: Sequence[str] = ()) -> None:
    """Make what this process writes private; ``command``: the words after ``manage.py``.

    Ends the program with a sentence for a user whose files the server could not write to, or who
    could not write to the server's.
    """
    refuse_wrong_user(VAR)
    if not FOR_EVERYBODY.intersection(command[:1]):
        os.umask(0o077)


def refuse_wrong_user(folder: Path) -> None:
    """End the program where ``folder`` is another user's, and we are root or may not write there.

    One file of root's among the jobs stopped the clock for ever, and one beside the database made
    that read-only.
    """
    if os.name != "posix" or not folder.is_dir():
        return  # it is made by whoever comes first
    owner, me = folder.stat().st_uid, os.geteuid()
    if owner == me or (me != 0 and os.access(folder, os.W_OK)):
        return
    told = name_of(owner)
    sudo = ["sudo", "-u", told] if shutil.which("sudo") else ["runuser", "-u", told, "--"]
    sys.exit(
        f"The data in {folder} belongs to the user {told}, so nobody else may write there. "
        f"Run this as that user: {shlex.join([*sudo, *how_called()])}"
    )


def name_of(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def how_called() -> list[str]:
    """The command that was typed, as ``./run`` has it."""
    program, *words = sys.argv
    first = {"manage.py": ["manage"], "server.py": ["serve"] if words else []}
    return ["./run", *first.get(Path(program).name, []), *words]


def files_of_sqlite(database: Path) -> None:
    """Take everybody else's rights to a database's files away: an older version, or a copy that was
    put back, may have left some."""
    for name in (database, database.with_suffix(".jobs.sqlite3")):
        for ending in BESIDE:
            path = Path(f"{name}{ending}")
            with suppress(OSError):  # it is not there, or not ours
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    path.chmod(0o600)
