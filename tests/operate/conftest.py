"""A machine on which root ran ``./run install``, for all tests of one group (xdist_group)."""

import re
from contextlib import contextmanager

import pytest

from tests.operate import image, scratch
from tests.servers import PATIENCE, ROOT, until

#: Seconds for a first start, which makes the database, beside ten other programs.
LONG = 15 * PATIENCE
FOLDER = "/srv/helpdesk"
INSTALL = ("./run", "install")
ANSWERS = ("--site-url", "https://help.example.org", "--mail", "none")
#: What an installation refuses on a new machine: the words and who says them → how it ends.
MISSING = {
    ((), "root"): "is needed: give it as --site-url.",
    (ANSWERS[:2], "root"): "is needed: give it as --mail.",
    (ANSWERS, "nobody"): "only root may: sudo ./run install",
    ((*ANSWERS, "--user", "root"), "root"): "a user other than root, not 'root'.",
}


@pytest.fixture(scope="session")
def machine():
    """With a clone of the project in its place, whose packages are installed."""
    with scratch.scratch() as made:
        image.clone(ROOT, made.inside(FOLDER))
        made.inside(f"{FOLDER}/.venv").symlink_to(scratch.VENV)
        yield made


@pytest.fixture(scope="session")
def before(machine):
    """What was said on the new machine, and what stood there afterwards."""
    dry = machine.run(*INSTALL, *ANSWERS, "--dry-run", cwd=FOLDER).splitlines()
    refused = {
        (words, user): machine.run(*INSTALL, *words, cwd=FOLDER, check=False, user=user)
        for words, user in MISSING
    }
    there = machine.run("ls", "-a", FOLDER, "/etc") + machine.run("cat", "/etc/passwd")
    return dry, refused, there


@pytest.fixture(scope="session")
def installed(machine, before):
    machine.run(*INSTALL, *ANSWERS, cwd=FOLDER)
    return machine


def unit(machine) -> dict[str, str]:
    lines = machine.inside("/etc/systemd/system/helpdesk.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))


@contextmanager
def service(machine):
    """What systemd does with the unit, as far as it can be done without it."""
    told = unit(machine)
    how = {"user": told["User"], "cwd": told["WorkingDirectory"], "umask": told["UMask"]}
    with machine.running(*told["ExecStart"].split(), **how) as started:
        until(lambda: "is ready" in started.said() or started.ended(), LONG)
        assert not started.ended(), started.said()
        yield started
