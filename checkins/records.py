"""What is kept about people in check-ins and beside them (``records.registry``)."""

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checkins import actions
from checkins.care import Carer, FamilyAnswer
from checkins.models import (
    Change,
    CheckIn,
    Contact,
    FollowUp,
    HelpMoment,
    NamedReply,
    NoteToSelf,
    PlannedHelp,
    ReasonTally,
    ReasonTotals,
    SchoolRules,
    SelfCheck,
    Settings,
    Template,
    UnnamedReply,
)
from checkins.results import named_lines
from classrooms.adults import names_of, without
from classrooms.models import Membership
from records.registry import (
    Person,
    Record,
    Rule,
    not_personal,
    old_links,
    old_rows,
    register,
    unlink_rows,
)

ANSWERS = Rule(
    "answers",
    _("the days that the school chose for check-ins: 30 after closing, if it chose none"),
    empty=actions.delete_what_is_due,
)
WISHES = Rule(
    "wishes for an adult",
    _("as answers; one that nobody ended %(days)d days"),
    days="KEEP_FACTS_DAYS",
    empty=old_rows(FollowUp, "requested_at"),
)
CONTACTS = Rule(
    "contacts",
    _("%(days)d days"),
    days="KEEP_FACTS_DAYS",
    empty=old_rows(Contact, "at"),
)
STARTED = Rule(
    "who started a check-in",
    _("%(days)d days after it closed"),
    days="KEEP_FACTS_DAYS",
    empty=old_links(CheckIn, "started_by", since="closed_at"),
)
MOMENTS = Rule(
    "who started a help moment",
    _("%(days)d days"),
    days="KEEP_FACTS_DAYS",
    empty=old_links(HelpMoment, "started_by", since="ends_at"),
)
RULES = Rule("school's rules", _("as long as the school says so in its rules"))
CARERS = Rule("who looks after well-being", _("until they take it back, or leave the school"))
FAMILIES = Rule("what families said", _("as long as their name is kept; it goes with it"))
CHANGES = Rule(
    "changes of rules",
    _("%(days)d days"),
    days="KEEP_HISTORY_DAYS",
    empty=old_rows(Change, "happened_at"),
)


def take_off_list(record: Record, person: Person) -> None:
    """Who has replied is a list of numbers on the check-in; how many stays."""
    rooms = Membership.objects.filter(pk__in=person.members).values("classroom")
    for check_in in CheckIn.objects.filter(classroom__in=rooms).exclude(replied=[]):
        left = [pk for pk in check_in.replied if pk not in person.members]
        if left != check_in.replied:
            CheckIn.objects.filter(pk=check_in.pk).update(replied=left)


def forget_in_rules(record: Record, person: Person) -> None:
    """A school's rules name adults as somebody typed them."""
    for name, schools in names_of(person).items():
        for field in ("owner", "backup"):
            here = {"school__in": schools, field: name}
            SchoolRules.objects.filter(**here).update(**{field: ""})


def forget_changer(record: Record, person: Person) -> None:
    """Changes stay, without who made them and without the name that some of them tell."""
    record.rows_of(person).update(by=None)
    of_members = User.objects.filter(memberships__in=person.members)
    for name, schools in names_of(person).items():
        here = Change.objects.filter(school__in=schools)
        here.filter(by__in=of_members).update(by=None)
        for change in here.filter(title__contains=name):
            change.title = without(name, change.title, str(_now("somebody who has left")))
            change.save(update_fields=["title"])


