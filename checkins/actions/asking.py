"""A check-in's life: planned, opened, closed, and its single answers deleted."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from checkins import gate, kernel, questions, results, unnamed
from checkins.actions.planning import Plan
from checkins.models import CheckIn, CheckInStatus, Preset, Visibility
from checkins.questions import Kind
from classrooms.actions import NotPossible
from classrooms.models import Classroom, Membership
from requests_app.live import announce_beside

logger = logging.getLogger(__name__)


#: Between two check-ins about well-being in one class: a week, but the lesson on the same day
#: of the next one may begin a little earlier.
WELL_BEING_AGAIN = timedelta(days=6, hours=12)


@transaction.atomic
def open_check_in(classroom: Classroom, plan: Plan, *, by: Membership) -> CheckIn:
    """Show a check-in on every student's page now. One is open at a time."""
    kernel.lock(classroom)
    _check_may_open(classroom, plan, timezone.now())
    if CheckIn.objects.open().filter(classroom=classroom).exists():
        raise NotPossible(_("A check-in is open already. Close it first."))
    return _open(_made(classroom, plan, by), timezone.now())


@transaction.atomic
def schedule(classroom: Classroom, plan: Plan, *, by: Membership, at: datetime) -> CheckIn:
    """Open it by itself at ``at``; the same rules as for opening hold, now and then."""
    if at <= timezone.now():
        raise NotPossible(_("That time has passed. Please choose a later one."))
    _check_may_open(classroom, plan, at)
    check_in = _made(classroom, plan, by)
    check_in.opens_at = at
    check_in.save()
    return check_in


def _made(classroom: Classroom, plan: Plan, by: Membership) -> CheckIn:
    return CheckIn(
        classroom=classroom,
        preset=plan.preset,
        title=plan.title,
        visibility=plan.visibility,
        questions=_asked(plan),
        status=CheckInStatus.SCHEDULED,
        started_by=by,
    )


def _asked(plan: Plan) -> list[questions.Question]:
    """What is asked here: in LAN mode nothing that is for one person's eyes."""
    if not settings.LAN:
        return plan.questions
    return [each for each in plan.questions if each["kind"] not in questions.PRIVATE]


def _check_may_open(
    classroom: Classroom, plan: Plan, at: datetime, *, itself: CheckIn | None = None
) -> None:
    """Raise NotPossible if this cannot be asked at ``at``; ``itself``: what was planned for it."""
    is_personal = plan.visibility == Visibility.NAMED or plan.preset == Preset.WELL_BEING
    if settings.LAN and (is_personal or not _asked(plan)):
        raise NotPossible(
            _("Others on this network could read along, so names and well-being wait for https.")
        )
    if plan.preset == Preset.WELL_BEING:
        gate.check(classroom.school)
        around = (at - WELL_BEING_AGAIN, at + WELL_BEING_AGAIN)
        near = Q(opened_at__range=around) | Q(opened_at=None, opens_at__range=around)
        if any(other != itself for other in classroom.check_ins.filter(near, preset=plan.preset)):
            raise NotPossible(_("Once a week is often enough for this one."))
    if plan.asks(Kind.REASONS) and not classroom.lessons.exists():
        raise NotPossible(_("Open help once first: what got in the way is counted by lesson."))


def _open(check_in: CheckIn, now: datetime) -> CheckIn:
    check_in.status = CheckInStatus.OPEN
    check_in.opened_at = now
    check_in.lesson = check_in.classroom.lessons.order_by("-pk").first()
    check_in.save()
    announce_beside(check_in.classroom, class_wide=True)
    return check_in


def open_if_due(check_in: CheckIn, *, now: datetime) -> bool:
    """The clock's: open what was planned for now. It waits while another one is open. What cannot
    be asked any more (rules of the school can be taken back after it was planned) is not opened,
    and its planner is told."""
    is_refused = False
    with transaction.atomic():
        kernel.lock(check_in.classroom)
        due = CheckIn.objects.filter(status=CheckInStatus.SCHEDULED, opens_at__lte=now)
        current = due.filter(pk=check_in.pk).select_related("started_by__user").first()
        open_now = CheckIn.objects.open().filter(classroom=check_in.classroom)
        if current is None or open_now.exists():
            return False
        current.classroom = check_in.classroom
        plan = Plan(current.title, current.visibility, current.questions, current.preset)
        try:
            _check_may_open(current.classroom, plan, now, itself=current)
            _open(current, now)
        except NotPossible:
            current.status, is_refused = CheckInStatus.NOT_OPENED, True
            current.save(update_fields=["status"])
    if is_refused:
        _tell_planner(current)
    return not is_refused


def _tell_planner(check_in: CheckIn) -> None:
    user = check_in.started_by.user if check_in.started_by is not None else None
    if user is None or not user.email:
        return
    text = _("“%(title)s” was planned for %(classroom)s and could not be opened. See why: %(site)s")
    words = {
        "title": check_in.name,
        "classroom": check_in.classroom.name,
        "site": settings.SITE_URL,
    }
    try:
        send_mail(_("A planned check-in was not opened"), text % words, None, [user.email])
    except OSError:
        logger.warning("A letter about a check-in that was not opened could not be sent.")


def close(check_in: CheckIn) -> CheckIn:
    """No more replies or changes; what waits without a name is written now, or never."""
    current = _close(check_in)
    if not current.is_named:
        unnamed.hand_in(current)
        current.refresh_from_db()
    return current


@transaction.atomic
def _close(check_in: CheckIn) -> CheckIn:
    current = kernel.locked(check_in)
    if current.status == CheckInStatus.SCHEDULED:
        raise NotPossible(_("This check-in has not opened yet."))
    if not current.is_open:
        return current
    current.status = CheckInStatus.CLOSED
    current.closed_at = timezone.now()
    current.waiting = unnamed.count_waiting(current)
    current.save(update_fields=["status", "closed_at", "waiting"])
    announce_beside(current.classroom, class_wide=True)
    return current


@transaction.atomic
def cancel(check_in: CheckIn) -> None:
    """Take a planned check-in back."""
    current = kernel.locked(check_in)
    if current.status != CheckInStatus.SCHEDULED:
        raise NotPossible(_("This check-in has opened already. You can close it."))
    current.delete()


@transaction.atomic
def purge(check_in: CheckIn) -> None:
    """Delete what single students answered; totals of five or more stay."""
    current = kernel.locked(check_in)
    if current.status != CheckInStatus.CLOSED:
        return
    current.published = results.to_keep(current)
    current.replied = []
    current.status = CheckInStatus.PURGED
    for rows in (
        current.unnamed_replies,
        current.named_replies,
        current.notes_to_self,
        current.planned_help,
    ):
        rows.all().delete()
    current.save(update_fields=["published", "replied", "status"])
