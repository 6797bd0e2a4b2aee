"""What somebody who helps does with a hand, or with many."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms.actions import NotPossible
from classrooms.models import Membership, Task
from requests_app import live
from requests_app.actions.change import change, end, recorded, set_back
from requests_app.actions.lesson import CLOSING
from requests_app.actions.past import raised_since
from requests_app.models import ACTIVE, UNDO_WITHIN, Event, HelpRequest, Outcome, Queue, Status

#: The last step that a helper can take back.
UNDOABLE = frozenset(
    {"claim", "start", "resolve", "pause", "put_back", "bring_forward", "answer_group"}
)


def claim(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "On my way" (T3): one helper wins, the student is told who."""
    with change(help_request, "claim", by=by) as current:
        _answer(current, by)
    return current


def start(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "Start" (T5). The first-today credit is used up here, not earlier."""
    with change(help_request, "start", by=by) as current:
        _answer(current, by)
        current.help_started_at = current.help_started_at or timezone.now()
        current.is_promised = False
    return current


def _answer(current: HelpRequest, by: Membership) -> None:
    """``by`` has it now; the first answer to a request is remembered once (M2)."""
    now = timezone.now()
    current.helper = by
    current.claimed_at = now
    current.return_at = None
    current.first_response_at = current.first_response_at or now


def resolve(
    help_request: HelpRequest, *, by: Membership, outcome: str = Outcome.HELPED
) -> HelpRequest:
    """ "Done" (T9); the student is asked how it went."""
    with change(help_request, "resolve", by=by) as current:
        current.outcome = outcome
        current.help_started_at = current.help_started_at or timezone.now()
        end(current)
    return current


def note_given(
    help_request: HelpRequest, *, by: Membership, given: str = "", next_step: str = ""
) -> HelpRequest:
    """What was actually given (a value of Given), and a next step that the student reads."""
    with change(help_request, "note_given", by=by) as current:
        current.given, current.next_step = given or current.given, next_step or current.next_step
    return current


def thank(help_request: HelpRequest, *, by: Membership, thanks: str) -> HelpRequest:
    """A word about the asking (A16), for this student alone; no total of it exists anywhere."""
    with change(help_request, "thank", by=by) as current:
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
    with change(help_request, "pause", by=by) as current:
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
    with change(help_request, "put_back", by=by) as current:
        current.helper = None
        current.return_at = None
    return current


def bring_forward(help_request: HelpRequest, *, by: Membership) -> HelpRequest:
    """ "Bring forward" (D2): judgement beats rules; the event row is the log of it."""
    with change(help_request, "bring_forward", by=by) as current:
        current.brought_forward_at = timezone.now()
    return current


def propose_later(help_request: HelpRequest, *, by: Membership, at: datetime) -> HelpRequest:
    """Offer the student a later time (T12); nothing changes until they take it."""
    with change(help_request, "propose_later", by=by) as current:
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
        with recorded(current, "answer_group", by=by, at=now):
            current.helper = by
            current.first_response_at = current.first_response_at or now
            current.outcome = Outcome.GROUP
            end(current, now)
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
        with recorded(current, "undo", by=by, to=Status(step.before["status"])):
            set_back(current, step.before)
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
        (status in ACTIVE and (is_over or raised_since(current).exists()))
        or (status == Status.PAUSED and promised.exclude(pk=current.pk).exists())
    ):  # fmt: skip
        raise NotPossible(_("Something happened in between, so this cannot be undone."))
