"""What a command makes is as private as what the server makes, whatever the shell's umask."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk import private
from tests.run_all import clean_environment
from tests.servers import KEY

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")


def open_to_others(folder) -> dict[str, str]:
    """Files and folders that anybody but their owner may use, and how."""
    rights = {each.name: each.stat().st_mode for each in folder.rglob("*")}
    return {name: stat.filemode(mode) for name, mode in rights.items() if mode & 0o077}


def manage(folder, *words):
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    database = {"DATABASE_URL": f"sqlite:///{folder}/school.sqlite3"}
    made = subprocess.run(
        command,
        cwd=folder,
        env={**clean_environment(), "SECRET_KEY": KEY, **database},
        umask=0o022,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return made


def test_what_a_command_makes_is_for_its_owner(tmp_path):
    manage(tmp_path, "migrate", "--verbosity", "0")
    manage(tmp_path, "dumpdata", "classrooms", "--output", "people.json")
    assert {"school.sqlite3", "people.json"} <= {each.name for each in tmp_path.iterdir()}
    assert open_to_others(tmp_path) == {}


def test_a_database_that_is_open_to_others_is_closed_to_them(tmp_path):
    database = tmp_path / "school.sqlite3"
    opened = sqlite3.connect(database)
    opened.execute("PRAGMA journal_mode=WAL")
    opened.execute("CREATE TABLE names (name)")
    (tmp_path / "school.jobs.sqlite3").touch()
    for each in tmp_path.iterdir():
        each.chmod(0o644)
    assert len(open_to_others(tmp_path)) == 4
    private.files_of_sqlite(database)
    opened.close()
    assert open_to_others(tmp_path) == {}


@pytest.mark.parametrize(
    ("command", "mask"),
    [((), 0o077), (("migrate",), 0o077), (("shell",), 0o077), (("collectstatic",), 0o022),
     (("migrate", "collectstatic"), 0o077)],
)  # fmt: skip
def test_static_files_are_for_everybody(command, mask):
    """They are made by whoever installs, and read by the server's own user."""
    before = os.umask(0o022)
    try:
        private.files_from_now_on(command)
        assert os.umask(0o022) == mask
    finally:
        os.umask(before)