register(
    Record(
        CheckIn,
        "replied",
        what=_("Who has replied to a check-in; without names: never what"),
        why=_("so that each one replies once"),
        seen=_("nobody"),
        rule=ANSWERS,
        told="",
        erase=take_off_list,
    ),
    Record(
        NamedReply,
        "check_in student answers sent_at",
        what=_("Answers to a check-in that says it keeps the name"),
        why=_("so that the teacher can help"),
        seen=_("the student, the helpers of the class"),
        rule=ANSWERS,
        member="student",
        moment="sent_at",
        told="check_in answers sent_at",
        says={"answers": lambda reply: dict(named_lines(reply))},
    ),
    Record(
        NoteToSelf,
        "check_in student text",
        what=_("A note that a student writes to themselves in a check-in"),
        why=_("to remember it"),
        seen=_("the student alone"),
        rule=ANSWERS,
        member="student",
        moment="check_in__opened_at",
        told="check_in text",
        private=True,
    ),
    Record(
        PlannedHelp,
        "check_in student task",
        what=_("What a student wants help with today"),
        why=_("so that a helper comes by"),
        seen=_("the student, the helpers of the class"),
        rule=ANSWERS,
        member="student",
        moment="check_in__opened_at",
        told="check_in task",
    ),
    Record(
        FollowUp,
        "student check_in soon status requested_at due_at told_at passed_at to_school_at"
        " acknowledged_at ended_at",
        what=_("A student's wish to talk with an adult"),
        why=_("so that the adult comes"),
        seen=_(
            "the student and the adult who was asked; if that one does not read it in time, whoever"
            " stands in, and then the school's admins"
        ),
        rule=WISHES,
        member="student",
        moment="requested_at",
        told="adult soon status requested_at passed_to passed_at to_school_at read_by"
        " acknowledged_at ended_at",
        private=True,
    ),
    Record(
        FollowUp,
        "passed_to",
        what=_("Who stands in for an adult who did not read a student's wish in time"),
        why=_("so that somebody comes"),
        seen=_("the student, and that adult"),
        rule=WISHES,
        account="passed_to",
        told="passed_at",
        private=True,
        erase=unlink_rows,
    ),
    Record(
        FollowUp,
        "read_by",
        what=_("Which adult read a student's wish"),
        why=_("so that the student knows"),
        seen=_("the student"),
        rule=WISHES,
        account="read_by",
        told="acknowledged_at",
        private=True,
        erase=unlink_rows,
    ),
    Record(
        FollowUp,
        "adult",
        what=_("Which adult a student wishes to talk with"),
        why=_("so that the adult comes"),
        seen=_("the student and the one adult"),
        rule=WISHES,
        member="adult",
        told="soon status requested_at acknowledged_at ended_at",
        private=True,
    ),
    Record(
        SelfCheck,
        "lesson student going stuck_since first_stuck_at nudged_at nudge_ended_at changed_at",
        what=_("“How is it going?” in a lesson"),
        why=_("to offer help to somebody who is stuck"),
        seen=_("the student, the helpers of the class while the lesson lasts"),
        rule=ANSWERS,
        member="student",
        moment="lesson__opened_at",
        told="going changed_at",
        private=True,
    ),
    Record(
        Contact,
        "student by lesson kind answer at answered_at",
        what=_("That an adult came by, or offered help, and the answer"),
        why=_("so that nobody is asked twice"),
        seen=_("the student, the helpers of the class"),
        rule=CONTACTS,
        member="student",
        moment="at",
        told="kind answer at answered_at by",
    ),
    Record(
        Contact,
        "by",
        what=_("Which adult came by or offered help"),
        why=_("so that nobody is asked twice"),
        seen=_("the student, the helpers of the class"),
        rule=CONTACTS,
        member="by",
        told="kind at",
        erase=unlink_rows,
    ),
    Record(
        CheckIn,
        "started_by",
        what=_("Which adult opened a check-in"),
        why=_("so that colleagues know whom to ask"),
        seen=_("the helpers of the class"),
        rule=STARTED,
        member="started_by",
        told="title opened_at",
        erase=unlink_rows,
    ),
    Record(
        HelpMoment,
        "started_by",
        what=_("Which adult started a help moment"),
        why=_("so that colleagues know whom to ask"),
        seen=_("the helpers of the class"),
        rule=MOMENTS,
        member="started_by",
        told="started_at",
        erase=unlink_rows,
    ),
    Record(
        Carer,
        "school user part asked_at agreed_at",
        what=_("Which adults said yes to looking after well-being"),
        why=_("so that a hard answer is not left alone"),
        seen=_("the school's admins; students who are asked how they are"),
        rule=CARERS,
        account="user",
        told="school part asked_at agreed_at",
    ),
    Record(
        FamilyAnswer,
        "student says_yes noted_at",
        what=_("Whether a family agrees to questions about well-being"),
        why=_("so that no child is asked against it"),
        seen=_("the teachers of the class, the school's admins"),
        rule=FAMILIES,
        member="student",
        told="says_yes noted_at",
    ),
    Record(
        SchoolRules,
        "owner backup",
        what=_("Which adults look after questions about well-being"),
        why=_("so that a hard answer is not left alone"),
        seen=_("the school's admins"),
        rule=RULES,
        told="",
        erase=forget_in_rules,
    ),
    Record(
        Change,
        "school classroom by happened_at verb title fields",
        what=_("Who changed what students are asked, and how long answers stay"),
        why=_("so that it can be found out"),
        seen=_("the school's admins"),
        rule=CHANGES,
        account="by",
        told="happened_at verb title",
        erase=forget_changer,
    ),
)
not_personal(
    CheckIn,
    "key classroom lesson preset title visibility questions status opens_at opened_at closed_at"
    " reply_count settled waiting published",
    why="what a class was asked, and totals of five or more",
)
not_personal(UnnamedReply, "check_in answers edit_digest", why="no way to a name")
not_personal(ReasonTally, "lesson reason count", why="counts without names")
not_personal(ReasonTotals, "lesson history", why="totals of five or more")
not_personal(Settings, "classroom nudge_after", why="a class's settings")
not_personal(SchoolRules, "school keep_days consent hours changed_at", why="a school's rules")
not_personal(Template, "school classroom title visibility questions", why="questions for all")
not_personal(
    HelpMoment,
    "classroom lesson seconds planned_for started_at ends_at",
    why="when a class was invited to ask",
)
