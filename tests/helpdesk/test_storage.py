"""Whether the database takes what is written, and what is said where it does not."""

import errno
import os
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection, transaction
from psycopg.errors import ReadOnlySqlTransaction

from helpdesk import breaker, storage
from helpdesk.breaker import Away, Breaker, File
from tests.servers import refused, until

#: Owns nothing.
NOBODY = 65534
pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")


@contextmanager
def as_nobody():
    """Without root's right to write everything."""
    before = os.getresuid()
    if before[1] == 0:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(*before)


@pytest.fixture
def folder():
    """One that ``as_nobody`` owns; those of pytest are root's own."""
    with tempfile.TemporaryDirectory() as made:
        if os.getuid() == 0:
            os.chown(made, NOBODY, NOBODY)
        yield Path(made)


def test_a_database_that_can_be_written_is_fit(folder):
    with as_nobody():
        storage.try_file(folder / "school.sqlite3")
        (folder / "school.sqlite3").touch()
        storage.try_file(folder / "school.sqlite3")
        assert os.listdir(folder) == ["school.sqlite3"]


def test_one_that_cannot_be_written_is_not(folder):
    file = folder / "school.sqlite3"
    with as_nobody():
        file.touch()
        file.chmod(0o444)
        with pytest.raises(storage.Unfit, match=r"school.sqlite3 cannot be written .*give it to"):
            storage.try_file(file)
        file.chmod(0o600)
        folder.chmod(0o555)
        with pytest.raises(storage.Unfit, match=f"^{folder} cannot be written"):
            storage.try_file(file)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_nor_is_one_without_room(tmp_path, monkeypatch, number):
    def full(*_args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(storage.Unfit, match="no room left for the database"):
        storage.try_file(tmp_path / "school.sqlite3")


@pytest.mark.parametrize("folder", ["/nowhere/at/all", "/sys/kernel"])
def test_the_start_says_so_in_one_sentence(folder):
    code, said = refused(DATABASE_URL=f"sqlite:///{folder}/school.sqlite3")
    assert code == 1
    assert said.startswith(("The folder of the database is not there: make", f"{folder} cannot"))
    assert len(said.splitlines()) == 1


def test_a_database_that_only_reads_keeps_what_was_typed():
    refused = InternalError()
    refused.__cause__ = ReadOnlySqlTransaction()
    assert storage.is_away(refused)
    assert storage.is_away(OperationalError())
    assert not storage.is_away(InternalError())
    assert not storage.is_away(ValueError())


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's")
def test_a_postgresql_that_only_reads_is_not_fit():
    storage.ask()
    options = connection.settings_dict["OPTIONS"]
    before = options["options"]
    options["options"] = before + " -c default_transaction_read_only=on"
    try:
        with pytest.raises(storage.Unfit, match="can only be read"):
            storage.ask()
    finally:
        options["options"] = before


# --- The breaker -------------------------------------------------------------


class Database:
    def __init__(self):
        self.is_there, self.asked, self.let_go = True, 0, 0

    def ask(self):
        self.asked += 1
        if not self.is_there:
            raise psycopg.OperationalError

    def gone(self):
        self.let_go += 1


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(breaker, "AGAIN", 0.02)
    monkeypatch.setattr(breaker, "NOT_AGAIN", 0.02)
    database, watching = Database(), Breaker()
    watching.begin(database.ask, database.gone)
    yield database, watching
    watching.end()


def test_who_cannot_connect_opens_it_and_it_closes_by_itself(watched):
    database, watching = watched
    database.is_there = False
    watching.trip(psycopg.OperationalError())
    with pytest.raises(Away):
        watching.check()
    until(lambda: database.asked > 3)
    assert (watching.is_open, database.let_go) == (True, 1)
    database.is_there = True
    until(lambda: not watching.is_open)
    watching.check()


def test_a_doubt_opens_it_only_if_the_database_is_away(watched):
    database, watching = watched
    for _each in range(3):
        watching.doubt()
        until(lambda seen=database.asked: database.asked > seen)
        watching.check()
    database.is_there = False
    watching.doubt()
    until(lambda: watching.is_open)
    assert database.let_go == 1


@pytest.mark.parametrize(
    ("said", "is_there"),
    [
        ("FATAL:  sorry, too many clients already", True),
        ('FATAL:  too many connections for role "helpdesk"', True),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER", True),
        ("FATAL:  the database system is starting up", False),
        ("Connection refused", False),
    ],
)
def test_a_database_without_room_for_one_more_is_there(said, is_there, monkeypatch):
    """Or a slow query, which makes us ask, would end those that work."""

    def refuse():
        raise psycopg.OperationalError(said)

    monkeypatch.setattr(storage, "reach", refuse)
    with nullcontext() if is_there else pytest.raises(psycopg.OperationalError):
        storage.find_out()


def test_where_nobody_watches_nothing_opens():
    watching = Breaker()
    watching.doubt()
    watching.trip(psycopg.OperationalError())
    watching.check()


@pytest.fixture
def postgres(watched, monkeypatch):
    """The test's own connection, watched."""
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's")
    _database, watching = watched
    monkeypatch.setattr("helpdesk.engines.connection.server", watching)
    monkeypatch.setattr("helpdesk.engines.postgresql.base.server", watching)
    return watched


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_its_time_opens_nothing(postgres):
    database, watching = postgres
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.9)")
        cursor.execute("SET statement_timeout = '50ms'")
        with pytest.raises(OperationalError):
            cursor.execute("SELECT pg_sleep(1)")
        cursor.execute("RESET statement_timeout")  # the pool gives this session to others
    assert database.asked > 0
    assert not watching.is_open
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_database_that_is_away_is_let_go(postgres):
    database, watching = postgres
    database.is_there = False
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    connection.close()  # as after each request
    with pytest.raises(Away):
        connection.cursor()
    database.is_there = True
    until(lambda: not watching.is_open)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


# --- The file ----------------------------------------------------------------


def test_a_file_must_stay_the_same(tmp_path):
    path, watching = tmp_path / "a", File()
    path.touch()
    watching.check()
    watching.begin(path)
    watching.check()
    moved = path.rename(tmp_path / "b")
    for harm in (lambda: None, path.touch):
        harm()
        with pytest.raises(Away):
            watching.check()
    moved.rename(path)
    watching.check()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's")
def test_what_was_written_into_a_file_without_a_name_is_not_told_as_written(monkeypatch, tmp_path):
    """Taken away after the first look and before the commit."""
    path, watching = tmp_path / "a", File()
    path.touch()
    watching.begin(path)
    monkeypatch.setattr("helpdesk.engines.sqlite3.base.file", watching)
    done = []

    @transaction.atomic
    def act():
        transaction.on_commit(lambda: done.append(1))
        path.unlink()

    with pytest.raises(Away):
        act()
    assert done == []
