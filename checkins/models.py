"""Facts about check-ins, self-checks, help moments and contacts. ``actions`` alone changes them.

What a check-in keeps without a name is apart from everything that has one: ``UnnamedReply``
points at its check-in and at nothing else, is pointed at by nothing, has a random id, no time
and no place of its own in the table: ``checkins.unnamed`` writes them in lots, in a random order,
never together with a name. Who has replied is a sorted list on the check-in, so that it has no
order either.
"""

import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from checkins.care import Carer as Carer
from checkins.care import FamilyAnswer as FamilyAnswer
from checkins.questions import COUNTED, InTheWay, Kind, Question, in_words, options_of
from checkins.wishes import FollowUp as FollowUp
from checkins.wishes import FollowUpStatus as FollowUpStatus
from classrooms.models import Classroom, Lesson, Membership, School, Task
from requests_app.models import HelpRequest


def new_key() -> str:
    """A public id that tells nothing."""
    return secrets.token_hex(8)


class Visibility(models.TextChoices):
    NAMED = "named", _("With names")
    TOTALS = "totals", _("Totals only")


class Preset(models.TextChoices):
    """The templates that come with the product."""

    READY = "ready", _("Ready to start")
    EXIT = "exit", _("Exit")
    WELL_BEING = "wellbeing", _("How are you?")


class Settings(models.Model):
    """What a class chose for this part of the product; a class without a row has the defaults."""

    classroom = models.OneToOneField(
        Classroom, on_delete=models.CASCADE, related_name="check_in_settings"
    )
    #: Minutes of "stuck" without a raised hand until the one gentle nudge (R3); 0 is never.
    nudge_after = models.PositiveSmallIntegerField(_("minutes until a gentle nudge"), default=5)


class SchoolRules(models.Model):
    """What a school decided: how long answers are kept, and what it has to record before a
    question about well-being can be asked (B7). A school without a row has the defaults."""

    class Consent(models.TextChoices):
        OPT_IN = "opt_in", _("Families say yes first")
        OPT_OUT = "opt_out", _("Families are told and can say no")

    school = models.OneToOneField(School, on_delete=models.CASCADE, related_name="check_in_rules")
    #: Days after closing until raw replies are deleted.
    keep_days = models.PositiveSmallIntegerField(_("days that answers are kept"), default=30)
    consent = models.CharField(_("consent"), max_length=7, choices=Consent, blank=True)
    #: As ``resources.hours.tidy`` gives them; what an older release took may be anything.
    hours = models.CharField(_("hours in which somebody looks"), max_length=120, blank=True)
    #: Names that an older release took for yeses; nobody reads them (see ``checkins.care``).
    owner = models.CharField(_("who looks after it"), max_length=80, blank=True)
    backup = models.CharField(_("who stands in"), max_length=80, blank=True)
    changed_at = models.DateTimeField(auto_now=True)


class TemplateQuerySet(models.QuerySet["Template"]):
    def for_class(self, classroom: Classroom):
        """Its own, and those that its school wrote for all."""
        own = Q(classroom=classroom) | Q(classroom=None, school=classroom.school_id)
        return self.filter(own).order_by("title", "pk")


