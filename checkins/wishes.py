"""Facts about the wish for an adult; ``followups`` alone changes them."""

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkins.questions import Soon
from classrooms.models import HELPING, Classroom, Membership


class FollowUpStatus(models.TextChoices):
    REQUESTED = "requested", _("Asked for")
    ACKNOWLEDGED = "acknowledged", _("Seen")
    DONE = "done", _("Done")
    DECLINED = "declined", _("No longer wanted")


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def active(self):
        return self.filter(status__in=[FollowUpStatus.REQUESTED, FollowUpStatus.ACKNOWLEDGED])

    def unread(self):
        return self.filter(status=FollowUpStatus.REQUESTED, student__removed_at=None)

    def late(self, now: datetime):
        """Those that have to go on to somebody else: not read in time, or the adult has left."""
        is_late = Q(status=FollowUpStatus.REQUESTED, due_at__lt=now)
        is_alone = Q(adult__removed_at__isnull=False, passed_at=None)
        there = self.active().filter(to_school_at=None, student__removed_at=None)
        return there.filter(is_late | is_alone)

    def untold(self):
        """Those of which nobody has written yet to whoever has them now."""
        return self.unread().filter(told_at=None)

    def with_the_school(self):
        """Those that the school's admins have: nobody read them in time, or nobody has them."""
        alone = Q(adult__removed_at__isnull=False, passed_to=None)
        there = self.active().filter(student__removed_at=None)
        return there.filter(Q(to_school_at__isnull=False) | alone)

    def in_list_of(self, adult: Membership):
        """Those that ``adult`` was chosen for."""
        return self.filter(adult=adult, student__removed_at=None)

    def passed_on_to(self, user):
        """Those that ``user`` has because somebody else did not read them in time."""
        return self.filter(passed_to=user, student__removed_at=None)

    def waiting_by_class(self, user) -> list[tuple[Classroom, int]]:
        """Classes in which students asked ``user`` and it was not read yet, and how many."""
        mine = self.unread().filter(
            adult__user=user,
            adult__removed_at=None,
            adult__role__in=HELPING,
            adult__classroom__archived_at=None,
        )
        counts = Counter(each.adult.classroom for each in mine.select_related("adult__classroom"))
        return sorted(counts.items(), key=lambda pair: pair[0].name)


class FollowUp(models.Model):
    """A student asked one adult to check in with them. That adult sees it; others do when it was
    not read in time (``checkins.followups``)."""

    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="follow_ups")
    adult = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    check_in = models.ForeignKey(
        "checkins.CheckIn", on_delete=models.CASCADE, related_name="follow_ups"
    )
    soon = models.CharField(max_length=5, choices=Soon)
    status = models.CharField(max_length=12, choices=FollowUpStatus)
    requested_at = models.DateTimeField(default=timezone.now)
    #: By when whoever has it should have read it.
    due_at = models.DateTimeField()
    #: When whoever has it was written to.
    told_at = models.DateTimeField(null=True, blank=True)
    #: Who stands in has it too, since when.
    passed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    passed_at = models.DateTimeField(null=True, blank=True)
    #: Since when the school's admins have it too.
    to_school_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "student"], name="one_follow_up_each")
        ]

    @property
    def is_active(self) -> bool:
        return self.status in (FollowUpStatus.REQUESTED, FollowUpStatus.ACKNOWLEDGED)

    @property
    def is_overdue(self) -> bool:
        return self.status == FollowUpStatus.REQUESTED and self.due_at < timezone.now()

    @property
    def reader(self) -> str:
        """Who read it, as the student knows them."""
        if self.read_by_id is not None and self.read_by_id == self.adult.user_id:
            return self.adult.name
        return str(self.read_by) if self.read_by is not None else ""

    @property
    def passed_to_name(self) -> str:
        return str(self.passed_to or _("Somebody at your school"))
