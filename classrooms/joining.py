"""Coming in and leaving: names, PINs, the waiting room, "Not you?".

Part of ``classrooms.actions``, which everybody else calls.
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from classrooms import pictures, proof
from classrooms.access import digest, new_key
from classrooms.endings import tell_end
from classrooms.errors import NotPossible
from classrooms.models import Classroom, Device, Membership, Role
from classrooms.naming import find_student, is_helpers
from classrooms.signals import tell_door

#: Browsers that wait for one name while nobody may look at PINs (classrooms.guesses).
WAITING_AT_MOST = 3
#: Students of one class; a lecture hall has 400.
STUDENTS_AT_MOST = 500


class Joined(NamedTuple):
    """What a browser gets when it joins: the row, and the key for its cookie (kept nowhere)."""

    device: Device
    key: str
    #: A name that nobody had here until now.
    is_new: bool
    #: A proof was asked for and given.
    is_proven: bool


@transaction.atomic
def join(
    classroom: Classroom,
    *,
    name: str,
    pin: str = "",
    chosen: Sequence[str] = (),
    is_checked: bool = True,
) -> Joined:
    """Let a browser in as ``name``; it may have to wait for the teacher's yes.

    It waits where the class says so, and wherever another device already is this
    student, unless the student's own PIN or pictures (``chosen``) prove who it is.
    Whoever comes back without any proof starts without what there was before
    (``classrooms.proof``). With
    ``is_checked`` False the PIN is not looked at, and the teacher decides. ``name`` is
    clean (classrooms.text.clean_name). Raises NotPossible for a wrong PIN or for a name
    that is not on the list of a class that joins by roster.
    """
    if _lock(classroom).shut_at is not None:
        raise NotPossible(_("The door is closed just now. Please tell your teacher."))
    if is_checked:
        _check_class_pin(classroom, pin)
    student = find_student(classroom, name)
    is_proven = is_checked and _proves(classroom, student, pin, chosen)
    is_new = student is None
    if student is None:
        student = _new_student(classroom, name)
    if not is_checked:
        _keep_waiting_few(student)
    is_taken = student.devices.filter(approved_at__isnull=False).exists()
    key = new_key()
    device = Device.objects.create(membership=student, key_digest=digest(key))
    if is_proven:
        proof.end_unproven(student, but=device.pk)
        by_pictures = classroom.pin_mode == Classroom.PinMode.PICTURES
        proof.open_since(student, student.pictures_open_since if by_pictures else None)
        _admit(device)
    elif is_taken or classroom.approval or not is_checked:
        tell_door(classroom)
    else:
        _admit_by_name(device)
    by_class = is_checked and classroom.pin_mode == Classroom.PinMode.CLASS
    return Joined(device, key, is_new=is_new, is_proven=is_proven or by_class)


def _lock(classroom: Classroom) -> Classroom:
    """One at a time comes in. ``no_key``: rows that only point to the class need not wait, as
    the lesson of whoever opens help meanwhile, under the lock of the queue that this needs too.
    """
    return Classroom.objects.select_for_update(no_key=True).get(pk=classroom.pk)


def _check_class_pin(classroom: Classroom, pin: str) -> None:
    if classroom.pin_mode == Classroom.PinMode.CLASS and not constant_time_compare(
        pin, classroom.pin
    ):
        raise NotPossible(_("That PIN does not fit. Look at the board or ask your teacher."))


def _proves(
    classroom: Classroom, student: Membership | None, pin: str, chosen: Sequence[str]
) -> bool:
    """Whether the student's own PIN or pictures were given, in a class that has such."""
    if classroom.pin_mode == Classroom.PinMode.PICTURES and chosen:
        if student is None or not pictures.fit(student, chosen):
            raise NotPossible(_("Those are not the four pictures. Try again, or ask your teacher."))
        return True
    if classroom.pin_mode != Classroom.PinMode.PERSONAL:
        return False
    if student is None or not student.pin or not constant_time_compare(pin, student.pin):
        raise NotPossible(_no_fit())
    return True


def _no_fit() -> str:
    return _("That name and PIN do not fit together. Check both, or ask your teacher.")


def _keep_waiting_few(student: Membership) -> None:
    """The newest wait: whoever guessed before keeps nobody out who comes now."""
    waiting = student.devices.filter(approved_at=None).order_by("-created_at", "-pk")
    for device in waiting[WAITING_AT_MOST - 1 :]:
        forget(device)


