"""What is kept about people in the directory (``records.registry``).

Names stand in it as people wrote them. Where a member of staff is erased, their name is taken
out of the fields that say whom to ask.
"""

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.records import ACCOUNTS
from classrooms.adults import names_of, without
from classrooms.models import School
from records.registry import (
    Person,
    Record,
    Rule,
    not_personal,
    old_rows,
    register,
    with_its_row,
)
from resources import actions
from resources.models import Change, Contact, Entry, Message, Pathway, SearchText, Step

DIRECTORY = Rule("directory", _("as long as the school keeps it in its directory"))
CHANGES = Rule(
    "changes of the directory",
    _("%(days)d days"),
    days="KEEP_HISTORY_DAYS",
    empty=old_rows(Change, "happened_at"),
)

#: Fields in which an adult's name stands as somebody typed it.
NAMED: dict[type[models.Model], tuple[str, ...]] = {
    Entry: ("author", "reviewed_by", "contact"),
    Step: ("owner", "backup", "contact"),
    Contact: ("name",),
    Change: ("title",),
}
_SCHOOL_OF = {
    Entry: "school", Step: "pathway__school", Contact: "school", Change: "school"
}  # fmt: skip


def take_name_out(record: Record, person: Person) -> None:
    """Put "somebody who has left" where a name stood; entries stay published."""
    left = str(_now("somebody who has left"))
    for name, schools in names_of(person).items():
        for model, fields in NAMED.items():
            for row in model._base_manager.filter(**{f"{_SCHOOL_OF[model]}__in": schools}):
                _replace(row, fields, name, left)


def _replace(row: models.Model, fields: tuple[str, ...], name: str, other: str) -> None:
    most = {field.name: field.max_length for field in row._meta.concrete_fields}
    changed = []
    for field in fields:
        text = without(name, getattr(row, field), other)[: most[field]]
        if text != getattr(row, field):
            setattr(row, field, text)
            changed.append(field)
    if not changed:
        return
    row.save(update_fields=changed)
    if isinstance(row, Entry):
        actions.index_again(row)
    elif isinstance(row, Step):
        actions.index_again(row.pathway)


def forget_owner(record: Record, person: Person) -> None:
    """Nobody is told any more when an entry runs out, until it gets another owner."""
    record.rows_of(person).update(owner=None)
    schools = School.objects.filter(classrooms__memberships__in=person.members)
    of_members = User.objects.filter(memberships__in=person.members)
    Entry.objects.filter(school__in=schools, owner__in=of_members).update(owner=None)


def forget_changer(record: Record, person: Person) -> None:
    record.rows_of(person).update(by=None)
    schools = School.objects.filter(classrooms__memberships__in=person.members)
    of_members = User.objects.filter(memberships__in=person.members)
    Change.objects.filter(school__in=schools, by__in=of_members).update(by=None)


register(
    Record(
        Entry,
        "author reviewed_by contact",
        what=_("Adults who are named in the directory: author, reviewer, whom to ask"),
        why=_("so that students know whom they can ask"),
        seen=_("everybody in the school"),
        rule=DIRECTORY,
        told="",
        erase=take_name_out,
    ),
    Record(
        Entry,
        "owner",
        what=_("Who looks after an entry of the directory"),
        why=_("to tell them when it has to be looked over"),
        seen=_("those who edit the directory"),
        rule=ACCOUNTS,
        account="owner",
        told="title",
        erase=forget_owner,
    ),
    Record(
        Step,
        "owner backup contact",
        what=_("Adults who are named in the steps of a pathway"),
        why=_("so that students know who does what"),
        seen=_("everybody in the school"),
        rule=DIRECTORY,
        told="",
        erase=with_its_row,
    ),
    Record(
        Contact,
        "name number",
        what=_("Whom to call in a crisis"),
        why=_("so that help is one call away"),
        seen=_("everybody in the school"),
        rule=DIRECTORY,
        told="",
        erase=with_its_row,
    ),
    Record(
        SearchText,
        "title body",
        what=_("The words of the directory, for its search"),
        why=_("to find them"),
        seen=_("nobody; it follows the directory"),
        rule=DIRECTORY,
        told="",
        erase=with_its_row,
    ),
    Record(
        Change,
        "school entry pathway happened_at by verb title fields",
        what=_("Who changed what in the directory"),
        why=_("so that it can be found out"),
        seen=_("those who edit the directory, operators"),
        rule=CHANGES,
        account="by",
        told="happened_at verb title",
        erase=forget_changer,
    ),
)
not_personal(
    Entry,
    "school classroom title kind use audience topics languages cost hours where place link bring"
    " reading_age review_due data_note published_at owner_told_at link_checked_at link_failures"
    " helped did_not_help",
    why="what the school says about a place to get help; ratings are two totals",
)
not_personal(Pathway, "school kind title use published_at version", why="what happens, for all")
not_personal(Step, "pathway position what hours limit", why="what happens, for all")
not_personal(Contact, "school country hours note", why="when a crisis line answers")
not_personal(Message, "school month text", why="a message for all")
not_personal(SearchText, "school entry pathway", why="what the words are of")
