"""What is true now in one queue: looked up once for all who ask at the same time."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from django.db.models import F, Max, Q
from django.utils import timezone

from classrooms.actions import waiting_devices
from classrooms.models import Device, Lesson
from classrooms.prepared import Prepared
from requests_app import waits
from requests_app.labels import label_of
from requests_app.models import WITH_HELPER, HelpRequest, Queue, Status, latest_of
from requests_app.order import Rule, Turns, arrange, turns_of

#: A task is a hot spot with this many open requests in ten minutes, or this share of those
#: present, whichever is more (M18).
HOT_FROM, HOT_SHARE, HOT_WITHIN = 3, 0.15, timedelta(minutes=10)
#: What took longer from its start to its end was more than one visit.
LONGEST_VISIT = timedelta(hours=1)
#: A helper who did something in this time counts as active (for the wait range).
ACTIVE_WITHIN = timedelta(minutes=10)

Found = TypeVar("Found")


# Asked after every change, so their SQL is made once.
_queue: Prepared[Queue] = Prepared(
    lambda pk: Queue.objects.select_related("classroom__school", "paused_for").filter(pk=pk)
)
_newest_lesson: Prepared[Lesson] = Prepared(
    lambda classroom: Lesson.objects.filter(classroom=classroom).order_by("-pk")[:1]
)
_active: Prepared[HelpRequest] = Prepared(
    lambda queue: HelpRequest.objects.filter(queue=queue).active().with_people()
)
_waiting_devices: Prepared[Device] = Prepared(waiting_devices)


class Wait(NamedTuple):
    """``is_next``, or a range in minutes; all empty while nothing is known."""

    is_next: bool = False
    low: int | None = None
    high: int | None = None


class Present:
    """The present state of one queue; each fact is asked for at most once.

    However many audiences are rendered from it, and however many wait, it takes at
    most eight queries.
    """

    def __init__(self, queue_id: int) -> None:
        (self.queue,) = _queue(queue_id)
        self.now = timezone.now()
        #: What an earlier look found; rows that are still the same are not made anew.
        self.known_rows: dict[tuple, HelpRequest] = {}
        #: (Request, language) → its student's region, as far as somebody has asked for it.
        self.students: dict[tuple[int | None, str | None], str] = {}

    def still_is(self, queue: Queue) -> bool:
        """Whether this can speak for ``queue``, which was just read."""
        is_young = timedelta() <= timezone.now() - self.now < SHARED_FOR
        return is_young and self.queue.version == queue.version

    @cached_property
    def lesson(self) -> Lesson | None:
        """The newest lesson, open or closed."""
        lesson = _newest_lesson.first(self.queue.classroom_id)
        if lesson is not None:
            lesson.classroom = self.queue.classroom
        return lesson

    @property
    def is_open(self) -> bool:
        return self.lesson is not None and self.lesson.closed_at is None

    @property
    def lesson_label(self) -> int:
        """When help opened or closed, in microseconds."""
        if self.lesson is None:
            return 0
        return label_of(self.lesson.closed_at or self.lesson.opened_at)

    @property
    def label(self) -> int:
        """Version of the class-wide regions.

        Of two moments the sum, so that a change of either shows, whatever the clocks say.
        """
        return self.lesson_label + self.queue.class_beside_at

    def keep(self, name: str, find: Callable[[], Found]) -> Found:
        """What an app knows that shows something beside the queue, found once and kept until help
        opens or closes or an app announces a change of its own: what nobody uses costs no query."""
        now = (self.lesson_label, self.queue.beside)
        label, kept = _kept.get(self.queue.pk, (None, {}))
        if label != now:
            if len(_kept) >= _KNOWN_SIZE:
                _kept.clear()
            kept = {}
            _kept[self.queue.pk] = (now, kept)
        if name not in kept:
            kept[name] = find()
        return kept[name]

    @cached_property
    def rows(self) -> dict[tuple, HelpRequest]:
        """What the database says of each active request → the request, which nobody changes."""
        known, self.known_rows = self.known_rows, {}
        return _active.again(known, self.queue.pk)

    @cached_property
    def active(self) -> list[HelpRequest]:
        return list(self.rows.values())

    @cached_property
    def waiting(self) -> list[HelpRequest]:
        waiting = [each for each in self.active if each.status == Status.WAITING]
        return arrange(waiting, self.queue.rule, self.turns)

    @cached_property
    def turns(self) -> Turns:
        """Which tasks the helpers are at; asked for only in a class that groups by task."""
        if self.queue.rule != Rule.BY_TASK or self.lesson is None:
            return {}
        taken = self.queue.help_requests.filter(
            lesson=self.lesson, helper__isnull=False, claimed_at__isnull=False
        )
        newest = taken.order_by("-claimed_at", "-pk")
        rows = newest.values_list("helper_id", "task_id", "claimed_at")
        return turns_of((helper, task, when) for helper, task, when in rows if when is not None)

    @property
    def longest(self) -> HelpRequest | None:
        """Who has waited longest."""
        return min(self.waiting, key=lambda each: each.raised_at, default=None)

    @property
    def newest(self) -> str:
        """Key of the newest waiting request: a page that has its sound on hears it change."""
        latest = max(self.waiting, key=lambda each: each.raised_at, default=None)
        return latest.key if latest else ""

    @cached_property
    def with_helper(self) -> list[HelpRequest]:
        held = [each for each in self.active if each.status in WITH_HELPER]
        return sorted(held, key=lambda each: (each.return_at or each.raised_at, each.pk))

    @cached_property
    def later(self) -> list[HelpRequest]:
        later = [each for each in self.active if each.status == Status.DEFERRED]
        return sorted(later, key=lambda each: (each.return_at, each.pk))

    @cached_property
    def missed(self) -> list[HelpRequest]:
        """Whose hand was still up when the newest lesson closed (T15)."""
        if self.lesson is None or self.is_open:
            return []
        return list(
            self.queue.help_requests.filter(lesson=self.lesson, status=Status.EXPIRED)
            .with_people()
            .order_by("raised_at")
        )

    @cached_property
    def held(self) -> frozenset:
        """Who is with whom. As long as it stays, no visit began or ended."""
        return frozenset((each.pk, each.helper_id) for each in self.with_helper)

    def keep_pace(self, earlier: "Present") -> None:
        """Take over what only a visit's beginning or end changes (D2's wait ranges)."""
        if self.held == earlier.held and self.now - earlier.paced_at < PACE_LASTS:
            self.visits, self.active_helpers = earlier.visits, earlier.active_helpers
            self.paced_at = earlier.paced_at

    @cached_property
    def paced_at(self) -> datetime:
        return self.now

    @cached_property
    def visits(self) -> list[waits.Visit]:
        rows = (
            # One that was taken up again, or put off until another day, was more than one visit.
            self.queue.help_requests.filter(
                help_started_at__isnull=False,
                ended_at__lt=F("help_started_at") + LONGEST_VISIT,
                reopened=0,
            )
            .order_by("-ended_at")
            .values_list("raised_at", "help_started_at", "ended_at")[: waits.LATEST]
        )
        return [
            waits.Visit(raised, started, ended)
            for raised, started, ended in rows
            if started is not None and ended is not None
        ]

    @cached_property
    def active_helpers(self) -> int:
        """Helpers who hold a request or did something in the last ten minutes."""
        recent = Q(claimed_at__gte=self.now - ACTIVE_WITHIN)
        return (
            self.queue.help_requests.filter(
                Q(status__in=WITH_HELPER) | recent, helper__isnull=False
            )
            .values("helper")
            .distinct()
            .count()
        )

    @cached_property
    def usual_wait(self) -> tuple[int, int] | None:
        return waits.usual_wait(self.visits)

    @cached_property
    def door(self) -> list:
        """Devices that wait for the teacher's yes."""
        return _waiting_devices(self.queue.classroom_id)

    @cached_property
    def promised(self) -> list[HelpRequest]:
        return [each for each in self.waiting if each.is_promised]

    @cached_property
    def hot_spots(self) -> list[dict]:
        """``{"task", "count", "key"}`` for each task that many are stuck on right now (M18)."""
        recent: dict[int, list[HelpRequest]] = {}
        for each in self.active:
            is_recent = each.raised_at >= self.now - HOT_WITHIN
            if each.task_id and is_recent and each.status != Status.DEFERRED:
                recent.setdefault(each.task_id, []).append(each)
        if not any(len(group) >= HOT_FROM for group in recent.values()) or self.lesson is None:
            return []
        needed = max(HOT_FROM, HOT_SHARE * self.lesson.attendances.count())
        hot = [group for group in recent.values() if len(group) >= needed]
        return [
            {"task": group[0].task, "count": len(group), "key": str(group[0].task_id)}
            for group in sorted(hot, key=len, reverse=True)
        ]

    def latest_of(self, students: Iterable[int]) -> dict[int, HelpRequest]:
        """Each student's newest request: the one their page is about.

        An active one is always the newest: nobody raises a second hand.
        """
        wanted = set(students)
        found = {each.student_id: each for each in self.active if each.student_id in wanted}
        wanted -= found.keys()
        if len(wanted) == 1:  # whose hand went down just now
            newest_one = latest_of(*wanted)
            found |= {newest_one.student_id: newest_one} if newest_one else {}
        elif wanted:
            newest = (
                HelpRequest.objects.filter(queue=self.queue, student_id__in=wanted)
                .values("student")
                .annotate(newest=Max("pk"))
                .values("newest")
            )
            rows = HelpRequest.objects.filter(pk__in=newest).with_people()
            found |= {each.student_id: each for each in rows}
        return found

    @cached_property
    def places(self) -> dict[int, int]:
        """Student (membership id) → how many are before them in line."""
        return {each.student_id: place for place, each in enumerate(self.waiting)}

    def wait_of(self, student_id: int) -> "Wait":
        """What a student is told about their wait.

        Nothing where the teacher picks: there is no next then.
        """
        place = self.places.get(student_id)
        if place is None or self.queue.rule == Rule.TEACHER:
            return Wait()
        if place == 0:
            return Wait(is_next=True)
        if not self.active_helpers:  # nobody is helping, so nobody knows how long it takes
            return Wait()
        known = waits.wait_range(place, self.visits, self.active_helpers)
        return Wait(False, *known) if known else Wait()


