"""What ``./run doctor`` looks at once the settings are accepted; whatever is away is told."""

import json
import os
import shutil
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from redis import Redis

from helpdesk import logs, private

#: Seconds for each thing that is asked.
PATIENCE = 3
#: Of the log of errors: an error's stack has some twenty.
LINES = 100


def health() -> Iterator[str]:
    looks: dict[str, Callable[[], str]] = {
        "Server": server, "Database": database, "Migrations": migrations, "Redis": redis,
        "Clock": clock, "Mail": mail, "Static files": static, "Disk": disk, "Owner": owner,
    }  # fmt: skip
    for name, look in looks.items():
        yield f"{name}: {_answer(look)}"


def sizes() -> Iterator[str]:
    yield f"Database: {_answer(database_size)}"
    yield f"Newest backup in var/backups: {_answer(newest_backup)}"
    yield f"Open pages: {_answer(open_pages)}"
    for model in apps.get_models(include_auto_created=True):
        told = _answer(partial(rows_of, model))
        if told != "0":
            yield f"{model._meta.db_table}: {told}"
        if told.startswith("AWAY"):
            return  # the others wait for the same


def last_errors() -> Iterator[str]:
    """What the server's programs have written of errors; lines of the log name nobody."""
    yield _answer(lambda: "\n".join(logs.last_lines(settings.LAST_ERRORS, LINES)) or "none")


def _answer(look: Callable[[], str]) -> str:
    try:
        return look()
    except Exception as error:  # noqa: BLE001  whatever it is, it is what is told
        said = " ".join(str(error).split())[:200]
        return f"AWAY, {type(error).__name__}: {said}"


# --- Looks ------------------------------------------------------------------------


def _asked(path: str, **headers: str) -> tuple[int, str]:
    host = "127.0.0.1" if settings.HOST in ("0.0.0.0", "::", "localhost") else settings.HOST  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    request = urllib.request.Request(f"http://{host}:{settings.PORT}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=3 * PATIENCE) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def server() -> str:
    status, told = _asked("/readyz")
    parts = json.loads(told) if told.startswith("{") else {}
    return f"/readyz says {status} " + ", ".join(f"{name} {is_}" for name, is_ in parts.items())


def database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if settings.SQLITE:
        return f"ok, SQLite {sqlite3.sqlite_version}"
    return f"ok, PostgreSQL {connection.connection.info.server_version}"


def migrations() -> str:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    to_do = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(to_do)} to run: ./run manage migrate" if to_do else "ok"


def redis() -> str:
    if not settings.REDIS_URL:
        return "none is set"
    with Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    ) as client:
        client.ping()
        return f"ok, {client.info().get('redis_version', 'of an unknown version')}"


def clock() -> str:
    from requests_app import tasks

    age = tasks.clock_age()
    return "it has never worked" if age is None else f"it worked {age:.0f} s ago"


def mail() -> str:
    if not settings.MAIL:
        return "none"
    with socket.create_connection((settings.EMAIL_HOST, settings.EMAIL_PORT), PATIENCE):
        return "its server can be reached"


def static() -> str:
    if not settings.PRODUCTION:
        return "served from where they lie"
    is_there = (settings.STATIC_ROOT / "staticfiles.json").exists()
    return "collected" if is_there else "NOT collected: ./run manage collectstatic --noinput"


def disk() -> str:
    found = [f"{shutil.disk_usage(each).free / 1e9:.1f} GB free" for each in _folders()]
    return ", ".join(found)


def owner() -> str:
    """Files that the service cannot write: the usual reason for a clock that stands still."""
    if os.name != "posix":
        return "not looked at on Windows"
    wanted = settings.VAR_DIR.stat().st_uid
    others = [path for path in _files() if path.stat().st_uid != wanted]
    told = "var belongs to another user than runs this" if wanted != os.geteuid() else "ok"
    if others:
        names = ", ".join(sorted(path.name for path in others)[:10])
        return f"{len(others)} files belong to somebody else than var does: {names}"
    return told


def _folders() -> list[Path]:
    folders = {settings.VAR_DIR}
    if settings.SQLITE:
        folders.add(Path(settings.DATABASES["default"]["NAME"]).parent)
    return sorted(folders)


def _files() -> list[Path]:
    """The database's own files, and what lies in var."""
    found = [each for each in settings.VAR_DIR.iterdir() if each.is_file()]
    if settings.SQLITE:
        name = Path(settings.DATABASES["default"]["NAME"])
        for each in (name, name.with_suffix(".jobs.sqlite3")):
            found += [path for end in private.BESIDE if (path := Path(f"{each}{end}")).exists()]
    return found


# --- Sizes ------------------------------------------------------------------------


def database_size() -> str:
    if settings.SQLITE:
        name = settings.DATABASES["default"]["NAME"]
        held = [path for end in private.BESIDE if (path := Path(f"{name}{end}")).exists()]
        return f"{sum(path.stat().st_size for path in held) / 1e6:.1f} MB"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return f"{cursor.fetchone()[0] / 1e6:.1f} MB"


def rows_of(model: Any) -> str:
    return str(model._base_manager.count())


def newest_backup() -> str:
    found = list((settings.VAR_DIR / "backups").glob("helpdesk-*.backup"))
    if not found:
        return "none"
    return f"{(time.time() - max(each.stat().st_mtime for each in found)) / 3600:.0f} hours old"


def open_pages() -> str:
    if not settings.METRICS_TOKEN:
        return "not known: HELPDESK_METRICS_TOKEN is not set"
    _, told = _asked("/metrics", Authorization=f"Bearer {settings.METRICS_TOKEN}")
    lines = [line for line in told.splitlines() if line.startswith("helpdesk_sockets")]
    return ", ".join(lines) or "not told"
