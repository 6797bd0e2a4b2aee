"""People and places: schools, classrooms, who belongs to them, and when help is open.

Knows nothing of help requests. Rows change in ``classrooms.actions`` alone.
"""

import zoneinfo
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classrooms.codes import show_code
from classrooms.lookalike import look_key
from classrooms.prepared import Prepared
from classrooms.text import name_key


def check_time_zone(value: str) -> None:
    """A zone of the IANA list; refused otherwise with a sentence that gives an example."""
    if len(value) > 64 or value not in zoneinfo.available_timezones():
        raise ValidationError(_("Please choose a time zone such as Europe/Berlin."))


def default_time_zone() -> str:
    return settings.TIME_ZONE


class School(models.Model):
    """Classrooms that share admins and a time zone."""

    name = models.CharField(_("school name"), max_length=80)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=default_time_zone, validators=[check_time_zone]
    )
    created_at = models.DateTimeField(auto_now_add=True)
    #: From then on nobody administers it, and the clock erases it (classrooms.erasing).
    erase_asked_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name


class SchoolAdmin(models.Model):
    """The right to set up a school. It shows people and settings, never help requests (D7)."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="admins")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="school_admins"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school", "user"], name="one_admin_right_per_school")
        ]


class ClassroomQuerySet(models.QuerySet["Classroom"]):
    def in_use(self):
        return self.filter(archived_at__isnull=True)

    def joinable(self, now: datetime):
        """Classes whose code lets somebody in at ``now``."""
        return self.in_use().filter(
            Q(code_expires_at__isnull=True) | Q(code_expires_at__gt=now), code_is_open=True
        )


class Classroom(models.Model):
    """A class: its people, its tasks, its code and how people come in."""

    class JoinBy(models.TextChoices):
        NAME = "name", _("Students type their name")
        ROSTER = "roster", _("Students type a name that is on the list")

    class PinMode(models.TextChoices):
        NONE = "none", _("No PIN")
        CLASS = "class", _("One PIN for the class")
        PERSONAL = "personal", _("A PIN for each student")
        PICTURES = "pictures", _("Four pictures that each student chooses")

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="classrooms")
    name = models.CharField(_("class name"), max_length=60)
    slug = models.SlugField(max_length=48, unique=True, editable=False)
    code = models.CharField(max_length=8, unique=True, editable=False)
    code_is_open = models.BooleanField(_("joining is open"), default=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    join_by = models.CharField(
        _("how students give their name"), max_length=6, choices=JoinBy, default=JoinBy.NAME
    )
    pin_mode = models.CharField(_("PIN"), max_length=8, choices=PinMode, default=PinMode.NONE)
    #: 4 to 8 digits that a teacher can read out; it keeps out passers-by, not attackers.
    pin = models.CharField(_("class PIN"), max_length=8, blank=True)
    approval = models.BooleanField(_("I let each student in myself"), default=False)
    #: When the door closed itself because so many came, and since when they did (classrooms.flood).
    shut_at = models.DateTimeField(null=True, blank=True, editable=False)
    crowd_since = models.DateTimeField(null=True, blank=True, editable=False)
    #: When a teacher opened it again.
    reopened_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: When it was brought back after it had been put away: it counts as in use from then on.
    restored_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: From then on it stays put away, and the clock erases it (classrooms.erasing).
    erase_asked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ClassroomQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def shown_code(self) -> str:
        """The code as people read it: ``K7QM-4XRD``."""
        return show_code(self.code)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.school.time_zone)

    def open_lesson(self) -> "Lesson | None":
        lesson = open_lesson_of(self.pk)
        if lesson is not None:
            lesson.classroom = self
        return lesson


class Role(models.TextChoices):
    """What somebody is in a classroom. What that allows stands in Membership's predicates."""

    STUDENT = "student", pgettext_lazy("role", "Student")
    TEACHER = "teacher", pgettext_lazy("role", "Teacher")
    ASSISTANT = "assistant", pgettext_lazy("role", "Assistant")
    SCHOOL_ADMIN = "admin", pgettext_lazy("role", "School admin")


#: The roles that help (claim, start, …) and the ones that set up a class.
HELPING = frozenset({Role.TEACHER, Role.ASSISTANT})
MANAGING = frozenset({Role.TEACHER, Role.SCHOOL_ADMIN})


class MembershipQuerySet(models.QuerySet["Membership"]):
    def present(self):
        """Those who have not left or been removed."""
        return self.filter(removed_at__isnull=True)

    def let_in(self):
        """Those whom the door lets in: present, in a class that is in use."""
        return self.present().filter(classroom__archived_at__isnull=True)

    def students(self):
        return self.filter(role=Role.STUDENT)

    def staff(self):
        return self.exclude(role=Role.STUDENT)

    def by_name(self):
        return self.order_by("name_key", "pk")


