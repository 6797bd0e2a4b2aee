"""A student answers: what is kept with the name at once, and what waits without one."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkins import followups, gate, kernel, results, unnamed
from checkins.models import CheckIn, NamedReply, NoteToSelf, PlannedHelp
from classrooms.access import digest
from classrooms.actions import NotPossible
from classrooms.models import Membership, Task
from requests_app import actions as asking
from requests_app.live import announce_beside
from requests_app.models import Queue


@dataclass(frozen=True)
class Given:
    """What a student sent. ``answers``: question number (text) → the answer, skipped left out."""

    answers: dict[str, Any] = field(default_factory=dict)
    task: Task | None = None
    soon: str = ""
    adult: Membership | None = None
    reason: str = ""
    note: str = ""


def reply(check_in: CheckIn, given: Given, *, by: Membership, edit_key: str) -> CheckIn:
    """Keep what a student sent, or change what they sent before; each student once.

    Where no name is kept, who replied and what was answered are never in one transaction:
    the answers wait (``checkins.unnamed``). ``edit_key`` is a secret of the student's browser;
    it alone finds them again, while they wait. Raises NotPossible once the check-in is closed.
    """
    if check_in.is_named:
        with transaction.atomic():
            return _note_reply(check_in, given, by)[0]
    found_by = edit_digest(by, edit_key)
    about_work = bool(gate.asked_about_work(check_in, [by.pk]))
    answers = {results.WORK: given.answers.get("0")} if about_work else given.answers
    with unnamed.holding(check_in.pk):
        with transaction.atomic(durable=True):
            current, is_first = _note_reply(check_in, given, by)
            if not is_first and unnamed.find(current.pk, found_by) is None:
                raise NotPossible(
                    _(
                        "Your answers are in already. They have no name, so nobody can find them"
                        " to change them, not even you."
                    )
                )
        if is_first:
            sent = unnamed.Waiting(answers, given.reason, found_by, current.is_late(by), about_work)
            unnamed.keep(current.pk, sent)
        else:
            unnamed.change(current.pk, found_by, answers)
        unnamed.write_a_lot(current)
    return current


def _note_reply(check_in: CheckIn, given: Given, by: Membership) -> tuple[CheckIn, bool]:
    """Who replied, and all that has their name; also whether it was for the first time."""
    current = kernel.locked(check_in)
    if not Membership.objects.present().filter(pk=by.pk).exists():
        raise NotPossible(_("You are no longer in this class. Ask your teacher to let you in."))
    if not current.is_open:
        raise NotPossible(_("This check-in is closed now. Nothing was changed."))
    is_first = not current.has_reply_of(by)
    if current.is_named:
        NamedReply.objects.update_or_create(
            check_in=current,
            student=by,
            defaults={"answers": given.answers, "sent_at": timezone.now()},
        )
    _keep_wishes(current, given, by)
    if is_first:
        current.replied = sorted([*current.replied, by.pk])
        current.reply_count = len(current.replied)
        current.save(update_fields=["replied", "reply_count"])
    announce_beside(current.classroom)
    return current, is_first


def edit_digest(student: Membership, edit_key: str) -> str:
    """Finds what waits again, for whoever has the key and is this student."""
    return digest(f"{student.pk}:{edit_key}")


def own_unnamed(check_in: CheckIn, student: Membership, edit_key: str) -> unnamed.Waiting | None:
    """What this student's browser sent, while it can be changed."""
    if not edit_key or not check_in.is_open:
        return None
    return unnamed.find(check_in.pk, edit_digest(student, edit_key))


def _keep_wishes(check_in: CheckIn, given: Given, student: Membership) -> None:
    """What a student asks for with their name: help with a task, an adult, a note to self."""
    if given.task is not None:
        PlannedHelp.objects.update_or_create(
            check_in=check_in, student=student, defaults={"task": given.task}
        )
    else:
        PlannedHelp.objects.filter(check_in=check_in, student=student).delete()
    if given.note:
        NoteToSelf.objects.update_or_create(
            check_in=check_in, student=student, defaults={"text": given.note}
        )
    else:
        NoteToSelf.objects.filter(check_in=check_in, student=student).delete()
    followups.keep_wish(check_in, student, soon=given.soon, adult=given.adult)


def raise_for_plan(check_in: CheckIn, *, by: Membership) -> None:
    """Make the planned-help note a raised hand, because the student tapped it."""
    note = PlannedHelp.objects.select_related("task").filter(check_in=check_in, student=by).first()
    if note is None:
        raise NotPossible(_("There is no note any more. You can raise your hand on your page."))
    with transaction.atomic():
        queue = Queue.objects.of(by.classroom)
        last = queue.help_requests.filter(student=by).order_by("-pk").first()
        # A hand of its own after each other one: lowered, it can be raised for this again.
        form_key = f"plan-{note.pk}-{last.pk if last else 0}"
        raised = asking.raise_hand(queue, student=by, form_key=form_key)
        if raised.task_id is None and raised.can("describe"):
            asking.describe(
                raised, by=by, task=note.task, text=raised.text, carry_on=raised.carry_on
            )
