"""Everything that changes what a class has set up for coaching, and what students keep.

What students say about a request is changed in ``requests_app.actions``. Each verb runs in one
transaction; what two teachers could do at once is done under the class's row.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from classrooms.actions import NotPossible
from classrooms.models import Classroom, Membership, Task
from coaching import class_card, texts
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
from coaching.rules import Rule
from requests_app.models import HelpRequest
from requests_app.said import PRIVATE, Kind
from resources import actions as resources
from resources import hours
from resources.models import MAY_BE_UNKNOWN, Entry, Topic, Where, today_in
from resources.models import Kind as Source

#: What one student, and one class, can keep.
NOTES_AT_MOST, SUGGESTIONS_AT_MOST = 200, 300
#: A resource added in a minute is looked over again after half a year.
REVIEW_AFTER = timedelta(days=182)
#: All that can be switched off one by one.
KINDS = (*Kind.values, PRIVATE)


# --- Settings and texts of a class -------------------------------------------


def save_settings(
    classroom: Classroom,
    *,
    is_on: bool,
    kinds: Collection[str],
    rules: Collection[str],
    pictures: bool,
) -> None:
    """Keep what is on; of ``kinds`` and ``rules`` everything else is off from now on."""
    Coaching.objects.update_or_create(
        classroom=classroom,
        defaults={
            "is_on": is_on,
            "kinds_off": [kind for kind in KINDS if kind not in kinds],
            "rules_off": [rule for rule in Rule.values if rule not in rules],
            "pictures": pictures,
        },
    )


@transaction.atomic
def save_starters(classroom: Classroom, language: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Keep each group's lines in their order; none, or just the catalogue's, means ours again."""
    _lock(classroom)
    ours = texts.our_starters(language)
    own = Starter.objects.filter(classroom=classroom, language=language)
    own.filter(group__in=groups).delete()
    Starter.objects.bulk_create(
        Starter(classroom=classroom, language=language, group=group, position=position, text=text)
        for group, lines in groups.items()
        if list(lines) != ours[group]
        for position, text in enumerate(lines)
    )


@transaction.atomic
def save_questions(
    classroom: Classroom, language: str, questions: Mapping[str, str], *, by: Membership
) -> dict[str, str]:
    """Keep each card's question. An empty one changes nothing: the last good version stays.

    Returns those that stayed so, card → its text.
    """
    _lock(classroom)
    now, ours = texts.questions(classroom, language), texts.our_questions(language)
    for card, text in questions.items():
        if text == ours[card] != now[card]:
            use_our_question(classroom, language, card)
        elif text and text != now[card]:
            CardText.objects.create(
                classroom=classroom, language=language, card=card, text=text, by=by
            )
    return {card: now[card] for card, text in questions.items() if not text}


def use_our_question(classroom: Classroom, language: str, card: str) -> None:
    """The catalogue's question again, in every later translation of it."""
    CardText.objects.filter(classroom=classroom, language=language, card=card).delete()


@transaction.atomic
def save_class_card(classroom: Classroom, text: str, *, by: Membership) -> bool:
    """A new version of "How we ask for help", shown once to every student; whether it is one.

    The same text again is no new version.
    """
    _lock(classroom)
    now = class_card.current(classroom)
    if text == now.text:
        return False
    ClassCard.objects.create(classroom=classroom, version=now.version + 1, text=text, by=by)
    return True


def _lock(classroom: Classroom) -> None:
    """Hold the class's row until the end of the transaction."""
    Classroom.objects.select_for_update().get(pk=classroom.pk)


# --- What students keep for themselves ---------------------------------------


@transaction.atomic
def mark_seen(student: Membership, version: int) -> None:
    """ "Got it": the student has read this version of the class card, or an older one."""
    version = min(version, class_card.current(student.classroom).version)
    view, _made = StudentView.objects.get_or_create(student=student)
    StudentView.objects.filter(pk=view.pk, class_card_seen__lt=version).update(
        class_card_seen=version
    )


