"""What a backup is: a sealed file of one line of JSON that says what follows, and a database."""

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from helpdesk.operate import Refusal
from helpdesk.operate.sealed import Sealing, unsealed

ENDING = ".backup"
#: Bytes that the line of JSON may have.
LONGEST_LINE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Contents:
    """``rows``: table → how many; ``server``: PostgreSQL's version, such as 180006, or 0."""

    vendor: str
    rows: dict[str, int]
    #: What has been migrated: ``app.name``.
    migrations: list[str]
    server: int = 0
    made: str = ""
    #: Tells whether a server has the same SECRET_KEY, and nothing of it.
    key_mark: str = ""


def now() -> str:
    """A time that names files: 20261129T113000Z."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def key_mark(key: str) -> str:
    mark = hmac.new(key.encode(), b"helpdesk backup", hashlib.sha256)
    return mark.hexdigest()[:12]


def write(
    path: Path,
    passphrase: str,
    contents: Contents,
    body: Iterator[bytes],
    check: Callable[[Path], None],
) -> None:
    """Make the backup ``path``, which has its name only once ``check`` has opened it.

    Raises OSError where it cannot be written; nothing is left of it then.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            sealing = Sealing(file, passphrase)
            told = asdict(contents) | {"made": now(), "key_mark": key_mark(settings.SECRET_KEY)}
            sealing.write(json.dumps(told).encode() + b"\n")
            for piece in body:
                sealing.write(piece)
            sealing.finish()
            file.flush()
            os.fsync(file.fileno())
        check(part)
        part.rename(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """The name too must outlive a power cut; Windows opens no folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def opened(path: Path, passphrase: str) -> Iterator[tuple[Contents, Iterator[bytes]]]:
    """What a backup says of itself, and its database piece by piece."""
    with path.open("rb") as file:
        pieces = unsealed(file, passphrase)
        line = b""
        while b"\n" not in line:
            line += next(pieces, b"\n")
            if len(line) > LONGEST_LINE:
                raise Refusal("This backup is of a newer release: restore it with that one.")
        line, _, rest = line.partition(b"\n")
        yield _read(line), _together(rest, pieces)


def _read(line: bytes) -> Contents:
    try:
        return Contents(**json.loads(line))
    except (ValueError, TypeError):
        raise Refusal("This backup is of a newer release: restore it with that one.") from None


def _together(first: bytes, following: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from following


def compare(wanted: dict[str, int], found: dict[str, int]) -> None:
    """Raise where a table has not the rows that it must have."""
    for table in sorted(wanted.keys() | found.keys()):
        if wanted.get(table) != found.get(table):
            raise Refusal(
                f"The copy is not whole: {table} has {found.get(table, 'no')} rows instead of"
                f" {wanted.get(table, 'no')}. Try again; if it stays so, look at the disk."
            )
