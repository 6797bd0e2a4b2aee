"""Everything that can happen to a classroom and the people in it.

Views, admin and commands all come through here. Whoever loses their way in is
announced with ``classrooms.endings``, so that open sockets close.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms import naming
from classrooms.codes import new_code, new_pin, new_slug
from classrooms.endings import end_invites, tell_end
from classrooms.errors import NotPossible
from classrooms.flood import remove_crowd as remove_crowd
from classrooms.joining import Joined as Joined
from classrooms.joining import choose_pictures as choose_pictures
from classrooms.joining import forget as forget
from classrooms.joining import forget_pictures as forget_pictures
from classrooms.joining import join as join
from classrooms.joining import leave as leave
from classrooms.joining import let_all_in as let_all_in
from classrooms.joining import let_in as let_in
from classrooms.joining import turn_away as turn_away
from classrooms.joining import vouch as vouch
from classrooms.joining import waiting_devices as waiting_devices
from classrooms.models import (
    MANAGING,
    Attendance,
    Classroom,
    Device,
    Lesson,
    Membership,
    Role,
    School,
    SchoolAdmin,
    Task,
)
from classrooms.prepared import Prepared
from classrooms.roster import RosterLine
from classrooms.signals import tell_door

TASKS_AT_MOST = 60


# --- Schools and classrooms --------------------------------------------------


@transaction.atomic
def start_classroom(user, *, name: str, school_name: str = "", time_zone: str = "") -> Classroom:
    """Make a class with ``user`` as its teacher, in the school they administer or in a new one."""
    school = School.objects.filter(admins__user=user).order_by("pk").first()
    if school is None:
        school = School.objects.create(
            name=school_name or _("My school"), **({"time_zone": time_zone} if time_zone else {})
        )
        SchoolAdmin.objects.create(school=school, user=user)
    return add_classroom(school, name=name, teacher=user)


@transaction.atomic
def add_classroom(school: School, *, name: str, teacher=None) -> Classroom:
    """A class that its school's admins can set up; without ``teacher`` they invite one."""
    classroom = Classroom(school=school, name=name, slug=new_slug(name))
    _take_unused_code(classroom)
    classroom.save()
    if teacher is not None:
        add_staff(classroom, teacher, Role.TEACHER)
    for admin in school.admins.exclude(user=teacher).select_related("user"):
        add_staff(classroom, admin.user, Role.SCHOOL_ADMIN)
    return classroom


def _take_unused_code(classroom: Classroom) -> None:
    code = new_code()
    while Classroom.objects.filter(code=code).exists():
        code = new_code()
    classroom.code = code


def add_staff(classroom: Classroom, user, role: str) -> Membership:
    """Make ``user`` staff here; somebody who was removed comes back with the new role."""
    membership, _created = Membership.objects.update_or_create(
        classroom=classroom,
        user=user,
        defaults={
            "role": role,
            "name": user.name or user.email.partition("@")[0],
            "joined_at": timezone.now(),
            "removed_at": None,
            "erase_asked_at": None,
        },
    )
    return membership


def save_settings(classroom: Classroom, fields: Iterable[str]) -> None:
    """Keep what a settings form changed; a class PIN is made where one is needed."""
    if classroom.pin_mode == Classroom.PinMode.CLASS and not classroom.pin:
        classroom.pin = new_pin()
    classroom.save(update_fields=[*fields, "pin"])
    if classroom.pin_mode == Classroom.PinMode.PERSONAL:
        _give_pins(classroom)


def _give_pins(classroom: Classroom) -> None:
    for student in classroom.memberships.present().students().filter(pin=""):
        student.pin = new_pin()
        student.save(update_fields=["pin"])


@transaction.atomic
def archive(classroom: Classroom) -> None:
    """Put a class away: nobody comes in until it is restored."""
    classroom.archived_at = timezone.now()
    classroom.save(update_fields=["archived_at"])
    tell_end(classroom=classroom)


@transaction.atomic
def restore(classroom: Classroom) -> None:
    """Bring a class back; it counts as in use from now on. One that is being erased stays away."""
    now = Classroom.objects.select_for_update().filter(pk=classroom.pk).first()
    if now is None or now.erase_asked_at is not None:
        raise NotPossible(_("This class is being erased. Nobody can bring it back."))
    classroom.archived_at, classroom.restored_at = None, timezone.now()
    classroom.save(update_fields=["archived_at", "restored_at"])


@transaction.atomic
def renew_code(classroom: Classroom, *, sign_out_students: bool) -> None:
    """Take a new class code; the old one opens nothing from now on.

    ``sign_out_students`` also forgets every student's device: they join again.
    """
    _take_unused_code(classroom)
    classroom.save(update_fields=["code"])
    if sign_out_students:
        for device in Device.objects.filter(membership__classroom=classroom):
            forget(device)


def set_joining(classroom: Classroom, *, is_open: bool, until: datetime | None = None) -> None:
    """Open or close the way in; the teacher's word also ends a door that closed itself."""
    if is_open and classroom.shut_at is not None:
        classroom.reopened_at = timezone.now()
    classroom.code_is_open = is_open
    classroom.code_expires_at = until
    classroom.shut_at = None
    classroom.save(update_fields=["code_is_open", "code_expires_at", "shut_at", "reopened_at"])
    tell_door(classroom)


# --- Tasks -------------------------------------------------------------------


