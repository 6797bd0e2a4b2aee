"""Live regions: what each audience sees, rendered once, pushed after commit.

A region is one partial with one root element; every push is the whole present
state of its regions, never a delta, so losing one or getting it twice does no
harm. Three kinds of audience, each with a language:

* ``helpers``: the queue, for those who help in the class;
* ``class``: whether help is open; no name, count, place or text of anybody;
* ``student.<id>``: one student's own request, for that student alone.

A student's region is labelled by their own request's last change, not by the
queue's version, whose steps would tell how much the others ask.

Other apps show something of their own beside these (asides.py).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from classrooms import flood, passes
from classrooms.actions import attend
from classrooms.endings import recent
from classrooms.models import Classroom, Lesson, Membership, Role
from requests_app import asides, hub
from requests_app.hub import Frame, Part, Work
from requests_app.models import HelpRequest, Queue, Reason, Status, queue_ids
from requests_app.order import NEXT_TIME, NEXT_TIME_FOR_HELPERS, Rule, explain
from requests_app.present import Present, Wait, forget_queues, look

#: Minutes that a student can put their request off by (T12).
LATER_MINUTES = (5, 10, 20)
#: How long "I still need this" is offered after help closed on a request (T16).
CARRY_OVER_WITHIN = timedelta(days=7)


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


# --- What each audience sees of it -------------------------------------------


def helpers_context(present: Present) -> dict:
    return {
        "queue": present.queue,
        "classroom": present.queue.classroom,
        "present": present,
        "shut": flood.reason(present.queue.classroom),
        "next_time": NEXT_TIME_FOR_HELPERS.get(Rule(present.queue.rule), ""),
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
    shown = latest if latest is not None and latest.is_seen else None
    return {
        "classroom": present.queue.classroom,
        "my_request": shown if _is_of_today(present, shown) else None,
        "label": shown.label if shown else 0,
        "coach": stage(shown),
        "form_key": f"after-{latest.key}" if latest else "first",
        "asks_how_it_went": shown is not None and shown.asks_how_it_went(present.now),
        "later_minutes": LATER_MINUTES,
        "reasons": Reason.choices,
        "wait": present.wait_of(latest.student_id) if latest else Wait(),
        "rule": explain(present.queue.rule),
        "next_time": NEXT_TIME.get(Rule(present.queue.rule), ""),
    }


def stage(latest: HelpRequest | None) -> str:
    """Changes when a student's cards are other ones: a new hand, another stage of the same."""
    if latest is None:
        return "down"
    if latest.status in (Status.WAITING, Status.CLAIMED, Status.PAUSED, Status.HELPING):
        return f"{latest.key}-up-{latest.reopened}-{latest.manner}"
    return f"{latest.key}-{latest.status}-{latest.reflection}"


def _is_of_today(present: Present, latest: HelpRequest | None) -> bool:
    """Whether the page still speaks of this request: how one ended is no news the next day.

    One that help closed on can be carried over for a week (T16).
    """
    if latest is None or latest.is_active or present.lesson is None:
        return latest is not None
    if latest.status == Status.EXPIRED:
        return present.now - latest.raised_at < CARRY_OVER_WITHIN
    return latest.lesson_id == present.lesson.pk


def _rows(present: Present, help_requests: Iterable[HelpRequest]) -> SafeString:
    return SafeString("".join(_row(present, each) for each in help_requests))


#: What a text is made of, its language too → its HTML: a whole queue costs microseconds.
_memo: dict[tuple, str] = {}
_MEMO_SIZE = 8192


def forget_all() -> None:
    """Look everything up and render it anew."""
    forget_queues()
    asides.forget_all()
    _memo.clear()
    queue_ids.clear()


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
    own = (render_to_string(f"requests_app/{name}.html", context) for name in HELPER_REGIONS)
    return "".join(own) + asides.of_helpers(present)


