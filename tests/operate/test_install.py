"""``./run install`` on a machine of its own, by root: what it makes is used as a school would."""

import json
import re
import shutil
import stat
from contextlib import contextmanager

import pytest

from tests.operate import image, scratch
from tests.operate.test_image import LONG, OPERATOR, own_machine
from tests.operate.visit import VISIT
from tests.servers import ROOT, until

FOLDER = "/srv/helpdesk"
INSTALL = ("./run", "install")
ANSWERS = ("--site-url", "https://help.example.org", "--mail", "none")
pytestmark = [own_machine, pytest.mark.own_servers, pytest.mark.xdist_group("install")]


#: What an installation refuses on a new machine: the words and who says them → how it ends.
MISSING = {
    ((), "root"): "is needed: give it as --site-url.",
    (ANSWERS[:2], "root"): "is needed: give it as --mail.",
    (ANSWERS, "nobody"): "only root may: sudo ./run install",
    ((*ANSWERS, "--user", "root"), "root"): "a user other than root, not 'root'.",
}


@pytest.fixture(scope="module")
def machine():
    """With a clone of the project in its place, whose packages are installed."""
    with scratch.scratch() as made:
        for name in image.taken(ROOT, [".*", "var", "collected", "tests", "bench", "**/*.pyc"]):
            copy = made.inside(f"{FOLDER}/{name}")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy)
        made.inside(f"{FOLDER}/.venv").symlink_to(scratch.VENV)
        yield made


@pytest.fixture(scope="module")
def before(machine):
    """What was said on the new machine, and what stood there afterwards."""
    dry = machine.run(*INSTALL, *ANSWERS, "--dry-run", cwd=FOLDER).splitlines()
    refused = {
        (words, user): machine.run(*INSTALL, *words, cwd=FOLDER, check=False, user=user)
        for words, user in MISSING
    }
    there = machine.run("ls", "-a", FOLDER, "/etc") + machine.run("cat", "/etc/passwd")
    return dry, refused, there


@pytest.fixture(scope="module")
def installed(machine, before):
    machine.run(*INSTALL, *ANSWERS, cwd=FOLDER)
    return machine


def rights(machine, path) -> tuple[str, str, str]:
    return tuple(machine.run("stat", "-c", "%A %U %G", path).split())


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


def manage(machine, *words, user="helpdesk", **how):
    return machine.run("./run", "manage", *words, user=user, cwd=FOLDER, **how)


# --- Before anything is made -------------------------------------------------


def test_a_look_at_what_would_be_done_changes_nothing(before):
    dry, _, there = before
    assert "would make the user helpdesk" in dry
    assert "would write /etc/helpdesk.env" in dry
    assert not {"var", "collected", ".env", "helpdesk.env"} & set(there.split())
    assert "helpdesk:x:" not in there


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_is_told_in_one_sentence(before, case):
    told = before[1][case]
    assert told.endswith(f"{MISSING[case]}\n")
    assert len(told.splitlines()) == 1


# --- What it makes -----------------------------------------------------------


def test_the_service_owns_its_data_and_nobody_else_reads_its_settings(installed):
    assert rights(installed, f"{FOLDER}/var") == ("drwx------", "helpdesk", "helpdesk")
    assert rights(installed, f"{FOLDER}/collected") == ("drwxr-xr-x", "helpdesk", "helpdesk")
    assert rights(installed, f"{FOLDER}/helpdesk") == ("drwxr-xr-x", "root", "root")
    assert rights(installed, "/etc/helpdesk.env") == ("-rw-r-----", "root", "helpdesk")


def test_what_is_installed_starts_is_used_and_ends(installed):
    with service(installed) as server:
        manage(installed, "createsuperuser", "--noinput", env=OPERATOR)
        seen = json.loads(installed.run("python", "-c", VISIT, env=OPERATOR))
        assert seen["files"] > 3
        assert seen["missing"] == []
        assert seen["signed in"], "the command made its account in another database"
        server.signal("TERM")
        assert server.process.wait(LONG) == 0, server.said()
    others = installed.run("find", f"{FOLDER}/var", "!", "-user", "helpdesk")
    assert others == ""
    assert installed.run("find", f"{FOLDER}/var", "-perm", "/077", "-name", "*.sqlite3*") == ""


