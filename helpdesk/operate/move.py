"""``./run move --to URL``: all rows into another database, from SQLite to PostgreSQL or back.

The database of DATABASE_URL is held, so that nobody writes into it meanwhile, and stays as it is.
The other one must be empty, and is filled in one transaction: all of it, or nothing. Each table's
rows are counted and summed up on both sides. The clock's jobs are not copied: it makes them anew.
"""

import argparse
import os
import runpy
from pathlib import Path
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from psycopg import IsolationLevel

from helpdesk.operate import Refusal, copying, postgres, sqlite
from helpdesk.startup import database_errors

SOURCE, TARGET = "source", "default"
#: Holds SQLite's file from the first look to the end; it comes before what else is set.
_EXCLUSIVE = "PRAGMA locking_mode=EXCLUSIVE;"
NAME = "DATABASE_URL"
#: How tables of the clock's jobs begin, which are made with ours.
JOBS = "huey_"


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./run move", description=__doc__, allow_abbrev=False)
    parser.add_argument("--to", required=True, help="the new address, or a file that holds it")
    target = _address(parser.parse_args(words).to)
    source = _settings_of_now()
    _become(target)
    told = move(source)
    print(f"Moved: {told}. The old database is as it was; keep it until all is well.")
    print(
        f"Now make the new address the setting {NAME}, keep SECRET_KEY, and start helpdesk;"
        " for the service: sudo ./run install --database and the address."
    )


def _address(told: str) -> str:
    """A password is better in a file: other users of the machine can read command lines."""
    if "://" in told:
        return told
    if not Path(told).is_file():
        raise Refusal("--to must be postgres://… or sqlite:///…, or a file that holds it.")
    return Path(told).read_text(encoding="utf-8").strip()


def _settings_of_now() -> dict[str, Any]:
    """Where the data is, without making that this process's settings."""
    return runpy.run_module("helpdesk.settings")["DATABASES"]["default"]


def _become(target: str) -> None:
    """This process has the settings that the server will have."""
    os.environ[NAME] = target
    os.environ.pop(f"{NAME}_FILE", None)
    try:
        django.setup()
        from django.db import connections

        connections[TARGET].ensure_connection()
    except ImproperlyConfigured as refusal:
        raise Refusal(f"--to is not a good {NAME}: {refusal}") from None
    except database_errors() as error:
        told = " ".join(str(error).split())
        raise Refusal(f"The new database cannot be used: {told}") from None


def move(source: dict[str, Any]) -> str:
    """Copy all; returns a few words on how much it was."""
    from django.conf import settings
    from django.db import connections, transaction

    if _place(source) == _place(settings.DATABASES[TARGET]):
        raise Refusal(f"--to names the database that {NAME} names: give the new one's address.")
    _connect(source)
    _refuse_others()
    with transaction.atomic(SOURCE):
        if _unmigrated(SOURCE):
            raise Refusal(
                "The database is of an older release: run ./run manage migrate, then move it."
            )
        _prepare()
        with transaction.atomic(TARGET):
            told = copying.copy(SOURCE, TARGET)
            _refuse_others()  # it may have been started meanwhile
    for alias in (SOURCE, TARGET):
        connections[alias].close()
    return told


def _place(database: dict[str, Any]) -> tuple[str, ...]:
    name = str(database["NAME"])
    if "sqlite" in database["ENGINE"]:
        return (str(Path(name).resolve()),)
    return (name, str(database.get("HOST")), str(database.get("PORT") or 5432))


def _connect(source: dict[str, Any]) -> None:
    """Both databases, without the short limits of the server's connections."""
    from django.conf import settings
    from django.db import connections

    both = connections.configure_settings({TARGET: settings.DATABASES[TARGET], SOURCE: source})
    connections.settings[SOURCE] = both[SOURCE]
    for alias in (SOURCE, TARGET):
        for name in ("pool", "options"):
            connections[alias].settings_dict["OPTIONS"].pop(name, None)
    options = connections[SOURCE].settings_dict["OPTIONS"]
    if connections[SOURCE].vendor == "sqlite":
        path = Path(source["NAME"])
        sqlite.opened(path).close()  # says so in words where there is none,
        with sqlite.alone(path):
            pass  # or where somebody has it
        options["init_command"] = _EXCLUSIVE + options["init_command"]
    else:
        options["isolation_level"] = IsolationLevel.REPEATABLE_READ


def _refuse_others() -> None:
    """SQLite's file is held; at PostgreSQL we look who is there."""
    from django.db import connections

    if connections[SOURCE].vendor == "postgresql":
        connections[SOURCE].ensure_connection()
        postgres.refuse_others(connections[SOURCE].connection)


def _unmigrated(alias: str) -> bool:
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _prepare() -> None:
    """Make the target's tables. Raises Refusal where anything of anybody is in it."""
    from django.core.management import call_command
    from django.db import connections

    found = connections[TARGET].introspection.table_names()
    tables = [name for name in found if not name.startswith(JOBS)]
    if tables and "django_migrations" not in tables:
        raise Refusal("The new database has tables of another program: make one for helpdesk.")
    if copying.is_used(TARGET, tables):
        raise Refusal("The new database is not empty: make an empty one, and name that.")
    call_command("migrate", verbosity=0, interactive=False)
