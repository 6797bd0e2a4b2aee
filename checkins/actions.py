"""Everything that can happen to check-ins, self-checks, help moments and contacts.

Each verb runs in one transaction: lock, check, write, announce. What cannot be done any more
raises NotPossible with a sentence for people.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from checkins import gate, kernel, questions, reach, results, unnamed
from checkins.models import (
    Change,
    CheckIn,
    CheckInStatus,
    Contact,
    FollowUp,
    Going,
    HelpMoment,
    Preset,
    ReasonTally,
    SchoolRules,
    SelfCheck,
    Settings,
    Template,
    Visibility,
)
from checkins.questions import Kind, Question
from classrooms.actions import NotPossible
from classrooms.models import Classroom, Lesson, Membership, School
from coaching import rules
from coaching.models import coaching_of
from requests_app import actions as asking
from requests_app.labels import later_than
from requests_app.live import announce_asides
from requests_app.models import Queue

logger = logging.getLogger(__name__)

#: A check-in that nobody closed is closed by the clock.
OPEN_AT_MOST = timedelta(hours=12)
#: Between two check-ins about well-being in one class: a week, but the lesson on the same day
#: of the next one may begin a little earlier.
WELL_BEING_AGAIN = timedelta(days=6, hours=12)
#: After closing, every worker has handed in its answers when the first of these is over; totals
#: are looked at until the second is.
_ALL_IN = (timedelta(seconds=50), timedelta(minutes=10))
#: A planned help moment waits this long for help to open, then it is dropped.
MOMENT_WAITS = timedelta(minutes=15)
TEMPLATES_AT_MOST = 40
#: The clock comes once a minute; moments that ended since then are shown as over.
_SINCE_LAST_TICK = timedelta(seconds=70)


@dataclass(frozen=True)
class Plan:
    """What a check-in is made from: a preset or a class's own template."""

    title: str
    visibility: str
    questions: list[Question]
    preset: str = ""

    def asks(self, kind: Kind) -> bool:
        return any(question["kind"] == kind for question in self.questions)


def settings_of(classroom: Classroom) -> Settings:
    """What the class chose; the defaults, not saved, if nobody has."""
    return Settings.objects.filter(classroom=classroom).first() or Settings(classroom=classroom)


def preset(name: str, visibility: str = Visibility.TOTALS) -> Plan:
    """A template of the product, in the active language."""
    chosen = Preset(name)
    if chosen != Preset.READY:
        visibility = Visibility.TOTALS
    return Plan(str(chosen.label), visibility, questions.PRESETS[chosen](), chosen)


def own(template: Template) -> Plan:
    return Plan(template.title, template.visibility, template.questions)


# --- Templates and settings --------------------------------------------------


@transaction.atomic
def save_template(classroom: Classroom, plan: Plan, *, by: User | None) -> Template:
    """Keep a check-in that a class wrote itself."""
    return _save_template(classroom.school, classroom, plan, by)


@transaction.atomic
def save_school_template(school: School, plan: Plan, *, by: User | None) -> Template:
    """The same for all classes of a school."""
    return _save_template(school, None, plan, by)


def _save_template(
    school: School, classroom: Classroom | None, plan: Plan, by: User | None
) -> Template:
    known = Template.objects.filter(school=school, classroom=classroom)
    if known.count() >= TEMPLATES_AT_MOST:
        raise NotPossible(
            _("There is room for %(most)d check-ins of your own. Take one away first.")
            % {"most": TEMPLATES_AT_MOST}
        )
    kernel.record(Change.Verb.ADDED, plan.title, school=school, classroom=classroom, by=by)
    return known.create(
        school=school,
        classroom=classroom,
        title=plan.title,
        visibility=plan.visibility,
        questions=plan.questions,
    )


@transaction.atomic
def drop_template(template: Template, *, by: User | None) -> None:
    """Take a template away; check-ins made from it keep their own copy."""
    school, classroom = template.school, template.classroom
    kernel.record(Change.Verb.REMOVED, template.title, school=school, classroom=classroom, by=by)
    template.delete()


