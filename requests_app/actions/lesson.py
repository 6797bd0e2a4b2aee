"""Help opens and closes, for the whole class; the class looks up and goes back to work."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from classrooms.actions import note_here
from classrooms.models import Classroom, Lesson, Membership, Task
from requests_app import live
from requests_app.actions.change import end, recorded
from requests_app.labels import later_than
from requests_app.models import Outcome, Queue, Status

#: What the end of a lesson ends (T15); a request for later stays.
CLOSING = (Status.WAITING, Status.CLAIMED, Status.PAUSED, Status.HELPING)


@transaction.atomic
def open_help(
    classroom: Classroom, *, by: Membership | None, closes_at: datetime | None = None
) -> Lesson:
    """Start a lesson, or give the one that is open another end time."""
    queue = Queue.objects.locked(Queue.objects.of(classroom).pk)
    lesson = queue.open_lesson()
    if lesson is None:
        last = classroom.lessons.order_by("-pk").first()
        lesson = classroom.lessons.create(
            opened_by=by, closes_at=closes_at, opened_at=timezone.now()
        )
        if last is not None and last.closed_at is not None:
            Queue.objects.label_after(queue.pk, last.closed_at, lesson.opened_at)
    elif closes_at is not None and closes_at != lesson.closes_at:
        lesson.closes_at = closes_at
        lesson.save(update_fields=["closes_at"])
    else:
        transaction.set_rollback(True)  # nothing happened, so the version stays
        return lesson
    live.announce(queue, class_wide=True, opened=True)
    return lesson


@transaction.atomic
def close_help(
    classroom: Classroom, *, by: Membership | None, if_due: datetime | None = None
) -> None:
    """End the lesson (T15): who still waited is missed, who was being helped counts as helped.

    A request for later stays. Closing twice is once. ``if_due``: only if its set end is not
    after this moment (the clock's, who may have been told before a teacher gave more time).
    """
    queue = Queue.objects.locked(Queue.objects.of(classroom).pk)
    lesson = queue.open_lesson()
    gave_more_time = if_due and lesson and (not lesson.closes_at or lesson.closes_at > if_due)
    if lesson is None or gave_more_time:
        transaction.set_rollback(True)  # nothing happened, so the version stays
        return
    now = timezone.now()
    closed_on = list(queue.help_requests.filter(status__in=CLOSING).with_people())
    for current in closed_on:
        current.queue = queue
        verb = "close" if current.status == Status.HELPING else "expire"
        with recorded(current, verb, by=by):
            end(current, now)
            if verb == "close":
                current.outcome = Outcome.NOT_CONFIRMED
    lesson.closed_at = later_than(lesson.opened_at, now)
    lesson.save(update_fields=["closed_at"])
    if queue.is_paused:
        _pause(queue, None)
    live.announce(queue, students=[each.student_id for each in closed_on], class_wide=True)


@transaction.atomic
def choose_rule(queue: Queue, rule: str) -> None:
    """Order the line by another rule (order.Rule) from now on; everybody sees it at once."""
    queue = Queue.objects.locked(queue.pk)
    queue.rule = rule
    queue.save(update_fields=["rule"])
    live.announce(queue)


@transaction.atomic
def show_door(classroom: Classroom) -> None:
    """Who is in the class, or waits at its door, has changed: helpers see it."""
    live.announce(Queue.objects.locked(Queue.objects.of(classroom).pk))


@transaction.atomic
def pause_class(queue: Queue, *, by: Membership, task: Task | None = None) -> None:
    """Ask the class to look up (D1, third tab): ``task`` is explained to everybody."""
    queue = Queue.objects.locked(queue.pk)
    _pause(queue, timezone.now(), task)
    live.announce(queue, class_wide=True)


@transaction.atomic
def resume_class(queue: Queue, *, by: Membership) -> None:
    """Back to work. Twice is once."""
    queue = Queue.objects.locked(queue.pk)
    if not queue.is_paused:
        transaction.set_rollback(True)  # nothing happened, so the version stays
        return
    _pause(queue, None)
    live.announce(queue, class_wide=True)


def _pause(queue: Queue, since: datetime | None, task: Task | None = None) -> None:
    queue.paused_at, queue.paused_for = since, task
    queue.save(update_fields=["paused_at", "paused_for"])
    queue.version = Queue.objects.note_beside(queue.pk, class_wide=True)


def attendance(classroom: Classroom, students: Iterable[int]) -> None:
    """Students (membership ids) whose page is open while help is open were here."""
    lesson = classroom.open_lesson()
    if lesson is not None:
        note_here(lesson, students)
