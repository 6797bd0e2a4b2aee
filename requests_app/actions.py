"""Everything that can happen to a help request.

Each verb runs in one transaction, under its queue's lock: look, check, write,
record, announce. Views, admin, jobs and commands all come through here.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Field, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms.actions import NotPossible, attend
from classrooms.models import Attendance, Classroom, Lesson, Membership, Task
from classrooms.prepared import Prepared
from requests_app import live, metrics
from requests_app.labels import later_than
from requests_app.models import (
    ACTIVE,
    CLAIM_LASTS,
    LONGER_LOOK_FROM,
    LONGER_LOOK_WITHIN,
    REOPEN_WITHIN,
    RETURN_GRACE,
    UNDO_WITHIN,
    Event,
    HelpRequest,
    Outcome,
    Queue,
    Reason,
    Reflection,
    Status,
    current_request,
)
from requests_app.order import Credits
from requests_app.said import Repair

#: "It has been a while" looks back over this many attended lessons (D2).
LESSONS_BACK = 5
#: What the end of a lesson ends (T15); a request for later stays.
CLOSING = (Status.WAITING, Status.CLAIMED, Status.PAUSED, Status.HELPING)
#: The last step that a helper can take back.
UNDOABLE = frozenset(
    {"claim", "start", "resolve", "pause", "put_back", "bring_forward", "answer_group"}
)


class AlreadyDone(NotPossible):
    """The same person did just this a moment ago: a double tap, not a mistake."""


# --- Help is open ------------------------------------------------------------


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
    live.announce(queue, class_wide=True, attend=lesson.pk)
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
        with _recorded(current, verb, by=by):
            _end(current, now)
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
    queue.version = Queue.objects.note_asides(queue.pk, class_wide=True)


# --- The student's verbs -----------------------------------------------------


@transaction.atomic
def raise_hand(
    queue: Queue,
    *,
    student: Membership,
    form_key: str,
    by: Membership | None = None,
    carried_from: HelpRequest | None = None,
) -> HelpRequest:
    """One tap puts ``student`` in line (T1).

    Posting the same ``form_key`` again, or raising while a request is active, returns the
    request that stands. ``by`` is the staff member who raises on the student's behalf.
    Raises NotPossible while help is closed.
    """
    queue = Queue.objects.locked(queue.pk)
    lesson = queue.open_lesson()
    past = _past_of(student.pk, lesson.pk if lesson else 0, form_key)
    for row in past:
        if row.form_key == form_key or row.status in ACTIVE:
            standing = queue.help_requests.get(pk=row.pk)
            transaction.set_rollback(True)  # nothing happened, so the version stays
            return standing
    if lesson is None:
        raise NotPossible(_("Help is not open right now. You can ask when your teacher opens it."))
    now = timezone.now()
    current = HelpRequest(
        queue=queue,
        lesson=lesson,
        student=student,
        raised_by=by,
        raised_at=now,
        # The page that shows the one before takes nothing with a smaller label.
        changed_at=max([now, *(later_than(row.changed_at, now) for row in past)]),
        form_key=form_key,
        carried_from=carried_from,
    )
    _give_credits(current, _credits(current, past))
    current.longer_look = _asks_again_and_again(past, now)
    if carried_from is not None:
        current.missed_last_time = True
        _give_credits(current, current.credits)
    current.save(force_insert=True)
    if not any(row.lesson_id == lesson.pk for row in past):
        attend(lesson, [student.pk])
    _record(current, "raise_hand", by=by or student, at=now, before={}, facts=_facts(current))
    transaction.on_commit(metrics.RAISES.inc)
    live.announce(queue, students=[student.pk])
    return current


def carry_over(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "I still need this" (T16): a new request, linked to the one that help closed on."""
    if help_request.status != Status.EXPIRED:
        raise NotPossible(_("You can raise your hand again."))
    return raise_hand(
        help_request.queue,
        student=by,
        form_key=f"carry-{help_request.key}",
        carried_from=help_request,
    )


def describe(help_request: HelpRequest, *, by: Membership, **said) -> HelpRequest:
    """Say more after raising: the first raise counts, and only the head start can change.

    ``said``: any of the fields ``SAYABLE`` with its new value; the others stay. Raises
    NotPossible once the request has moved on: ``describe_late`` keeps such an answer.
    """
    with _change(help_request, "describe", by=by) as current:
        _say(current, said)
        if "carry_on" in said:
            _give_credits(current, current.credits)
    return current


