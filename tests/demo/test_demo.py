"""The made-up school, as a newcomer finds it: a real server in demo mode, and its class at work.

The demo is installed in demo mode alone, so all of it runs in processes of its own.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from demo.browser import Browser
from demo.clock import settable_clock
from demo.living import enter
from demo.management.commands import seed_demo
from demo.school import school_days_before
from tests import run_all
from tests.servers import migrated

#: One process makes the school, and has all of these.
pytestmark = pytest.mark.xdist_group("demo")

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds for the slowest machine; nothing here takes half of it.
PATIENCE = 300


class Demo:
    """A database of its own, and the commands that work on it."""

    def __init__(self, folder: Path, database: Path | None = None) -> None:
        self.file = folder / "demo.sqlite3"
        if database:
            shutil.copy(database, self.file)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.site = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **run_all.clean_environment(),
            "HELPDESK_MODE": "demo",
            "DATABASE_URL": f"sqlite:///{self.file}",
            "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
            "SECRET_KEY": "demo-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
            "PORT": str(self.port),
        }

    def copy(self, folder: Path) -> "Demo":
        """Another demo with the same school: what happens there changes nothing here."""
        other = Demo(folder)
        with (
            closing(sqlite3.connect(self.file)) as source,
            closing(sqlite3.connect(other.file)) as target,
        ):
            source.backup(target)
        return other

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT, env=self.environment, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, query: str, *values: object) -> list[tuple]:
        with closing(sqlite3.connect(self.file, timeout=5, isolation_level=None)) as connection:
            return connection.execute(query, values).fetchall()

    def count(self, table: str) -> int:
        return self.ask(f"SELECT count(*) FROM {table}")[0][0]

    @contextmanager
    def served(self, log: Path):
        with log.open("w") as file:
            server = subprocess.Popen(
                [sys.executable, "-m", "helpdesk.server", "--seed-demo"],
                cwd=ROOT, env=self.environment, stdout=file, stderr=file,
            )  # fmt: skip
        try:
            until = time.monotonic() + PATIENCE
            while "helpdesk is ready" not in log.read_text():
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Seeded once, and left as it is by every test."""
    demo = Demo(tmp_path_factory.mktemp("demo"), migrated())
    assert demo.run("manage.py", "seed_demo") == "A made-up school is ready.\n"
    return demo


@pytest.fixture(scope="module")
def visited(demo, tmp_path_factory):
    """A copy that is served; visitors come and go."""
    folder = tmp_path_factory.mktemp("visited")
    copy = demo.copy(folder)
    with copy.served(folder / "server.log"):
        yield copy


@pytest.fixture
def site(visited):
    return visited.site


TABLES = (
    "accounts_user",
    "classrooms_membership",
    "classrooms_device",
    "classrooms_lesson",
    "classrooms_attendance",
    "requests_app_helprequest",
    "requests_app_event",
)


# --- The school --------------------------------------------------------------


def test_seeding_twice_changes_nothing(demo):
    before = [demo.count(table) for table in TABLES]
    assert demo.run("manage.py", "seed_demo") == "The made-up school is here.\n"
    assert [demo.count(table) for table in TABLES] == before


def test_three_classes_with_a_week_behind_them(demo):
    rows = demo.ask(
        "SELECT c.name, (SELECT count(*) FROM classrooms_membership m"
        "  WHERE m.classroom_id = c.id AND m.role = 'student' AND m.joined_at IS NOT NULL),"
        " (SELECT count(*) FROM classrooms_task t WHERE t.classroom_id = c.id),"
        " (SELECT count(*) FROM classrooms_lesson l"
        "  WHERE l.classroom_id = c.id AND l.closed_at IS NOT NULL)"
        " FROM classrooms_classroom c ORDER BY c.id"
    )
    assert rows == [
        ("Year 9 Computing", 24, 6, 5),
        ("Year 7 Maths", 26, 5, 5),
        ("Year 12 Physics", 12, 4, 5),
    ]


def test_each_past_lesson_is_like_a_lesson(demo):
    lessons = demo.ask(
        "SELECT count(*), sum(r.status = 'expired'), sum(r.help_started_at IS NOT NULL)"
        " FROM requests_app_helprequest r JOIN classrooms_lesson l ON l.id = r.lesson_id"
        " WHERE l.closed_at IS NOT NULL GROUP BY l.id"
    )
    assert len(lessons) == 15
    assert all(6 <= asked <= 14 and missed <= 3 for asked, missed, _helped in lessons)
    assert all(helped >= 2 for _asked, _missed, helped in lessons)
    assert {"resolved", "withdrawn", "expired"} <= {
        status for (status,) in demo.ask("SELECT DISTINCT status FROM requests_app_helprequest")
    }


