"""Facts about who looks after well-being in a school, and what families said. ``gate`` alone
changes them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classrooms.models import Membership, School


class CarerQuerySet(models.QuerySet["Carer"]):
    def agreed(self):
        """Those who said yes themselves and still belong to the school."""
        return self.exclude(agreed_at=None).still_there()

    def still_there(self):
        """Those whose account is in use and belongs to the school's staff or admins."""
        there = (
            Membership.objects.present()
            .staff()
            .filter(
                user=models.OuterRef("user"),
                classroom__school=models.OuterRef("school"),
                classroom__archived_at=None,
            )
        )
        admin = Q(user__school_admins__school=models.F("school"))
        found = self.filter(Q(models.Exists(there)) | admin, user__is_active=True)
        return found.distinct()


class Carer(models.Model):
    """Somebody of a school who looks after what students say about their well-being, or stands in.

    The school asks, and it counts once the person has said yes in their own account.
    """

    class Part(models.TextChoices):
        OWNER = "owner", _("looks after it")
        BACKUP = "backup", _("stands in")

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="carers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cares_for"
    )
    part = models.CharField(max_length=6, choices=Part)
    asked_at = models.DateTimeField(default=timezone.now)
    agreed_at = models.DateTimeField(null=True, blank=True)

    objects = CarerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school", "part"], name="one_carer_for_each_part"),
            models.UniqueConstraint(fields=["school", "user"], name="owner_and_backup_are_two"),
        ]

    @property
    def name(self) -> str:
        return str(self.user)


class FamilyAnswer(models.Model):
    """Whether a student's family agrees to questions about well-being: for those who manage the
    class, and nobody else. A student without a row has no answer."""

    student = models.OneToOneField(
        Membership, on_delete=models.CASCADE, related_name="family_answer"
    )
    says_yes = models.BooleanField()
    noted_at = models.DateTimeField(auto_now=True)