class Template(models.Model):
    """A check-in that a class wrote itself, to open as often as it likes; without a class it is
    the school's, for all its classes."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="check_in_templates")
    classroom = models.ForeignKey(
        Classroom,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="check_in_templates",
    )
    title = models.CharField(_("name"), max_length=60)
    visibility = models.CharField(max_length=6, choices=Visibility)
    questions: models.JSONField = models.JSONField(default=list)

    objects = TemplateQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class CheckInStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("Planned")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")
    PURGED = "purged", _("Answers deleted")
    #: It was planned, and could not be asked when its time came.
    NOT_OPENED = "dropped", _("Not opened")


class CheckInQuerySet(models.QuerySet["CheckIn"]):
    def open(self):
        return self.filter(status=CheckInStatus.OPEN)

    def of_today(self, now: datetime):
        """Those that a student can still look at: open, or closed less than a day ago."""
        return self.filter(
            Q(status=CheckInStatus.OPEN)
            | Q(status=CheckInStatus.CLOSED, closed_at__gt=now - timedelta(days=1))
        )


class CheckIn(models.Model):
    """One check-in in one class: its own copy of the questions, from plan to purge (C10)."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="check_ins")
    lesson = models.ForeignKey(
        Lesson, on_delete=models.SET_NULL, null=True, blank=True, related_name="check_ins"
    )
    preset = models.CharField(max_length=9, choices=Preset, blank=True)
    title = models.CharField(max_length=60)
    #: Fixed from the moment it opens.
    visibility = models.CharField(max_length=6, choices=Visibility)
    questions: models.JSONField = models.JSONField(default=list)
    status = models.CharField(max_length=9, choices=CheckInStatus)
    started_by = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    opens_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    #: Membership ids of who has replied, sorted; empty once the answers are deleted.
    replied: models.JSONField = models.JSONField(default=list)
    reply_count = models.PositiveIntegerField(default=0)
    #: Unnamed: of so many who replied, no answer is waited for: the process that had it has ended.
    settled = models.PositiveIntegerField(default=0, db_default=0)
    #: Unnamed: how many answers waited to be written when it closed, in all processes together.
    waiting = models.PositiveIntegerField(null=True, blank=True)
    #: Table (a question, or one option of several) → each version of its cells that was shown;
    #: once answers are deleted, also ``of``: table → how many replies it is of.
    published: models.JSONField = models.JSONField(default=dict)

    objects = CheckInQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["classroom"], condition=Q(status="open"), name="one_open_check_in_per_class"
            ),
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(opens_at__isnull=False),
                name="planned_check_in_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status == CheckInStatus.OPEN

    @property
    def is_named(self) -> bool:
        return self.visibility == Visibility.NAMED

    @property
    def is_about_well_being(self) -> bool:
        return self.preset == Preset.WELL_BEING

    @property
    def name(self) -> str:
        """The title, of a preset in the active language."""
        return str(Preset(self.preset).label) if self.preset else self.title

    @property
    def asked(self) -> list[Question]:
        """The questions, of a preset in the active language."""
        return in_words(self.preset, self.questions)

    def has_reply_of(self, student: Membership) -> bool:
        return student.pk in self.replied

    def is_late(self, student: Membership) -> bool:
        """Whether somebody came into the class after it had opened."""
        return not (student.joined_at and self.opened_at and student.joined_at <= self.opened_at)

    def tables(self) -> dict[str, tuple[int, int | None]]:
        """Each table that is counted → its question and, for "any that fit", its option."""
        found: dict[str, tuple[int, int | None]] = {}
        for number, question in enumerate(self.questions):
            if question["kind"] == Kind.SEVERAL:
                for option in range(len(options_of(question))):
                    found[f"{number}.{option}"] = (number, option)
            elif question["kind"] in COUNTED:
                found[str(number)] = (number, None)
        return found

    def question(self, number: int) -> Question:
        return self.asked[number]


class UnnamedReply(models.Model):
    """One student's answers without the student: no name, no order, no time.

    ``edit_digest`` is always empty: the release before kept a digest there, which led back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    check_in = models.ForeignKey(CheckIn, on_delete=models.CASCADE, related_name="unnamed_replies")
    #: Question number (as text) → number of the answer, or a list of them; skipped is left out.
    answers: models.JSONField = models.JSONField(default=dict)
    edit_digest = models.CharField(max_length=64, blank=True, editable=False)


class NamedReply(models.Model):
    """One student's answers, with the student, who was told so in the first line."""

    check_in = models.ForeignKey(CheckIn, on_delete=models.CASCADE, related_name="named_replies")
    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    answers: models.JSONField = models.JSONField(default=dict)
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "student"], name="one_named_reply_each")
        ]


class NoteToSelf(models.Model):
    """What a student wrote for themselves; nobody else reads it."""

    check_in = models.ForeignKey(CheckIn, on_delete=models.CASCADE, related_name="notes_to_self")
    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "student"], name="one_note_to_self_each")
        ]


class PlannedHelp(models.Model):
    """ "One thing I want help with today": a quiet note for those who help, with a name."""

    check_in = models.ForeignKey(CheckIn, on_delete=models.CASCADE, related_name="planned_help")
    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "student"], name="one_planned_help_each")
        ]


class ReasonTally(models.Model):
    """How often something got in the way of asking in a lesson. No name, no finer time.

    All of a lesson's rows are made at once, so that their order tells nothing.
    """

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="reason_tallies")
    reason = models.CharField(max_length=8, choices=InTheWay)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lesson", "reason"], name="one_tally_per_reason")
        ]