def test_waits_and_visits_are_plausible(demo):
    minutes = demo.ask(
        "SELECT (julianday(help_started_at) - julianday(raised_at)) * 1440,"
        " (julianday(ended_at) - julianday(help_started_at)) * 1440"
        " FROM requests_app_helprequest WHERE outcome = 'helped'"
    )
    assert len(minutes) > 50
    assert all(1.9 < wait < 9.1 and 0 < visit < 6.1 for wait, visit in minutes)


def test_events_tell_the_times_that_the_rows_have(demo):
    apart = demo.ask(
        "SELECT count(*) FROM requests_app_event e"
        " JOIN requests_app_helprequest r ON r.id = e.help_request_id"
        " WHERE (e.verb = 'raise_hand' AND e.happened_at != r.raised_at)"
        "    OR (e.verb IN ('resolve', 'solve', 'lower', 'expire')"
        "        AND abs(julianday(e.happened_at) - julianday(r.ended_at)) * 86400 > 1)"
    )
    assert apart == [(0,)]
    backwards = demo.ask(
        "SELECT count(*) FROM requests_app_event a JOIN requests_app_event b"
        " ON a.help_request_id = b.help_request_id AND a.id < b.id"
        " WHERE a.happened_at > b.happened_at"
    )
    assert backwards == [(0,)]


def test_nobody_there_has_a_password(demo):
    passwords = demo.ask("SELECT password FROM accounts_user")
    assert len(passwords) == 4
    assert all(password.startswith("!") for (password,) in passwords)


def test_a_school_that_leads_nowhere_is_made_anew(tmp_path):
    half = Demo(tmp_path, migrated())
    half.run(
        "-c",
        "import django; django.setup()\n"
        "from accounts.models import User; from classrooms.actions import start_classroom\n"
        "user = User.objects.create_user('hopper@hill-school.example', name='Ms Hopper')\n"
        "start_classroom(user, name='Half made', school_name='Hill School')\n"
        "User.objects.create_user('visitor@example.org')\n",
    )
    half.run("manage.py", "seed_demo")
    assert half.ask("SELECT count(*) FROM classrooms_school") == [(1,)]
    names = {name for (name,) in half.ask("SELECT name FROM classrooms_classroom")}
    assert len(names) == 3
    assert "Half made" not in names
    assert half.count("accounts_user") == 5  # who is no part of it stays


def test_a_class_that_slept_begins_a_new_lesson(demo, tmp_path):
    asleep = demo.copy(tmp_path)
    asleep.ask("UPDATE classrooms_lesson SET opened_at = '2026-01-05'")
    asleep.ask("UPDATE classrooms_lesson SET closed_at = '2026-01-05' WHERE closed_at > ''")
    asleep.ask("UPDATE requests_app_helprequest SET changed_at = '2026-01-05'")
    asleep.run("manage.py", "seed_demo")
    ((opened,),) = asleep.ask("SELECT opened_at FROM classrooms_lesson WHERE closed_at IS NULL")
    assert opened[:10] >= date.fromordinal(timezone.now().date().toordinal() - 1).isoformat()
    waiting = asleep.ask(
        "SELECT count(*) FROM requests_app_helprequest WHERE status = 'waiting' AND raised_at > ?",
        opened,
    )
    assert waiting == [(4,)]
    assert asleep.run("manage.py", "seed_demo") == "The made-up school is here.\n"


# --- A visitor, and the class at work ----------------------------------------


def test_the_teacher_comes_to_the_lesson_that_is_on(site):
    page = enter(Browser(site), "teacher")
    assert "close-help" in page.buttons
    assert [row.status for row in page.rows].count("helping") == 1
    assert len(page.waiting()) == 4
    assert any(button.startswith("answer-group-") for button in page.buttons)


def test_a_student_comes_to_the_class_and_can_ask(site):
    browser = Browser(site)
    page = enter(browser, "student")
    assert page.status == "none"
    assert "raise-hand" in page.buttons
    assert browser.press("raise-hand")
    assert browser.page.status == "waiting"
    assert browser.press("lower")


def test_each_visitor_is_a_student_of_their_own_and_stays_it(site):
    ada, ben = Browser(site), Browser(site)
    me = enter(ada, "student").me
    assert enter(ben, "student").me != me
    assert enter(ada, "student").me == me


