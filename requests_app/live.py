"""Live regions: what each audience sees, rendered once, pushed after commit.

A region is one partial with one root element; every push is the whole present
state of its regions, never a delta, so losing one or getting it twice does no
harm. Three kinds of audience, each with a language:

* ``helpers``: the queue, for those who help in the class;
* ``class``: whether help is open; no name, count, place or text of anybody;
* ``student.<id>``: one student's own request, for that student alone.

A student's region is labelled by their own request's last change, not by the
queue's version, whose steps would tell how much the others ask.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from classrooms.actions import attend, waiting_devices
from classrooms.models import Device, Lesson, Membership, Role
from requests_app import hub, waits
from requests_app.hub import Frame, Part, Work
from requests_app.models import (
    WITH_HELPER,
    HelpRequest,
    Queue,
    Reason,
    Status,
    queue_ids,
)
from requests_app.order import EXPLAINED, Rule, arrange

#: A task is a hot spot with this many open requests in ten minutes, or this share of those
#: present, whichever is more (M18).
HOT_FROM, HOT_SHARE, HOT_WITHIN = 3, 0.15, timedelta(minutes=10)
#: Minutes that a student can put their request off by (T12).
LATER_MINUTES = (5, 10, 20)
#: How long "I still need this" is offered after help closed on a request (T16).
CARRY_OVER_WITHIN = timedelta(days=7)
#: What took longer from its start to its end was more than one visit.
LONGEST_VISIT = timedelta(hours=1)
#: A helper who did something in this time counts as active (for the wait range).
ACTIVE_WITHIN = timedelta(minutes=10)


def helpers(language: str) -> str:
    return f"helpers:{language}"


def whole_class(language: str) -> str:
    return f"class:{language}"


def student(membership_id: int, language: str) -> str:
    return f"student.{membership_id}:{language}"


def audiences_of(
    membership: Membership, language: str, *, on_board: bool = False
) -> tuple[str, ...]:
    """Who this member is to the live pages.

    The board (a projector) and a school admin hear only whether help is open.
    """
    if on_board:
        return (whole_class(language),)
    if membership.can_help:
        return (helpers(language),)
    if membership.can_raise:
        return (whole_class(language), student(membership.pk, language))
    return (whole_class(language),)


# --- What is true now --------------------------------------------------------


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
        self.queue = Queue.objects.select_related("classroom__school").get(pk=queue_id)
        self.now = timezone.now()
        #: (Request, language) → its student's region, as far as somebody has asked for it.
        self.students: dict[tuple[int | None, str | None], str] = {}

    def still_is(self, queue: Queue) -> bool:
        """Whether this can speak for ``queue``, which was just read."""
        is_young = timezone.now() - self.now < SHARED_FOR
        return is_young and self.queue.version == queue.version

    @cached_property
    def lesson(self) -> Lesson | None:
        """The newest lesson, open or closed."""
        return self.queue.classroom.lessons.order_by("-opened_at", "-pk").first()

    @property
    def is_open(self) -> bool:
        return self.lesson is not None and self.lesson.closed_at is None

    @property
    def label(self) -> int:
        """Version of the class-wide region: when help opened or closed, in microseconds."""
        if self.lesson is None:
            return 0
        moment = self.lesson.closed_at or self.lesson.opened_at
        return int(moment.timestamp() * 1_000_000)

    @cached_property
    def active(self) -> list[HelpRequest]:
        return list(self.queue.help_requests.active().with_people())

    @cached_property
    def waiting(self) -> list[HelpRequest]:
        return arrange(
            [each for each in self.active if each.status == Status.WAITING], self.queue.rule
        )

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
        return list(waiting_devices(self.queue.classroom))

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
        if wanted := wanted - found.keys():
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
        known = waits.wait_range(place, self.visits, self.active_helpers)
        return Wait(False, *known) if known else Wait()


#: How long answers and pushes may speak from the same look at a queue that has not changed, and
#: how long a class's pace (its latest visits, its active helpers) is good for.
SHARED_FOR, PACE_LASTS = timedelta(seconds=2), timedelta(seconds=20)
#: Queues whose present state is kept.
_KNOWN_SIZE = 512
_known: dict[int, Present] = {}
_looking: dict[int, threading.Lock] = {}


def look(queue_id: int) -> Present:
    """The present state of a queue, looked up once for all who ask at the same time.

    After a change the answer to who made it and the push to everybody else need the same
    facts; the first of them asks the database, the other one waits for it.
    """
    with _looking.setdefault(queue_id, threading.Lock()):
        present = Present(queue_id)
        known = _known.get(queue_id)
        if known is not None:
            if known.still_is(present.queue):
                return known
            present.keep_pace(known)
        # What nearly every audience needs; the rest is found when it is asked for.
        present.lesson, present.waiting, present.visits, present.active_helpers  # noqa: B018
        if len(_known) >= _KNOWN_SIZE:
            _known.clear()
        _known[queue_id] = present
        return present


def forget_all() -> None:
    """Look everything up anew."""
    _known.clear()
    _memo.clear()
    queue_ids.clear()


# --- What each audience sees of it -------------------------------------------


def helpers_context(present: Present) -> dict:
    return {
        "queue": present.queue,
        "classroom": present.queue.classroom,
        "present": present,
        "rows": {
            "with_helper": _rows(present, present.with_helper),
            "waiting": _rows(present, present.waiting),
            "later": _rows(present, present.later),
            "missed": _rows(present, present.missed),
        },
    }


def class_context(present: Present) -> dict:
    classroom = present.queue.classroom
    return {
        "classroom": classroom,
        "present": present,
        "join_url": f"{settings.SITE_URL}/join/",
    }


def student_context(present: Present, latest: HelpRequest | None) -> dict:
    return {
        "classroom": present.queue.classroom,
        "my_request": latest if _is_of_today(present, latest) else None,
        "label": latest.label if latest else 0,
        "form_key": f"after-{latest.key}" if latest else "first",
        "asks_how_it_went": latest is not None and latest.asks_how_it_went(present.now),
        "later_minutes": LATER_MINUTES,
        "reasons": Reason.choices,
        "wait": present.wait_of(latest.student_id) if latest else Wait(),
        "rule": EXPLAINED[Rule(present.queue.rule)],
    }


def _is_of_today(present: Present, latest: HelpRequest | None) -> bool:
    """Whether the page still speaks of this request: how one ended is no news the next day.

    One that help closed on can be carried over for a week (T16).
    """
    if latest is None or latest.is_active or present.lesson is None:
        return latest is not None
    if latest.status == Status.EXPIRED:
        return present.now - latest.raised_at < CARRY_OVER_WITHIN
    return latest.lesson_id == present.lesson.pk


def _rows(present: Present, help_requests: Iterable[HelpRequest]) -> list[str]:
    return [_row(present, each) for each in help_requests]


#: What a text is made of, its language too → its HTML: a whole queue costs microseconds.
_memo: dict[tuple, str] = {}
_MEMO_SIZE = 8192


def _remembered(key: tuple, template: str, context: Callable[[], dict]) -> str:
    if key not in _memo:
        if len(_memo) >= _MEMO_SIZE:
            _memo.clear()
        _memo[key] = render_to_string(template, context())
    return _memo[key]


def _row(present: Present, help_request: HelpRequest) -> str:
    names = (help_request.student.name, getattr(help_request.helper, "name", ""))
    task = help_request.task.title if help_request.task else ""
    key = (help_request.pk, help_request.version, *names, task, translation.get_language())
    classroom = present.queue.classroom
    return _remembered(
        key,
        "requests_app/_queue_item.html",
        lambda: {"help_request": help_request, "classroom": classroom},
    )


HELPER_REGIONS = ("_help_switch", "_queue_summary", "_door", "_same_problem", "_queue")


def helpers_regions(present: Present) -> str:
    context = helpers_context(present)
    return "".join(
        render_to_string(f"requests_app/{name}.html", context) for name in HELPER_REGIONS
    )


def class_region(present: Present) -> str:
    return render_to_string("requests_app/_help_state.html", class_context(present))


def student_region(present: Present, latest: HelpRequest | None) -> str:
    """The answer to who made a change and the push to their page are the same: made once."""
    key = (latest.pk if latest else None, translation.get_language())
    if key not in present.students:
        context = student_context(present, latest)
        present.students[key] = render_to_string("requests_app/_my_request.html", context)
    return present.students[key]


def wait_region(told: Wait) -> str:
    key = (told, translation.get_language())
    return _remembered(key, "requests_app/_my_wait.html", lambda: {"wait": told})


def render(membership: Membership, *, on_board: bool = False) -> str:
    """Every region on one member's page, in the active language, as it is now."""
    present = look(Queue.objects.of(membership.classroom).pk)
    if on_board:
        return class_region(present)
    if membership.can_help:
        return helpers_regions(present)
    if membership.can_raise:
        latest = present.latest_of([membership.pk]).get(membership.pk)
        return class_region(present) + student_region(present, latest)
    return class_region(present)


