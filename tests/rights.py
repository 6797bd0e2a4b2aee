"""Everything that ends a right, and every way in that must end with it.

``CAUSES`` is used in this process (tests/live/test_rights.py) and, as ``python -m tests.rights``,
in a process beside a real server (tests/workers/test_rights.py). Each subject has a class of their
own, in which somebody's hand is up: a page that is still let in would show it.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

#: The name that a page shows to whoever helps in the class.
CANARY = "Canary Bird"


@dataclass
class Way:
    """What one browser holds: the header of its cookies, its page's socket, and its addresses."""

    cookie: str
    socket: str
    paths: list[str]


@dataclass(frozen=True)
class Cause:
    """``end`` takes the right away from somebody with this role.

    ``still``: the beginnings of addresses that stay open: a teacher who becomes an assistant still
    helps, and an invitation ends with its maker's rights, not with a session.
    """

    role: str
    end: Callable
    still: tuple[str, ...] = ()


class Subject:
    """Somebody who is about to lose a right, in a new class."""

    def __init__(self, role: str) -> None:
        from classrooms import actions, invitations
        from classrooms.models import Classroom, Role, School, SchoolAdmin
        from requests_app import actions as requests
        from requests_app.models import Queue
        from tests.conftest import staff, student

        mark = secrets.token_hex(5)
        self.school = School.objects.create(name=f"School {mark}")
        self.room = Classroom.objects.create(
            school=self.school, name="Class", slug=f"class-{mark}", code=mark[:8].upper()
        )
        queue = Queue.objects.create(classroom=self.room)
        keeper = staff(self.room, f"keeper-{mark}@example.org", "Keeper", Role.TEACHER)
        SchoolAdmin.objects.create(school=self.school, user=keeper.user)
        requests.open_help(self.room, by=keeper)
        requests.raise_hand(queue, student=student(self.room, CANARY), form_key="first")
        if role == "student":
            joined = actions.join(self.room, name="Subject")
            self.member, self.device_key = joined.device.membership, joined.key
        else:
            self.member = staff(self.room, f"{mark}@example.org", "Subject", role)
        if role == Role.SCHOOL_ADMIN:
            SchoolAdmin.objects.create(school=self.school, user=self.member.user)
        self.links = []
        if self.member.can_manage:
            facts = {"by": self.member.user, "school": self.school}
            self.links.append(invitations.invite(role=Role.TEACHER, classroom=self.room, **facts))
        if role == Role.SCHOOL_ADMIN:
            self.links.append(invitations.invite(role=role, **facts))

    def come(self) -> Way:
        """Sign in, open the class page and keep what it holds."""
        from django.conf import settings
        from django.core import signing
        from django.test import Client

        from classrooms import access
        from live import ticket
        from requests_app.models import Queue
        from requests_app.topic import admission

        if self.member.is_student:
            key = signing.dumps({self.room.slug: self.device_key}, salt=access._SALT)
            cookies = {settings.DEVICE_COOKIE_NAME: key}
            entry = access.find_entry(None, cookies, self.room.slug)
        else:
            self.client = Client()
            self.client.force_login(self.member.user)
            self.session_key = self.client.session.session_key
            cookies = {settings.SESSION_COOKIE_NAME: self.session_key}
            entry = access.find_entry(self.member.user, cookies, self.room.slug)
        queue_id = Queue.objects.of(self.room).pk
        pass_ = ticket.issue(admission(entry, queue_id, cookies))
        here = f"/c/{self.room.slug}/"
        paths = [f"{here}regions/", f"{here}sign/"]
        if self.member.role != "admin":  # who is led on to what they set up
            paths.append(here)
        if self.member.can_manage:
            paths += [f"{here}manage/", *(f"/invite/{key}/" for key in self.links)]
        if self.member.role == "admin":
            school = f"?school={self.school.pk}"
            paths += [f"/school/{school}", f"/school/resources/export/{school}"]
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        shown = ",".join(f"queue:{queue_id}/{kind}=" for kind in ("helpers", "class", "student"))
        return Way(header, f"/ws/en/?ticket={pass_}&have={shown}", paths)


