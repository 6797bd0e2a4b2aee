"""``migrate`` while people are at work: neither waits for the other for long."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import psycopg
import pytest

from tests.run_all import clean_environment
from tests.servers import ROOT, START, until

WAITING = "Waiting: others use what is to be changed."
NEXT = "tests.operate.next_release.settings"


@pytest.fixture
def migrate(tmp_path):
    """Starts ``migrate``; what it says is in ``said()`` of the process. It ends with the test."""
    begun = []

    def begin(url, *apps, settings="helpdesk.settings"):
        log = tmp_path / f"migrate-{len(begun)}"
        environment = clean_environment() | {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": settings,
        }
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "migrate", *apps],
                cwd=ROOT, env=environment, stdout=file, stderr=file,
            )  # fmt: skip
        process.said = lambda: log.read_text(errors="replace")
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.wait()


def has_ended(process) -> bool:
    return process.poll() is not None


def test_taps_go_on_while_it_waits_for_a_table_and_it_gets_through(serve, redis, migrate, database):
    """Two machines do it at once, as at the start of a new version."""
    with serve(2, REDIS_URL=redis) as server, psycopg.connect(database) as reader:
        cast = server.cast()
        reader.execute("SELECT count(*) FROM requests_app_helprequest")  # and goes on reading
        both = [migrate(database, settings=NEXT) for _machine in range(2)]
        until(lambda: all(WAITING in each.said() or has_ended(each) for each in both), START)
        tries = times_tried(both)
        for number in range(4):
            assert server.raise_hand(cast, number) in (200, 302)
        until(lambda: times_tried(both) > tries or any(map(has_ended, both)), START)
        assert not any(map(has_ended, both)), [each.said() for each in both]
        reader.rollback()
        # The second step takes longer than any statement of a tap may.
        assert all(each.wait(START) == 0 for each in both), [each.said() for each in both]
        assert sum("No migrations to apply" in each.said() for each in both) == 1
        reader.execute("SELECT of_next_release FROM requests_app_helprequest")
        assert server.raise_hand(server.cast(), 0) in (200, 302)
        assert "Traceback" not in server.said()


def times_tried(processes) -> int:
    return sum(each.said().count("Applying next_release.0001") for each in processes)


def test_a_file_that_somebody_writes_to_is_waited_for(migrate, tmp_path):
    path = tmp_path / "busy.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("BEGIN IMMEDIATE")
        process = migrate(f"sqlite:///{path}", "contenttypes")
        until(lambda: WAITING in process.said() or has_ended(process), START)
        assert not has_ended(process), process.said()
        writer.rollback()
        assert process.wait(START) == 0, process.said()
