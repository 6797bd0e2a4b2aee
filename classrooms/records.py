"""What is kept about people in a class (``records.registry``)."""

from django.utils.translation import gettext_lazy as _

from accounts.records import ACCOUNTS
from classrooms import leaving
from classrooms.models import (
    Attendance,
    Classroom,
    Device,
    Ended,
    Invite,
    Lesson,
    Membership,
    School,
    SchoolAdmin,
    Task,
)
from records.registry import (
    ForAdmin,
    Record,
    Rule,
    not_personal,
    old_links,
    old_rows,
    register,
    unlink_rows,
    with_its_row,
)

LEFT = Rule(
    "people who left",
    _("as long as they are in the class, and %(days)d days after they left"),
    days="KEEP_LEFT_DAYS",
    empty=leaving.erase_those_who_left,
)
CLASSES = Rule(
    "classes",
    _("until they leave, at most %(days)d days after the class was put away or last used"),
    days="KEEP_CLASSES_DAYS",
    empty=leaving.put_away_and_erase_classes,
)
ATTENDANCE = Rule(
    "attendance",
    _("%(days)d days after the lesson"),
    days="KEEP_FACTS_DAYS",
    empty=old_rows(Attendance, "lesson__opened_at"),
)
OPENED = Rule(
    "who opened help",
    _("%(days)d days after the lesson"),
    days="KEEP_FACTS_DAYS",
    empty=old_links(Lesson, "opened_by", since="opened_at"),
)
DEVICES = Rule(
    "devices",
    _("%(days)d days after the browser was last used"),
    days="KEEP_DEVICES_DAYS",
    empty=leaving.forget_unused_devices,
)
INVITES = Rule(
    "invitations",
    _("%(days)d days after they ran out"),
    days="KEEP_LEFT_DAYS",
    empty=old_rows(Invite, "expires_at"),
)

register(
    Record(
        Membership,
        "classroom user role name name_key look_key joined_at removed_at on_roster sealed_before"
        " erase_asked_at",
        what=_("Name in a class, and since when"),
        why=_("so that whoever helps knows who asked"),
        seen=_("the person, the helpers of the class, the school's admins, operators"),
        rule=LEFT,
        member="pk",
        told="classroom role name joined_at removed_at on_roster",
        for_admin=ForAdmin.ROWS,
    ),
    Record(
        Membership,
        "email external_id",
        what=_("E-mail address and number from a list that a teacher pasted"),
        why=_("so that the school's list and the class fit together"),
        seen=_("the person, the teachers of the class, the school's admins"),
        rule=LEFT,
        member="pk",
        for_admin=ForAdmin.ROWS,
        erase=with_its_row,
    ),
    Record(
        Membership,
        "pin",
        what=_("A student's own PIN"),
        why=_("to show that they are who they say"),
        seen=_("the teachers of the class, who give it out"),
        rule=CLASSES,
        member="pk",
        told="",
        erase=with_its_row,
    ),
    Record(
        Membership,
        "pictures pictures_open_since",
        what=_("A digest of the four pictures that a student chose"),
        why=_("to show that they are who they say"),
        seen=_("nobody"),
        rule=CLASSES,
        member="pk",
        told="",
        erase=with_its_row,
    ),
    Record(
        Device,
        "membership key_digest created_at approved_at used_on",
        what=_("Browsers that remember a student"),
        why=_("so that nobody has to type their name each day"),
        seen=_("the person; the teachers see how many"),
        rule=DEVICES,
        member="membership",
        moment="created_at",
        told="created_at approved_at used_on",
        for_admin=ForAdmin.ROWS,
    ),
    Record(
        Attendance,
        "lesson membership",
        what=_("In which lessons somebody was there"),
        why=_("for the head start after a long time without help"),
        seen=_("the person; nobody else reads a list of it"),
        rule=ATTENDANCE,
        member="membership",
        moment="lesson__opened_at",
        told="lesson__opened_at",
        private=True,
    ),
    Record(
        Lesson,
        "opened_by",
        what=_("Who opened help"),
        why=_("so that colleagues know"),
        seen=_("operators"),
        rule=OPENED,
        member="opened_by",
        told="opened_at",
        erase=unlink_rows,
    ),
    Record(
        SchoolAdmin,
        "school user",
        what=_("Who sets up a school"),
        why=_("to give them that right"),
        seen=_("the school's admins, operators"),
        rule=ACCOUNTS,
        account="user",
        told="school",
    ),
    Record(
        Invite,
        "classroom school role key_digest created_by created_at expires_at used_at ended_at",
        what=_("Invitations of colleagues"),
        why=_("so that a link works once, and only while its maker may invite"),
        seen=_("the teachers of the class, the school's admins"),
        rule=INVITES,
        account="created_by",
        told="classroom school role created_at expires_at used_at",
    ),
    Record(
        Invite,
        "account",
        what=_("The account that was made with an invitation"),
        why=_("so that a link makes one account, where sign-up is closed"),
        seen=_("the teachers of the class, the school's admins"),
        rule=INVITES,
        account="account",
        erase=unlink_rows,
    ),
)
not_personal(School, "name time_zone created_at erase_asked_at", why="an institution")
not_personal(
    Classroom,
    "school name slug code code_is_open code_expires_at join_by pin_mode pin approval created_at"
    " archived_at restored_at erase_asked_at shut_at crowd_since reopened_at",
    why="how a class is called and how people come in",
)
not_personal(Task, "classroom title position archived_at", why="what the class works on")
not_personal(Lesson, "classroom opened_at closes_at closed_at", why="when help was open")
not_personal(Ended, "which whose at", why="the id of something that ended, for five minutes")