class ReasonTotals(models.Model):
    """Each version of a lesson's tallies that was shown: cells in the order of InTheWay. Once the
    tallies are deleted: one dict of the ``cells`` that were shown last (None: hidden), and how
    many replies they are ``of``."""

    lesson = models.OneToOneField(Lesson, on_delete=models.CASCADE, related_name="reason_totals")
    history: models.JSONField = models.JSONField(default=list)


class Going(models.TextChoices):
    """ "How is it going?" (A04)."""

    FINE = "fine", _("Going fine")
    SLOWLY = "slowly", _("Slow but OK")
    STUCK = "stuck", _("Stuck")


class SelfCheck(models.Model):
    """A student's latest word in a lesson on how it is going: a need signal, not a request."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="self_checks")
    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="self_checks")
    going = models.CharField(max_length=6, choices=Going)
    #: Since when without a break; empty if not stuck.
    stuck_since = models.DateTimeField(null=True, blank=True)
    #: The first time in this lesson (A08 measures from here).
    first_stuck_at = models.DateTimeField(null=True, blank=True)
    #: When the one nudge of the lesson came (R3), and when it was put aside.
    nudged_at = models.DateTimeField(null=True, blank=True)
    nudge_ended_at = models.DateTimeField(null=True, blank=True)
    #: Labels what the student is shown of it.
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lesson", "student"], name="one_self_check_per_lesson")
        ]


class HelpMoment(models.Model):
    """A calm invitation to ask, 30 to 180 seconds long, on every page of the class (A10)."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="help_moments")
    lesson = models.ForeignKey(
        Lesson, on_delete=models.CASCADE, null=True, blank=True, related_name="help_moments"
    )
    seconds = models.PositiveSmallIntegerField()
    started_by = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    planned_for = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(seconds__gte=30, seconds__lte=180), name="moment_is_short"
            ),
            models.CheckConstraint(
                condition=Q(started_at__isnull=True)
                | Q(ends_at__isnull=False, lesson__isnull=False),
                name="started_moment_has_an_end",
            ),
        ]

    def is_on(self, now: datetime) -> bool:
        return self.started_at is not None and self.ends_at is not None and now < self.ends_at

    def requests(self):
        """The hands raised in it: the time of the first raise is never changed."""
        return HelpRequest.objects.filter(
            lesson=self.lesson_id,
            raised_at__gte=self.started_at,
            raised_at__lt=self.ends_at,
        )


class Contact(models.Model):
    """An adult turned to a student unasked: who, when, what kind; never any words (A11)."""

    class Kind(models.TextChoices):
        CHECKED_IN = "checked_in", _("I checked in")
        OFFERED = "offered", _("Help offered")

    class Answer(models.TextChoices):
        YES = "yes", _("Yes, please")
        NOT_NOW = "not_now", _("Not now")

    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="contacts")
    by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, related_name="+")
    lesson = models.ForeignKey(
        Lesson, on_delete=models.CASCADE, null=True, blank=True, related_name="contacts"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    answer = models.CharField(max_length=7, choices=Answer, blank=True)
    at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student", "lesson"],
                condition=Q(kind="offered"),
                name="one_offer_per_lesson",
            )
        ]


class Change(models.Model):
    """Who changed what others are asked or how long answers stay, and when. Only ever added to."""

    class Verb(models.TextChoices):
        ADDED = "added", pgettext_lazy("change", "added")
        CHANGED = "changed", pgettext_lazy("change", "changed")
        REMOVED = "removed", pgettext_lazy("change", "removed")
        PASSED_ON = "passed_on", pgettext_lazy("change", "passed on")

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    classroom = models.ForeignKey(Classroom, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    happened_at = models.DateTimeField(default=timezone.now)
    verb = models.CharField(max_length=9, choices=Verb)
    #: What it was called then, and the names of the fields that were changed.
    title = models.CharField(max_length=120)
    fields = models.JSONField(default=list)

    class Meta:
        ordering = ["-happened_at", "-pk"]

    @property
    def field_labels(self) -> list[str]:
        """What the fields that were changed are called."""
        known = {
            field.name: str(field.verbose_name)
            for model in (SchoolRules, Settings)
            for field in model._meta.fields
        }
        return [known.get(name, name) for name in self.fields]
