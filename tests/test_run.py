"""The starter, the server's start and the runner of the tests: what they promise a person."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from helpdesk import env, server
from tests import changed, run_all, services
from tests.conftest import share

ROOT = Path(__file__).resolve().parent.parent
posix_only = pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The script ``run`` as a module, for a project in an empty folder."""
    loader = SourceFileLoader("run_script", str(ROOT / "run"))
    module = module_from_spec(spec_from_loader("run_script", loader))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # or "runc" would lie beside it
    loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / ".stamp")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "python")
    monkeypatch.setattr(module, "version_of", lambda python: (3, 11))
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements.txt").write_text("django==5.2.19\n")
    (tmp_path / "requirements-dev.txt").write_text("django==5.2.19\npytest==9.2.0\n")
    return module


@pytest.fixture
def calls(run, monkeypatch):
    """The commands that ``run`` would have started."""
    made = []
    monkeypatch.setattr(run, "call", lambda what, *command: made.append([*map(str, command)]))
    monkeypatch.setattr(run, "installer", lambda: ["install"])
    return made


def started(*command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**run_all.clean_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# --- ./run: what is installed ------------------------------------------------


def test_an_old_python_can_read_the_starter():
    ast.parse((ROOT / "run").read_text(), feature_version=(3, 7))


def test_a_second_start_installs_nothing(run, calls):
    run.bootstrap("requirements.txt")
    assert len(calls) == 1
    run.bootstrap("requirements.txt")
    assert len(calls) == 1


def test_what_is_installed_must_match_its_hash_and_builds_nothing(run, calls):
    run.bootstrap("requirements.txt")
    assert calls == [
        ["install", "--require-hashes", "--only-binary", ":all:", "-r", "requirements.txt"]
    ]


def test_the_tests_installation_serves_the_product_too(run, calls):
    run.bootstrap("requirements-dev.txt")
    run.bootstrap("requirements.txt")
    assert len(calls) == 1


def test_the_products_installation_does_not_serve_the_tests(run, calls):
    run.bootstrap("requirements.txt")
    run.bootstrap("requirements-dev.txt")
    assert calls[-1][-1] == "requirements-dev.txt"


def test_a_changed_lock_is_installed(run, calls, tmp_path):
    run.bootstrap("requirements-dev.txt")
    (tmp_path / "requirements.txt").write_text("django==5.2.20\n")
    run.bootstrap("requirements.txt")
    assert len(calls) == 2


def test_an_installation_that_broke_off_is_done_again(run, calls, monkeypatch, tmp_path):
    run.bootstrap("requirements.txt")
    (tmp_path / "requirements.txt").write_text("django==5.2.20\n")
    monkeypatch.setattr(run, "call", lambda *_: sys.exit("no network"))
    with pytest.raises(SystemExit, match="no network"):
        run.bootstrap("requirements.txt")
    made = []
    monkeypatch.setattr(run, "call", lambda what, *_: made.append(what))
    run.bootstrap("requirements.txt")
    assert made == ["Making .venv", "Installing"]  # pip would call half a package satisfied


def test_packages_that_were_deleted_are_installed_again(run, calls, tmp_path):
    site = tmp_path / ".venv/lib/python3.11/site-packages"
    for name in ("django", "django-5.2.19.dist-info", "__pycache__"):
        (site / name).mkdir(parents=True)
    run.bootstrap("requirements.txt")
    (site / "__pycache__").rmdir()
    run.bootstrap("requirements.txt")
    assert len(calls) == 1
    (site / "django").rmdir()
    run.bootstrap("requirements.txt")
    assert calls[1][1:3] == ["-m", "venv"]


def test_whoever_may_not_install_is_told_who_does(run, calls, monkeypatch):
    monkeypatch.setattr(run.os, "access", lambda *_: False)
    with pytest.raises(SystemExit, match=r"root installs them: sudo \./run install$"):
        run.bootstrap("requirements.txt")
    assert calls == []


PIP_ALONE = """WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by \
'NewConnectionError('<HTTPSConnection object at 0x7f>: Failed to establish a new connection')'
ERROR: Could not find a version that satisfies the requirement django==5.2.19
ERROR: No matching distribution found for django==5.2.19
"""
UV_ALONE = """error: Failed to fetch: `https://example.org/simple/django/`
  Caused by: error sending request for url (https://example.org/simple/django/)
  Caused by: client error (Connect)
  Caused by: dns error: failed to lookup address information
"""


@posix_only
@pytest.mark.parametrize("said", [PIP_ALONE, UV_ALONE], ids=["pip", "uv"])
def test_without_a_network_one_sentence_is_said(run, tmp_path, said, capfd):
    program = tmp_path / "installer"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}END\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(SystemExit) as ended:
        run.call("Installing", program)
    assert str(ended.value) == (
        "Installing needs the network, and nobody answers: connect this computer, try again."
    )
    assert capfd.readouterr() == ("", "")


