"""How is it going? A student says it, and is nudged once where they are stuck and ask nobody."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from checkins import kernel, reach
from checkins.actions.planning import settings_of
from checkins.models import Going, SelfCheck
from classrooms.actions import NotPossible
from classrooms.models import Lesson, Membership
from coaching import rules
from coaching.models import coaching_of
from requests_app.live import announce_beside


@transaction.atomic
def say_how(*, by: Membership, going: str) -> SelfCheck:
    """ "How is it going?": kept as a need signal. "Stuck" offers the hand, it never raises it."""
    if going not in Going.values:
        raise NotPossible(_("Please choose one of the answers."))
    lesson = by.classroom.open_lesson()
    if lesson is None:
        raise NotPossible(_("Help is not open right now. You can say it in the next lesson."))
    kernel.lock(by.classroom)
    now = timezone.now()
    mine = SelfCheck.objects.filter(lesson=lesson, student=by).first()
    mine = mine or SelfCheck(lesson=lesson, student=by)
    mine.going, mine.changed_at = going, max(now, mine.changed_at)
    if going == Going.STUCK:
        mine.stuck_since = mine.stuck_since or now
        mine.first_stuck_at = mine.first_stuck_at or now
    else:
        mine.stuck_since = None
        mine.nudge_ended_at = now if mine.nudged_at else None
    mine.save()
    announce_beside(by.classroom, students=[by.pk])
    return mine


@transaction.atomic
def end_nudge(*, by: Membership) -> None:
    """ "Not now": the nudge goes and does not come back in this lesson."""
    now = timezone.now()
    nudged = SelfCheck.objects.filter(student=by, nudged_at__isnull=False, nudge_ended_at=None)
    nudged.update(nudge_ended_at=now, changed_at=Greatest("changed_at", now))
    announce_beside(by.classroom, students=[by.pk])


@transaction.atomic
def nudge(lesson: Lesson, *, now: datetime) -> int:
    """The clock's: who has been stuck for the class's minutes and asked nobody is nudged once
    (coaching rule R3)."""
    minutes = settings_of(lesson.classroom).nudge_after
    if not minutes or rules.Rule.R3 in coaching_of(lesson.classroom).rules_off:
        return 0
    stuck = SelfCheck.objects.filter(
        lesson=lesson, going=Going.STUCK, nudged_at=None, student__removed_at=None
    ).annotate(asked=reach.has_asked())
    found = [
        (each.pk, each.student_id)
        for each in stuck
        if each.stuck_since is not None
        and rules.may_nudge(
            each.stuck_since,
            now,
            after=timedelta(minutes=minutes),
            was_nudged=each.nudged_at is not None,
            has_asked=each.asked,
        )
    ]
    if found:
        nudged = SelfCheck.objects.filter(pk__in=[pk for pk, _student in found])
        nudged.update(nudged_at=now, changed_at=Greatest("changed_at", now))
        announce_beside(lesson.classroom, students=[student for _pk, student in found])
    return len(found)
