"""What a student is offered who feels overwhelmed, or wants to talk privately.

Talking privately is, today, going to somebody: nothing is sent from here, and the page says
so. Who is named as there now has hours in the directory that say so.
"""

from datetime import datetime
from itertools import islice

from django.conf import settings
from django.utils import timezone

from classrooms.models import Classroom
from resources import hours
from resources.models import Entry, Kind, Topic, today_in

#: What somebody to talk to is about; schoolwork and devices are what raising a hand is for.
TO_TALK_ABOUT = frozenset(
    {Topic.FEELINGS, Topic.PEOPLE, Topic.BULLYING, Topic.SAFETY, Topic.HEALTH, Topic.MONEY}
)
#: Named at once: more than these is a list to search, and that is the directory.
AT_MOST = 3


def people_there(classroom: Classroom, now: datetime) -> list[Entry]:
    """Whose job it is to listen, and who is there now by the hours that they gave. One query."""
    shelf = Entry.objects.for_class(classroom.school, classroom)
    current = shelf.current(today_in(classroom.school, now)).filter(kind=Kind.FORMAL)
    clock = timezone.localtime(now, classroom.zone)
    there = (
        entry
        for entry in current.order_by("title", "pk")
        if TO_TALK_ABOUT & set(entry.topics) and hours.is_open(entry.hours, clock)
    )
    return list(islice(there, AT_MOST))


def context(classroom: Classroom, *, is_private: bool) -> dict:
    """For ``coaching/_quiet.html``."""
    return {
        "is_private": is_private,
        "people": people_there(classroom, timezone.now()) if is_private else [],
        # Others on a laptop's network could read along.
        "offers_quietly": not settings.LAN,
    }
