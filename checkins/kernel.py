"""What every verb of check-ins begins and ends with: the class's lock, and the record of who
changed what."""

from accounts.models import User
from checkins.models import Change, CheckIn
from classrooms.models import Classroom, School
from requests_app.models import Queue


def lock(classroom: Classroom) -> None:
    """One at a time in a class: the same lock that the queue's verbs take."""
    Queue.objects.select_for_update().get(pk=Queue.objects.of(classroom).pk)


def locked(check_in: CheckIn) -> CheckIn:
    """The check-in as it is now, with its class's lock held."""
    lock(check_in.classroom)
    return CheckIn.objects.select_related("classroom__school", "lesson").get(pk=check_in.pk)


def record(
    verb: Change.Verb,
    title: str,
    *,
    school: School,
    by: User | None,
    classroom: Classroom | None = None,
    fields: list[str] | None = None,
) -> None:
    """Note who changed what others are asked, or who passed a wish on."""
    Change.objects.create(
        verb=verb, title=title, school=school, classroom=classroom, by=by, fields=fields or []
    )