def describe_late(help_request: HelpRequest, *, by: Membership, **said) -> HelpRequest:
    """Keep an answer that came while or after somebody helped: it is history, and moves nothing."""
    with _change(help_request, "describe_late", by=by) as current:
        _say(current, said)
    return current


#: What a student can say about a request; each is a field of it.
SAYABLE = ("task", "text", "carry_on", "kind", "tried", "starter", "feeling")


def _say(current: HelpRequest, said: dict) -> None:
    unknown = said.keys() - set(SAYABLE)
    if unknown:
        raise TypeError(f"not sayable: {', '.join(sorted(unknown))}")
    for name, value in said.items():
        setattr(current, name, value)
        current.cards = {**current.cards, name: "answered"}


def pass_over(help_request: HelpRequest, *, by: Membership, **cards: str) -> HelpRequest:
    """Note what became of ``cards`` that were not answered: skipped, offered, helped a bit, ...

    An answer is never written over: who skips a card that was answered leaves it as it is.
    """
    with _change(help_request, "pass_over", by=by) as current:
        kept = {card: what for card, what in current.cards.items() if what == "answered"}
        if current.cards == current.cards | cards | kept:
            raise AlreadyDone("")
        current.cards = current.cards | cards | kept
    return current


def choose_manner(help_request: HelpRequest, *, by: Membership, manner: str) -> HelpRequest:
    """ "Come quietly", said with the student's own yes; empty takes it back."""
    if settings.LAN and manner:
        raise NotPossible(_("Others on this network could read along, so this waits for https."))
    with _change(help_request, "choose_manner", by=by) as current:
        current.manner = manner
    return current


def solve(help_request: HelpRequest, *, by: Membership, resource: str = "") -> HelpRequest:
    """ "I solved it" (T8), from every active state: the student's word always wins.

    ``resource``: the card of a resource that solved it ("resource-12").
    """
    with _change(help_request, "solve", by=by) as current:
        with_helper = current.status in (Status.HELPING, Status.PAUSED)
        current.outcome = Outcome.HELPED if with_helper else Outcome.ALONE
        if resource:
            current.outcome = Outcome.RESOURCE
            current.cards = {**current.cards, resource: "solved"}
        current.reflection = Reflection.CARRY_ON
        _end(current)
    return current


def lower(help_request: HelpRequest, *, by: Membership | None, reason: str = "") -> HelpRequest:
    """ "Lower hand" (T11); ``reason`` is one of Reason or empty."""
    with _change(help_request, "lower", by=by) as current:
        current.reason = reason
        _end(current)
    return current


@transaction.atomic
def say_why(help_request: HelpRequest, *, by: Membership, reason: str) -> HelpRequest:
    """Why the hand was lowered, said afterwards; lightly asked, never needed (M3)."""
    queue = Queue.objects.locked(help_request.queue_id)
    current = queue.help_requests.get(pk=help_request.pk)
    if current.status != Status.WITHDRAWN:
        raise NotPossible(_("This is not about a lowered hand any more."))
    current.queue = queue
    with _recorded(current, "say_why", by=by, to=Status.WITHDRAWN):
        current.reason = reason
    live.announce(queue, students=[current.student_id])
    return current


def reflect(help_request: HelpRequest, *, by: Membership, reflection: str) -> HelpRequest:
    """ "How did that go?": I can carry on, or partly."""
    with _change(help_request, "reflect", by=by) as current:
        current.reflection = reflection
    return current