@transaction.atomic
def save_settings(chosen: Settings, *, fields: list[str], by: User | None) -> None:
    chosen.save()
    if fields:
        school, title = chosen.classroom.school, _("Settings for check-ins")
        classroom = chosen.classroom
        kernel.record(
            Change.Verb.CHANGED, title, school=school, classroom=classroom, by=by, fields=fields
        )


@transaction.atomic
def save_rules(rules: SchoolRules, *, fields: list[str], by: User | None) -> None:
    rules.save()
    if fields:
        title = _("Rules for check-ins")
        kernel.record(Change.Verb.CHANGED, title, school=rules.school, by=by, fields=fields)


# --- A check-in's life -------------------------------------------------------


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
    announce_asides(check_in.classroom, class_wide=True)
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
    announce_asides(current.classroom, class_wide=True)
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


# --- How is it going? --------------------------------------------------------


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
    announce_asides(by.classroom, students=[by.pk])
    return mine


@transaction.atomic
def end_nudge(*, by: Membership) -> None:
    """ "Not now": the nudge goes and does not come back in this lesson."""
    now = timezone.now()
    nudged = SelfCheck.objects.filter(student=by, nudged_at__isnull=False, nudge_ended_at=None)
    nudged.update(nudge_ended_at=now, changed_at=Greatest("changed_at", now))
    announce_asides(by.classroom, students=[by.pk])


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
        announce_asides(lesson.classroom, students=[student for _pk, student in found])
    return len(found)


# --- Help moments ------------------------------------------------------------


@transaction.atomic
def start_moment(classroom: Classroom, *, by: Membership, seconds: int) -> HelpMoment:
    """Invite the whole class to ask, for 30 to 180 seconds from now."""
    _check_length(seconds)
    kernel.lock(classroom)
    return _start(HelpMoment(classroom=classroom, seconds=seconds, started_by=by), timezone.now())


def plan_moment(classroom: Classroom, *, by: Membership, seconds: int, at: datetime) -> HelpMoment:
    """Start one by itself at ``at``, if help is open then."""
    _check_length(seconds)
    if at <= timezone.now():
        raise NotPossible(_("That time has passed. Please choose a later one."))
    return HelpMoment.objects.create(
        classroom=classroom, seconds=seconds, started_by=by, planned_for=at
    )


def _check_length(seconds: int) -> None:
    if not 30 <= seconds <= 180:
        raise NotPossible(_("A help moment lasts 30 to 180 seconds."))


def _start(moment: HelpMoment, now: datetime) -> HelpMoment:
    lesson = moment.classroom.open_lesson()
    if lesson is None:
        raise NotPossible(_("Open help first: a help moment invites hands."))
    if HelpMoment.objects.filter(classroom=moment.classroom, ends_at__gt=now).exists():
        raise NotPossible(_("A help moment is on already."))
    moment.lesson = lesson
    moment.started_at = now
    moment.ends_at = now + timedelta(seconds=moment.seconds)
    moment.save()
    announce_asides(moment.classroom, class_wide=True)
    return moment


@transaction.atomic
def end_moment(moment: HelpMoment) -> None:
    """End it early, or take a planned one back; one that is over stays as it was."""
    kernel.lock(moment.classroom)
    current = HelpMoment.objects.get(pk=moment.pk)
    if current.started_at is None:
        current.delete()
    elif current.is_on(timezone.now()):
        current.ends_at = timezone.now()
        current.save(update_fields=["ends_at"])
        announce_asides(moment.classroom, class_wide=True)


@transaction.atomic
def start_if_due(moment: HelpMoment, *, now: datetime) -> bool:
    """The clock's: start what was planned for now; it waits a little for help to open."""
    kernel.lock(moment.classroom)
    current = HelpMoment.objects.filter(pk=moment.pk, started_at=None).first()
    if current is None or current.planned_for is None or current.planned_for > now:
        return False
    current.classroom = moment.classroom
    try:
        _start(current, now)
    except NotPossible:
        if now - current.planned_for > MOMENT_WAITS:
            current.delete()
        return False
    return True


