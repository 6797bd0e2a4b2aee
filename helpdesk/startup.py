"""What is done before anything is served: the database is there, and up to date.

What goes wrong is told in one sentence, for a teacher or a technician.
"""

import logging
import re
import sqlite3
import sys
import time
from pathlib import Path

from helpdesk import private

logger = logging.getLogger(__name__)

#: Seconds between two questions to a database that is not there yet, and between two lines of it.
ASK_AGAIN, SAY_AGAIN = 1, 60
#: What PostgreSQL answers to who will never come in: waiting would only hide the mistake.
NEVER = re.compile(
    r"password|authentication|does not exist|pg_hba\.conf|not permitted|does not support SSL"
)
#: Names the lock under which the tables of the clock's jobs are made.
JOBS = 0x6A6F6273


def wait_for_database() -> None:
    """Wait for a PostgreSQL that starts later than we do, as after a power cut, for ever.

    One that answers that it lets us never in ends the program with one sentence.
    """
    import psycopg
    from django.conf import settings

    from helpdesk import storage

    told_at = -float(SAY_AGAIN)
    while not settings.SQLITE:
        try:
            storage.reach()
        except psycopg.OperationalError as error:
            words = " ".join(str(error).split())
            if NEVER.search(words):
                sys.exit(f"The database of DATABASE_URL cannot be used: {words}")
            if time.monotonic() - told_at >= SAY_AGAIN:
                told_at = time.monotonic()
                print(f"Waiting for the database of DATABASE_URL: {words}", flush=True)
            time.sleep(ASK_AGAIN)
        else:
            return


def prepare_database(*, seed: bool) -> None:
    """Migrate where something is to be migrated, and fill the demo's database."""
    import django
    from django.conf import settings
    from django.core.management import CommandError, call_command
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor

    from helpdesk import storage
    from helpdesk.static import refuse_uncollected

    try:
        if settings.SQLITE:
            file = Path(settings.DATABASES["default"]["NAME"])
            storage.try_file(file)
            private.files_of_sqlite(file)
        django.setup()
        refuse_uncollected()
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            print("Preparing the database ...", flush=True)
            call_command("migrate", verbosity=0, interactive=False)
        if seed:
            call_command("seed_demo")
        prepare_jobs()
        for each in connections.all():
            each.close()
            getattr(each, "close_pool", lambda: None)()  # PostgreSQL's
    except database_errors() as error:
        sys.exit(f"The database of DATABASE_URL cannot be used: {' '.join(str(error).split())}")
    except CommandError as error:  # it was in the way of others for too long
        sys.exit(str(error))
    except storage.Unfit as unfit:
        sys.exit(str(unfit))
    except OSError as error:
        sys.exit(f"{error.filename} cannot be used: {error.strerror}.")


def prepare_jobs() -> None:
    """Make the tables of the clock's jobs where there are none, by one program at a time."""
    from django.conf import settings
    from huey.contrib.djhuey import HUEY

    with HUEY.storage.db(commit=True, close=True) as cursor:
        if not settings.SQLITE:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [JOBS])
        for statement in HUEY.storage.ddl:
            cursor.execute(statement)


def database_errors() -> tuple[type[Exception], ...]:
    """Django's and those of the drivers, for huey speaks to the database without Django; loaded
    only where something went wrong."""
    import psycopg
    from django.db import DatabaseError

    return DatabaseError, sqlite3.Error, psycopg.Error


def tell_if_redis_is_away() -> None:
    """One line: without it pages are refreshed instead of pushed, and nothing else is missing."""
    from django.conf import settings
    from redis import Redis
    from redis.exceptions import RedisError

    if not settings.REDIS_URL:
        return
    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    except (RedisError, OSError, ValueError) as error:
        logger.warning(
            "REDIS_URL: Redis does not answer (%s); pages show changes a little later"
            " until it does",
            type(error).__name__,
        )
    finally:
        client.close()
