"""Where help can be found: the directory, the pathways, contacts for a crisis, messages.

Rows change in ``resources.actions`` alone. Nobody's name is kept beside what they looked
at, searched for or rated; ratings are two totals on the entry.
"""

import zoneinfo
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classrooms.models import Classroom, School
from resources import hours

#: Totals below this many answers are not shown to anybody (A24, A30).
FEWEST_SHOWN = 5


class Kind(models.TextChoices):
    """The two groups of the directory (A24)."""

    FORMAL = "formal", _("People whose job is to help")
    INFORMAL = "informal", _("People and places around you")


class Topic(models.TextChoices):
    """What an entry can be about."""

    SCHOOLWORK = "schoolwork", _("Schoolwork")
    TECHNICAL = "technical", _("Devices and accounts")
    FEELINGS = "feelings", _("Feelings")
    PEOPLE = "people", _("Friends and family")
    BULLYING = "bullying", _("Bullying")
    SAFETY = "safety", _("Staying safe")
    HEALTH = "health", _("Health")
    MONEY = "money", _("Money, food and things you need")
    FUTURE = "future", _("What comes after school")


class Cost(models.TextChoices):
    """Free ones are shown first (A27)."""

    FREE = "free", _("Free")
    SOME = "some", _("Free for some")
    PAID = "paid", _("Costs money")


class Where(models.TextChoices):
    """How one gets there."""

    IN_PERSON = "in_person", _("In person")
    ONLINE = "online", _("Online or by phone")
    BOTH = "both", _("In person, online or by phone")


def labels_of(row: models.Model, names: list[str]) -> list[str]:
    """What people call these fields."""
    columns = {column.name: column for column in row._meta.concrete_fields}
    return [str(columns[name].verbose_name) for name in names]


#: Looks in a row that found nobody at a web address.
DEAD_AFTER = 2


class EntryQuerySet(models.QuerySet["Entry"]):
    def current(self, today: date):
        """Published and not past its review date; ``today`` in the school's zone."""
        return self.filter(published_at__isnull=False, review_due__gte=today)

    def expired(self, today: date):
        return self.filter(published_at__isnull=False, review_due__lt=today)

    def with_unknown(self):
        """Published before everything about them was known."""
        is_open = Q()
        for name in MAY_BE_UNKNOWN:
            is_open |= Q(**{name: UNKNOWN.get(name, "")})
        return self.filter(is_open, published_at__isnull=False)

    def for_class(self, school: School, classroom: Classroom | None):
        """The school's, and those of this class; without a class the school's alone."""
        own = Q(classroom=None) if classroom is None else Q(classroom=None) | Q(classroom=classroom)
        return self.filter(own, school=school)