# --- The hub's renderer ------------------------------------------------------


@dataclass(frozen=True)
class Audience:
    """An audience's name taken apart: ``student.31:en``."""

    name: str

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0].partition(".")[0]

    @property
    def language(self) -> str:
        return self.name.partition(":")[2]

    @property
    def student(self) -> int:
        return int(self.name.partition(":")[0].partition(".")[2])


def frames_for(queue_id: int, work: Work, watched: set[str]) -> Iterator[Part]:
    """What the hub sends: each audience that somebody here watches, rendered once.

    Helpers come first: they are the ones who can do something about it.
    """
    if work.attend:
        _note_attendance(work.attend, watched)
    present = look(queue_id)
    audiences = [Audience(name) for name in sorted(watched)]
    if work.everything:
        work.changed = work.class_wide = True
        work.students |= {each.student for each in audiences if each.kind == "student"}
    for kinds in (("helpers",), ("class", "student")):
        part = [each for each in audiences if each.kind in kinds]
        if part:
            with timezone.override(present.queue.classroom.zone):
                yield _part(present, work, part)


def versions_of(queue_ids: Collection[int]) -> dict[int, int]:
    """Queue → its version now; one query for all."""
    return dict(Queue.objects.filter(pk__in=queue_ids).values_list("pk", "version"))


