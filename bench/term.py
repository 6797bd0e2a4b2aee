"""A term's rows, for what must cope with many: ended requests with their histories.

``filled(environment, requests)`` writes them into the first class of the environment's database,
in a process of its own, three events to each.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOT = 5000
TEXTS = ("The loop never ends", "Ich verstehe Aufgabe 3 nicht", "🤔 wo ist der Fehler?", "")


def filled(environment: Mapping[str, str], requests: int) -> None:
    command = [sys.executable, "-m", "bench.term", str(requests)]
    subprocess.run(command, cwd=ROOT, env=dict(environment), check=True)


def fill(requests: int) -> None:
    from django.db import transaction

    from classrooms.models import Lesson
    from requests_app.models import Queue

    lesson = Lesson.objects.earliest("pk")
    queue = Queue.objects.of(lesson.classroom)
    students = list(lesson.classroom.memberships.filter(user=None))
    with transaction.atomic():
        for first in range(0, requests, LOT):
            numbers = range(first, min(first + LOT, requests))
            _write([_request(queue, lesson, students, number) for number in numbers])


def _request(queue, lesson, students, number: int):
    from requests_app.models import HelpRequest, Status

    at = lesson.opened_at - timedelta(minutes=number % 100_000 + 10)
    return HelpRequest(
        queue=queue, lesson=lesson, student=students[number % len(students)],
        status=Status.RESOLVED, form_key=f"term-{number}", text=TEXTS[number % len(TEXTS)],
        tried=["notes"], cards={"kind": "answered"}, changed_at=at, raised_at=at, sort_at=at,
        ended_at=at + timedelta(minutes=5),
    )  # fmt: skip


def _write(requests: list) -> None:
    from requests_app.models import Event, HelpRequest

    HelpRequest.objects.bulk_create(requests)
    Event.objects.bulk_create(
        Event(
            help_request=each, actor_id=each.student_id, verb=verb, status=status,
            happened_at=each.raised_at, facts={"text": each.text}, before={},
        )
        for each in requests
        for verb, status in (("raise", "waiting"), ("start", "helping"), ("solve", "resolved"))
    )  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    import django

    django.setup()
    fill(int(sys.argv[1]))