def reopen(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "Not yet" (T10): back into line with the first raise time, within 15 minutes."""
    with _change(help_request, "reopen", by=by) as current:
        if current.ended_at is None or timezone.now() - current.ended_at > REOPEN_WITHIN:
            raise NotPossible(_("That was a while ago. You can raise your hand again."))
        lesson = current.queue.open_lesson()
        if lesson is None:
            raise NotPossible(_("Help is closed now. You can ask again in the next lesson."))
        _check_newest(current)
        current.lesson = lesson
        current.reopened += 1
        current.last_helper, current.helper = current.helper, None
        current.repair = ""
        current.ended_at = None
        current.outcome = current.reflection = ""
    return current


def look_ahead(help_request: HelpRequest, *, by: Membership, next_one: str) -> HelpRequest:
    """ "Could you do the next one?": a value of NextOne."""
    with _change(help_request, "look_ahead", by=by) as current:
        current.next_one = next_one
    return current


def choose_repair(help_request: HelpRequest, *, by: Membership, repair: str) -> HelpRequest:
    """After "not yet": how the student would like to go on (C7), a value of Repair.

    A different kind of help asks for the kind anew.
    """
    with _change(help_request, "choose_repair", by=by) as current:
        current.repair = repair
        if repair == Repair.KIND:
            current.kind = ""
            current.cards = {k: v for k, v in current.cards.items() if k != "kind"}
    return current


def defer(help_request: HelpRequest, *, by: Membership, at: datetime | None = None) -> HelpRequest:
    """Come back to it later (T12): the student names a time, or takes the one proposed."""
    with _change(help_request, "defer", by=by) as current:
        at = at or current.proposed_at
        if at is None or at <= timezone.now():
            raise NotPossible(_("That time has passed. Please choose a later one."))
        current.return_at, current.proposed_at = at, None
        current.helper = None
    return current


def decline_later(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """No later time, please: I keep my place (T12)."""
    with _change(help_request, "decline_later", by=by) as current:
        current.proposed_at = None
    return current


# --- The helper's verbs ------------------------------------------------------


def claim(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "On my way" (T3): one helper wins, the student is told who."""
    with _change(help_request, "claim", by=by) as current:
        _answer(current, by)
    return current


def start(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "Start" (T5). The first-today credit is used up here, not earlier."""
    with _change(help_request, "start", by=by) as current:
        _answer(current, by)
        current.help_started_at = current.help_started_at or timezone.now()
        current.is_promised = False
    return current


def resolve(
    help_request: HelpRequest, *, by: Membership, outcome: str = Outcome.HELPED
) -> HelpRequest:
    """ "Done" (T9); the student is asked how it went."""
    with _change(help_request, "resolve", by=by) as current:
        current.outcome = outcome
        current.help_started_at = current.help_started_at or timezone.now()
        _end(current)
    return current


def note_given(
    help_request: HelpRequest, *, by: Membership, given: str = "", next_step: str = ""
) -> HelpRequest:
    """What was actually given (a value of Given), and a next step that the student reads."""
    with _change(help_request, "note_given", by=by) as current:
        current.given, current.next_step = given or current.given, next_step or current.next_step
    return current


def thank(help_request: HelpRequest, *, by: Membership, thanks: str) -> HelpRequest:
    """A word about the asking (A16), for this student alone; no total of it exists anywhere."""
    with _change(help_request, "thank", by=by) as current:
        current.thanks = thanks
    return current


def pause(
    help_request: HelpRequest, *, by: Membership, minutes: int, hint: str = ""
) -> HelpRequest:
    """ "Try this, back soon" (T6): the helper promises to be back in 1 to 15 minutes.

    One promise for each helper at a time, so that promises stay true (D2).
    """
    if not 1 <= minutes <= 15:
        raise NotPossible(_("Choose 1 to 15 minutes."))
    with _change(help_request, "pause", by=by) as current:
        promised = current.queue.help_requests.filter(status=Status.PAUSED, helper=by).first()
        if promised is not None:
            raise NotPossible(
                _("You promised to go back to %(name)s. One promise at a time keeps it true.")
                % {"name": promised.student.name}
            )
        current.return_at = timezone.now() + timedelta(minutes=minutes)
        current.hint = hint
    return current


def put_back(help_request: HelpRequest, *, by: Membership | None) -> HelpRequest:
    """ "Put back" (T4): into line again, with the first raise time."""
    with _change(help_request, "put_back", by=by) as current:
        current.helper = None
        current.return_at = None
    return current


def bring_forward(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "Bring forward" (D2): judgement beats rules; the event row is the log of it."""
    with _change(help_request, "bring_forward", by=by) as current:
        current.brought_forward_at = timezone.now()
    return current


def propose_later(help_request: HelpRequest, *, by: Membership, at: datetime) -> HelpRequest:
    """Offer the student a later time (T12); nothing changes until they take it."""
    with _change(help_request, "propose_later", by=by) as current:
        if at <= timezone.now():
            raise NotPossible(_("Choose a time that is still to come."))
        current.proposed_at = at
    return current


@transaction.atomic
def answer_group(queue: Queue, *, by: Membership, task: Task) -> list[HelpRequest]:
    """ "Answer for the group" (T9 for many): all open requests about ``task`` end together."""
    queue = Queue.objects.locked(queue.pk)
    answered = list(
        queue.help_requests.filter(task=task, status__in=CLOSING).with_people().order_by("pk")
    )
    if not answered:
        raise NotPossible(_("Nobody is waiting with this task now."))
    now = timezone.now()
    for current in answered:
        current.queue = queue
        with _recorded(current, "answer_group", by=by, at=now):
            current.helper = by
            current.first_response_at = current.first_response_at or now
            current.outcome = Outcome.GROUP
            _end(current, now)
    live.announce(queue, students=[each.student_id for each in answered])
    return answered


@transaction.atomic
def undo(queue: Queue, *, by: Membership) -> list[HelpRequest]:
    """Take back the last step of ``by``, as long as nothing came after it."""
    queue = Queue.objects.locked(queue.pk)
    last = Event.objects.filter(help_request__queue=queue, actor=by).order_by("-pk").first()
    now = timezone.now()
    if last is None or last.verb not in UNDOABLE or now - last.happened_at > UNDO_WITHIN:
        raise NotPossible(_("There is nothing to undo any more."))
    steps = Event.objects.filter(
        help_request__queue=queue, actor=by, verb=last.verb, happened_at=last.happened_at
    ).select_related("help_request__student")
    restored = []
    for step in steps:
        current = step.help_request
        current.queue = queue
        if current.events.order_by("-pk").values_list("pk", flat=True).first() != step.pk:
            raise NotPossible(_("Something happened in between, so this cannot be undone."))
        _check_free(current, step.before)
        with _recorded(current, "undo", by=by, to=Status(step.before["status"])):
            _apply(current, step.before)
        restored.append(current)
    live.announce(queue, students=[each.student_id for each in restored])
    return restored


def _check_free(current: HelpRequest, before: dict) -> None:
    """What was is not possible any more after another hand, another promise, another lesson."""
    status = Status(before["status"])
    lesson = current.queue.open_lesson()
    is_over = lesson is None or lesson.pk != current.lesson_id
    promised = current.queue.help_requests.filter(
        status=Status.PAUSED, helper_id=before.get("helper_id", current.helper_id)
    )
    if (
        (status in ACTIVE and (is_over or _since(current).exists()))
        or (status == Status.PAUSED and promised.exclude(pk=current.pk).exists())
    ):  # fmt: skip
        raise NotPossible(_("Something happened in between, so this cannot be undone."))


def _since(current: HelpRequest) -> QuerySet[HelpRequest]:
    """What the same student has raised since: an older request stays as it ended, so that an
    active one is always the newest, and the one that the student's page is about."""
    return current.queue.help_requests.filter(student_id=current.student_id, pk__gt=current.pk)


def _check_newest(current: HelpRequest) -> None:
    newer = _since(current).order_by("-pk").first()
    if newer is None:
        return
    if newer.is_active:
        raise NotPossible(_("Your hand is up already. Tell your helper about this as well."))
    raise NotPossible(_("That was a while ago. You can raise your hand again."))


# --- The clock's verbs: right when late, and when run twice -------------------


def run_clock(now: datetime | None = None) -> int:
    """Do every move whose time has come; returns how many were made.

    However late it runs, the moves are made in the order in which they were due.
    """
    now = now or timezone.now()
    made = 0
    for _due, move in sorted(_due_moves(now), key=lambda each: each[0]):
        try:
            move()
            made += 1
        except NotPossible:
            continue  # somebody was faster than the clock
    return made


def _due_moves(now: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
    due = HelpRequest.objects.filter(
        Q(status=Status.CLAIMED, claimed_at__lte=now - CLAIM_LASTS)
        | Q(status=Status.PAUSED, return_at__lte=now - RETURN_GRACE)
        | Q(status=Status.DEFERRED, return_at__lte=now)
    )
    for each in due:
        if each.status == Status.CLAIMED and each.claimed_at:
            yield each.claimed_at + CLAIM_LASTS, partial(let_go, each, now=now)
        elif each.status == Status.PAUSED and each.return_at:
            yield each.return_at + RETURN_GRACE, partial(overdue, each, now=now)
        elif each.return_at:
            yield each.return_at, partial(come_back, each, now=now)
    for lesson in Lesson.objects.open().filter(closes_at__lte=now).select_related("classroom"):
        if lesson.closes_at:
            yield lesson.closes_at, partial(close_help, lesson.classroom, by=None, if_due=now)


def let_go(help_request: HelpRequest, *, now: datetime) -> HelpRequest:
    """A claim with no start after five minutes goes back into line (T4)."""
    with _change(help_request, "let_go", by=None) as current:
        _still_due(current.claimed_at, now - CLAIM_LASTS)
        current.helper = None
    return current


def overdue(help_request: HelpRequest, *, now: datetime) -> HelpRequest:
    """A promised return that did not happen: first in line now (T7)."""
    with _change(help_request, "overdue", by=None) as current:
        _still_due(current.return_at, now - RETURN_GRACE)
        current.is_promised = True
        current.helper = None
    return current


def come_back(help_request: HelpRequest, *, now: datetime) -> HelpRequest:
    """The later time has come (T12). While help is closed it waits for the next lesson."""
    with _change(help_request, "come_back", by=None) as current:
        _still_due(current.return_at, now)
        lesson = current.queue.open_lesson()
        if lesson is None:
            raise NotPossible("closed")
        current.lesson = lesson
        current.is_promised = True
    return current


def _still_due(moment: datetime | None, limit: datetime) -> None:
    if moment is None or moment > limit:
        raise NotPossible("not due any more")


# --- One place where a help request changes ----------------------------------


@contextmanager
def _change(
    help_request: HelpRequest, verb: str, *, by: Membership | None
) -> Iterator[HelpRequest]:
    """Lock the queue, read the row again, check the move, write what the block sets on it."""
    with transaction.atomic():
        queue = Queue.objects.locked(help_request.queue_id)
        current = current_request(help_request.pk)
        current.queue = queue
        _check(current, verb, by)
        with _recorded(current, verb, by=by):
            yield current
        live.announce(queue, students=[current.student_id])


@contextmanager
def _recorded(
    current: HelpRequest,
    verb: str,
    *,
    by: Membership | None,
    to: Status | None = None,
    at: datetime | None = None,
) -> Iterator[HelpRequest]:
    """Move ``current`` to where ``verb`` leads, save what changed, write the event.

    Whoever calls announces, once for all that they move: each announcement sends the whole queue.
    """
    before = _facts(current)
    to = to or current.target(verb)
    assert to is not None, f"{verb} from {current.status}"
    yield current
    current.status = to
    after = _facts(current)
    changed = {name for name in after if after[name] != before[name]}
    now = at or timezone.now()
    current.version += 1
    current.changed_at = later_than(current.changed_at, now)
    current.save(update_fields=[*changed, "version", "changed_at"])
    _record(
        current,
        verb,
        by=by,
        at=now,
        before={name: before[name] for name in {*changed, "status"}},
        facts={name: after[name] for name in {*changed, "status"}},
    )


def _check(current: HelpRequest, verb: str, by: Membership | None) -> None:
    """Raise NotPossible, with one kind sentence, if ``by`` cannot do ``verb`` now."""
    helper = current.helper
    if current.target(verb) is None:
        last = current.events.order_by("-pk").first()
        if last is not None and last.verb == verb and by is not None and last.actor_id == by.pk:
            raise AlreadyDone("")
        raise NotPossible(_moved_on(current, by))
    held_by_other = helper is not None and by is not None and helper.pk != by.pk
    if verb in ("claim", "start", "pause", "resolve") and held_by_other:
        raise NotPossible(_moved_on(current, by))


def _moved_on(current: HelpRequest, by: Membership | None) -> str:
    """What is true now, said to somebody whose tap came too late."""
    name = current.helper.name if current.helper else ""
    sentences = {
        Status.WAITING: _("This hand is back in line now."),
        Status.CLAIMED: _("Already on the way: %(name)s"),
        Status.HELPING: _("%(name)s is helping already."),
        Status.PAUSED: _("%(name)s will be back soon."),
        Status.DEFERRED: _("This was put off until later."),
        Status.RESOLVED: _("This is done already."),
        Status.WITHDRAWN: _("The hand was lowered."),
        Status.EXPIRED: _("Help was closed before this."),
    }
    return sentences[Status(current.status)] % {"name": name}


def _answer(current: HelpRequest, by: Membership) -> None:
    """``by`` has it now; the first answer to a request is remembered once (M2)."""
    now = timezone.now()
    current.helper = by
    current.claimed_at = now
    current.return_at = None
    current.first_response_at = current.first_response_at or now


def _end(current: HelpRequest, now: datetime | None = None) -> None:
    current.ended_at = now or timezone.now()
    current.proposed_at = current.return_at = None
    current.is_promised = False


class _Past(NamedTuple):
    """An earlier request of the same student, as far as the line and R5 look at it."""

    pk: int
    form_key: str
    lesson_id: int
    raised_at: datetime
    changed_at: datetime
    status: str
    reason: str
    outcome: str
    help_started_at: datetime | None

    @property
    def was_helped(self) -> bool:
        return self.help_started_at is not None or self.outcome == Outcome.GROUP


def _asked(student: int, lesson: int, form_key: str) -> QuerySet:
    attended = Attendance.objects.filter(membership=student).exclude(lesson=lesson)
    newest = attended.order_by("-lesson__opened_at").values("lesson")[:LESSONS_BACK]
    counts = Q(lesson=lesson) | Q(lesson__in=newest) | Q(status__in=ACTIVE) | Q(form_key=form_key)
    rows = HelpRequest.objects.filter(counts, student=student)
    return rows.order_by("-pk").values_list(*_Past._fields)


_asked_before: Prepared[tuple] = Prepared(_asked)


def _past_of(student_id: int, lesson_id: int, form_key: str) -> list[_Past]:
    """The student's requests of this lesson and of the last few that they were in, newest first;
    with them one that is active, and the one of this form, whenever they were raised."""
    return [_Past(*row) for row in _asked_before(student_id, lesson_id, form_key)]


def _credits(current: HelpRequest, past: list[_Past]) -> Credits:
    """What this student brings to the line now (D2)."""
    here = [row for row in past if row.lesson_id == current.lesson_id]
    earlier = [row for row in past if row.lesson_id != current.lesson_id]
    started_here = current.help_started_at is not None or any(row.was_helped for row in here)
    missed = bool(earlier) and (
        earlier[0].status == Status.EXPIRED
        or (earlier[0].status == Status.WITHDRAWN and earlier[0].reason == Reason.WAIT)
    )
    return Credits(
        first_today=not started_here,
        been_a_while=not any(row.status == Status.RESOLVED and row.was_helped for row in past),
        missed_last_time=missed,
        carry_on=current.carry_on,
    )


def _asks_again_and_again(past: list[_Past], now: datetime) -> bool:
    """R5: with the hand that goes up now, the third one in a quarter of an hour."""
    recent = [row for row in past if now - row.raised_at < LONGER_LOOK_WITHIN]
    return len(recent) + 1 >= LONGER_LOOK_FROM


def _give_credits(current: HelpRequest, credits: Credits) -> None:
    current.first_today = credits.first_today
    current.been_a_while = credits.been_a_while
    current.missed_last_time = credits.missed_last_time
    current.sort_at = current.raised_at - credits.head_start


#: What an event keeps of a request, and an undo can give back.
RECORDED = [
    "status",
    "lesson_id",
    "helper_id",
    "task_id",
    "text",
    "carry_on",
    "kind",
    "tried",
    "starter",
    "feeling",
    "manner",
    "cards",
    "longer_look",
    "first_today",
    "been_a_while",
    "missed_last_time",
    "sort_at",
    "brought_forward_at",
    "is_promised",
    "first_response_at",
    "claimed_at",
    "help_started_at",
    "return_at",
    "hint",
    "proposed_at",
    "ended_at",
    "outcome",
    "reflection",
    "reason",
    "reopened",
    "last_helper_id",
    "repair",
    "next_one",
    "given",
    "next_step",
    "thanks",
]


def _facts(current: HelpRequest) -> dict:
    """The recorded fields in JSON form: moments as ISO text, people and tasks as ids."""
    return {name: _as_json(getattr(current, name)) for name in RECORDED}


def _as_json(value):
    return value.isoformat() if isinstance(value, datetime) else value


def _apply(current: HelpRequest, facts: dict) -> None:
    """Set recorded fields back from their JSON form; the status is moved by the caller."""
    for name, value in facts.items():
        if name != "status":
            field: Field = HelpRequest._meta.get_field(name.removesuffix("_id"))  # type: ignore[assignment]
            setattr(current, name, field.to_python(value))


def _record(
    current: HelpRequest,
    verb: str,
    *,
    by: Membership | None,
    before: dict,
    facts: dict,
    at: datetime | None = None,
) -> None:
    transaction.on_commit(metrics.EVENTS.labels(verb).inc)
    current.events.create(
        actor=by,
        verb=verb,
        status=current.status,
        happened_at=at or current.changed_at,
        before=before,
        facts=facts,
    )


def attendance(classroom: Classroom, students: Iterable[int]) -> None:
    """Students (membership ids) whose page is open while help is open were here."""
    lesson = classroom.open_lesson()
    if lesson is not None:
        attend(lesson, students)
