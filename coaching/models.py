"""What a class sets up for its coaching, and what students keep for themselves.

What students say about a request stands on the request itself. Rows change in
``coaching.actions`` alone.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classrooms.models import Classroom, Membership, Task
from requests_app.models import HelpRequest
from requests_app.said import PRIVATE, Kind
from resources.models import Entry

#: Code points: a starter or a card's text, the class card, a note to oneself.
LINE_LIMIT, CLASS_CARD_LIMIT, NOTE_LIMIT = 200, 2000, 500


class Coaching(models.Model):
    """How a class is coached; without a row everything is on."""

    classroom = models.OneToOneField(Classroom, on_delete=models.CASCADE, related_name="coaching")
    is_on = models.BooleanField(_("cards while students wait"), default=True)
    #: Values of Kind, or "private", that this class does not offer.
    kinds_off = models.JSONField(default=list, blank=True)
    #: Values of coaching.rules.Rule.
    rules_off = models.JSONField(default=list, blank=True)
    #: Six starters with pictures, for younger classes.
    pictures = models.BooleanField(_("starters with pictures"), default=False)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that can be chosen; talk privately is asked for by ``is_private_on``."""
        return [kind for kind in Kind if kind not in self.kinds_off]

    @property
    def is_private_on(self) -> bool:
        return PRIVATE not in self.kinds_off and not settings.LAN


def coaching_of(classroom: Classroom) -> Coaching:
    """The class's settings, or the ones that everybody starts with (not stored)."""
    return Coaching.objects.filter(classroom=classroom).first() or Coaching(classroom=classroom)


class Starter(models.Model):
    """A sentence to finish, of one class in one language; a class with none uses the catalogue."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="starters")
    language = models.CharField(max_length=12)
    #: A group of coaching.catalogue: "stuck", "hint", …
    group = models.CharField(max_length=8)
    position = models.PositiveSmallIntegerField()
    #: With ``___`` where the student goes on.
    text = models.CharField(max_length=LINE_LIMIT)

    class Meta:
        ordering = ["position", "pk"]


class CardText(models.Model):
    """A card's question in the class's own words; the newest one counts. Never empty."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="card_texts")
    language = models.CharField(max_length=12)
    card = models.CharField(max_length=12)
    text = models.CharField(max_length=LINE_LIMIT)
    changed_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, related_name="+")


class ClassCard(models.Model):
    """ "How we ask for help" (A14): one version of a class's own text. Rows are only added."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="class_cards")
    version = models.PositiveIntegerField()
    text = models.CharField(max_length=CLASS_CARD_LIMIT)
    created_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["classroom", "version"], name="one_class_card_per_version"
            )
        ]


class StudentView(models.Model):
    """What one student has seen and set for themselves. Nobody else is shown it."""

    student = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="view")
    #: The newest version of the class card that was put away with "Got it"; 0 is the catalogue's.
    class_card_seen = models.IntegerField(default=-1)
    #: The cards are full size again from here on (R7).
    cards_since = models.DateTimeField(null=True, blank=True)


class HelperView(models.Model):
    """What one helper has set for themselves."""

    helper = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="helper_view")
    hides_tips = models.BooleanField(default=False)


class Note(models.Model):
    """ "What worked": a note that a student writes to themselves (A53). Nobody else reads it."""

    student = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="notes")
    help_request = models.ForeignKey(
        HelpRequest, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.CharField(max_length=NOTE_LIMIT)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-written_at", "-pk"]


class Suggestion(models.Model):
    """An entry of the directory that fits a task or a kind of help of one class."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="suggestions")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="suggestions")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=7, choices=Kind, blank=True)