@posix_only
def test_another_reason_is_shown(run):
    with pytest.raises(SystemExit, match=r"^no room left\nInstalling did not work; the reason"):
        run.call("Installing", "/bin/sh", "-c", "echo no room left >&2; exit 1")


@pytest.mark.parametrize("now", [None, (3, 10), (3, 12)], ids=["gone", "too old", "another one"])
def test_another_python_than_the_stamped_one_makes_a_new_venv(run, calls, monkeypatch, now):
    run.bootstrap("requirements.txt")
    found = [now, (3, 12)]
    monkeypatch.setattr(run, "version_of", lambda python: found.pop(0))
    run.bootstrap("requirements.txt")
    making, installing = calls[1:]
    assert making[1:5] == ["-m", "venv", "--clear", "--without-pip"]
    assert installing[0] == "install"
    assert "python 3.12" in run.read(".venv/.stamp")


def test_uv_installs_where_there_is_one(run, monkeypatch):
    monkeypatch.setattr(run.shutil, "which", lambda name: f"/bin/{name}")
    assert run.installer()[:3] == ["/bin/uv", "pip", "install"]


@pytest.mark.parametrize(
    ("what_works", "expected"),
    [
        (["-m pip"], "VENV -m pip install"),
        (["-m ensurepip"], "VENV -m pip install"),
        (["OTHER -m pip"], "OTHER -m pip --python VENV install"),
    ],
)
def test_without_uv_some_pip_installs(run, monkeypatch, what_works, expected):
    def works(*command):
        line = " ".join(map(str, command))
        return any(part in line for part in what_works)

    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    monkeypatch.setattr(run, "PYTHON", "VENV")
    monkeypatch.setattr(run, "this_python", lambda: "OTHER")
    monkeypatch.setattr(run, "works", works)
    assert " ".join(map(str, run.installer())).startswith(expected)


def test_a_python_that_cannot_install_says_what_helps(run, monkeypatch):
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    monkeypatch.setattr(run, "works", lambda *_: False)
    with pytest.raises(SystemExit, match="sudo apt install python3-venv"):
        run.installer()


@posix_only
def test_an_old_python_finds_a_newer_one_and_passes_over_one_that_does_not_start(
    run, monkeypatch, tmp_path
):
    programs = {
        "python3.13": "exit 127",
        "python3.12": "echo Python 3.12.1",
        "python3": "echo Python 3.9.2",
    }
    for name, line in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run.newer_python() == str(tmp_path / "python3.12")


def test_a_database_beside_the_starter_is_where_its_address_says(run):
    path = Path("/srv/10% of #1? a+b/var/demo.sqlite3")
    assert env.sqlite_path("DATABASE_URL", run.sqlite_url(path)) == str(path)


@pytest.mark.parametrize(
    "words", [["frobnicate"], ["demo", "--dead"], ["lan", "x"], ["--living"], ["serve", "2"]]
)
def test_an_unknown_command_is_answered_with_the_known_ones(words):
    done = started("run", *words)
    assert done.returncode == 2
    assert done.stderr == (
        f"./run {' '.join(words)} is not known; "
        "known are serve, demo, lan, install, test, lint, audit, manage, bench, lock, backup,"
        " restore, move, doctor and --help.\n"
    )