#: How long answers and pushes may speak from the same look at a queue that has not changed, and
#: how long a class's pace (its latest visits, its active helpers) is good for.
SHARED_FOR, PACE_LASTS = timedelta(seconds=2), timedelta(seconds=20)
#: Queues whose present state is kept.
_KNOWN_SIZE = 512
_known: dict[int, Present] = {}
#: Queue → what stands beside it knows, and the label under which they found it.
_kept: dict[int, tuple[tuple[int, int] | None, dict[str, Any]]] = {}
_looking: dict[int, threading.Lock] = {}


def look(queue_id: int, *, anew: bool = False) -> Present:
    """The present state of a queue, looked up once for all who ask at the same time.

    After a change the answer to who made it and the push to everybody else need the same
    facts; the first of them asks the database, the other one waits for it. ``anew``: also what
    may have changed beside the queue, such as the class's name.
    """
    with _looking.setdefault(queue_id, threading.Lock()):
        present = Present(queue_id)
        known = _known.get(queue_id)
        if known is not None:
            if not anew and known.still_is(present.queue):
                return known
            present.known_rows = known.rows
            present.keep_pace(known)
        # What nearly every audience needs; the rest is found when it is asked for.
        present.lesson, present.waiting, present.visits, present.active_helpers  # noqa: B018
        if len(_known) >= _KNOWN_SIZE:
            _known.clear()
        _known[queue_id] = present
        return present


def forget_queues() -> None:
    """Look every queue up anew."""
    _known.clear()
    _kept.clear()