@pytest.mark.parametrize("program", ["manage migrate", "manage collectstatic --noinput", ""])
def test_root_is_refused_where_it_would_leave_its_own_files(installed, program):
    told = installed.run("./run", *program.split(), cwd=FOLDER, check=False)
    assert told.startswith(f"The data in {FOLDER}/var belongs to the user helpdesk")
    assert told.endswith(f"helpdesk -- ./run {program}".strip() + "\n") or told.endswith(
        f"sudo -u helpdesk ./run {program}".strip() + "\n"
    )


def test_a_user_who_may_not_write_there_is_told_who_may(installed):
    installed.run("useradd", "--user-group", "bob")
    told = manage(installed, "migrate", user="bob", check=False)
    assert "belongs to the user helpdesk" in told
    assert len(told.splitlines()) == 1


def test_settings_that_cannot_be_read_are_not_taken_for_none(installed):
    """Its own database was made with the defaults, and nobody noticed."""
    installed.run("chmod", "600", "/etc/helpdesk.env")
    told = manage(installed, "check", check=False)
    assert told.startswith("The settings in /etc/helpdesk.env cannot be read")
    assert len(told.splitlines()) == 1
    installed.run(*INSTALL, cwd=FOLDER)
    assert "no issues" in manage(installed, "check")


def test_once_more_changes_nothing_but_mends_rights(installed):
    before = installed.inside("/etc/helpdesk.env").read_text()
    for name in ("var/huey.sqlite3", "var/made/x.css"):
        installed.run("install", "-D", "-m", "600", "/dev/null", f"{FOLDER}/{name}")
    told = installed.run(*INSTALL, cwd=FOLDER)
    assert f"give {FOLDER}/var to helpdesk" in told
    assert installed.run("find", f"{FOLDER}/var", "-user", "root") == ""
    assert installed.inside("/etc/helpdesk.env").read_text() == before
    told = installed.run(*INSTALL, cwd=FOLDER)
    assert [line.split(" ")[0] for line in told.splitlines()] == ["collect", "systemd"]


def test_one_setting_is_changed_and_the_others_stay(installed):
    path = installed.inside("/etc/helpdesk.env")
    before = path.read_text()
    path.write_text(before + "# ours\nHELPDESK_TIME_ZONE=Europe/Berlin\n")
    installed.run(*INSTALL, "--site-url", "https://other.example.org", cwd=FOLDER)
    lines = path.read_text().splitlines()
    assert lines[-2:] == ["# ours", "HELPDESK_TIME_ZONE=Europe/Berlin"]
    assert set(before.splitlines()) - set(lines) == {"HELPDESK_SITE_URL=https://help.example.org"}
    path.write_text(before)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--site-url", "help.example.org"), "HELPDESK_SITE_URL must be the full address"),
        (("--site-url", "http://help.example.org"), "must start with https:// in production"),
        (("--workers", "2"), "HELPDESK_WORKERS=2 needs DATABASE_URL to name a PostgreSQL"),
        (("--workers", "many"), "HELPDESK_WORKERS must be a number from 1 to 64, not 'many'"),
        (("--database", "mysql://x/y"), "DATABASE_URL must start with"),
        (("--mail", "pigeon://x"), "EMAIL_URL must look like"),
    ],
)
def test_a_setting_that_would_not_start_is_refused_and_not_written(installed, words, sentence):
    before = installed.inside("/etc/helpdesk.env").read_text()
    told = installed.run(*INSTALL, *words, cwd=FOLDER, check=False)
    assert sentence in told
    assert "Traceback" not in told
    assert installed.inside("/etc/helpdesk.env").read_text() == before


# --- The unit ----------------------------------------------------------------


def test_systemd_understands_the_unit_and_finds_it_safe(installed):
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("there is no systemd-analyze here to ask")
    path = "/etc/systemd/system/helpdesk.service"
    told = installed.run(program, "verify", "--man=no", path, check=False)
    assert [line for line in told.splitlines() if "helpdesk" in line] == []
    told = installed.run(program, "security", "--offline=true", "--threshold=20", path)
    assert float(re.search(r"level for .*: ([\d.]+)", told)[1]) <= 2.0, told


def test_the_unit_lets_a_school_connect_and_is_never_given_up(installed):
    told = unit(installed)
    assert int(told["LimitNOFILE"]) >= 2 * 10_000
    assert told["StartLimitIntervalSec"] == "0"
    assert told["Restart"] == "always"
    mode = installed.inside("/etc/systemd/system/helpdesk.service").stat().st_mode
    assert stat.S_IMODE(mode) == 0o644