# --- helpdesk.server: refusals in one sentence -------------------------------


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_what_an_operator_types_goes_to_the_products_own_program(run, calls, monkeypatch):
    became = []
    monkeypatch.setattr(run, "become", lambda *command: became.append(list(map(str, command))))
    monkeypatch.chdir(ROOT)
    run.main(["backup", "--to", "x"])
    assert became[0][1:] == ["-m", "helpdesk.operate", "backup", "--to", "x"]


def test_a_taken_port_is_told_in_one_sentence_that_names_another(taken_port):
    done = started("-m", "helpdesk.server", PORT=str(taken_port))
    assert done.returncode == 1
    sentence, _, other = done.stderr.partition(" take another one: ")
    assert sentence == f"Port {taken_port} is taken (is helpdesk running already?);"
    assert other.startswith("PORT=")
    assert other.endswith(" ./run\n")


def test_the_hint_keeps_the_command(taken_port, monkeypatch):
    monkeypatch.setenv("HELPDESK_MODE", "demo")
    with pytest.raises(SystemExit, match=r"PORT=\d+ \./run demo$"):
        server.bind("127.0.0.1", taken_port)


def test_a_host_that_is_not_ours_is_refused():
    with pytest.raises(SystemExit, match="HOST must be an address of this computer"):
        server.bind("192.0.2.7", 8000)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT must be a number from 1 to 65535, not 'eighty'."),
        (
            {"HELPDESK_MODE": "holiday"},
            "HELPDESK_MODE must be one of local, demo, lan, production, not 'holiday'.",
        ),
        (
            {"DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"},
            "The folder of the database is not there: make /nowhere/at, or change DATABASE_URL.",
        ),
    ],
)
def test_a_refused_setting_is_told_in_one_sentence(setting, sentence):
    done = started("-m", "helpdesk.server", **{"PORT": str(services._free_port()), **setting})
    assert (done.returncode, done.stderr, done.stdout) == (1, sentence + "\n", "")


# --- ./run lan ---------------------------------------------------------------


@pytest.fixture
def lan(monkeypatch):
    """A start on the school network; ``lan(address)`` says which address the computer has there."""
    for name in ("HOST", "HELPDESK_SITE_URL"):
        monkeypatch.setenv(name, "")  # so that what is set in the test is undone
    return lambda address: monkeypatch.setattr(server, "lan_address", lambda: address)


def test_people_join_at_the_address_on_the_network(lan):
    lan("192.0.2.20")
    server.assume_lan(8000)
    assert os.environ["HOST"] == "0.0.0.0"
    assert os.environ["HELPDESK_SITE_URL"] == "http://192.0.2.20:8000"


def test_the_address_is_written_as_browsers_write_it(lan):
    lan("192.0.2.20")
    server.assume_lan(80)
    assert os.environ["HELPDESK_SITE_URL"] == "http://192.0.2.20"


def test_a_given_address_wins(lan, monkeypatch):
    lan("192.0.2.20")
    monkeypatch.setenv("HELPDESK_SITE_URL", "http://class.example.org")
    server.assume_lan(8000)
    assert os.environ["HELPDESK_SITE_URL"] == "http://class.example.org"


def test_without_a_network_one_sentence_says_what_to_do(lan):
    lan(None)
    with pytest.raises(ImproperlyConfigured, match="connect it to the school network"):
        server.assume_lan(8000)


@pytest.mark.parametrize(
    ("named", "address"),
    [(["127.0.1.1"], None), (["127.0.1.1", "192.0.2.20"], "192.0.2.20"), ([], None)],
)
def test_a_network_without_a_way_out_leaves_the_computers_name(monkeypatch, named, address):
    def no_route(*_):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(server.socket, "socket", no_route)
    monkeypatch.setattr(server, "named_addresses", lambda: named)
    assert server.lan_address() == address


def test_the_banner_on_a_network_shows_the_address_a_code_and_the_risk(settings, capsys):
    settings.MODE, settings.LAN, settings.SITE_URL = "lan", True, "http://192.0.2.20:8000"
    server.announce()
    shown = capsys.readouterr().out
    assert shown.startswith("helpdesk is ready: http://192.0.2.20:8000  ")
    assert "█▄▄▄█" in shown
    assert "people on the same network could read or change what is sent" in shown


