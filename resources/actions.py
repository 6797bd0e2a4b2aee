"""Everything that can happen to the directory, the pathways, the contacts and the messages.

What others can see is changed in one transaction with a row that says who changed it
(``Change``) and with the words that the search looks through (``SearchText``).
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from classrooms.actions import NotPossible
from classrooms.models import Classroom, School
from resources import links
from resources.models import (
    DEAD_AFTER,
    Change,
    Contact,
    Entry,
    Pathway,
    SearchText,
    Step,
    labels_of,
    today_in,
)
from resources.search import plain

logger = logging.getLogger(__name__)

#: What one school can hold.
ENTRIES_AT_MOST, PATHWAYS_AT_MOST, CONTACTS_AT_MOST = 2000, 60, 30
STEPS_AT_MOST = 6
#: Web addresses looked at in one go, and how long until the same one's turn comes again.
LINKS_AT_ONCE, LINKS_AGAIN = 2, timedelta(days=3)


# --- Entries -----------------------------------------------------------------


@transaction.atomic
def add_entry(
    school: School, classroom: Classroom | None, values: Mapping[str, Any], *, by
) -> Entry:
    """A draft, of the school or of one class; its owner is who made it."""
    if school.entries.count() >= ENTRIES_AT_MOST:
        raise _is_full()
    return Entry.objects.create(school=school, classroom=classroom, owner=by, **values)


def _is_full() -> NotPossible:
    return NotPossible(
        _("The directory can hold %(most)d entries. Take some away first.")
        % {"most": ENTRIES_AT_MOST}
    )


@transaction.atomic
def change_entry(entry: Entry, values: Mapping[str, Any], *, by) -> Entry:
    """Keep new values; a published entry stays one, and so may not lose a part."""
    entry = Entry.objects.select_for_update(of=("self",)).select_related("school").get(pk=entry.pk)
    unknown = entry.unknown()
    changed = [name for name, value in values.items() if getattr(entry, name) != value]
    for name in changed:
        setattr(entry, name, values[name])
    if "link" in changed:
        entry.link_checked_at, entry.link_failures = None, 0
    if entry.published_at is not None:
        _check_complete(entry, but_for=unknown)
        entry.owner_told_at = None
    entry.save(update_fields=[*changed, "owner_told_at", "link_checked_at", "link_failures"])
    if entry.published_at is not None and changed:
        _record(Change.Verb.CHANGED, entry, by=by, fields=changed)
        _index_entry(entry)
    return entry


@transaction.atomic
def publish_entry(entry: Entry, *, by, but_for: Collection[str] = ()) -> None:
    """Show it to students; refused with the names of the parts that are missing.

    ``but_for``: parts that may be missing, and are then shown as not known yet.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("school").get(pk=entry.pk)
    _check_complete(entry, but_for=but_for)
    if entry.published_at is not None:
        return
    entry.published_at, entry.owner_told_at = timezone.now(), None
    entry.save(update_fields=["published_at", "owner_told_at"])
    _record(Change.Verb.PUBLISHED, entry, by=by)
    _index_entry(entry)


def _check_complete(entry: Entry, *, but_for: Collection[str] = ()) -> None:
    missing = labels_of(entry, [name for name in entry.missing() if name not in but_for])
    if missing:
        raise NotPossible(
            _("Before students can see it, please add: %(parts)s.") % {"parts": ", ".join(missing)}
        )
    if not _is_not_due(entry):
        raise NotPossible(
            _("The review date has passed. Please look it over and choose a new one.")
        )


def _is_complete(entry: Entry) -> bool:
    """Nothing is missing, and the review date is still to come."""
    return not entry.missing() and _is_not_due(entry)


def _is_not_due(entry: Entry) -> bool:
    return entry.review_due is not None and entry.review_due >= today_in(entry.school)


@transaction.atomic
def withdraw_entry(entry: Entry, *, by) -> None:
    """Back to a draft: students do not see it any more."""
    if not Entry.objects.filter(pk=entry.pk).exclude(published_at=None).update(published_at=None):
        return
    SearchText.objects.filter(entry=entry).delete()
    _record(Change.Verb.WITHDRAWN, entry, by=by)


@transaction.atomic
def remove_entry(entry: Entry, *, by) -> None:
    """Take it away for good; that it was there stays in the history."""
    _record(Change.Verb.REMOVED, entry, by=by)
    Entry.objects.filter(pk=entry.pk).delete()


def rate(entry: Entry, *, helped: bool) -> None:
    """Count one answer to "Did this help?"; whose it was is kept nowhere."""
    total = "helped" if helped else "did_not_help"
    Entry.objects.filter(pk=entry.pk).update(**{total: F(total) + 1})


