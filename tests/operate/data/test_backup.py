"""``./run backup`` and ``./run restore``: what comes back, what is refused, what is left behind."""

import io
import os
import random
import resource
import shutil
import stat

import pytest

from helpdesk.operate import Refusal, passphrase, sealed
from tests.operate.data.conftest import PASSPHRASE, Installation, new_database
from tests.servers import KEY, running, until

pytestmark = pytest.mark.own_servers
RAISED = "SELECT count(*) FROM requests_app_helprequest"


@pytest.fixture
def serving(tmp_path):
    """``with serving(installation) as server``: a help desk that runs on it."""

    def start(installation, **environment):
        return running(tmp_path, **{"DATABASE_URL": installation.url, **environment})

    return start


# --- There and back -------------------------------------------------------------


def test_a_backup_brings_back_what_was_there(installation, serving):
    with serving(installation) as server:
        cast = server.cast()
        assert server.raise_hand(cast, 0) == 200
        path = installation.backup()
        assert "SECRET_KEY is not in it" in installation.said
        then = installation.rows()
        assert server.raise_hand(cast, 1) == 200
        assert "stop it first" in installation.refuses("restore", path)
    assert installation.query(RAISED) == [(2,)]

    said = installation.run("restore", path)
    assert "is kept: " in said
    assert "SECRET_KEY" not in said
    after = installation.rows()
    assert after["django_session"] == 0 < then["django_session"]  # no session comes to life
    changing = {name for name in then if name.startswith(("huey_", "django_session", "accounts_"))}
    same = then.keys() - changing
    assert {name: after[name] for name in same} == {name: then[name] for name in same}
    assert installation.query(RAISED) == [(1,)]

    with serving(installation) as server:  # and it works on
        assert server.raise_hand(cast, 2) == 200
    aside = next(each for each in installation.folder.iterdir() if "before-" in each.name)
    if installation.is_sqlite:
        assert Installation(installation.folder, f"sqlite:///{aside}").query(RAISED) == [(2,)]
    else:
        installation.run("restore", aside)
        assert installation.query(RAISED) == [(2,)]


def test_a_server_without_a_clock_is_noticed_too(on_sqlite, serving):
    with serving(on_sqlite, HELPDESK_CLOCK="separate") as server:
        path = on_sqlite.backup()
        until(lambda: server.get("/")[0] == 200)
        assert "stop it first" in on_sqlite.refuses("restore", path)


def test_another_host_another_role(on_postgres, postgres_server, tmp_path):
    """Whoever the tables belonged to: they belong to the role of DATABASE_URL."""
    path = on_postgres.backup()
    elsewhere = Installation(tmp_path, new_database(postgres_server, role="school"))
    elsewhere.environment["SECRET_KEY"] = KEY[::-1]
    said = elsewhere.run("restore", path)
    assert "another SECRET_KEY" in said
    assert "is kept" not in said  # there was nothing
    owners = elsewhere.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname='public'")
    assert owners == [("school",)]
    assert elsewhere.rows() == on_postgres.rows()


def test_tables_of_a_newer_release_do_not_stay(on_postgres):
    """An upgrade that went wrong is taken back: what it made must not hinder, nor remain."""
    path = on_postgres.backup()
    with on_postgres.connect() as connection:
        connection.execute(
            "CREATE TABLE newer (lesson bigint REFERENCES classrooms_lesson);"
            "ALTER TABLE classrooms_lesson ADD COLUMN newer text"
        )
    on_postgres.run("restore", path)
    assert "newer" not in on_postgres.rows()


def test_an_older_backup_is_brought_up_to_date_and_a_newer_one_refused(installation):
    done = installation.query("SELECT count(*) FROM django_migrations")
    installation.run("manage", "migrate", "checkins", "0002", "--verbosity", "0")
    assert installation.query("SELECT count(*) FROM django_migrations") < done
    older = installation.backup()
    installation.run("manage", "migrate", "--verbosity", "0")
    with installation.connect() as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('classrooms', '9999_of_next_year', CURRENT_TIMESTAMP)"
        )
    newer = installation.backup()

    assert "newer release" in installation.refuses("restore", newer)
    installation.run("restore", older)
    assert installation.query("SELECT count(*) FROM django_migrations") == done


