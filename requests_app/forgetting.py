"""How help requests go: first what was written, then who it was; totals of five or more stay."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q

from classrooms.models import Lesson, Membership
from records.registry import BATCH, Person, Record
from requests_app import actions, live
from requests_app.labels import STEP
from requests_app.models import (
    WITH_HELPER,
    WORDS,
    Event,
    HelpRequest,
    LessonTotals,
    Queue,
    Status,
)

#: Fields that say which adult it was.
PEOPLE = ("helper", "last_helper", "raised_by")
#: Requests from which an adult is forgotten in one step: their whole history is read.
HELPED_AT_A_TIME = 50


# --- What was written --------------------------------------------------------


def delete_words(limit: datetime) -> int:
    """Delete what was written about requests that ended before ``limit``, from the rows and from
    their history; the facts that measures need stay.

    Late or twice does no harm. Returns how many requests that were, a batch at most.
    """
    ended = Q(ended_at__lte=limit) | Q(ended_at=None, changed_at__lte=limit)
    due = HelpRequest.objects.filter(ended).with_words().order_by("pk")
    ids = list(due.values_list("pk", "queue_id")[:BATCH])
    for pk, queue_id in ids:
        _delete_words_of(pk, queue_id)
    return len(ids)


@transaction.atomic
def _delete_words_of(pk: int, queue_id: int) -> None:
    queue = Queue.objects.locked(queue_id)
    current = queue.help_requests.get(pk=pk)
    for name in WORDS:
        setattr(current, name, "")
    current.version += 1
    current.changed_at += STEP  # a new label, no new time
    current.save(update_fields=[*WORDS, "version", "changed_at"])
    events = list(current.events.all())
    for event in events:
        for kept in (event.facts, event.before):
            kept.update({name: "" for name in WORDS if name in kept})
    Event.objects.bulk_update(events, ["facts", "before"])
    live.announce(queue, students=[current.student_id])


# --- Who it was --------------------------------------------------------------


def delete_requests(limit: datetime) -> int:
    """Delete the requests of lessons before ``limit``; returns how many, about a batch at most."""
    over = Q(lesson__closed_at__lte=limit) | Q(lesson__closed_at=None, changed_at__lte=limit)
    due = HelpRequest.objects.filter(over).order_by("lesson_id", "pk")
    found = list(due.values_list("pk", "lesson_id", "queue_id")[:BATCH])
    for queue_id in {queue for _pk, _lesson, queue in found}:
        mine = [(pk, lesson) for pk, lesson, queue in found if queue == queue_id]
        _delete(queue_id, [pk for pk, _lesson in mine], {lesson for _pk, lesson in mine})
    return len(found)


@transaction.atomic
def _delete(queue_id: int, requests: Collection[int], lessons: Collection[int]) -> None:
    queue = Queue.objects.locked(queue_id)
    keep_totals(lessons)
    going = HelpRequest.objects.filter(pk__in=requests)
    students = list(going.filter(status__in=[Status.DEFERRED]).values_list("student", flat=True))
    going.delete()
    live.announce(queue, students=students)


def keep_totals(lessons: Collection[int]) -> None:
    """Count lessons that are over while all of their requests are still there; once is enough."""
    over = Lesson.objects.filter(pk__in=lessons, totals=None).exclude(closed_at=None)
    counted = over.annotate(
        asked=Count("help_requests"),
        helped=Count("help_requests", filter=Q(help_requests__status=Status.RESOLVED)),
        missed=Count("help_requests", filter=Q(help_requests__status=Status.EXPIRED)),
    )
    LessonTotals.objects.bulk_create(
        [_totals(each.pk, each.asked, each.helped, each.missed) for each in counted],
        ignore_conflicts=True,
    )


def _totals(lesson: int, asked: int, helped: int, missed: int) -> LessonTotals:
    def says_who(count: int) -> bool:
        return 0 < count < LessonTotals.FEWEST_KEPT

    if asked < LessonTotals.FEWEST_KEPT:
        return LessonTotals(lesson_id=lesson)
    if any(says_who(part) for part in (helped, missed, asked - helped - missed)):
        return LessonTotals(lesson_id=lesson, asked=asked)
    return LessonTotals(lesson_id=lesson, asked=asked, helped=helped, missed=missed)


def with_totals(lessons: Iterable[Lesson]) -> list[Any]:
    """Lessons with ``asked``, ``helped`` and ``missed``: None where that is not kept any more."""
    found = list(lessons)
    kept = {each.lesson_id: each for each in LessonTotals.objects.filter(lesson__in=found)}
    for lesson in found:
        totals = kept.get(lesson.pk)
        if totals is not None:
            for name in ("asked", "helped", "missed"):
                setattr(lesson, name, getattr(totals, name))
    return found


# --- A person leaves ---------------------------------------------------------


def step_aside(membership: Membership) -> None:
    """Somebody has left the class: their hand goes down, and whoever they were on the way to is
    back in line."""
    for raised in HelpRequest.objects.active().filter(student=membership.pk):
        actions.lower(raised, by=None)
    for held in HelpRequest.objects.filter(helper=membership.pk, status__in=WITH_HELPER):
        actions.put_back(held, by=None)


# --- A person is erased ------------------------------------------------------


def erase_requests(record: Record, person: Person) -> None:
    """A student's requests go; lessons that are over keep their totals."""
    mine = record.rows_of(person).order_by("queue_id")
    for queue_id in set(mine.values_list("queue_id", flat=True)):
        here = list(mine.filter(queue=queue_id).values_list("pk", "lesson_id"))
        _delete(queue_id, [pk for pk, _lesson in here], {lesson for _pk, lesson in here})