class Entry(models.Model):
    """Somebody or something that helps; of a school, or of one class in it.

    A draft may have gaps; ``missing()`` says which. Nothing with a gap is published, but for a
    link that a teacher adds in a minute: what is not known of it is shown so (MAY_BE_UNKNOWN).
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="entries")
    classroom = models.ForeignKey(
        Classroom, on_delete=models.CASCADE, null=True, blank=True, related_name="entries"
    )
    title = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind of help"), max_length=8, choices=Kind, blank=True)
    use = models.CharField(_("what it is good for"), max_length=300, blank=True)
    audience = models.CharField(_("who it is for"), max_length=120, blank=True)
    #: Values of Topic.
    topics = models.JSONField(_("topics"), default=list, blank=True)
    #: Names of languages as people write them.
    languages = models.JSONField(_("languages"), default=list, blank=True)
    cost = models.CharField(_("cost"), max_length=4, choices=Cost, blank=True)
    #: As ``resources.hours.tidy`` gives them, in the school's time zone.
    hours = models.CharField(_("hours"), max_length=hours.LENGTH, blank=True)
    where = models.CharField(_("in person or online"), max_length=9, choices=Where, blank=True)
    place = models.CharField(_("place"), max_length=160, blank=True)
    contact = models.CharField(_("contact"), max_length=160, blank=True)
    link = models.URLField(_("web address"), max_length=500, blank=True)
    bring = models.CharField(_("what to bring, how to get there"), max_length=200, blank=True)
    #: Years.
    reading_age = models.PositiveSmallIntegerField(_("reading age"), null=True, blank=True)
    author = models.CharField(_("author"), max_length=60, blank=True)
    reviewed_by = models.CharField(_("reviewed by"), max_length=60, blank=True)
    review_due = models.DateField(_("review date"), null=True, blank=True)
    data_note = models.CharField(_("what they do with your data"), max_length=300, blank=True)
    #: Who is told when the review date has passed.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    owner_told_at = models.DateTimeField(null=True, blank=True)
    #: When the web address was looked at, and how many times in a row it led nowhere.
    link_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    link_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    #: "Did this help?" in totals, without anybody's name.
    helped = models.PositiveIntegerField(default=0)
    did_not_help = models.PositiveIntegerField(default=0)

    objects = EntryQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    def missing(self) -> list[str]:
        """Names of the fields that must be filled before others can see this."""
        return [name for name in PARTS if not getattr(self, name)]

    def missing_labels(self) -> list[str]:
        return labels_of(self, self.missing())

    def unknown(self) -> list[str]:
        """Names of the parts that others see as "Not known yet"."""
        return [name for name in self.missing() if name in MAY_BE_UNKNOWN]

    def unknown_labels(self) -> list[str]:
        return labels_of(self, self.unknown())

    @property
    def shown_topics(self) -> list[str]:
        return [str(Topic(value).label) for value in self.topics]

    @property
    def shown_hours(self) -> str:
        return hours.shown(self.hours)

    @property
    def is_open_now(self) -> bool:
        """By the clock at hand (``timezone.override`` of the school's zone)."""
        return hours.is_open(self.hours, timezone.localtime())

    @property
    def is_expired(self) -> bool:
        return (
            self.published_at is not None
            and self.review_due is not None
            and self.review_due < timezone.localdate()
        )

    @property
    def has_dead_link(self) -> bool:
        """One look that fails may be a bad day; several in a row are not."""
        return bool(self.link) and self.link_failures >= DEAD_AFTER

    @property
    def host(self) -> str:
        """Where the link leads, as a name one can read."""
        return urlsplit(self.link).hostname or ""

    @property
    def answers(self) -> int | None:
        """How many said whether it helped; None while they are fewer than FEWEST_SHOWN."""
        count = self.helped + self.did_not_help
        return count if count >= FEWEST_SHOWN else None


#: What a published entry says (A24, A30); a web address and travel notes are extra.
PARTS = (
    "title",
    "kind",
    "use",
    "audience",
    "topics",
    "languages",
    "cost",
    "hours",
    "where",
    "place",
    "contact",
    "reading_age",
    "author",
    "reviewed_by",
    "review_due",
    "data_note",
)


#: What somebody who adds a bare link in a minute need not know: it is shown as not known yet,
#: and never made up. The form of the directory asks for all of it.
MAY_BE_UNKNOWN = frozenset(
    {"languages", "cost", "reading_age", "author", "reviewed_by", "data_note"}
)
#: How a part that is not known is stored, where that is not "".
UNKNOWN: dict[str, Any] = {"languages": [], "reading_age": None}


class Pathway(models.Model):
    """What happens, step by step, when somebody asks for one kind of help (A26)."""

    class Kind(models.TextChoices):
        ACADEMIC = "academic", _("Help with schoolwork")
        WELLBEING = "wellbeing", _("How I feel")
        SAFETY = "safety", _("I do not feel safe")
        BULLYING = "bullying", _("Bullying")
        TECHNICAL = "technical", _("A device or an account")
        PRACTICAL = "practical", _("Food, money, things I need")

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="pathways")
    kind = models.CharField(_("about"), max_length=9, choices=Kind)
    title = models.CharField(_("name"), max_length=80)
    use = models.CharField(_("when to use it"), max_length=300, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    #: Counts publications, from 1.
    version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.title

    @property
    def goes_by_queue(self) -> bool:
        """Whether its first step is to raise a hand in class."""
        return self.kind in (self.Kind.ACADEMIC, self.Kind.TECHNICAL)


class Limit(models.TextChoices):
    """How long a step may take before its backup takes over."""

    AT_ONCE = "5m", pgettext_lazy("time limit", "5 minutes")
    QUARTER = "15m", pgettext_lazy("time limit", "15 minutes")
    HALF_HOUR = "30m", pgettext_lazy("time limit", "30 minutes")
    HOUR = "1h", pgettext_lazy("time limit", "1 hour")
    TWO_HOURS = "2h", pgettext_lazy("time limit", "2 hours")
    TODAY = "today", pgettext_lazy("time limit", "the same school day")
    DAY = "1d", pgettext_lazy("time limit", "1 school day")
    TWO_DAYS = "2d", pgettext_lazy("time limit", "2 school days")
    WEEK = "1w", pgettext_lazy("time limit", "1 week")


class Step(models.Model):
    """One step of a pathway: who does what, when, how soon, and who steps in."""

    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    what = models.CharField(_("what happens"), max_length=300, blank=True)
    owner = models.CharField(_("who does it"), max_length=60, blank=True)
    backup = models.CharField(_("who steps in"), max_length=60, blank=True)
    hours = models.CharField(_("hours"), max_length=hours.LENGTH, blank=True)
    limit = models.CharField(_("within"), max_length=5, choices=Limit, blank=True)
    contact = models.CharField(_("where to find them"), max_length=160, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def missing(self) -> list[str]:
        names = ("what", "owner", "backup", "hours", "limit")
        return [name for name in names if not getattr(self, name)]

    def missing_labels(self) -> list[str]:
        return labels_of(self, self.missing())

    @property
    def shown_hours(self) -> str:
        return hours.shown(self.hours)

    @property
    def is_open_now(self) -> bool:
        return hours.is_open(self.hours, timezone.localtime())


class Contact(models.Model):
    """Whom to call in a crisis; set up by people who know their country, never built in.

    Without a school it is for everybody on this server.
    """

    school = models.ForeignKey(
        School, on_delete=models.CASCADE, null=True, blank=True, related_name="contacts"
    )
    country = models.CharField(_("country"), max_length=60)
    name = models.CharField(_("who answers"), max_length=80)
    number = models.CharField(_("phone number"), max_length=40)
    hours = models.CharField(_("hours"), max_length=hours.LENGTH)
    note = models.CharField(_("when to call"), max_length=160, blank=True)

    class Meta:
        ordering = ["country", "pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.country})"

    @property
    def shown_hours(self) -> str:
        return hours.shown(self.hours)

    @property
    def dialled(self) -> str:
        """The number for a ``tel:`` link."""
        return "".join(sign for sign in self.number if sign in "+0123456789*#")


class Message(models.Model):
    """A school's words for one month, on the board and on signs; the same for everybody (A58)."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="messages")
    #: The first day of the month.
    month = models.DateField(_("month"))
    text = models.CharField(_("message"), max_length=160)

    class Meta:
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["school", "month"], name="one_message_per_month")
        ]


class SearchText(models.Model):
    """What the search looks through: plain words of whatever is published.

    SQLite copies each row into a full-text table by triggers (see the migrations).
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, null=True, related_name="+")
    pathway = models.OneToOneField(Pathway, on_delete=models.CASCADE, null=True, related_name="+")
    title = models.TextField()
    body = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=False, pathway__isnull=True)
                | Q(entry__isnull=True, pathway__isnull=False),
                name="search_text_is_of_one_thing",
            )
        ]


class Change(models.Model):
    """Who changed what that others can see, and when. Rows are only ever added."""

    class Verb(models.TextChoices):
        PUBLISHED = "published", pgettext_lazy("change", "published")
        CHANGED = "changed", pgettext_lazy("change", "changed")
        WITHDRAWN = "withdrawn", pgettext_lazy("change", "taken down")
        REMOVED = "removed", pgettext_lazy("change", "removed")

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(Entry, on_delete=models.SET_NULL, null=True, related_name="changes")
    pathway = models.ForeignKey(
        Pathway, on_delete=models.SET_NULL, null=True, related_name="changes"
    )
    happened_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    verb = models.CharField(max_length=9, choices=Verb)
    #: What it was called then, and the names of the fields that were changed.
    title = models.CharField(max_length=120)
    fields = models.JSONField(default=list)

    class Meta:
        ordering = ["-happened_at", "-pk"]


def today_in(school: School, now: datetime | None = None) -> date:
    """The date on the school's clock."""
    return timezone.localdate(now, zoneinfo.ZoneInfo(school.time_zone))