def still_let_in(passes: Sequence[Mapping]) -> list[bool]:
    """For each socket's passes (ticket.Admission) whether they still let it in.

    Students among them are noted as here, if help is open. A handful of queries for
    however many.
    """
    roles = dict(
        Membership.objects.present()
        .filter(pk__in=_those(passes, "membership"), classroom__archived_at=None)
        .values_list("pk", "role")
    )
    devices = _ids(Device.objects.filter(approved_at__isnull=False), "pk", passes, "device")
    users = _ids(get_user_model().objects.filter(is_active=True), "pk", passes, "user")
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    sessions = _ids(alive, "session_key", passes, "session")
    told = [
        roles.get(each["membership"]) == each["role"]
        and each["device"] in devices
        and each["user"] in users
        and each["session"] in sessions
        for each in passes
    ]
    _note_newcomers([each for each, is_in in zip(passes, told, strict=True) if is_in])
    return told


def _those(passes: Sequence[Mapping], name: str) -> set:
    return {each[name] for each in passes} - {None}


def _ids(rows: QuerySet, field: str, passes: Sequence[Mapping], name: str) -> set:
    """Which of the passes' ids are among the rows; having none is as good."""
    wanted = _those(passes, name)
    found = rows.filter(**{f"{field}__in": wanted}).values_list(field, flat=True) if wanted else ()
    return {None, *found}


