"""The one place where a help request changes.

Under its queue's lock it is read again, checked, written, recorded and announced.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms.actions import NotPossible
from classrooms.models import Membership
from requests_app import live, metrics
from requests_app.labels import later_than
from requests_app.models import HelpRequest, Queue, Status, current_request


class AlreadyDone(NotPossible):
    """The same person did just this a moment ago: a double tap, not a mistake."""


@contextmanager
def change(help_request: HelpRequest, verb: str, *, by: Membership | None) -> Iterator[HelpRequest]:
    """Lock the queue, read the row again, check the move, write what the block sets on it."""
    with transaction.atomic():
        queue = Queue.objects.locked(help_request.queue_id)
        current = current_request(help_request.pk)
        current.queue = queue
        _check(current, verb, by)
        with recorded(current, verb, by=by):
            yield current
        live.announce(queue, students=[current.student_id])


@contextmanager
def recorded(
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
    before = facts_of(current)
    to = to or current.target(verb)
    assert to is not None, f"{verb} from {current.status}"
    yield current
    current.status = to
    after = facts_of(current)
    changed = {name for name in after if after[name] != before[name]}
    now = at or timezone.now()
    current.version += 1
    current.changed_at = later_than(current.changed_at, now)
    current.save(update_fields=[*changed, "version", "changed_at"])
    record(
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
        raise NotPossible(moved_on(current))
    held_by_other = helper is not None and by is not None and helper.pk != by.pk
    if verb in ("claim", "start", "pause", "resolve") and held_by_other:
        raise NotPossible(moved_on(current))


def moved_on(current: HelpRequest) -> str:
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


def end(current: HelpRequest, now: datetime | None = None) -> None:
    current.ended_at = now or timezone.now()
    current.proposed_at = current.return_at = None
    current.is_promised = False


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


def facts_of(current: HelpRequest) -> dict:
    """The recorded fields in JSON form: moments as ISO text, people and tasks as ids."""
    return {name: _as_json(getattr(current, name)) for name in RECORDED}


def _as_json(value):
    return value.isoformat() if isinstance(value, datetime) else value


def set_back(current: HelpRequest, facts: dict) -> None:
    """Set recorded fields back from their JSON form; the status is moved by the caller."""
    for name, value in facts.items():
        if name != "status":
            field: Field = HelpRequest._meta.get_field(name.removesuffix("_id"))  # type: ignore[assignment]
            setattr(current, name, field.to_python(value))


def record(
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
