"""Facts about help requests: what is stored, which moves are legal, and how to ask for rows.

Only ``requests_app.actions`` changes them.
"""

import secrets
from datetime import datetime, timedelta

from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classrooms.models import Classroom, Lesson, Membership, Task, open_lesson_of
from classrooms.prepared import Prepared
from requests_app import metrics
from requests_app.labels import STEP, label_of
from requests_app.order import CarryOn, Credits, Rule
from requests_app.said import (
    KIND_ICONS,
    TIP_FOR_ALL,
    TIPS,
    Feeling,
    Given,
    Kind,
    Manner,
    NextOne,
    Repair,
    Thanks,
    Tried,
)

#: Code points of the one text a student can add.
TEXT_LIMIT = 2000
#: A claim with no start goes back into line (T4).
CLAIM_LASTS = timedelta(minutes=5)
#: After a promised return time, this much grace before the line hears of it (T7).
RETURN_GRACE = timedelta(minutes=2)
#: How long after the end a student can say "not yet" (T10).
REOPEN_WITHIN = timedelta(minutes=15)
#: How long the last step can be undone by who did it. The page says ten seconds; the
#: rest is for a slow network.
UNDO_WITHIN = timedelta(seconds=15)
#: The third raise in this time says that a longer visit may help (R5).
LONGER_LOOK_FROM, LONGER_LOOK_WITHIN = 3, timedelta(minutes=15)


#: Class → its queue, as far as this process has met them.
queue_ids: dict[int, int] = {}


class QueueQuerySet(models.QuerySet["Queue"]):
    def of(self, classroom: Classroom) -> "Queue":
        """The line of a class; made the first time somebody asks for it.

        Its id never changes, so it is looked up once; the rest is read when it is asked for.
        """
        pk = queue_ids.get(classroom.pk)
        if pk is None:
            pk = self.get_or_create(classroom=classroom)[0].pk
            if not connection.in_atomic_block:  # else it may yet be rolled back
                queue_ids[classroom.pk] = pk
        queue = Queue.from_db(self.db, ["id", "classroom_id"], [pk, classroom.pk])
        queue.classroom = classroom
        return queue

    def locked(self, pk: int) -> "Queue":
        """Lock the queue for a change and count its version up, in one statement.

        The row is the lock for everything in the queue (on SQLite the IMMEDIATE transaction
        is). Without a change the caller rolls back, and the version with it.
        """
        rows = self.raw(
            "UPDATE requests_app_queue SET version = version + 1 WHERE id = %s"
            " RETURNING id, classroom_id, version, rule, paused_at, paused_for_id",
            [pk],
        )
        if connection.vendor == "sqlite":  # the transaction's begin has waited (metrics.time_begin)
            found = list(rows)
        else:
            with metrics.LOCK_SECONDS.time():
                found = list(rows)
        if not found:
            raise Queue.DoesNotExist
        return found[0]

    def note_beside(self, pk: int, *, class_wide: bool) -> int:
        """Note that what other apps show beside the queue changes; it locks, as ``locked`` does.

        Returns the queue's version after it.
        """
        changed: dict = {"version": F("version") + 1, "beside": F("beside") + 1}
        if class_wide:
            now = label_of(timezone.now())
            changed["class_beside_at"] = Greatest(F("class_beside_at") + 1, now)
        self.filter(pk=pk).update(**changed)
        return self.values_list("version", flat=True).get(pk=pk)

    def label_after(self, pk: int, closed_at: datetime, opened_at: datetime) -> None:
        """Keep the label of what the whole class sees rising where help opened again at a moment
        that is not after the one at which it closed, as when the clock was set back."""
        behind = (closed_at - opened_at) // STEP + 1
        if behind > 0:
            self.filter(pk=pk).update(class_beside_at=F("class_beside_at") + behind)