def class_regions(present: Present) -> str:
    """One label for all of them, so they go together."""
    own = render_to_string("requests_app/_help_state.html", class_context(present))
    return own + asides.of_class(present)


def student_region(present: Present, latest: HelpRequest | None) -> str:
    """The answer to who made a change and the push to their page are the same: made once."""
    key = (latest.pk if latest else None, translation.get_language())
    if key not in present.students:
        context = student_context(present, latest)
        present.students[key] = render_to_string("requests_app/_my_request.html", context)
    return present.students[key]


def student_asides(present: Present, student_id: int) -> str:
    facts = asides.facts_of(present, [student_id])
    return asides.of_student(present, facts[student_id])


def wait_region(told: Wait) -> str:
    key = (told, translation.get_language())
    return _remembered(key, "requests_app/_my_wait.html", lambda: {"wait": told})


def render(membership: Membership, *, on_board: bool = False) -> str:
    """Every region on one member's page, in the active language, as it is now."""
    present = look(Queue.objects.of(membership.classroom).pk)
    if on_board:
        return class_regions(present)
    if membership.can_help:
        return helpers_regions(present)
    if membership.can_raise:
        latest = present.latest_of([membership.pk]).get(membership.pk)
        own = student_region(present, latest) + student_asides(present, membership.pk)
        return class_regions(present) + own
    return class_regions(present)


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
    if work.class_wide:
        # A student's asides speak of the lesson.
        work.asides_of |= {each.student for each in audiences if each.kind == "student"}
    for kinds in (("helpers",), ("class", "student")):
        part = [each for each in audiences if each.kind in kinds]
        if part:
            with timezone.override(present.queue.classroom.zone):
                yield _part(present, work, part)


def versions_of(queue_ids: Collection[int]) -> dict[int, int]:
    """Queue → its version now; one query for all."""
    return dict(Queue.objects.filter(pk__in=queue_ids).values_list("pk", "version"))


def still_let_in(let_in_by: Sequence[passes.Pass], came: bool) -> list[bool]:
    """For each socket's passes whether they let it in now.

    Students who ``came`` are noted as here, if help is open.
    """
    told = passes.still_good(let_in_by)
    if came:
        _note_newcomers([each for each, is_in in zip(let_in_by, told, strict=True) if is_in])
    return told


def endings() -> dict[int, tuple[str, int]]:
    """Rights that ended in the last minute: id → (pass, whose)."""
    return recent()


def _note_newcomers(let_in_by: Sequence[passes.Pass]) -> None:
    students = [each for each in let_in_by if each["role"] == Role.STUDENT]
    if not students:
        return
    lessons = Lesson.objects.open().filter(classroom__in=passes.those(students, "classroom"))
    for lesson in lessons:
        here = [each for each in students if each["classroom"] == lesson.classroom_id]
        attend(lesson, passes.those(here, "membership"))


def _part(present: Present, work: Work, audiences: list["Audience"]) -> Part:
    came = {name for socket in work.newcomers for name in socket.audiences}
    students = {each.student for each in audiences if each.kind == "student"}
    new = {pk for pk in students if _any_of(pk, came)} if came else set()
    told = _Told(
        present,
        work,
        latest=present.latest_of(new | students & work.students),
        facts=asides.facts_of(present, new | students & work.asides_of),
    )
    labels = {each.name: _label(present, each, told.latest) for each in audiences}
    lacking = {
        name
        for socket in work.newcomers
        for name in socket.audiences
        if name in labels and socket.have.get(Audience(name).kind) != labels[name]
    }
    frames = {}
    for each in audiences:
        with translation.override(each.language):
            frames[each.name] = _frames(told, each, each.name in lacking)
    return Part(frames, labels, present.queue.version)


@dataclass(frozen=True)
class _Told:
    """What one part is rendered from. ``latest`` and ``facts`` (of asides) have those students
    for whom they are needed."""

    present: Present
    work: Work
    latest: Mapping[int, HelpRequest]
    facts: asides.Facts