@transaction.atomic
def add_tasks(classroom: Classroom, titles: Iterable[str]) -> list[Task]:
    position = classroom.tasks.aggregate(last=Max("position"))["last"] or 0
    titles = list(titles)
    if classroom.tasks.filter(archived_at=None).count() + len(titles) > TASKS_AT_MOST:
        raise NotPossible(
            _("A class can have %(most)d tasks. Take some away first.") % {"most": TASKS_AT_MOST}
        )
    return [
        Task.objects.create(classroom=classroom, title=title, position=position + step)
        for step, title in enumerate(titles, start=1)
    ]


def rename_task(task: Task, title: str) -> None:
    task.title = title
    task.save(update_fields=["title"])


def archive_task(task: Task) -> None:
    """Take a task off the list; requests that were about it keep their word."""
    task.archived_at = timezone.now()
    task.save(update_fields=["archived_at"])


@transaction.atomic
def move_task(task: Task, *, up: bool) -> None:
    """Swap a task with its neighbour; at the end of the list nothing happens."""
    tasks = list(task.classroom.tasks.select_for_update().filter(archived_at=None))
    here = next((index for index, other in enumerate(tasks) if other.pk == task.pk), None)
    if here is None:
        return
    there = here - 1 if up else here + 1
    if 0 <= there < len(tasks):
        tasks[here], tasks[there] = tasks[there], tasks[here]
    for position, other in enumerate(tasks, start=1):
        if other.position != position:
            other.position = position
            other.save(update_fields=["position"])


# --- People ------------------------------------------------------------------


@transaction.atomic
def add_students(classroom: Classroom, lines: Iterable[RosterLine]) -> list[Membership]:
    """Put the good lines of a roster into the class; a name that is there already stays."""
    Classroom.objects.select_for_update().get(pk=classroom.pk)  # somebody may be joining
    known, helpers = naming.known_keys(classroom), naming.helper_keys(classroom)
    added = []
    for line in lines:
        keys = naming.keys_of(line.name)
        if not line.ok or keys & known or keys & helpers:
            continue
        known |= keys
        pin = new_pin() if classroom.pin_mode == Classroom.PinMode.PERSONAL else ""
        added.append(
            classroom.memberships.create(
                name=line.name,
                email=line.email,
                external_id=line.external_id,
                on_roster=True,
                pin=pin,
            )
        )
    return added


def rename(membership: Membership, name: str) -> None:
    """Give somebody another name; raises NotPossible where another student has it."""
    if membership.is_student and naming.is_helpers(membership.classroom, name):
        raise NotPossible(_("Somebody who helps in this class has this name."))
    membership.name = name
    try:
        with transaction.atomic():
            membership.save(update_fields=["name"])
    except IntegrityError:
        raise NotPossible(_("Another student has this name already.")) from None
    tell_door(membership.classroom)


@transaction.atomic
def remove(membership: Membership) -> None:
    """Take somebody out of the class. Their past stays; their devices are forgotten.

    A link opens for whoever has it: a colleague who goes takes none along that still works.
    """
    keep_one_teacher(membership)
    membership.removed_at = timezone.now()
    membership.save(update_fields=["removed_at"])
    membership.devices.all().delete()
    if not membership.is_student:
        end_invites(Q(classroom=membership.classroom))
    tell_end(membership=membership)


@transaction.atomic
def change_role(membership: Membership, role: str) -> None:
    """Make a colleague something else; their open pages close and come back as what they are.

    Open invitations end with the right to make them, as with ``remove``.
    """
    if membership.is_student or role == Role.STUDENT:
        raise NotPossible(_("Students and staff come in by different doors."))
    if membership.role == role:
        return
    keep_one_teacher(membership)
    if membership.can_manage and role not in MANAGING:
        end_invites(Q(classroom=membership.classroom))
    membership.role = role
    membership.save(update_fields=["role"])
    tell_end(membership=membership)


def keep_one_teacher(membership: Membership) -> None:
    """Raises NotPossible for the last teacher of a class."""
    if membership.role != Role.TEACHER:
        return
    others = (
        membership.classroom.memberships.present()
        .select_for_update()
        .filter(role=Role.TEACHER)
        .exclude(pk=membership.pk)
    )
    if not others.exists():
        raise NotPossible(_("A class needs a teacher. Add another one first."))


@transaction.atomic
def remove_school_admin(right: SchoolAdmin) -> None:
    School.objects.select_for_update().get(pk=right.school_id)  # two could go at the same time
    if right.school.admins.exclude(pk=right.pk).count() == 0:
        raise NotPossible(_("A school needs an admin. Add another one first."))
    right.delete()
    end_invites(Q(school=right.school, classroom=None))
    for membership in Membership.objects.filter(
        classroom__school=right.school, user=right.user, role=Role.SCHOOL_ADMIN
    ):
        remove(membership)


# --- Lessons -----------------------------------------------------------------


_noted: Prepared[tuple] = Prepared(
    lambda lesson, membership: Attendance.objects.filter(
        lesson=lesson, membership=membership
    ).values_list("pk")[:1]
)


def attend(lesson: Lesson, memberships: Iterable[int]) -> None:
    """Note that these students (ids) were here in this lesson; twice is once."""
    Attendance.objects.bulk_create(
        [Attendance(lesson=lesson, membership_id=pk) for pk in memberships], ignore_conflicts=True
    )


def note_here(lesson: Lesson, memberships: Iterable[int]) -> None:
    """The same where most are noted already: it looks first, for writing takes the lock."""
    wanted = set(memberships)
    if len(wanted) == 1:
        noted = wanted if _noted(lesson.pk, *wanted) else set()
    else:
        here = Attendance.objects.filter(lesson=lesson, membership__in=wanted)
        noted = set(here.values_list("membership", flat=True))
    if wanted - noted:
        attend(lesson, wanted - noted)
