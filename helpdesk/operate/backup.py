"""``./run backup``: a copy of the database, while it runs, that only a passphrase opens.

It opens what it has made and counts every table's rows before it says that there is a backup.
SECRET_KEY is not in it. Neither is SQLite's file of jobs: the clock makes its jobs anew.
"""

import argparse
from pathlib import Path

from django.conf import settings

from helpdesk.operate import Refusal, archive, passphrase, postgres, sqlite
from helpdesk.operate.archive import ENDING

BEGINNING = "helpdesk-"
KEY_APART = "SECRET_KEY is not in it: keep that in another place (docs/operate.md)."


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./run backup", description=__doc__, allow_abbrev=False)
    parser.add_argument("--to", type=Path, help="a new file, or a folder (default: var/backups)")
    parser.add_argument("--keep", type=_some, help="delete all but so many of the folder's newest")
    args = parser.parse_args(words)
    target = args.to or settings.VAR_DIR / "backups"
    if args.to is None:
        target.mkdir(exist_ok=True)
    if args.keep and not target.is_dir():
        raise Refusal("--keep counts the backups in a folder: give --to an existing folder.")
    path = make(target, passphrase.ask(new=True))
    if args.keep:
        delete_older(target, args.keep)
    print(f"{path}: checked, {path.stat().st_size / 1e6:.1f} MB. {KEY_APART}")


def _some(told: str) -> int:
    if not told.isascii() or not told.isdigit() or not int(told):
        raise argparse.ArgumentTypeError(f"must be a number from 1 on, not {told!r}")
    return int(told)


def make(target: Path, secret: str, *, beginning: str = BEGINNING) -> Path:
    """Back the database up into the folder or new file ``target``; returns the file."""
    path = target / f"{beginning}{archive.now()}{ENDING}" if target.is_dir() else target
    if not path.parent.is_dir():
        raise Refusal(f"There is no folder {path.parent}: make it first, or choose another one.")
    if path.exists():
        raise Refusal(f"{path} exists already: choose another name, or give a folder.")
    (_of_sqlite if settings.SQLITE else _of_postgres)(path, secret)
    return path


def _of_sqlite(path: Path, secret: str) -> None:
    database = Path(settings.DATABASES["default"]["NAME"])
    with sqlite.scratch(database) as folder:
        copy, unpacked = folder / "copy", folder / "unpacked"
        found = sqlite.copied(database, copy)

        def check(part: Path) -> None:
            copy.unlink()  # so that the disk need not hold three of them
            with archive.opened(part, secret) as (said, body):
                sqlite.unpacked(body, said, unpacked)

        archive.write(path, secret, found, sqlite.pieces(copy), check)


def _of_postgres(path: Path, secret: str) -> None:
    def check(part: Path) -> None:
        with archive.opened(part, secret) as (said, body):
            archive.compare(said.rows, postgres.rows_in(body, said))

    with postgres.dumped() as (found, body):
        archive.write(path, secret, found, body, check)


def delete_older(folder: Path, keep: int) -> None:
    """All but the newest; their names are their times."""
    for old in sorted(folder.glob(f"{BEGINNING}*{ENDING}"))[:-keep]:
        old.unlink()