def test_the_made_up_class_ends_with_the_server(monkeypatch):
    children = []

    class Child:
        def __init__(self, command, **_):
            self.command, self.heard = command, []
            children.append(self)

        def terminate(self):
            self.heard.append("terminate")

        def wait(self):
            self.heard.append("wait")

    monkeypatch.setattr(server.subprocess, "Popen", Child)
    with server.living_class("http://127.0.0.1:8000", wanted=True) as begin:
        begin()
    (child,) = children
    assert child.command[1:] == ["-m", "demo.living", "--url", "http://127.0.0.1:8000"]
    assert child.heard == ["terminate", "wait"]


# --- ./run test --------------------------------------------------------------


@pytest.fixture
def legs(monkeypatch):
    """``legs(sqlite=1)`` lets a leg end with that code; yields what each was given."""
    given = {}
    monkeypatch.setattr(run_all.signal, "signal", lambda *_: None)
    monkeypatch.setattr(run_all.services, "chromium", lambda: "/bin/chromium")
    monkeypatch.delenv("CI", raising=False)

    def end_with(**codes):
        def run_leg(self, leg):
            given[leg.name] = self.args
            return run_all.Verdict(leg, codes.get(leg.name.replace("-", "_"), 0), "1 s")

        monkeypatch.setattr(run_all.Run, "leg", run_leg)
        return given

    return end_with


def last_line(capsys) -> str:
    return capsys.readouterr().out.splitlines()[-1]


def test_every_leg_gets_the_arguments(legs, capsys):
    given = legs()
    assert run_all.main(["-k", "queue"]) == 0
    assert set(given) == {"sqlite", "postgres", "faults", "browser", "browser-postgres"}
    assert all(args == ["-k", "queue"] for args in given.values())
    assert last_line(capsys) == "tests: passed"


def test_some_legs_can_be_chosen(legs):
    given = legs()
    assert run_all.main(["--leg", "postgres", "--leg", "browser", "-x"]) == 0
    assert given == {"postgres": ["-x"], "browser": ["-x"]}


def test_faults_can_be_had_alone_and_many_times(legs, monkeypatch):
    given = legs()
    monkeypatch.setenv("FAULT_ROUNDS", "1")
    monkeypatch.delenv("FAULT_ROUNDS")
    assert run_all.main(["--faults", "--long"]) == 0
    assert list(given) == ["faults"]
    assert int(os.environ["FAULT_ROUNDS"]) > 1


def test_one_failed_leg_fails_the_whole_and_is_named(legs, capsys):
    given = legs(postgres=1)
    assert run_all.main([]) == 1
    assert len(given) == 5
    assert last_line(capsys) == "tests: failed: postgres + redis"


def test_a_leg_without_tests_fails_unless_arguments_chose(legs):
    legs(browser=5)
    assert run_all.main([]) == 1
    assert run_all.main(["-k", "queue"]) == 0


def test_arguments_that_match_nothing_at_all_fail(legs, capsys):
    legs(sqlite=5, postgres=5, faults=5, browser=5, browser_postgres=5)
    assert run_all.main(["-k", "no-such-word"]) == 1
    assert "no leg found a test" in last_line(capsys)


def test_without_a_browser_the_last_line_says_what_was_skipped(legs, monkeypatch, capsys):
    given = legs()
    monkeypatch.setattr(run_all.services, "chromium", lambda: None)
    assert run_all.main([]) == 0
    assert set(given) == {"sqlite", "postgres", "faults"}
    assert "SKIPPED" in last_line(capsys)


def test_in_ci_a_missing_browser_fails(legs, monkeypatch, capsys):
    legs()
    monkeypatch.setattr(run_all.services, "chromium", lambda: None)
    monkeypatch.setenv("CI", "true")
    assert run_all.main([]) == 1
    assert "CI must run them" in last_line(capsys)