def test_a_backup_of_the_other_database_is_refused(on_sqlite, on_postgres):
    assert "./run move" in on_postgres.refuses("restore", on_sqlite.backup())


def test_a_database_that_is_gone_or_damaged_comes_back(on_sqlite):
    path, rows = on_sqlite.backup(), on_sqlite.rows()
    for damage in (on_sqlite.file.unlink, lambda: on_sqlite.file.write_bytes(b"\0" * 9999)):
        damage()
        on_sqlite.file.with_name("school.sqlite3-wal").write_bytes(b"of the old one")
        on_sqlite.run("restore", path)
        assert on_sqlite.rows() == rows
        assert on_sqlite.query("PRAGMA integrity_check") == [("ok",)]


# --- What is refused, and leaves nothing behind -----------------------------------


def test_what_is_no_backup_changes_nothing(installation):
    path, rows = installation.backup(), installation.rows()
    whole = path.read_bytes()
    wrong = {
        "no backup of helpdesk": b"PGDMP" + whole,
        "does not open": whole[:100],
        "cut short": whole[:-1],
        "damaged": whole[:-20000] + b"!" + whole[-19999:],
    }
    before = set(installation.folder.iterdir())
    for told, data in wrong.items():
        path.write_bytes(data)
        assert told in installation.refuses("restore", path)
    path.write_bytes(whole)
    refused = installation.refuses("restore", path, stdin="another passphrase\n")
    assert "another passphrase" in refused
    assert "There is no file" in installation.refuses("restore", installation.folder / "missing")
    assert installation.rows() == rows
    new = {each.name for each in set(installation.folder.iterdir()) - before}
    assert new <= {"school.jobs.sqlite3"}


def test_a_full_disk_is_one_sentence_and_leaves_no_part(installation):
    folder = installation.folder / "backups"
    folder.mkdir()
    kept = installation.backup(folder / "helpdesk-20260101T000000Z.backup")
    most = kept.stat().st_size // 2

    def nearly_full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    installation.refuses("backup", "--to", folder, "--keep", "1", preexec_fn=nearly_full)
    assert list(folder.iterdir()) == [kept]
    beside = {each.name for each in installation.folder.iterdir()}
    assert not [name for name in beside if name.startswith(".copy")]


def test_no_database_is_no_backup(on_sqlite, on_postgres, postgres_server):
    on_sqlite.file.unlink()
    on_postgres.environment["DATABASE_URL"] = new_database(postgres_server)
    assert "There is no database" in on_sqlite.refuses("backup", "--to", on_sqlite.folder)
    assert "no helpdesk in it" in on_postgres.refuses("backup", "--to", on_sqlite.folder)
    assert not list(on_sqlite.folder.glob("*helpdesk-*"))


def test_where_it_goes(on_sqlite):
    folder = on_sqlite.folder / "backups"
    assert "There is no folder" in on_sqlite.refuses("backup", "--to", folder / "one.backup")
    folder.mkdir()
    other = folder / "other.backup"
    for day in (1, 2, 3):
        (folder / f"helpdesk-2026010{day}T000000Z.backup").touch()
    other.touch()
    assert "exists already" in on_sqlite.refuses("backup", "--to", other)
    assert "existing folder" in on_sqlite.refuses("backup", "--to", folder / "x", "--keep", "2")
    on_sqlite.run("backup", "--to", folder, "--keep", "2")
    newest = max(folder.glob("helpdesk-*"))
    assert newest.stat().st_size > 10_000
    if os.name == "posix":
        assert stat.S_IMODE(newest.stat().st_mode) == 0o600
    assert sorted(each.name for each in folder.iterdir()) == [
        "helpdesk-20260103T000000Z.backup", newest.name, "other.backup",
    ]  # fmt: skip


