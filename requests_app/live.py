"""Telling the open pages of a class that something changed: its queue, or what stands beside it.

Each is to be called inside the transaction of the change; pages are told once it is committed. What
of it changed is said in the words of ``requests_app.topic``.
"""

from collections.abc import Iterable

from classrooms.models import Classroom, Membership
from live import telling
from requests_app.models import Queue
from requests_app.regions import topic_of


def announce(
    queue: Queue,
    *,
    students: Iterable[int] = (),
    class_wide: bool = False,
    opened: bool = False,
) -> None:
    """Everybody who sees this queue is shown what is true.

    ``students``: membership ids whose own page changed. ``class_wide``: help opened or
    closed. ``opened``: a lesson began, and the students who are looking are here.
    """
    what = {"line", *(f"hand.{pk}" for pk in students)}
    if class_wide:
        what.add("class")
    if opened:
        what.add("opened")
    telling.changed(topic_of(queue.pk), queue.version, what)


def announce_beside(
    classroom: Classroom, *, students: Iterable[int] = (), class_wide: bool = False
) -> None:
    """The same for what another app shows beside the queue: its helpers' regions, those of
    these students (membership ids), and with ``class_wide`` those of the whole class.

    It takes the queue's lock.
    """
    queue = Queue.objects.of(classroom)
    version = Queue.objects.note_beside(queue.pk, class_wide=class_wide)
    what = {"line", *(f"beside.{pk}" for pk in students)}
    if class_wide:
        what.add("beside")
    telling.changed(topic_of(queue.pk), version, what)


def announce_past(student: Membership) -> None:
    """The same when a student is shown another part of their own past (``classrooms.proof``)."""
    queue = Queue.objects.of(student.classroom)
    queue.version = Queue.objects.note_beside(queue.pk, class_wide=False)
    announce(queue, students=[student.pk])
    announce_beside(student.classroom, students=[student.pk])