def _label(present: Present, audience: "Audience", latest: Mapping[int, HelpRequest]) -> int:
    """The version of what an audience sees: the number that its regions carry."""
    if audience.kind == "helpers":
        return present.queue.version
    if audience.kind == "class":
        return present.label
    own = latest.get(audience.student)
    return own.label if own and own.is_seen else 0


def _any_of(student_id: int, names: set[str]) -> bool:
    return any(student(student_id, code) in names for code, _name in settings.LANGUAGES)


def _frames(told: _Told, audience: Audience, is_lacking: bool) -> list[Frame]:
    """``is_lacking``: somebody came whose page does not show this version."""
    present, work = told.present, told.work
    if audience.kind == "student":
        return [*_own(told, audience.student, is_lacking), *_own_asides(told, audience.student)]
    if audience.kind == "helpers":
        if is_lacking or work.changed:
            return [Frame(helpers_regions(present), news=work.changed)]
        return []
    is_news = work.class_wide or work.asides
    if is_lacking or is_news:
        return [Frame(class_regions(present), news=is_news)]
    return []


def _own(told: _Told, student_id: int, is_lacking: bool) -> list[Frame]:
    """A student's own request, or how long they still wait for."""
    present = told.present
    is_changed = student_id in told.work.students
    if is_lacking or is_changed:
        latest = told.latest.get(student_id)
        return [Frame(student_region(present, latest), news=is_changed)]
    if student_id in present.places:
        # Somebody else's change can make this student the next one.
        wait = present.wait_of(student_id)
        return [Frame(wait_region(wait), sameness=str(wait))]
    return []


def _own_asides(told: _Told, student_id: int) -> list[Frame]:
    """Every page that comes is given them: they have no label, and cost next to nothing."""
    if not told.facts.get(student_id):
        return []
    html = asides.of_student(told.present, told.facts[student_id])
    return [Frame(html, news=student_id in told.work.asides_of)]


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
        "asides": False,
        "asides_of": [],
    }
    transaction.on_commit(lambda: hub.tell_all(message), robust=True)


def announce_asides(
    classroom: Classroom, *, students: Iterable[int] = (), class_wide: bool = False
) -> None:
    """The same for what another app shows beside the queue: its helpers' regions, those of
    these students (membership ids), and with ``class_wide`` those of the whole class.

    To be called inside the transaction of the change, whose lock it takes.
    """
    queue = Queue.objects.of(classroom)
    version = Queue.objects.note_asides(queue.pk, class_wide=class_wide)
    message = {
        "type": "live.changed",
        "queue": queue.pk,
        "version": version,
        "students": [],
        "class_wide": False,
        "attend": None,
        "asides": class_wide,
        "asides_of": list(students),
    }
    transaction.on_commit(lambda: hub.tell_all(message), robust=True)


def announce_past(student: Membership) -> None:
    """The same when a student is shown another part of their own past (``classrooms.proof``)."""
    queue = Queue.objects.of(student.classroom)
    queue.version = Queue.objects.note_asides(queue.pk, class_wide=False)
    announce(queue, students=[student.pk])
    announce_asides(student.classroom, students=[student.pk])


def dismiss(**whose) -> None:
    """Close the sockets that one of these passes let in: ``membership``, ``device``,
    ``classroom`` (ids) or ``session`` (key)."""
    message = {"type": "live.dismiss", "passes": whose}
    transaction.on_commit(lambda: hub.tell_all(message), robust=True)


def look_again(**whose) -> None:
    """Ask about the sockets that one of these passes let in, whether it still does."""
    message = {"type": "live.look_again", "passes": whose}
    transaction.on_commit(lambda: hub.tell_all(message), robust=True)


def title(present: Present) -> str:
    """The page title of a helper: how many wait, then the class."""
    waiting = len(present.waiting)
    name = present.queue.classroom.name
    return _("(%(waiting)d) %(name)s") % {"waiting": waiting, "name": name} if waiting else name