def test_the_developers_own_settings_do_not_reach_the_tests(monkeypatch, tmp_path):
    monkeypatch.setattr(run_all, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("# mine\nexport REDIS_URL=redis://mine\nEDITOR=vi\n")
    monkeypatch.setenv("DATABASE_URL", "postgres://mine")
    monkeypatch.setenv("HELPDESK_MODE", "demo")
    monkeypatch.setenv("SECRET_KEY", "mine")
    clean = run_all.clean_environment()
    assert "DATABASE_URL" not in clean
    assert "HELPDESK_MODE" not in clean
    assert clean["REDIS_URL"] == ""  # empty, for the file is read later and must not win
    assert clean["SECRET_KEY"] not in ("", "mine")
    assert clean["PATH"] == os.environ["PATH"]


@pytest.fixture
def leg_of(monkeypatch):
    """``leg_of(name, code)``: a leg that runs this code in place of pytest."""
    monkeypatch.setattr(run_all.services, "chromium", lambda: "/bin/chromium")
    start = run_all.Run.pytest

    def run_code(self, leg, command, environment):
        return start(self, leg, [sys.executable, "-c", leg.marked], environment)

    monkeypatch.setattr(run_all.Run, "pytest", run_code)
    return lambda name, code, **how: run_all.Leg(name, name, False, code, **how)


def test_legs_of_different_lanes_run_side_by_side(leg_of, tmp_path, capsys):
    """Each waits for the other one, so one after the other would never end."""
    wait = (
        "import pathlib, time; own, other = (pathlib.Path({!r}, n) for n in {!r}); own.touch()\n"
        "while not other.exists(): time.sleep(0.01)\n"
        "print('all of', own.name)"
    )
    plain = leg_of("plain", wait.format(str(tmp_path), ["a", "b"]))
    browser = leg_of("with", wait.format(str(tmp_path), ["b", "a"]), lane="other")
    verdicts = run_all.Run([plain, browser], []).all()
    assert [each.code for each in verdicts] == [0, 0]
    said = capsys.readouterr().out
    assert "           plain | all of a\n" in said
    assert "            with | all of b\n" in said
    assert re.search(r"\d+ s, \d+ s of a processor", verdicts[0].line(with_args=False))


@pytest.mark.parametrize(
    ("marks", "legs"),
    [
        (set(), 2),
        ({"browser"}, 2),
        ({"one_leg"}, 1),
        ({"postgres_leg"}, 1),
        ({"own_servers"}, 1),
        ({"browser", "one_leg"}, 1),
        ({"browser", "own_servers"}, 1),
        ({"own_servers", "faults"}, 1),
    ],
)
def test_what_is_alike_on_every_database_runs_once_and_the_rest_on_both(marks, legs):
    known = ("browser", "one_leg", "postgres_leg", "own_servers", "faults")
    names = {name: name in marks for name in known}
    assert sum(bool(eval(leg.marked, {}, names)) for leg in run_all.LEGS) == legs


class Case:
    """As much of pytest's item as ``share`` needs."""

    def __init__(self, number: int) -> None:
        self.nodeid, self.marks = f"t.py::test_it[{number}]", []

    def get_closest_marker(self, name):
        return name == "shared"

    def add_marker(self, mark):
        self.marks.append(mark.name)


def test_the_first_of_shared_cases_runs_on_both_databases_and_each_other_on_one():
    cases = [Case(number) for number in (3, 0, 2, 1, 4)]  # as one leg has shuffled them
    share(cases)
    marked = {case.nodeid[-2]: case.marks for case in cases}
    assert marked == {
        "0": [], "1": ["one_leg"], "2": ["postgres_leg"], "3": ["one_leg"], "4": ["postgres_leg"],
    }  # fmt: skip


def test_a_run_that_is_stopped_starts_nothing_more(leg_of):
    run = run_all.Run([leg_of("one", "pass"), leg_of("two", "pass")], [])
    run.stop()
    assert [each.code for each in run.all()] == [130, 130]


# --- ./run test --changed ----------------------------------------------------

TESTS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py"))


@pytest.mark.parametrize(
    ("path", "test", "how"),
    [
        ("tests/test_words.py", "tests/test_words.py", changed.ITSELF),
        ("requests_app/order.py", "tests/requests_app/test_order.py", changed.NEXT_TO_IT),
        ("requests_app/order.py", "tests/requests_app/test_views.py", changed.SAME_APP),
        ("accounts/guesses.py", "tests/accounts/test_guesses.py", changed.NEXT_TO_IT),
        ("run", "tests/test_run.py", changed.NEXT_TO_IT),
        ("deploy/Dockerfile.dockerignore", "tests/operate/test_image.py", changed.NEXT_TO_IT),
        ("templates/checkins/_new.html", "tests/checkins/test_class.py", changed.SAME_APP),
        ("tests/live/conftest.py", "tests/live/test_rights.py", changed.NEXT_TO_IT),
        ("requests_app/order.py", "tests/accounts/test_guesses.py", None),
    ],
)
def test_what_stands_near_to_a_change(path, test, how):
    assert changed.rank([path], TESTS).get(test) == how


@pytest.fixture
def near(monkeypatch):
    monkeypatch.setattr(changed, "changed_files", lambda: ["anything"])

    def of(ranks, times):
        monkeypatch.setattr(changed, "rank", lambda *_: ranks)
        monkeypatch.setattr(changed, "_times", lambda: times)
        return changed.chosen()

    return of


def test_the_nearest_are_run_while_there_is_time_and_the_rest_is_named(near, capsys):
    ranks = {"tests/far.py": 3, "tests/next.py": 1, "tests/long.py": 1, "tests/own.py": 0}
    times = {"tests/far.py": 30, "tests/next.py": 40, "tests/long.py": 80, "tests/own.py": 20}
    assert near(ranks, times) == (["sqlite"], ["tests/own.py", "tests/next.py", "tests/far.py"])
    assert capsys.readouterr().out == "Near, and left out: tests/long.py\n"


def test_what_starts_browsers_is_run_only_if_it_changed_itself(near, capsys):
    ranks = {"tests/browser/test_a.py": 0, "tests/browser/test_b.py": 1}
    assert near(ranks, {}) == (["browser"], ["tests/browser/test_a.py"])
    assert "tests/browser/test_b.py" in capsys.readouterr().out


def test_nothing_near_is_said(monkeypatch, capsys):
    monkeypatch.setattr(changed, "changed_files", lambda: ["LICENSE"])
    assert run_all.main(["--changed"]) == 0
    assert last_line(capsys) == (
        "tests: nothing has changed that a test stands near to; ./run test has all."
    )


# --- Services ----------------------------------------------------------------


def test_a_browser_that_cannot_be_had_is_told_loudly(monkeypatch, capsys):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(services.shutil, "which", lambda name: None)
    monkeypatch.setattr(services, "_install_chromium", lambda: None)
    assert services.chromium() is None
    assert "NO CHROMIUM" in capsys.readouterr().out


def test_a_named_browser_must_exist(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(services.ServiceError, match="/nowhere/chromium"):
        services.chromium()


def test_a_service_that_dies_is_reported_with_its_own_words(tmp_path):
    log = tmp_path / "log"
    command = [sys.executable, "-c", "import sys; sys.exit('no room')"]
    with (
        pytest.raises(services.ServiceError, match="no room"),
        services._process(command, log, services.signal.SIGTERM) as process,
    ):
        services._wait(lambda: False, process, log)


# --- ./run audit -------------------------------------------------------------


def test_an_audit_that_could_ask_nobody_says_so(run):
    """pip-audit itself ends with 0 and "No known vulnerabilities found" then."""
    skipped = {"name": "django", "skip_reason": "Dependency not found"}
    fine = {"name": "redis", "version": "7.4.1", "vulns": []}
    assert run.read_audit(json.dumps({"dependencies": [skipped, fine]})) == ([], "1 of 2 packages")
    for told in ("", "a traceback", "{}", json.dumps({"dependencies": []})):
        assert run.read_audit(told)[0] == []
        assert run.read_audit(told)[1]


def test_an_audit_tells_each_known_hole(run):
    hole = {"id": "PYSEC-1", "fix_versions": ["5.2.20"]}
    listed = [{"name": "django", "version": "5.2.19", "vulns": [hole]}]
    told = run.read_audit(json.dumps({"dependencies": listed}))
    assert told == (["django 5.2.19: PYSEC-1, mended in 5.2.20"], "")
