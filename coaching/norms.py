"""One sentence about asking, for the board (A59).

That many asked is said where it is true of this class, and where saying so is kind: a low
number would advertise not asking. No number and no name ever comes out.
"""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from classrooms.models import Classroom
from requests_app.models import HelpRequest

#: How far back "this week" reaches.
LOOKS_BACK = timedelta(days=7)
#: Students; with fewer, "half the class" could point at somebody.
FEWEST = 5
TRUE = _("At least half of this class raised a hand in the last week. Asking is normal here.")
#: True everywhere; another one each week.
NEUTRAL = (
    _("Asking for help is part of learning."),
    _("Stuck is where learning starts. Try one thing, then ask."),
    _("You do not need the right words to ask. “I am stuck here” is enough."),
)


def message(classroom: Classroom, now: datetime) -> str:
    """The sentence of this class at ``now``, in the language at hand. One query."""
    if most_asked(classroom, now):
        return str(TRUE)
    return str(NEUTRAL[now.isocalendar().week % len(NEUTRAL)])


def most_asked(classroom: Classroom, now: datetime) -> bool:
    """Whether at least half the class, and at least FEWEST students, raised a hand themselves
    within LOOKS_BACK."""
    raised = HelpRequest.objects.filter(
        student=OuterRef("pk"),
        raised_by=None,
        raised_at__gt=now - LOOKS_BACK,
        raised_at__lte=now,
    )
    students = classroom.memberships.present().students().annotate(asked=Exists(raised))
    found = students.aggregate(of=Count("pk"), who_asked=Count("pk", filter=Q(asked=True)))
    return found["who_asked"] >= FEWEST and 2 * found["who_asked"] >= found["of"]
