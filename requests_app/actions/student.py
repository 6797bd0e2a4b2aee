"""What a student does with their own hand."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms.actions import NotPossible, attend
from classrooms.models import Membership
from requests_app import live, metrics
from requests_app.actions.change import AlreadyDone, change, end, facts_of, record, recorded
from requests_app.actions.past import (
    asks_again_and_again,
    credits_of,
    give_credits,
    past_of,
    raised_since,
)
from requests_app.labels import later_than
from requests_app.models import (
    ACTIVE,
    REOPEN_WITHIN,
    HelpRequest,
    Outcome,
    Queue,
    Reflection,
    Status,
)
from requests_app.said import Repair


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
    past = past_of(student.pk, lesson.pk if lesson else 0, form_key)
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
    give_credits(current, credits_of(current, past))
    current.longer_look = asks_again_and_again(past, now)
    if carried_from is not None:
        current.missed_last_time = True
        give_credits(current, current.credits)
    current.save(force_insert=True)
    if not any(row.lesson_id == lesson.pk for row in past):
        attend(lesson, [student.pk])
    record(current, "raise_hand", by=by or student, at=now, before={}, facts=facts_of(current))
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
    with change(help_request, "describe", by=by) as current:
        _say(current, said)
        if "carry_on" in said:
            give_credits(current, current.credits)
    return current


def describe_late(help_request: HelpRequest, *, by: Membership, **said) -> HelpRequest:
    """Keep an answer that came while or after somebody helped: it is history, and moves nothing."""
    with change(help_request, "describe_late", by=by) as current:
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
    with change(help_request, "pass_over", by=by) as current:
        kept = {card: what for card, what in current.cards.items() if what == "answered"}
        if current.cards == current.cards | cards | kept:
            raise AlreadyDone("")
        current.cards = current.cards | cards | kept
    return current


def choose_manner(help_request: HelpRequest, *, by: Membership, manner: str) -> HelpRequest:
    """ "Come quietly", said with the student's own yes; empty takes it back."""
    if settings.LAN and manner:
        raise NotPossible(_("Others on this network could read along, so this waits for https."))
    with change(help_request, "choose_manner", by=by) as current:
        current.manner = manner
    return current


def solve(help_request: HelpRequest, *, by: Membership, resource: str = "") -> HelpRequest:
    """ "I solved it" (T8), from every active state: the student's word always wins.

    ``resource``: the card of a resource that solved it ("resource-12").
    """
    with change(help_request, "solve", by=by) as current:
        with_helper = current.status in (Status.HELPING, Status.PAUSED)
        current.outcome = Outcome.HELPED if with_helper else Outcome.ALONE
        if resource:
            current.outcome = Outcome.RESOURCE
            current.cards = {**current.cards, resource: "solved"}
        current.reflection = Reflection.CARRY_ON
        end(current)
    return current


def lower(help_request: HelpRequest, *, by: Membership | None, reason: str = "") -> HelpRequest:
    """ "Lower hand" (T11); ``reason`` is one of Reason or empty."""
    with change(help_request, "lower", by=by) as current:
        current.reason = reason
        end(current)
    return current


@transaction.atomic
def say_why(help_request: HelpRequest, *, by: Membership, reason: str) -> HelpRequest:
    """Why the hand was lowered, said afterwards; lightly asked, never needed (M3)."""
    queue = Queue.objects.locked(help_request.queue_id)
    current = queue.help_requests.get(pk=help_request.pk)
    if current.status != Status.WITHDRAWN:
        raise NotPossible(_("This is not about a lowered hand any more."))
    current.queue = queue
    with recorded(current, "say_why", by=by, to=Status.WITHDRAWN):
        current.reason = reason
    live.announce(queue, students=[current.student_id])
    return current


def reflect(help_request: HelpRequest, *, by: Membership, reflection: str) -> HelpRequest:
    """ "How did that go?": I can carry on, or partly."""
    with change(help_request, "reflect", by=by) as current:
        current.reflection = reflection
    return current


def reopen(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "Not yet" (T10): back into line with the first raise time, within 15 minutes."""
    with change(help_request, "reopen", by=by) as current:
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


def _check_newest(current: HelpRequest) -> None:
    newer = raised_since(current).order_by("-pk").first()
    if newer is None:
        return
    if newer.is_active:
        raise NotPossible(_("Your hand is up already. Tell your helper about this as well."))
    raise NotPossible(_("That was a while ago. You can raise your hand again."))


def look_ahead(help_request: HelpRequest, *, by: Membership, next_one: str) -> HelpRequest:
    """ "Could you do the next one?": a value of NextOne."""
    with change(help_request, "look_ahead", by=by) as current:
        current.next_one = next_one
    return current


def choose_repair(help_request: HelpRequest, *, by: Membership, repair: str) -> HelpRequest:
    """After "not yet": how the student would like to go on (C7), a value of Repair.

    A different kind of help asks for the kind anew.
    """
    with change(help_request, "choose_repair", by=by) as current:
        current.repair = repair
        if repair == Repair.KIND:
            current.kind = ""
            current.cards = {k: v for k, v in current.cards.items() if k != "kind"}
    return current


def defer(help_request: HelpRequest, *, by: Membership, at: datetime | None = None) -> HelpRequest:
    """Come back to it later (T12): the student names a time, or takes the one proposed."""
    with change(help_request, "defer", by=by) as current:
        at = at or current.proposed_at
        if at is None or at <= timezone.now():
            raise NotPossible(_("That time has passed. Please choose a later one."))
        current.return_at, current.proposed_at = at, None
        current.helper = None
    return current


def decline_later(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """No later time, please: I keep my place (T12)."""
    with change(help_request, "decline_later", by=by) as current:
        current.proposed_at = None
    return current