class Queue(models.Model):
    """The line of one class. ``version`` labels every region rendered from it."""

    classroom = models.OneToOneField(Classroom, on_delete=models.CASCADE, related_name="queue")
    version = models.PositiveBigIntegerField(default=0, editable=False)
    rule = models.CharField(
        _("order of help"), max_length=11, choices=Rule, default=Rule.HEAD_STARTS
    )
    #: The teacher asked the class to look up, to explain something to everybody (D1).
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_for = models.ForeignKey(
        Task, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    #: Counts changes of what other apps show beside the queue; no student's page shows it.
    beside = models.PositiveBigIntegerField(default=0, editable=False, db_column="asides")
    #: When that, or "please look up", changed last for the whole class, in microseconds.
    class_beside_at = models.PositiveBigIntegerField(
        default=0, editable=False, db_column="class_asides_at"
    )

    objects = QueueQuerySet.as_manager()

    def open_lesson(self) -> Lesson | None:
        return open_lesson_of(self.classroom_id)

    @property
    def is_paused(self) -> bool:
        """Whether the class is asked to look up now."""
        return self.paused_at is not None


class Status(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    CLAIMED = "claimed", _("On the way")
    HELPING = "helping", _("Being helped")
    PAUSED = "paused", _("Trying alone")
    DEFERRED = "deferred", _("Later")
    RESOLVED = "resolved", _("Done")
    WITHDRAWN = "withdrawn", _("Hand lowered")
    EXPIRED = "expired", _("Help closed")


S = Status
ENDED = (S.RESOLVED, S.WITHDRAWN, S.EXPIRED)
ACTIVE = (S.WAITING, S.CLAIMED, S.HELPING, S.PAUSED, S.DEFERRED)
WITH_HELPER = (S.CLAIMED, S.HELPING, S.PAUSED)

#: Every move there is: verb → where from → where to (help-request.md C8). ``put_back`` also
#: ends a visit that was started or paused, so that a helper who is called away strands nobody.
#: T13 and T14 (referral) come later.
MOVES: dict[str, dict[Status, Status]] = {
    "describe": {S.WAITING: S.WAITING, S.CLAIMED: S.CLAIMED, S.PAUSED: S.PAUSED},  # T2
    # What a card was answered with after the end is kept as history; it changes nothing else.
    "describe_late": {s: s for s in (S.HELPING, S.DEFERRED, *ENDED)},
    "pass_over": {s: s for s in (*ACTIVE, *ENDED)},  # a card skipped, an offer made or answered
    "choose_manner": {s: s for s in ACTIVE},
    "bring_forward": {S.WAITING: S.WAITING},  # D2
    "propose_later": {s: s for s in (S.WAITING, S.CLAIMED, S.HELPING, S.PAUSED)},  # T12, first half
    "decline_later": {s: s for s in (S.WAITING, S.CLAIMED, S.HELPING, S.PAUSED)},
    "claim": {S.WAITING: S.CLAIMED},  # T3
    "put_back": dict.fromkeys(WITH_HELPER, S.WAITING),  # T4
    "let_go": {S.CLAIMED: S.WAITING},  # T4, by the clock
    "start": dict.fromkeys((S.WAITING, S.CLAIMED, S.PAUSED), S.HELPING),  # T5
    "pause": {S.HELPING: S.PAUSED},  # T6
    "overdue": {S.PAUSED: S.WAITING},  # T7, by the clock
    "solve": dict.fromkeys(ACTIVE, S.RESOLVED),  # T8
    "resolve": {S.CLAIMED: S.RESOLVED, S.HELPING: S.RESOLVED},  # T9
    "answer_group": dict.fromkeys((S.WAITING, S.CLAIMED, S.HELPING, S.PAUSED), S.RESOLVED),  # T9
    "reflect": {S.RESOLVED: S.RESOLVED},
    "look_ahead": {S.RESOLVED: S.RESOLVED},
    "choose_repair": {s: s for s in (S.WAITING, S.CLAIMED, S.PAUSED)},  # C7, after T10
    "note_given": {s: s for s in (*ACTIVE, *ENDED)},
    "thank": {s: s for s in (*ACTIVE, *ENDED)},
    "reopen": {S.RESOLVED: S.WAITING},  # T10
    "lower": dict.fromkeys(ACTIVE, S.WITHDRAWN),  # T11
    "defer": dict.fromkeys((S.WAITING, S.CLAIMED, S.HELPING, S.PAUSED), S.DEFERRED),  # T12
    "come_back": {S.DEFERRED: S.WAITING},  # T12, by the clock
    "expire": dict.fromkeys((S.WAITING, S.CLAIMED, S.PAUSED), S.EXPIRED),  # T15
    "close": {S.HELPING: S.RESOLVED},  # T15: helped, not confirmed
}


class Outcome(models.TextChoices):
    """How a request ended (T8, T9, T15)."""

    ALONE = "alone", _("Solved alone")
    RESOURCE = "resource", _("Solved with a resource")
    PEER = "peer", _("Solved with a classmate")
    HELPED = "helped", _("Helped")
    GROUP = "group", _("Answered for the group")
    ELSEWHERE = "elsewhere", _("Sent elsewhere")
    NOT_CONFIRMED = "unconfirmed", _("Helped, not confirmed")


class Reflection(models.TextChoices):
    """ "How did that go?" (C7). "Not yet" is a move of its own, ``reopen``."""

    CARRY_ON = "carry_on", _("I can carry on")
    PARTLY = "partly", _("Partly")


class Reason(models.TextChoices):
    """Why a hand was lowered (T11), if the student wants to say."""

    NO_NEED = "no_need", _("I no longer need it")
    WAIT = "wait", _("The wait was too long")
    CHANGED = "changed", _("I changed my mind")
    AWKWARD = "awkward", _("It felt awkward")
    OTHER = "other", _("Something else")


#: What people wrote or felt about a request; deleted when its time is up.
WORDS = ("text", "starter", "feeling", "manner", "hint", "next_step")


class HelpRequestQuerySet(models.QuerySet["HelpRequest"]):
    def with_words(self):
        """Those about which something is still written."""
        return self.exclude(**dict.fromkeys(WORDS, ""))

    def active(self):
        return self.filter(status__in=ACTIVE)

    def with_people(self):
        return self.select_related("student", "helper", "task", "last_helper")


def new_key() -> str:
    """A public id that tells nothing: a counter would tell students how many others asked."""
    return secrets.token_hex(8)


class HelpRequest(models.Model):
    """One raised hand, from the tap to its end."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="help_requests")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="help_requests")
    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="help_requests")
    helper = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="helped_requests"
    )
    #: Set if staff raised it on the student's behalf (A27).
    raised_by = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=9, choices=Status, default=S.WAITING, editable=False)
    #: Counts this row's changes: labels its rendered HTML.
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    task = models.ForeignKey(Task, on_delete=models.SET_NULL, null=True, blank=True)
    text = models.TextField(blank=True)
    carry_on = models.CharField(max_length=6, choices=CarryOn, blank=True)
    kind = models.CharField(max_length=7, choices=Kind, blank=True)
    #: Values of Tried; empty: not said.
    tried = models.JSONField(default=list, blank=True)
    #: Key of the sentence starter that the text began with (coaching.catalogue).
    starter = models.CharField(max_length=20, blank=True)
    feeling = models.CharField(max_length=11, choices=Feeling, blank=True)
    #: Asked for with a yes of its own, and shown to those who help: never what it is like.
    manner = models.CharField(max_length=7, choices=Manner, blank=True, default="", db_default="")
    #: Card → what became of it: "answered", "skipped", "offered", for a resource "solved", "bit"
    #: or "not". What M4 to M8 and the rules R2, R4, R7 and R8 look at.
    cards = models.JSONField(default=dict, blank=True)
    #: The third raise in a quarter of an hour (R5).
    longer_look = models.BooleanField(default=False)

    raised_at = models.DateTimeField(default=timezone.now)
    first_today = models.BooleanField(default=False)
    been_a_while = models.BooleanField(default=False)
    missed_last_time = models.BooleanField(default=False)
    #: ``raised_at - head start``; fixed until an edit (D2).
    sort_at = models.DateTimeField()
    brought_forward_at = models.DateTimeField(null=True, blank=True)
    #: A helper said they would be back, and the time has come: first in line.
    is_promised = models.BooleanField(default=False)

    first_response_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    help_started_at = models.DateTimeField(null=True, blank=True)
    #: When the helper (paused) or the line (deferred) comes back to it.
    return_at = models.DateTimeField(null=True, blank=True)
    hint = models.CharField(max_length=200, blank=True)
    #: A later time that a helper proposed and the student has not answered yet (T12).
    proposed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=11, choices=Outcome, blank=True)
    reflection = models.CharField(max_length=8, choices=Reflection, blank=True)
    reason = models.CharField(max_length=7, choices=Reason, blank=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    #: Who helped before "not yet", and how the student would like to go on.
    last_helper = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    repair = models.CharField(max_length=8, choices=Repair, blank=True)
    next_one = models.CharField(max_length=5, choices=NextOne, blank=True)
    given = models.CharField(max_length=9, choices=Given, blank=True)
    next_step = models.CharField(max_length=200, blank=True)
    #: What the helper said about the asking; the student alone sees it.
    thanks = models.CharField(max_length=6, choices=Thanks, blank=True)
    #: The expired request that this one carries on (T16).
    carried_from = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="carried_to"
    )
    #: The form's key: posting it again finds this request instead of making another.
    form_key = models.CharField(max_length=40, editable=False)

    objects = HelpRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["queue", "student"],
                condition=Q(status__in=[str(status) for status in ACTIVE]),
                name="one_active_request_per_student",
            ),
            models.UniqueConstraint(
                fields=["student", "form_key"], name="one_request_per_form_key"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["claimed", "helping", "paused"]) | Q(helper__isnull=False),
                name="with_helper_has_a_helper",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["paused", "deferred"]) | Q(return_at__isnull=False),
                name="promise_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[str(status) for status in ACTIVE])
                | Q(ended_at__isnull=False),
                name="ended_has_an_end",
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "status"], name="request_by_queue_status"),
            models.Index(fields=["student", "-id"], name="request_by_student"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.status}"

    def target(self, verb: str) -> Status | None:
        """Where ``verb`` leads from here; None if it is not possible now."""
        return MOVES[verb].get(Status(self.status))

    def can(self, verb: str) -> bool:
        return self.target(verb) is not None

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_sealed(self) -> bool:
        """Raised before somebody came in by the student's name alone (``classrooms.proof``)."""
        return not self.student.sees(self.raised_at)

    @property
    def is_seen(self) -> bool:
        """Whether the student's page speaks of it: that a hand is up cannot be hidden."""
        return self.is_active or not self.is_sealed

    def asks_how_it_went(self, now: datetime) -> bool:
        """Whether the student may still say how it went, or "not yet" (T10)."""
        return (
            self.status == S.RESOLVED
            and not self.reflection
            and self.ended_at is not None
            and now - self.ended_at < REOPEN_WITHIN
        )

    @property
    def tried_count(self) -> int:
        """How many things the student tried before asking."""
        return len([each for each in self.tried if each != "nothing"])

    @property
    def shown_tried(self) -> list[str]:
        return [str(Tried(each).label) for each in self.tried]

    @property
    def kind_icon(self) -> str:
        """The picture (lucide) of the kind of help; empty where none was chosen."""
        return KIND_ICONS[Kind(self.kind)] if self.kind else ""

    @property
    def tips(self) -> tuple:
        """What may help the helper, by the kind of help that was asked for (A65)."""
        return TIPS[self.kind], TIP_FOR_ALL

    @property
    def credits(self) -> Credits:
        return Credits(self.first_today, self.been_a_while, self.missed_last_time, self.carry_on)

    @property
    def label(self) -> int:
        """Version of the student's own region: microseconds, telling nothing of others."""
        return label_of(self.changed_at)


_latest: Prepared[HelpRequest] = Prepared(
    lambda student: HelpRequest.objects.filter(student=student).with_people().order_by("-pk")[:1]
)
_current: Prepared[HelpRequest] = Prepared(
    lambda pk: HelpRequest.objects.with_people().select_related("lesson").filter(pk=pk)
)


def latest_of(student_id: int) -> HelpRequest | None:
    """The newest request of a student (membership id): the one their page is about."""
    return _latest.first(student_id)


def current_request(pk: int) -> HelpRequest:
    """The request as it is now, with its people and its lesson. Raises HelpRequest.DoesNotExist."""
    found = _current.first(pk)
    if found is None:
        raise HelpRequest.DoesNotExist
    return found


class Event(models.Model):
    """One line of a request's history; replaying them gives the stored state (C12, 3).

    ``facts`` holds the fields that the move wrote, ``before`` what they were; both in
    JSON form. ``actor`` is empty where the clock moved it.
    """

    help_request = models.ForeignKey(HelpRequest, on_delete=models.CASCADE, related_name="events")
    actor = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    verb = models.CharField(max_length=16)
    status = models.CharField(max_length=9, choices=Status)
    happened_at = models.DateTimeField()
    facts = models.JSONField(default=dict)
    before = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]


class LessonTotals(models.Model):
    """What stays of a lesson once its requests are gone: how many, with no way back to anybody.

    ``asked`` is empty where fewer than FEWEST_KEPT asked; the others where what they say, or what
    is left over beside them, would be about fewer than that.
    """

    FEWEST_KEPT = 5

    lesson = models.OneToOneField(Lesson, on_delete=models.CASCADE, related_name="totals")
    asked = models.PositiveIntegerField(null=True)
    helped = models.PositiveIntegerField(null=True)
    missed = models.PositiveIntegerField(null=True)