def import_entries(
    school: School,
    classroom: Classroom | None,
    rows: Iterable[Mapping[str, Any]],
    *,
    by,
    publish: bool,
) -> tuple[int, int]:
    """Add what a preview showed: ``(entries added, published of these)``.

    With ``publish``, complete ones are published; the others stay drafts. All that takes
    time is made ready before the database is held, since a whole class may be asking.
    """
    entries = [Entry(school=school, classroom=classroom, owner=by, **values) for values in rows]
    shown = [entry for entry in entries if publish and _is_complete(entry)]
    for entry in shown:
        entry.published_at = timezone.now()
    texts = [SearchText(entry=entry, school=school, **_words_of(entry)) for entry in shown]
    verb = Change.Verb.PUBLISHED
    changes = [
        Change(school=school, entry=entry, verb=verb, title=entry.title, by=by) for entry in shown
    ]
    with transaction.atomic():
        if school.entries.count() + len(entries) > ENTRIES_AT_MOST:
            raise _is_full()
        Entry.objects.bulk_create(entries)
        for text, change, entry in zip(texts, changes, shown, strict=True):
            text.entry = change.entry = entry  # its id is known only now
        SearchText.objects.bulk_create(texts)
        Change.objects.bulk_create(changes)
    return len(entries), len(shown)


def tell_owners(now: datetime | None = None) -> int:
    """Write once to each owner whose entry has dropped out; how many letters were sent.

    A letter that cannot be sent is tried again the next time.
    """
    sent = 0
    for school in School.objects.filter(entries__published_at__isnull=False).distinct():
        expired = Entry.objects.filter(school=school).expired(today_in(school, now))
        for entry in expired.filter(owner_told_at=None).select_related("owner", "classroom"):
            sent += _tell_owner(entry, now or timezone.now())
    return sent


def _tell_owner(entry: Entry, now: datetime) -> bool:
    with translation.override(settings.LANGUAGE_CODE):
        text = _(
            "The review date of “%(title)s” in the directory has passed, so students "
            "do not see it any more. Look it over and choose a new date: %(site)s"
        ) % {"title": entry.title, "site": settings.SITE_URL}
        if entry.unknown():
            unknown = {"parts": ", ".join(entry.unknown_labels())}
            text += "\n\n" + _("Not known yet: %(parts)s.") % unknown
        if not _write_to_owner(entry, text):
            return False
    Entry.objects.filter(pk=entry.pk).update(owner_told_at=now)
    return True


def _write_to_owner(entry: Entry, text: str) -> bool:
    """Whether the letter is on its way, or there is nobody to write to."""
    if entry.owner is None or not entry.owner.email:
        return True
    try:
        send_mail(
            _("Please look over “%(title)s”") % {"title": entry.title},
            text,
            None,
            [entry.owner.email],
        )
    except OSError:
        logger.warning("A letter about an entry could not be sent; it is tried again.")
        return False
    return True


def check_links(now: datetime | None = None) -> int:
    """Look at the web addresses whose turn it is, a few at a time; how many were looked at.

    Students see published entries only, so only theirs are looked at. The owner is told
    once, when several looks in a row found nobody.
    """
    now = now or timezone.now()
    shown = Entry.objects.filter(published_at__isnull=False).exclude(link="")
    due = shown.filter(Q(link_checked_at=None) | Q(link_checked_at__lt=now - LINKS_AGAIN))
    longest_unseen = due.order_by(F("link_checked_at").asc(nulls_first=True), "pk")
    turn = list(longest_unseen.select_related("owner")[:LINKS_AT_ONCE])
    for entry in turn:
        failures = 0 if links.works(entry.link) else entry.link_failures + 1
        if failures != DEAD_AFTER or _tell_of_dead_link(entry):
            Entry.objects.filter(pk=entry.pk, link=entry.link).update(
                link_checked_at=now, link_failures=min(failures, DEAD_AFTER + 1)
            )
    return len(turn)


def _tell_of_dead_link(entry: Entry) -> bool:
    with translation.override(settings.LANGUAGE_CODE):
        text = _(
            "Nobody answers any more at the web address of “%(title)s”: %(link)s. "
            "Please look for the new one: %(site)s"
        ) % {"title": entry.title, "link": entry.link, "site": settings.SITE_URL}
        return _write_to_owner(entry, text)


# --- Pathways ----------------------------------------------------------------


@transaction.atomic
def save_pathway(
    school: School,
    pathway: Pathway | None,
    values: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    *,
    by,
    publish: bool,
) -> Pathway:
    """Keep a pathway with its steps; a published one, or with ``publish``, has to be whole.

    Raises NotPossible, with nothing kept, where a part is missing.
    """
    if pathway is None:
        if school.pathways.count() >= PATHWAYS_AT_MOST:
            raise NotPossible(
                _("A school can have %(most)d pathways. Take some away first.")
                % {"most": PATHWAYS_AT_MOST}
            )
        pathway = Pathway(school=school)
    else:
        pathway = school.pathways.select_for_update().get(pk=pathway.pk)
    was_published = pathway.published_at is not None
    for name, value in values.items():
        setattr(pathway, name, value)
    pathway.save()
    pathway.steps.all().delete()
    for position, step in enumerate(steps, start=1):
        pathway.steps.create(position=position, **step)
    if publish or was_published:
        _publish_pathway(pathway, by=by, was_published=was_published)
    return pathway