def _note_newcomers(passes: Sequence[Mapping]) -> None:
    students = [each for each in passes if each["role"] == Role.STUDENT]
    if not students:
        return
    lessons = Lesson.objects.open().filter(classroom__in=_those(students, "classroom"))
    for lesson in lessons:
        here = {each["membership"] for each in students if each["classroom"] == lesson.classroom_id}
        attend(lesson, here)


def _part(present: Present, work: Work, audiences: list["Audience"]) -> Part:
    came = {name for socket in work.newcomers for name in socket.audiences}
    students = {each.student for each in audiences if each.kind == "student"}
    concerned = [pk for pk in students if pk in work.students or _any_of(pk, came)]
    latest = present.latest_of(concerned)
    labels = {each.name: _label(present, each, latest) for each in audiences}
    lacking = {
        name
        for socket in work.newcomers
        for name in socket.audiences
        if name in labels and socket.have.get(Audience(name).kind) != labels[name]
    }
    frames = {}
    for each in audiences:
        with translation.override(each.language):
            frames[each.name] = _frames(present, work, each, each.name in lacking, latest)
    return Part(frames, labels, present.queue.version)


def _label(present: Present, audience: "Audience", latest: Mapping[int, HelpRequest]) -> int:
    """The version of what an audience sees: the number that its regions carry."""
    if audience.kind == "helpers":
        return present.queue.version
    if audience.kind == "class":
        return present.label
    own = latest.get(audience.student)
    return own.label if own else 0


def _any_of(student_id: int, names: set[str]) -> bool:
    return any(student(student_id, code) in names for code, _name in settings.LANGUAGES)


def _frames(
    present: Present,
    work: Work,
    audience: Audience,
    is_lacking: bool,
    latest: Mapping[int, HelpRequest],
) -> list[Frame]:
    """``is_lacking``: somebody came whose page does not show this version."""
    if audience.kind == "helpers":
        if is_lacking or work.changed:
            return [Frame(helpers_regions(present), news=work.changed)]
        return []
    if audience.kind == "class":
        if is_lacking or work.class_wide:
            return [Frame(class_region(present), news=work.class_wide)]
        return []
    is_changed = audience.student in work.students
    if is_lacking or is_changed:
        own = latest.get(audience.student)
        return [Frame(student_region(present, own), news=is_changed)]
    if audience.student in present.places:
        # Somebody else's change can make this student the next one.
        told = present.wait_of(audience.student)
        return [Frame(wait_region(told), sameness=str(told))]
    return []


def _note_attendance(lesson_id: int, watched: set[str]) -> None:
    lesson = Lesson.objects.filter(pk=lesson_id).first()
    here = {Audience(name).student for name in watched if name.startswith("student.")}
    if lesson is not None and here:
        attend(lesson, here)


# --- Telling -----------------------------------------------------------------


def announce(
    queue: Queue,
    *,
    students: Iterable[int] = (),
    class_wide: bool = False,
    attend: int | None = None,
) -> None:
    """Once the change is committed, everybody who sees this queue is shown what is true.

    ``students``: membership ids whose own page changed. ``class_wide``: help opened or
    closed. ``attend``: the lesson that just opened, for the students who are looking.
    """
    message = {
        "type": "live.changed",
        "queue": queue.pk,
        "version": queue.version,
        "students": list(students),
        "class_wide": class_wide,
        "attend": attend,
    }
    transaction.on_commit(lambda: hub.tell_all(message), robust=True)


def dismiss(**passes) -> None:
    """Close the sockets that one of these passes let in: ``membership``, ``device``, ``user``,
    ``classroom`` (ids) or ``session`` (key)."""
    message = {"type": "live.dismiss", "passes": passes}
    transaction.on_commit(lambda: hub.tell_all(message), robust=True)


def title(present: Present) -> str:
    """The page title of a helper: how many wait, then the class."""
    waiting = len(present.waiting)
    name = present.queue.classroom.name
    return _("(%(waiting)d) %(name)s") % {"waiting": waiting, "name": name} if waiting else name