def test_an_admin_comes_to_the_school(site):
    browser = Browser(site)
    browser.open("/")
    page = browser.post("/demo/enter/admin/", {})
    assert page.address == f"{site}/school/"
    assert page.http_status == 200


def test_becoming_somebody_takes_a_new_session_and_leaves_the_old(visited):
    browser = Browser(visited.site)
    keys = []
    for who in ("teacher", "teacher", "admin"):
        browser.open("/")
        browser.post(f"/demo/enter/{who}/", {})
        keys.append(next(c.value for c in browser.cookies if c.name == "sessionid"))
    assert len(set(keys)) == 3
    known = visited.ask("SELECT count(*) FROM django_session WHERE session_key IN (?, ?, ?)", *keys)
    assert known == [(1,)]
    enter(browser, "student")
    assert not [cookie for cookie in browser.cookies if cookie.name == "sessionid"]


def test_only_a_tap_on_our_own_page_enters(site):
    browser = Browser(site)
    assert browser.open("/demo/enter/teacher/").http_status == 405
    browser.open("/")
    assert browser.post("/demo/enter/nobody/", {}).http_status == 404
    forged = browser.post("/demo/enter/teacher/", {"csrfmiddlewaretoken": "x" * 32})
    assert forged.http_status == 403


def test_the_living_class_moves_the_line(demo, tmp_path):
    lived_in = demo.copy(tmp_path)
    work = ("-m", "demo.living", "--url", lived_in.site, "--pace", "8", "--seconds")
    ((newest,),) = lived_in.ask("SELECT max(id) FROM requests_app_event")
    with lived_in.served(tmp_path / "server.log"):
        seen: set[str] = set()
        wanted = {"raise_hand", "describe", "claim", "start", "resolve"}
        for _more in range(20):  # seldom more than once, on a machine with other work
            lived_in.run(*work, "10")
            events = lived_in.ask("SELECT verb FROM requests_app_event WHERE id > ?", newest)
            seen |= {verb for (verb,) in events}
            if wanted <= seen:
                break
        assert wanted <= seen
        in_line = "SELECT count(*) FROM requests_app_helprequest WHERE status = 'waiting'"
        assert 2 <= lived_in.ask(in_line)[0][0] <= 8
        # The same students come again, through the door that their teacher opens.
        for _more in range(20):
            lived_in.run(*work, "5")
            ((names, browsers, outside),) = lived_in.ask(
                "SELECT count(DISTINCT m.name), count(*), sum(d.approved_at IS NULL)"
                " FROM classrooms_device d JOIN classrooms_membership m ON m.id = d.membership_id"
                " WHERE NOT m.on_roster"
            )
            if not outside:
                break
    assert (names, outside) == (12, 0)
    assert browsers >= 24


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_living_class_waits_for_a_server_and_ends_quietly(demo):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
    living = subprocess.Popen(
        [sys.executable, "-m", "demo.living", "--url", nobody],
        cwd=ROOT, env=demo.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            living.wait(2)
        living.terminate()
        assert living.wait(10) == 0
        assert living.stdout.read() == b""
    finally:
        living.kill()
        living.wait()
        living.stdout.close()


# --- Elsewhere there is no demo ----------------------------------------------


@pytest.mark.django_db
def test_outside_demo_mode_nobody_enters(client):
    assert client.post("/demo/enter/teacher/").status_code == 404
    assert "demo/enter" not in client.get("/").content.decode()


def test_outside_demo_mode_no_school_is_made_up():
    with pytest.raises(CommandError, match="HELPDESK_MODE=demo"):
        call_command(seed_demo.Command())


# --- Time --------------------------------------------------------------------


def test_the_clock_is_set_for_this_thread_and_goes_on_after():
    moment = timezone.now().replace(year=2001)
    real = timezone.now
    with settable_clock() as set_clock:
        assert timezone.now().year > 2020
        set_clock(moment)
        assert timezone.now() == moment
    assert timezone.now is real
    assert timezone.now().year > 2020


def test_school_days_are_monday_to_friday():
    sunday = date(2026, 3, 8)
    days = school_days_before(sunday, 5)
    assert [day.isoformat() for day in days] == [f"2026-03-0{n}" for n in (2, 3, 4, 5, 6)]
    assert school_days_before(date(2026, 3, 4), 5)[0] == date(2026, 2, 25)