def show_cards_again(student: Membership) -> None:
    """ "Show me the cards again": full size from now on (R7)."""
    StudentView.objects.update_or_create(student=student, defaults={"cards_since": timezone.now()})


@transaction.atomic
def add_note(student: Membership, text: str, *, about: HelpRequest | None = None) -> Note:
    """ "What worked": a note to oneself. The same words twice in a row are one note."""
    if settings.LAN:
        raise NotPossible(_("Others on this network could read along. Notes wait for https."))
    notes = Note.objects.filter(student=student)
    newest = notes.first()
    if newest is not None and newest.text == text and newest.help_request == about:
        return newest
    if notes.count() >= NOTES_AT_MOST:
        raise NotPossible(
            _("There is room for %(most)d notes. Take one away first.") % {"most": NOTES_AT_MOST}
        )
    return Note.objects.create(student=student, text=text, help_request=about)


def delete_note(note: Note) -> None:
    note.delete()


# --- Resources while students wait -------------------------------------------


@transaction.atomic
def suggest(
    classroom: Classroom, entry: Entry, *, task: Task | None = None, kind: str = ""
) -> Suggestion:
    """Offer ``entry`` to students who wait: with this task, this kind of help, or whatever it
    is about. The same once more is once."""
    known = Suggestion.objects.filter(classroom=classroom)
    standing = known.filter(entry=entry, task=task, kind=kind).first()
    if standing is not None:
        return standing
    if known.count() >= SUGGESTIONS_AT_MOST:
        raise NotPossible(
            _("There is room for %(most)d suggestions. Take some away first.")
            % {"most": SUGGESTIONS_AT_MOST}
        )
    return Suggestion.objects.create(classroom=classroom, entry=entry, task=task, kind=kind)


@transaction.atomic
def add_and_suggest(
    classroom: Classroom,
    *,
    title: str,
    use: str,
    link: str,
    place: str,
    by: Membership,
    task: Task | None = None,
    kind: str = "",
) -> Suggestion:
    """A resource for the class in a minute: published at once. What nobody said of it is shown as
    not known yet, and never made up.

    Sent twice it is one resource.
    """
    _lock(classroom)
    standing = Entry.objects.filter(
        classroom=classroom, title=title, link=link, place=place or _host(link)
    ).first()
    if standing is None:
        values = {"title": title, "use": use, "link": link, "place": place}
        school = classroom.school
        entry = resources.add_entry(school, classroom, _filled(values, classroom, by), by=by.user)
        resources.publish_entry(entry, by=by.user, but_for=MAY_BE_UNKNOWN)
    else:
        entry = standing
    return suggest(classroom, entry, task=task, kind=kind)


def _filled(values: dict[str, str], classroom: Classroom, by: Membership) -> dict:
    """``values`` with what follows from them, or from who adds it and where."""
    link, place = values["link"], values["place"]
    alone = Where.ONLINE if link else Where.IN_PERSON
    return values | {
        "kind": Source.INFORMAL,
        "audience": _("This class"),
        "topics": [Topic.SCHOOLWORK.value],
        "hours": hours.ALWAYS if link else hours.BY_ARRANGEMENT,
        "where": Where.BOTH if link and place else alone,
        "place": place or _host(link),
        "contact": _("Ask %(name)s") % {"name": by.name},
        "review_due": today_in(classroom.school) + REVIEW_AFTER,
    }


def _host(link: str) -> str:
    """Where a link leads, as far as there is room for it."""
    return Entry(link=link).host[: Entry._meta.get_field("place").max_length]


def stop_suggesting(suggestion: Suggestion) -> None:
    """The entry itself stays in the directory."""
    suggestion.delete()


# --- What helpers set for themselves -----------------------------------------


def hide_tips(helper: Membership, *, hides: bool) -> None:
    """The helper's card stays away, or comes back (A65)."""
    HelperView.objects.update_or_create(helper=helper, defaults={"hides_tips": hides})