def forget_helper(record: Record, person: Person) -> None:
    """Requests of others that an adult helped with stay, without the adult, in row and history.

    Whoever they were on the way to goes back into line first.
    """
    _forget_in_requests(person, None)


def forget_helper_slowly(person: Person) -> int:
    """The same for a batch of requests; returns how many. A year of helping is thousands."""
    return _forget_in_requests(person, HELPED_AT_A_TIME)


def _forget_in_requests(person: Person, most: int | None) -> int:
    held = HelpRequest.objects.filter(helper__in=person.members, status__in=WITH_HELPER)
    for help_request in held:
        actions.put_back(help_request, by=None)
    involved = Q(events__actor__in=person.members)
    for name in PEOPLE:
        involved |= Q(**{f"{name}__in": person.members})
    touched = HelpRequest.objects.filter(involved).distinct().order_by("pk")
    found = list(touched.values_list("pk", "queue_id")[:most])
    for queue_id in {queue for _pk, queue in found}:
        mine = [pk for pk, queue in found if queue == queue_id]
        _forget_in_queue(queue_id, mine, frozenset(person.members))
    return len(found)


@transaction.atomic
def _forget_in_queue(queue_id: int, requests: list[int], members: frozenset[int]) -> None:
    queue = Queue.objects.locked(queue_id)
    for name in PEOPLE:
        here = HelpRequest.objects.filter(pk__in=requests, **{f"{name}__in": members})
        here.update(**{name: None})
    for pk in requests:
        _forget_in_history(pk, members)
    Event.objects.filter(help_request__in=requests, actor__in=members).update(actor=None)
    rows = HelpRequest.objects.filter(pk__in=requests)
    rows.update(version=F("version") + 1, changed_at=F("changed_at") + STEP)
    live.announce(queue, students=sorted(set(rows.values_list("student", flat=True))))


def _forget_in_history(request: int, members: frozenset[int]) -> None:
    events = list(Event.objects.filter(help_request=request))
    for event in events:
        for kept in (event.facts, event.before):
            gone = [name for name in kept if name.removesuffix("_id") in PEOPLE]
            kept.update({name: None for name in gone if kept[name] in members})
    Event.objects.bulk_update(events, ["facts", "before"])
