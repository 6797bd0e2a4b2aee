"""What is kept about people in coaching (``records.registry``)."""

from django.utils.translation import gettext_lazy as _

from classrooms.records import LEFT
from coaching.models import (
    CardText,
    ClassCard,
    Coaching,
    HelperView,
    Note,
    Starter,
    StudentView,
    Suggestion,
)
from records.registry import Record, Rule, not_personal, old_rows, register, unlink_rows

NOTES = Rule(
    "notes",
    _("%(days)d days after they were written, or until the student deletes them"),
    days="KEEP_FACTS_DAYS",
    empty=old_rows(Note, "written_at"),
)

register(
    Record(
        Note,
        "student help_request text written_at",
        what=_("Notes that a student writes to themselves: what worked"),
        why=_("to remember it the next time"),
        seen=_("the student alone"),
        rule=NOTES,
        member="student",
        moment="written_at",
        told="text written_at",
        private=True,
    ),
    Record(
        StudentView,
        "student class_card_seen cards_since",
        what=_("Which version of the class card was read, and how big the cards are"),
        why=_("so that nothing is shown twice"),
        seen=_("the student alone"),
        rule=LEFT,
        member="student",
        told="class_card_seen cards_since",
        private=True,
    ),
    Record(
        HelperView,
        "helper hides_tips",
        what=_("Whether a helper has put the tips away"),
        why=_("so that they stay away"),
        seen=_("the helper alone"),
        rule=LEFT,
        member="helper",
        told="hides_tips",
        private=True,
    ),
    Record(
        CardText,
        "by",
        what=_("Which adult wrote a question of a card"),
        why=_("so that colleagues know whom to ask"),
        seen=_("nobody on a page"),
        rule=LEFT,
        member="by",
        told="card text changed_at",
        erase=unlink_rows,
    ),
    Record(
        ClassCard,
        "by",
        what=_("Which adult wrote a version of the class card"),
        why=_("so that colleagues know whom to ask"),
        seen=_("nobody on a page"),
        rule=LEFT,
        member="by",
        told="text created_at",
        erase=unlink_rows,
    ),
)
not_personal(Coaching, "classroom is_on kinds_off rules_off pictures", why="a class's settings")
not_personal(Starter, "classroom language group position text", why="sentences to begin with")
not_personal(CardText, "classroom language card text changed_at", why="a question for all")
not_personal(ClassCard, "classroom version text created_at", why="a text for all")
not_personal(Suggestion, "classroom entry task kind", why="something to look at, for all")
