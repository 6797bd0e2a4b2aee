"""A made-up school for a benchmark's database, and what its people's browsers hold.

``made`` fills a database in a process of its own, because Django's settings are read once per
process and one benchmark may need several databases. Everybody comes in through the product's
own verbs; cookies and tickets are made as the product makes them.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Person:
    """``cookie``: the header of their browser; ``socket``: the address of their page's socket."""

    name: str
    slug: str
    cookie: str
    socket: str

    def url(self, rest: str) -> str:
        return f"/c/{self.slug}/{rest}"


@dataclass(frozen=True)
class Room:
    """A class with help open."""

    slug: str
    code: str
    teacher: Person
    students: list[Person]
    helpers: list[Person]
    #: Key of the check-in that is open in it, if any.
    check_in: str = ""


def made(
    environment: Mapping[str, str],
    *,
    rooms: int,
    students: int,
    helpers: int = 0,
    check_ins: bool = False,
) -> list[Room]:
    """Fill the environment's database; ``students`` and ``helpers`` are per class.

    ``check_ins``: one is open in each class, in every other one of them without names.
    """
    numbers = [str(rooms), str(students), str(helpers), str(int(check_ins))]
    told = subprocess.run(
        [sys.executable, "-m", "bench.school", *numbers],
        cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, check=True, text=True,
    ).stdout  # fmt: skip
    return [_room(each) for each in json.loads(told.splitlines()[-1])]


def _room(told: dict) -> Room:
    people = {name: [Person(**each) for each in told[name]] for name in ("students", "helpers")}
    teacher = Person(**told["teacher"])
    return Room(told["slug"], told["code"], teacher, **people, check_in=told["check_in"])


# --- In the process that fills the database ----------------------------------


def fill(rooms: int, students: int, helpers: int, check_ins: int = 0) -> list[Room]:
    from django.db import transaction

    from helpdesk import startup

    startup.prepare_database(seed=False)
    made = []
    for number in range(rooms):
        with transaction.atomic():
            made.append(_fill_room(number, students, helpers, bool(check_ins)))
    return made


def _fill_room(number: int, students: int, helpers: int, check_ins: bool) -> Room:
    from classrooms import actions as classroom_actions
    from classrooms.models import Role
    from requests_app import actions

    teacher = _account(f"Teacher {number}")
    classroom = classroom_actions.start_classroom(teacher, name=f"Bench {number}")
    member = classroom.memberships.get(user=teacher)
    actions.open_help(classroom, by=member)
    for index in range(helpers):
        colleague = _account(f"Helper {number}h{index}")
        classroom.memberships.create(user=colleague, role=Role.ASSISTANT, name=colleague.name)
    joined = [
        # No name is the beginning of another: a raised hand is known by its name.
        (name, classroom_actions.join(classroom, name=name))
        for name in (f"Pupil r{number}s{index}x" for index in range(students))
    ]
    staff = classroom.memberships.filter(role=Role.ASSISTANT).select_related("user")
    check_in = _ask(classroom, member, named=number % 2 == 0) if check_ins else ""
    return Room(
        classroom.slug,
        classroom.code,
        _by_account(classroom, teacher),
        [_by_device(classroom, *each) for each in joined],
        [_by_account(classroom, each.user) for each in staff],
        check_in,
    )


def _ask(classroom, teacher, *, named: bool) -> str:
    """Open a check-in after everybody came: a latecomer's answer would count for less."""
    from checkins import actions
    from checkins.models import Preset, Visibility

    visibility = Visibility.NAMED if named else Visibility.TOTALS
    plan = actions.preset(Preset.READY, visibility)
    return actions.open_check_in(classroom, plan, by=teacher).key


def _account(name: str):
    from accounts.models import User

    return User.objects.create_user(f"{secrets.token_hex(6)}@example.org", name=name)


def _by_account(classroom, user) -> Person:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return _person(classroom, user.name, user, {settings.SESSION_COOKIE_NAME: value})


def _by_device(classroom, name: str, joined) -> Person:
    from django.conf import settings
    from django.core import signing

    from classrooms import access

    value = signing.dumps({classroom.slug: joined.key}, salt=access._SALT)
    return _person(classroom, name, None, {settings.DEVICE_COOKIE_NAME: value})


def _person(classroom, name: str, user, cookies: dict[str, str]) -> Person:
    from classrooms.access import find_entry
    from live import ticket
    from requests_app import regions
    from requests_app.models import Queue
    from requests_app.present import Present
    from requests_app.topic import admission

    entry = find_entry(user, cookies, classroom.slug)
    assert entry is not None, name
    queue = Queue.objects.of(classroom)
    topic, views = regions.topic_of(queue.pk), regions.views_of(entry.membership, Present(queue.pk))
    have = ",".join(
        f"{topic}/{audience.partition('.')[0]}={view.version}.{view.shown.digest}"
        for audience, view in views.items()
    )
    socket = f"/ws/en/?ticket={ticket.issue(admission(entry, queue.pk, cookies))}&have={have}"
    header = "; ".join(f"{key}={value}" for key, value in cookies.items())
    return Person(name, classroom.slug, header, socket)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    import django

    django.setup()
    print(json.dumps([asdict(each) for each in fill(*map(int, sys.argv[1:]))]))