def _new_student(classroom: Classroom, name: str) -> Membership:
    if classroom.pin_mode == Classroom.PinMode.PERSONAL:
        raise NotPossible(_no_fit())
    if is_helpers(classroom, name):
        raise NotPossible(
            _("Somebody who helps in this class has that name. Please add a letter to yours.")
        )
    if classroom.memberships.present().students().count() >= STUDENTS_AT_MOST:
        raise NotPossible(_("This class is full. Please ask your teacher."))
    if classroom.join_by == Classroom.JoinBy.ROSTER:
        raise NotPossible(
            _("That name is not on the list. Please check the letters, or ask your teacher.")
        )
    return classroom.memberships.create(name=name, role=Role.STUDENT)


def _admit(device: Device) -> None:
    now = timezone.now()
    Device.objects.filter(pk=device.pk, approved_at=None).update(approved_at=now)
    device.approved_at = device.approved_at or now
    Membership.objects.filter(pk=device.membership_id, joined_at=None).update(joined_at=now)
    tell_door(device.membership.classroom)


def _admit_by_name(device: Device) -> None:
    """In, with nothing but a name to show; a name that was never in has no past to seal."""
    student = device.membership
    if student.joined_at is not None:
        # Pictures that were chosen under a seal may be somebody else's.
        if student.pictures_open_since is not None:
            forget_pictures(student)
        proof.seal(student)
    _admit(device)


@transaction.atomic
def let_in(device: Device) -> None:
    """The teacher's yes to this one: it proves who it is, unless somebody else is in by name."""
    if not _others_inside(device):
        _open_to_who_is_in(device.membership)
    _admit(device)


@transaction.atomic
def let_all_in(classroom: Classroom) -> bool:
    """A yes to all is no look at each: they come in by their names alone, and a second device
    of somebody goes on waiting. Returns whether anybody still waits."""
    _lock(classroom)
    for device in waiting_devices(classroom):
        if not _others_inside(device):
            _admit_by_name(device)
    return waiting_devices(classroom).exists()


def _others_inside(device: Device) -> bool:
    """Whether another browser is this student already."""
    others = Device.objects.filter(membership=device.membership_id, approved_at__isnull=False)
    return others.exclude(pk=device.pk).exists()


@transaction.atomic
def choose_pictures(student: Membership, chosen: Sequence[str]) -> None:
    """The student's own four, once; a teacher can take them away (``forget_pictures``)."""
    Membership.objects.filter(pk=student.pk, pictures="").update(
        pictures=pictures.kept(student, chosen), pictures_open_since=student.sealed_before
    )


def forget_pictures(student: Membership) -> None:
    """The student chooses new ones the next time."""
    Membership.objects.filter(pk=student.pk).update(pictures="", pictures_open_since=None)


@transaction.atomic
def vouch(student: Membership) -> None:
    """The teacher says that whoever is in as this student is: their past opens again.

    Raises NotPossible where two browsers are in, of which one can be somebody else's.
    """
    if student.is_sealed and student.devices.filter(approved_at__isnull=False).count() > 1:
        raise NotPossible(
            _("Two browsers are in as %(name)s. Sign out their devices, then let the right one in.")
            % {"name": student.name}
        )
    _open_to_who_is_in(student)


def _open_to_who_is_in(student: Membership) -> None:
    """Pictures of whoever is in open as much from now on; those of somebody before go."""
    chosen = Membership.objects.filter(pk=student.pk).exclude(pictures_open_since=None)
    chosen.filter(pictures_open_since=student.sealed_before).update(pictures_open_since=None)
    if chosen.exists():
        forget_pictures(student)
    proof.open_past(student)


@transaction.atomic
def turn_away(device: Device) -> None:
    """The teacher's no. A name that only this device brought is forgotten with it."""
    student = device.membership
    device.delete()
    if student.joined_at is None and not student.on_roster and not student.devices.exists():
        student.delete()
    tell_door(student.classroom)


def waiting_devices(classroom: Classroom | int) -> QuerySet[Device]:
    """Devices that wait for the teacher's yes, first come first."""
    return (
        Device.objects.filter(
            membership__classroom=classroom, membership__removed_at=None, approved_at=None
        )
        .select_related("membership__classroom")
        .order_by("created_at", "pk")
    )


@transaction.atomic
def forget(device: Device) -> None:
    """This browser is nobody here any more ("Not you?", or a code that was taken back)."""
    pk = device.pk
    device.delete()
    device.pk = pk
    tell_end(device=device)


@transaction.atomic
def leave(device: Device) -> None:
    """The student says "Not you?". Whoever only waited to come in has never been here."""
    if device.approved_at is None:
        turn_away(device)
    else:
        forget(device)