def _publish_pathway(pathway: Pathway, *, by, was_published: bool) -> None:
    check_pathway(pathway, list(pathway.steps.all()))
    pathway.published_at = timezone.now()
    pathway.version += 1
    pathway.save(update_fields=["published_at", "version"])
    verb = Change.Verb.CHANGED if was_published else Change.Verb.PUBLISHED
    _record(verb, pathway, by=by)
    _index_pathway(pathway)


def check_pathway(pathway: Pathway, steps: list[Step]) -> None:
    """Raises NotPossible with what a pathway still needs before students can see it."""
    if not pathway.use:
        raise NotPossible(_("Before students can see it, please say when to use it."))
    if not steps:
        raise NotPossible(_("Before students can see it, please add at least one step."))
    for number, step in enumerate(steps, start=1):
        missing = step.missing_labels()
        if missing:
            raise NotPossible(
                _("Before students can see it, please add to step %(number)d: %(parts)s.")
                % {"number": number, "parts": ", ".join(missing)}
            )
        if plain(step.owner) == plain(step.backup):
            raise NotPossible(
                _("Step %(number)d: please name somebody else to step in.") % {"number": number}
            )


@transaction.atomic
def withdraw_pathway(pathway: Pathway, *, by) -> None:
    shown = Pathway.objects.filter(pk=pathway.pk).exclude(published_at=None)
    if shown.update(published_at=None):
        SearchText.objects.filter(pathway=pathway).delete()
        _record(Change.Verb.WITHDRAWN, pathway, by=by)


@transaction.atomic
def remove_pathway(pathway: Pathway, *, by) -> None:
    _record(Change.Verb.REMOVED, pathway, by=by)
    Pathway.objects.filter(pk=pathway.pk).delete()


# --- Contacts and messages ---------------------------------------------------


@transaction.atomic
def save_contact(
    school: School, contact: Contact | None, values: Mapping[str, Any], *, by
) -> Contact:
    """Add a crisis contact, or change one."""
    if contact is None and school.contacts.count() >= CONTACTS_AT_MOST:
        raise NotPossible(
            _("A school can have %(most)d contacts. Take some away first.")
            % {"most": CONTACTS_AT_MOST}
        )
    verb = Change.Verb.PUBLISHED if contact is None else Change.Verb.CHANGED
    contact = contact or Contact(school=school)
    for name, value in values.items():
        setattr(contact, name, value)
    contact.save()
    _note(school, verb, str(contact), by=by, fields=list(values))
    return contact


@transaction.atomic
def remove_contact(contact: Contact, *, by) -> None:
    assert contact.school is not None  # what is for the whole server is the operator's
    _note(contact.school, Change.Verb.REMOVED, str(contact), by=by)
    contact.delete()


@transaction.atomic
def set_message(school: School, *, month: date, text: str, by) -> None:
    """The school's words for a month; with no text, the built-in ones come back."""
    month = month.replace(day=1)
    title = _("Message of %(month)s") % {"month": f"{month:%Y-%m}"}
    if text:
        school.messages.update_or_create(month=month, defaults={"text": text})
        _note(school, Change.Verb.PUBLISHED, title, by=by)
    elif school.messages.filter(month=month).delete()[0]:
        _note(school, Change.Verb.REMOVED, title, by=by)


# --- History and search ------------------------------------------------------


def _record(verb: str, thing: Entry | Pathway, *, by, fields: Iterable[str] = ()) -> None:
    about = {"entry": thing} if isinstance(thing, Entry) else {"pathway": thing}
    _note(thing.school, verb, thing.title, by=by, fields=fields, **about)


def _note(
    school: School, verb: str, title: str, *, by, fields: Iterable[str] = (), **about
) -> None:
    Change.objects.create(
        school=school, verb=verb, title=title[:120], by=by, fields=list(fields), **about
    )


def _index_entry(entry: Entry) -> None:
    SearchText.objects.update_or_create(
        entry=entry, defaults={"school": entry.school, **_words_of(entry)}
    )


def _index_pathway(pathway: Pathway) -> None:
    SearchText.objects.update_or_create(
        pathway=pathway, defaults={"school": pathway.school, **_words_of(pathway)}
    )


def index_again(thing: Entry | Pathway) -> None:
    """Let the search know what stands in it now, if it knows it at all."""
    which = {"entry": thing} if isinstance(thing, Entry) else {"pathway": thing}
    for row in SearchText.objects.filter(**which):
        SearchText.objects.filter(pk=row.pk).update(**_words_of(thing))


def _words_of(thing: Entry | Pathway) -> dict[str, str]:
    """The plain words by which something is found."""
    if isinstance(thing, Entry):
        body = [thing.use, thing.audience, thing.place, thing.contact]
        body += [*thing.shown_topics, *thing.languages]
    else:
        body = [thing.use, str(Pathway.Kind(thing.kind).label)]
        body += [text for step in thing.steps.all() for text in (step.what, step.owner)]
    return {"title": plain(thing.title), "body": plain(" ".join(body))}
