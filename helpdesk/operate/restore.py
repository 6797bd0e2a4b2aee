"""``./run restore FILE``: a backup in the place of the database, which is kept aside.

The backup is opened and looked through before anything is touched. Who was signed in signs in
again: a session that was ended after the backup must not come to life. A page that is still open
knows more than the database now, and loads anew (docs/how-it-works.md).
"""

import argparse
from pathlib import Path

import django
from django.conf import settings

from helpdesk.operate import Refusal, archive, backup, passphrase, postgres, sqlite
from helpdesk.operate.archive import Contents

BEFORE = "before-restore-"


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./run restore", description=__doc__, allow_abbrev=False)
    parser.add_argument("file", type=Path, help="what ./run backup has made")
    path = parser.parse_args(words).file
    if not path.is_file():
        raise Refusal(f"There is no file {path}: name one that ./run backup has made.")
    secret = passphrase.ask(new=False)
    django.setup()
    with archive.opened(path, secret) as (said, _):
        refuse_unfit(said)
    aside = (_of_sqlite if settings.SQLITE else _of_postgres)(path, secret)
    if aside:
        print(f"The database from before is kept: {aside}")
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if said.key_mark not in map(archive.key_mark, keys):
        print(
            "This server has another SECRET_KEY than the backup's: put that one back before you"
            " start helpdesk, or every student's device has to come in again."
        )
    print(
        f"Restored: {path}, of {said.made}. Who was signed in signs in again. Start helpdesk now."
    )


def refuse_unfit(said: Contents) -> None:
    """Raise where this release, or this kind of database, cannot take the backup."""
    from django.db.migrations.loader import MigrationLoader

    here = "sqlite" if settings.SQLITE else "postgresql"
    if said.vendor != here:
        raise Refusal(
            f"The backup is of {said.vendor}, and DATABASE_URL names {here}: restore it there,"
            " then take it along by ./run move."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if set(said.migrations) - known:
        raise Refusal("This backup is of a newer release: restore it with that one.")


def ended() -> list[str]:
    """Tables of what must not come to life again."""
    from django.contrib.sessions.models import Session

    from accounts.models import SignIn

    return [Session._meta.db_table, SignIn._meta.db_table]


def _of_sqlite(path: Path, secret: str) -> Path | None:
    from django.db import connection
    from huey.contrib.djhuey import HUEY

    database = Path(settings.DATABASES["default"]["NAME"])
    with sqlite.alone(database), sqlite.scratch(database) as folder:
        new = folder / "restored"
        with archive.opened(path, secret) as (said, body):
            sqlite.unpacked(body, said, new)
        sqlite.empty(new, ended())
        connection.settings_dict["NAME"] = str(new)
        HUEY.storage.filename = str(folder / "jobs")  # the real one is held, and made anew
        _migrate()
        connection.close()
        return sqlite.put_in_place(new, database)


def _of_postgres(path: Path, secret: str) -> Path | None:
    with archive.opened(path, secret) as (said, body):
        archive.compare(said.rows, postgres.rows_in(body, said))
    with postgres.connect() as connection:
        postgres.refuse_others(connection)
        filled = "django_migrations" in postgres.tables(connection)
    aside = backup.make(path.parent, secret, beginning=BEFORE) if filled else None
    with archive.opened(path, secret) as (said, body):
        postgres.restored(body, said, emptied=ended())
    _migrate()
    return aside


def _migrate() -> None:
    """Of an older release's database to this one's."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