class Membership(models.Model):
    """A name in a classroom. A student's needs no user account; one can be linked later."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="memberships",
    )
    role = models.CharField(max_length=9, choices=Role, default=Role.STUDENT)
    name = models.CharField(_("name"), max_length=60)
    #: The form in which two names are the same name (classrooms.text.name_key).
    name_key = models.CharField(max_length=180, editable=False)
    #: The form in which two names look the same (classrooms.lookalike). Empty where two who look
    #: the same were in the class before this was compared.
    look_key = models.CharField(max_length=180, editable=False, default="", db_default="")
    email = models.EmailField(_("e-mail"), blank=True)
    external_id = models.CharField(_("id in another system"), max_length=64, blank=True)
    pin = models.CharField(_("PIN"), max_length=8, blank=True)
    #: A digest of the four pictures that the student chose (classrooms.pictures), and how much of
    #: their past was sealed then: that much the pictures open.
    pictures = models.CharField(max_length=64, editable=False, default="", db_default="")
    pictures_open_since = models.DateTimeField(null=True, blank=True, editable=False)
    on_roster = models.BooleanField(default=False)
    joined_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    #: Set when somebody came in by this name with no proof: they are shown nothing of their own
    #: from before (classrooms.proof).
    sealed_before = models.DateTimeField(null=True, blank=True, editable=False)
    #: Somebody who is gone from the class, and whom the clock erases (classrooms.erasing).
    erase_asked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["classroom", "user"], name="one_membership_per_user_and_class"
            ),
            models.UniqueConstraint(
                fields=["classroom", "name_key"],
                condition=Q(role="student", removed_at__isnull=True),
                name="one_student_per_name_and_class",
            ),
            models.UniqueConstraint(
                fields=["classroom", "look_key"],
                condition=Q(role="student", removed_at__isnull=True) & ~Q(look_key=""),
                name="one_student_per_looks_and_class",
            ),
            models.CheckConstraint(
                condition=Q(role="student") | Q(user__isnull=False), name="staff_has_an_account"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        key, before = name_key(self.name), self.name_key
        self.name_key = key
        if key != before or self._state.adding:
            self.look_key = look_key(self.name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "name_key", "look_key"}
        super().save(*args, **kwargs)

    @property
    def is_student(self) -> bool:
        return self.role == Role.STUDENT

    @property
    def is_sealed(self) -> bool:
        """In by a name alone: what was there before is not shown."""
        return self.sealed_before is not None

    def sees(self, moment: datetime) -> bool:
        """Whether this student may be shown what they wrote or asked at ``moment``."""
        return self.sealed_before is None or moment >= self.sealed_before

    @property
    def can_raise(self) -> bool:
        return self.role == Role.STUDENT

    @property
    def can_help(self) -> bool:
        return self.role in HELPING

    @property
    def can_manage(self) -> bool:
        return self.role in MANAGING


class Device(models.Model):
    """A browser that remembers a student: the cookie holds a key, this row its digest.

    Deleting the row ends the way in. ``approved_at`` empty means the teacher has
    not said yes: a waiting room, or a second device for a name already taken.
    """

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="devices")
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    #: The last day on which it came, give or take a week (classrooms.access).
    used_on = models.DateField(null=True, default=timezone.localdate, editable=False)


class Task(models.Model):
    """Something the class works on; a request can say it is about this."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(_("task"), max_length=80)
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title


class LessonQuerySet(models.QuerySet["Lesson"]):
    def open(self):
        return self.filter(closed_at__isnull=True)


class Lesson(models.Model):
    """Help is open in a class, from **Open help** to **Close help** or a set end time."""

    classroom = models.ForeignKey(Classroom, on_delete=models.CASCADE, related_name="lessons")
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    closes_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = LessonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["classroom"],
                condition=Q(closed_at__isnull=True),
                name="one_open_lesson_per_class",
            )
        ]


_open_lesson: Prepared[Lesson] = Prepared(
    lambda classroom: Lesson.objects.open().filter(classroom=classroom)[:1]
)


def open_lesson_of(classroom_id: int) -> Lesson | None:
    """The lesson in which help is open now; a class has one at most."""
    return _open_lesson.first(classroom_id)


class Attendance(models.Model):
    """A student had the class page open while help was open (for "it has been a while", D2)."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="attendances")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="attendances")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lesson", "membership"], name="one_attendance_per_lesson"
            )
        ]


class InviteQuerySet(models.QuerySet["Invite"]):
    def usable(self, now: datetime):
        """Links that open something at ``now``: neither used nor taken back, and made by somebody
        who may still invite to the same class or school."""
        makes_for_class = Exists(
            Membership.objects.let_in().filter(
                classroom=OuterRef("classroom"), user=OuterRef("created_by"), role__in=MANAGING
            )
        )
        makes_for_school = Exists(
            SchoolAdmin.objects.filter(school=OuterRef("school"), user=OuterRef("created_by"))
        )
        return self.filter(
            Q(classroom__isnull=False) & makes_for_class
            | Q(classroom__isnull=True) & makes_for_school,
            used_at__isnull=True,
            ended_at__isnull=True,
            expires_at__gt=now,
            created_by__is_active=True,
        )


class Invite(models.Model):
    """A single-use link that makes a signed-in colleague staff of a class, or a school's admin.

    It counts only while whoever made it may still invite. ``account`` was made with it: that
    account alone can accept it, and nobody makes a second one.
    """

    classroom = models.ForeignKey(
        Classroom, on_delete=models.CASCADE, null=True, blank=True, related_name="invites"
    )
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="invites")
    role = models.CharField(max_length=9, choices=Role)
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    #: Taken back, or ended when a colleague who may have known it lost their rights.
    ended_at = models.DateTimeField(null=True, blank=True)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="invited_by",
    )

    objects = InviteQuerySet.as_manager()


class Ended(models.Model):
    """A right that ended just now, written with the change that ended it.

    The message that closes open pages can be lost on its way to a worker; every worker reads these
    with each beat and asks about the pages concerned. Ids alone, for a few minutes.
    """

    class Pass(models.TextChoices):
        """What let a page in (classrooms.passes)."""

        MEMBERSHIP = "membership"
        DEVICE = "device"
        USER = "user"
        CLASSROOM = "classroom"

    which = models.CharField(max_length=10, choices=Pass)
    whose = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=timezone.now, db_default=Now(), db_index=True)