# --- The causes ----------------------------------------------------------------


def removed(subject: Subject) -> None:
    from classrooms import actions

    actions.remove(subject.member)


def erased(subject: Subject) -> None:
    from classrooms import leaving

    leaving.erase_member(subject.member)


def staff_erased(subject: Subject) -> None:
    from classrooms import erasing

    erasing.ask_staff(subject.member.user, subject.school)


def class_erased(subject: Subject) -> None:
    from classrooms import erasing

    erasing.ask_classroom(subject.room)


def school_erased(subject: Subject) -> None:
    from classrooms import erasing

    erasing.ask_school(subject.school)


def made_an_assistant(subject: Subject) -> None:
    from classrooms import actions

    actions.change_role(subject.member, "assistant")


def device_forgotten(subject: Subject) -> None:
    from classrooms import joining

    joining.forget(subject.member.devices.get())


def code_taken_back(subject: Subject) -> None:
    from classrooms import actions

    actions.renew_code(subject.room, sign_out_students=True)


def signed_out(subject: Subject) -> None:
    subject.client.logout()


def session_ended_elsewhere(subject: Subject) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.filter(session_key=subject.session_key).delete()


def new_password(subject: Subject) -> None:
    subject.member.user.set_password("a new one, for the old one is known")
    subject.member.user.save()


def signed_out_everywhere(subject: Subject) -> None:
    from accounts import proof

    proof.end_sessions(subject.member.user)


def switched_off(subject: Subject) -> None:
    subject.member.user.is_active = False
    subject.member.user.save(update_fields=["is_active"])


def put_away(subject: Subject) -> None:
    from classrooms import actions

    actions.archive(subject.room)


def school_right_taken(subject: Subject) -> None:
    from classrooms import actions

    actions.remove_school_admin(subject.school.admins.get(user=subject.member.user))


CAUSES = {
    "student removed": Cause("student", removed),
    "student erased": Cause("student", erased),
    "assistant removed": Cause("assistant", removed),
    "teacher removed": Cause("teacher", removed),
    "made an assistant": Cause("teacher", made_an_assistant, ("/c/",)),
    "device forgotten": Cause("student", device_forgotten),
    "code taken back": Cause("student", code_taken_back),
    "signed out": Cause("teacher", signed_out, ("/invite/",)),
    "session ended elsewhere": Cause("teacher", session_ended_elsewhere, ("/invite/",)),
    "new password": Cause("assistant", new_password),
    "signed out everywhere": Cause("assistant", signed_out_everywhere),
    "switched off": Cause("teacher", switched_off),
    "class put away": Cause("student", put_away),
    "class of a teacher put away": Cause("teacher", put_away),
    "school right taken": Cause("admin", school_right_taken),
    "assistant erased": Cause("assistant", staff_erased),
    "teacher erased": Cause("teacher", staff_erased),
    "admin erased": Cause("admin", staff_erased),
    "class erased": Cause("student", class_erased),
    "class of a teacher erased": Cause("teacher", class_erased),
    "school of a student erased": Cause("student", school_erased),
    "school of a teacher erased": Cause("teacher", school_erased),
    "school of an admin erased": Cause("admin", school_erased),
}


def closed_paths(cause: Cause, way: Way) -> list[str]:
    """The addresses that must show nothing after this cause; managing a class is among them."""
    still = cause.still or ("-",)
    return [path for path in way.paths if "/manage/" in path or not path.startswith(still)]


# --- Beside a real server --------------------------------------------------------


def main() -> None:
    """Lines in, lines out: ``make CAUSE NUMBER`` tells the ways, ``end`` when each ended."""
    cause, subjects = CAUSES["signed out"], []
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        if verb == "make":
            name, _, number = rest.rpartition(" ")
            cause = CAUSES[name]
            subjects = [Subject(cause.role) for _each in range(int(number))]
            told = []
            for subject in subjects:
                way = subject.come()
                way.paths = closed_paths(cause, way)
                told.append(asdict(way))
        else:
            told = []
            for subject in subjects:
                cause.end(subject)
                told.append(time.monotonic())
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    import django

    django.setup()
    main()
