"""``./run install`` on a machine of its own, by root: what it makes is used as a school would."""

import json
import re
import shutil
import stat

import pytest

from tests.operate.conftest import FOLDER, INSTALL, LONG, MISSING, service, unit
from tests.operate.test_image import OPERATOR, own_machine
from tests.operate.visit import VISIT
from tests.servers import ROOT

pytestmark = [own_machine, pytest.mark.own_servers, pytest.mark.xdist_group("install")]


def rights(machine, path) -> tuple[str, str, str]:
    return tuple(machine.run("stat", "-c", "%A %U %G", path).split())


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


def test_several_workers_are_set_up_by_their_options(installed):
    """As docs/operate.md has it; the server itself then waits for its database."""
    page = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    words = re.search(r"sudo ./run install (--database .*?)\n```", page, re.DOTALL)[1]
    path = installed.inside("/etc/helpdesk.env")
    before = path.read_text()
    installed.run(*INSTALL, *words.replace("\\\n", " ").split(), cwd=FOLDER)
    assert set(path.read_text().splitlines()) - set(before.splitlines()) == {
        "DATABASE_URL=postgres://helpdesk:password@127.0.0.1:5432/helpdesk",
        "REDIS_URL=redis://127.0.0.1:6379/0",
        "HELPDESK_WORKERS=2",
        "HELPDESK_CLOCK=in-server",
    }
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
