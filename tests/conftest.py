"""The cast: Ada asks, Ben is her classmate, Grace teaches, Alan assists, Mallory is outside."""

import os
import sys
import time
from collections import Counter, defaultdict

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.db.backends.base.creation import TEST_DATABASE_PREFIX
from django.test import Client
from django.utils import timezone, translation
from django.utils.html import format_html

from accounts.models import User
from checkins import unnamed
from classrooms import access
from classrooms.models import Classroom, Device, Membership, Role, School
from helpdesk.server import spare_the_collector
from live import history
from live.shown import Piece, mark_of
from requests_app import actions, beside, regions
from requests_app.beside import Beside
from requests_app.models import Queue

#: Its fixture is for whoever walks through everything.
pytest_plugins = ["tests.world"]
#: How long one example takes says how busy the machine is, not whether it holds.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


def pytest_collection_finish():
    """All that is loaded by now stays, as in a server."""
    spare_the_collector()


#: Fixtures that come with the database.
_DATABASE = {"db", "transactional_db"}


def pytest_collection_modifyitems(items):
    """What asks no database is the same on each, so one leg runs it (tests/run_all.py)."""
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        assert not {"own_servers", "one_leg"} <= marks, f"no leg would run {item.nodeid}"
        asks = "django_db" in marks or _DATABASE & set(item.fixturenames)
        if not asks and "own_servers" not in marks:
            item.add_marker(pytest.mark.one_leg)
    share(items)


def share(items):
    """Cases of a test that ask the database the same things: the first runs on both, each of the
    others on one of them. Their order here is that of their names: the legs draw their own."""
    cases = defaultdict(list)
    for item in items:
        if item.get_closest_marker("shared"):
            cases[item.nodeid.partition("[")[0]].append(item)
    for each in cases.values():
        for number, item in enumerate(sorted(each, key=lambda item: item.nodeid)[1:]):
            item.add_marker(pytest.mark.postgres_leg if number % 2 else pytest.mark.one_leg)


@pytest.fixture(scope="session", autouse=True)
def _end_forgotten_sessions(django_db_setup, django_db_blocker, pytestconfig):
    """PostgreSQL drops no database that somebody uses: a thread that a test forgot would fail the
    whole run at its very end. Its session is ended, and told, so that the test can be found."""
    yield
    name = connection.settings_dict["NAME"]
    if connection.vendor != "postgresql" or not name.startswith(TEST_DATABASE_PREFIX):
        return  # a run without one test that used it has none
    shown = pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled
    with django_db_blocker.unblock(), shown():
        connection.close()
        connection.close_pool()
        of_it = "FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
        until = time.monotonic() + 2  # those that were closed just now go by themselves
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
            while left := admin.execute(f"SELECT pid, query {of_it}", [name]).fetchall():
                if time.monotonic() > until:
                    break
                time.sleep(0.05)
            for pid, last in left:
                print(f"tests: a session of {name} was left open, after: {last}", file=sys.stderr)
                admin.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.fixture(autouse=True)
def _fresh_cache():
    forget()


def forget():
    """No test inherits another one's guess limits, what was known of another one's queue,
    answers that waited, or the language of the last page that was asked for in this thread."""
    translation.deactivate()
    cache.clear()
    regions.forget_all()
    history.forget_all()
    unnamed.forget_all()


@pytest.fixture
def school(db):
    return School.objects.create(name="Hill School", time_zone="Europe/Berlin")


@pytest.fixture
def room(school):
    classroom = Classroom.objects.create(
        school=school, name="Year 9 Computing", slug="year-9-k7qm4x", code="K7QM4XRD"
    )
    Queue.objects.create(pk=1000, classroom=classroom)  # ids of different things differ
    return classroom


def staff(classroom, email, name, role):
    user = User.objects.create_user(email, "pw-for-tests", name=name)
    return Membership.objects.create(
        classroom=classroom, user=user, role=role, name=name, joined_at=timezone.now()
    )


def student(classroom, name):
    return Membership.objects.create(classroom=classroom, name=name, joined_at=timezone.now())


@pytest.fixture
def ada(room):
    """Asks."""
    return student(room, "Ada Lovelace")


@pytest.fixture
def ben(room):
    """Another student."""
    return student(room, "Ben Okri")


@pytest.fixture
def grace(room):
    """Teaches."""
    return staff(room, "grace@example.org", "Grace Hopper", Role.TEACHER)


@pytest.fixture
def alan(room):
    """Assists."""
    return staff(room, "alan@example.org", "Alan Turing", Role.ASSISTANT)


@pytest.fixture
def edsger(room, school):
    """Administers the school."""
    member = staff(room, "edsger@example.org", "Edsger Dijkstra", Role.SCHOOL_ADMIN)
    school.admins.create(user=member.user)
    return member


@pytest.fixture
def mallory(db):
    """Has an account and no business here."""
    return User.objects.create_user("mallory@example.org", "pw-for-tests", name="Mallory")


@pytest.fixture
def lesson(room, grace):
    return actions.open_help(room, by=grace)


def device_cookie(membership) -> str:
    """A cookie value that lets a browser in as this student."""
    key = access.new_key()
    Device.objects.create(
        membership=membership, key_digest=access.digest(key), approved_at=timezone.now()
    )
    return signing.dumps({membership.classroom.slug: key}, salt="classrooms.device")


@pytest.fixture
def browser_of():
    """``browser_of(ada)`` is a test client that is in the class as Ada, or signed in as a user."""

    def open_client(who, **kwargs) -> Client:
        client = Client(**kwargs)
        if isinstance(who, User):
            client.force_login(who)
        elif who.user_id:
            client.force_login(who.user)
        else:
            client.cookies[settings.DEVICE_COOKIE_NAME] = device_cookie(who)
        return client

    return open_client


@pytest.fixture
def raise_hand(lesson):
    """``raise_hand(ada)`` puts Ada in line."""

    def put_in_line(who, **facts):
        queue = Queue.objects.of(who.classroom)
        key = f"test-{who.help_requests.count()}"
        help_request = actions.raise_hand(queue, student=who, form_key=key)
        return actions.describe(help_request, by=who, **facts) if facts else help_request

    return put_in_line


class Notes(Beside):
    """Regions whose words are ``notes.words["…"]``; it counts who asks, and what is drawn."""

    name = "notes"

    def __init__(self):
        self.words = {"class": "for all", "helpers": "for helpers", "own": {}}
        self.asked = Counter()

    def of_class(self, present):
        return self.region("class", self.words["class"])

    def of_helpers(self, present):
        return self.region("helpers", self.words["helpers"])

    def facts_of(self, present, students):
        self.asked["facts"] += 1
        return {student: self.words["own"].get(student, "") for student in students}

    def of_student(self, present, facts):
        return self.region("own", facts)

    def region(self, whose, text):
        def draw():
            self.asked[f"{whose} drawn"] += 1
            return format_html('<p id="{}-note" hx-swap-oob="true">{}</p>', whose, text)

        self.asked[whose] += 1
        return {f"{whose}-note": Piece(mark_of(text), draw)}


@pytest.fixture
def notes():
    """An app that shows something everywhere beside the queue."""
    before, notes = dict(beside._registered), Notes()
    beside.register(notes)
    yield notes
    beside._registered.clear()
    beside._registered.update(before)