def test_the_password_is_on_no_command_line(on_postgres, postgres_server, tmp_path):
    """Other users of the machine read command lines; they do not read environments."""
    seen = tmp_path / "seen"
    for name in ("pg_dump", "pg_restore", "psql"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        real = shutil.which(name, path=on_postgres.environment["PATH"])
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {seen}\nexec {real} "$@"\n')
        path.chmod(0o755)
    secret = "hunter2-hunter2"
    url = on_postgres.url.replace("postgres@", f"postgres:{secret}@")
    changed = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "DATABASE_URL": url}
    on_postgres.run("backup", "--to", tmp_path / "a.backup", environment=changed)
    on_postgres.run("restore", tmp_path / "a.backup", environment=changed)
    told = seen.read_text()
    for name in ("pg_dump", "pg_restore", "psql"):
        assert f"{name} --" in told
    assert secret not in told
    assert PASSPHRASE not in told
    assert secret not in on_postgres.said


def test_programs_that_are_missing_or_too_old_are_named(on_postgres, tmp_path):
    old = tmp_path / "bin" / "pg_dump"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    said = on_postgres.refuses("backup", "--to", tmp_path, environment={"PATH": str(old.parent)})
    assert "install postgresql-client-18" in said


# --- The passphrase -------------------------------------------------------------


def test_where_the_passphrase_comes_from(on_sqlite, tmp_path):
    to = ("backup", "--to", tmp_path / "a.backup")
    assert "at least 12" in on_sqlite.refuses(*to, stdin="short\n")
    assert "passphrase is needed" in on_sqlite.refuses(*to, stdin="")
    file = tmp_path / "passphrase"
    named = {"HELPDESK_BACKUP_PASSPHRASE_FILE": str(file)}
    assert "cannot read" in on_sqlite.refuses(*to, environment=named)
    file.write_text(f"{PASSPHRASE}\n")
    on_sqlite.run(*to, stdin="", environment=named)
    on_sqlite.run("restore", tmp_path / "a.backup")  # typed this time


def test_a_new_one_is_typed_twice(monkeypatch):
    typed = iter([PASSPHRASE, "correct horse battery stable", PASSPHRASE, PASSPHRASE, "x"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    with pytest.raises(Refusal, match="differ"):
        passphrase.ask(new=True)
    assert passphrase.ask(new=True) == PASSPHRASE
    assert passphrase.ask(new=False) == "x"


# --- The sealed file --------------------------------------------------------------


def sealed_bytes(monkeypatch, data: bytes) -> bytes:
    monkeypatch.setattr(sealed, "COST", 4)
    monkeypatch.setattr(sealed, "PIECE", 32)
    file = io.BytesIO()
    sealing = sealed.Sealing(file, PASSPHRASE)
    for at in range(0, len(data), 7):
        sealing.write(data[at : at + 7])
    sealing.finish()
    return file.getvalue()


def opened(data: bytes) -> bytes:
    return b"".join(sealed.unsealed(io.BytesIO(data), PASSPHRASE))


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 64, 100])
def test_what_was_sealed_is_opened_and_every_change_is_noticed(monkeypatch, length):
    data = random.Random(length).randbytes(length)
    whole = sealed_bytes(monkeypatch, data)
    assert opened(whole) == data
    assert data not in whole or length < 4
    head = len(sealed.MAGIC)
    changed = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    changed += [whole[:at] for at in range(len(whole))] + [whole + b"x", whole + whole[-48:]]
    if length > 64:  # two pieces in each other's place
        body = head + 1 + sealed.SALT
        piece = [whole[body + 48 * n : body + 48 * (n + 1)] for n in range(4)]
        changed.append(whole[:body] + piece[1] + piece[0] + piece[2] + piece[3])
    for each in changed:
        with pytest.raises(Refusal):
            opened(each)


def test_a_strange_head_takes_no_memory(monkeypatch):
    whole = bytearray(sealed_bytes(monkeypatch, b"x"))
    whole[len(sealed.MAGIC)] = 60
    with pytest.raises(Refusal, match="beginning"):
        opened(bytes(whole))
