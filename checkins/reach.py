"""Who may need an adult to take the first step: counts and a few names, never an order of need."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from checkins.models import Contact, Going, NamedReply, SelfCheck
from classrooms.models import Classroom, Lesson, Membership
from requests_app.models import ACTIVE, HelpRequest

#: Without help, a contact or a reply with a name for this long, somebody was not reached.
A_WHILE = timedelta(days=14)
#: Names shown at once.
NAMES = 5


def has_asked():
    """Of a self-check: its student raised a hand since they were stuck, or has it up."""
    return Exists(
        HelpRequest.objects.filter(
            Q(raised_at__gte=OuterRef("stuck_since")) | Q(status__in=ACTIVE),
            lesson=OuterRef("lesson"),
            student=OuterRef("student"),
        )
    )


def stuck_not_asked(lesson: Lesson | None) -> int:
    """How many say that they are stuck now and have not raised a hand for it."""
    if lesson is None or lesson.closed_at is not None:
        return 0
    return (
        SelfCheck.objects.filter(lesson=lesson, going=Going.STUCK, student__removed_at=None)
        .exclude(has_asked())
        .count()
    )


def not_reached(classroom: Classroom, now: datetime | None = None) -> list[Membership]:
    """Up to five students whom nobody reached for a while, by name.

    Who they are goes round: each day begins where the one before ended, whatever anybody did.
    """
    now = now or timezone.now()
    since = now - A_WHILE
    helped = HelpRequest.objects.filter(student=OuterRef("pk"), help_started_at__gte=since)
    met = Contact.objects.filter(student=OuterRef("pk"), at__gte=since).exclude(
        kind=Contact.Kind.OFFERED, answer=""
    )
    replied = NamedReply.objects.filter(student=OuterRef("pk"), sent_at__gte=since)
    everybody = list(classroom.memberships.present().students().order_by("pk"))
    if not everybody:
        return []
    waiting = set(
        classroom.memberships.present()
        .students()
        .filter(joined_at__isnull=False)
        .exclude(Exists(helped) | Exists(met) | Exists(replied))
        .values_list("pk", flat=True)
    )
    day = now.astimezone(classroom.zone).date().toordinal()
    start = day * NAMES % len(everybody)
    turn = [*everybody[start:], *everybody[:start]]
    found = [student for student in turn if student.pk in waiting][:NAMES]
    return sorted(found, key=lambda student: (student.name_key, student.pk))
