"""An adult takes the first step to a student, who can say yes or not now."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkins import kernel
from checkins.models import Contact
from classrooms.actions import NotPossible
from classrooms.models import Membership
from requests_app import actions as asking
from requests_app.labels import later_than
from requests_app.live import announce_beside
from requests_app.models import Queue


@transaction.atomic
def checked_in(student: Membership, *, by: Membership) -> Contact:
    """ "I checked in": an adult turned to the student. Twice in a minute is once."""
    just_now = timezone.now() - timedelta(minutes=1)
    known = student.contacts.filter(kind=Contact.Kind.CHECKED_IN, by=by, at__gt=just_now).first()
    return known or student.contacts.create(
        by=by, kind=Contact.Kind.CHECKED_IN, lesson=by.classroom.open_lesson()
    )


@transaction.atomic
def offer(student: Membership, *, by: Membership) -> Contact:
    """Offer help unasked, quietly, on the student's own page; once in a lesson."""
    lesson = by.classroom.open_lesson()
    if lesson is None:
        raise NotPossible(_("Open help first, so that the student can answer."))
    kernel.lock(by.classroom)
    known = student.contacts.filter(lesson=lesson, kind=Contact.Kind.OFFERED).first()
    if known is not None:
        raise NotPossible(
            _("%(name)s said “not now” in this lesson.") % {"name": student.name}
            if known.answer == Contact.Answer.NOT_NOW
            else _("%(name)s has an offer in this lesson already.") % {"name": student.name}
        )
    made = student.contacts.create(by=by, lesson=lesson, kind=Contact.Kind.OFFERED)
    announce_beside(by.classroom, students=[student.pk])
    return made


@transaction.atomic
def take_offer(*, by: Membership) -> None:
    """ "Yes, please": the student's hand goes up, because they said so."""
    offered = _answered(by, Contact.Answer.YES)
    asking.raise_hand(Queue.objects.of(by.classroom), student=by, form_key=f"offer-{offered.pk}")
    announce_beside(by.classroom, students=[by.pk])


@transaction.atomic
def refuse_offer(*, by: Membership) -> None:
    """ "Not now": no reason is asked for."""
    _answered(by, Contact.Answer.NOT_NOW)
    announce_beside(by.classroom, students=[by.pk])


def _answered(student: Membership, answer: str) -> Contact:
    kernel.lock(student.classroom)
    offered = student.contacts.filter(
        kind=Contact.Kind.OFFERED, answer="", lesson=student.classroom.open_lesson()
    ).first()
    if offered is None:
        raise NotPossible(_("That offer is over. You can raise your hand whenever you like."))
    offered.answer, offered.answered_at = answer, later_than(offered.at, timezone.now())
    offered.save(update_fields=["answer", "answered_at"])
    return offered