# --- The first step to a student ---------------------------------------------


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
    announce_asides(by.classroom, students=[student.pk])
    return made


@transaction.atomic
def take_offer(*, by: Membership) -> None:
    """ "Yes, please": the student's hand goes up, because they said so."""
    offered = _answered(by, Contact.Answer.YES)
    asking.raise_hand(Queue.objects.of(by.classroom), student=by, form_key=f"offer-{offered.pk}")
    announce_asides(by.classroom, students=[by.pk])


@transaction.atomic
def refuse_offer(*, by: Membership) -> None:
    """ "Not now": no reason is asked for."""
    _answered(by, Contact.Answer.NOT_NOW)
    announce_asides(by.classroom, students=[by.pk])


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


# --- The clock ---------------------------------------------------------------


def run_clock(now: datetime | None = None) -> None:
    """Every move whose time has come; late or twice does no harm."""
    now = now or timezone.now()
    planned = CheckIn.objects.filter(status=CheckInStatus.SCHEDULED, opens_at__lte=now)
    for check_in in planned.select_related("classroom__school").order_by("opens_at", "pk"):
        open_if_due(check_in, now=now)
    for check_in in CheckIn.objects.open().filter(opened_at__lte=now - OPEN_AT_MOST):
        close(check_in)
    lately = CheckIn.objects.filter(visibility=Visibility.TOTALS, status=CheckInStatus.CLOSED)
    for check_in in lately.filter(closed_at__range=(now - _ALL_IN[1], now - _ALL_IN[0])):
        unnamed.show_late_totals(check_in)
    for moment in HelpMoment.objects.filter(started_at=None, planned_for__lte=now).select_related(
        "classroom__school"
    ):
        start_if_due(moment, now=now)
    _show_ended_moments(now)
    stuck = Lesson.objects.open().filter(self_checks__going=Going.STUCK).distinct()
    for lesson in stuck.select_related("classroom"):
        nudge(lesson, now=now)


def _show_ended_moments(now: datetime) -> None:
    """Pages end a moment by themselves; those without scripts are told."""
    ended = HelpMoment.objects.filter(ends_at__lte=now, ends_at__gt=now - _SINCE_LAST_TICK)
    for moment in ended.select_related("classroom"):
        with transaction.atomic():
            announce_asides(moment.classroom, class_wide=True)


def delete_what_is_due(now: datetime | None = None) -> int:
    """Delete single answers and self-checks whose days are over; how many check-ins it was."""
    now = now or timezone.now()
    purged = 0
    for classroom in Classroom.objects.select_related("school__check_in_rules"):
        limit = now - _kept_for(classroom)
        closed = CheckIn.objects.filter(classroom=classroom, status=CheckInStatus.CLOSED)
        for check_in in closed.filter(closed_at__lte=limit):
            purge(check_in)
            purged += 1
        lessons = classroom.lessons.filter(closed_at__lte=limit)
        SelfCheck.objects.filter(lesson__in=lessons).delete()
        for lesson in lessons.filter(reason_tallies__isnull=False).distinct():
            purge_reasons(lesson)
        FollowUp.objects.filter(check_in__classroom=classroom, ended_at__lte=limit).delete()
        not_opened = CheckIn.objects.filter(classroom=classroom, status=CheckInStatus.NOT_OPENED)
        not_opened.filter(opens_at__lte=limit).delete()
    return purged


@transaction.atomic
def purge_reasons(lesson: Lesson) -> None:
    """Delete what a lesson's single reasons add up to; totals of five or more stay."""
    results.keep_reasons(lesson)
    ReasonTally.objects.filter(lesson=lesson).delete()


def _kept_for(classroom: Classroom) -> timedelta:
    decided = getattr(classroom.school, "check_in_rules", None) or SchoolRules()
    return timedelta(days=decided.keep_days)
