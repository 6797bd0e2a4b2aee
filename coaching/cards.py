"""What a student's page shows below their hand: the next card, things to look at, what is after.

It belongs to the one student who asks for it and stands outside every live region, so that no
push ever touches what somebody is typing. The page fetches it after the raise; raising itself
knows nothing of it (M22: coaching must not make the ask longer).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from classrooms.models import Membership, Task
from classrooms.proof import seen_by
from coaching import catalogue, class_card, norms, quiet, rules, texts
from coaching.models import Coaching, StudentView, Suggestion, coaching_of
from requests_app.models import ENDED, HelpRequest, Queue, Status
from requests_app.order import CarryOn, Rule, explain, told_effect
from requests_app.present import look
from requests_app.regions import LATER_MINUTES
from requests_app.said import Feeling, Kind, NextOne, Repair, Tried
from resources.models import Entry, Topic, today_in
from resources.search import plain, suggest

#: A student's newest requests that the rules look back on.
LOOKS_BACK = 40
#: Resources shown at once (C5).
RESOURCES = 3
#: Letters of a word that says what a request is about; topics of entries that are about the work.
TELLING, ABOUT_WORK = 5, frozenset({Topic.SCHOOLWORK, Topic.TECHNICAL})
#: While a request stands like this, more can be said about it (T2).
SAYABLE_IN = (Status.WAITING, Status.CLAIMED, Status.PAUSED)


def resource_card(entry: Entry) -> str:
    """The name under which a request notes what became of a resource."""
    return f"resource-{entry.pk}"


@dataclass
class Desk:
    """Everything around one student's newest request, each fact asked for at most once."""

    student: Membership
    wants: str = ""

    @cached_property
    def coaching(self) -> Coaching:
        return coaching_of(self.student.classroom)

    @cached_property
    def past(self) -> list[HelpRequest]:
        """The student's newest requests here, oldest first."""
        mine = HelpRequest.objects.filter(seen_by(self.student, "raised_at"), student=self.student)
        newest = mine.with_people().select_related("lesson").order_by("-pk")[:LOOKS_BACK]
        return list(newest)[::-1]

    @property
    def mine(self) -> HelpRequest | None:
        return self.past[-1] if self.past else None

    @cached_property
    def rule(self) -> str:
        """How the line of this class is ordered."""
        return Queue.objects.of(self.student.classroom).rule

    @property
    def can_say(self) -> bool:
        return self.mine is not None and self.mine.status in SAYABLE_IN

    @cached_property
    def tasks(self) -> list[Task]:
        return list(self.student.classroom.tasks.filter(archived_at=None))

    @cached_property
    def questions(self) -> Mapping[str, str]:
        return texts.questions(self.student.classroom, translation.get_language())

    @cached_property
    def view(self) -> StudentView:
        return StudentView.objects.filter(student=self.student).first() or StudentView(
            student=self.student
        )

    @property
    def off(self) -> frozenset[str]:
        return frozenset(self.coaching.rules_off)

    def earlier(self) -> list[HelpRequest]:
        return self.past[:-1]

    @cached_property
    def facts(self) -> rules.Facts:
        mine = self.mine
        assert mine is not None
        same_task = [each for each in self.earlier() if each.task_id == mine.task_id]
        offered = [set(each.cards) for each in same_task if each.lesson_id == mine.lesson_id]
        has_kinds = self.coaching.kinds or self.coaching.is_private_on
        return rules.Facts(
            cards=mine.cards if has_kinds else {**mine.cards, "kind": "skipped"},
            has_tasks=bool(self.tasks),
            off=self.off,
            since_start=mine.raised_at - mine.lesson.opened_at,
            same_task_again=mine.task_id is not None
            and any(_ended_before(each, mine) for each in same_task),
            offered_on_task=frozenset().union(*offered),
            is_quiet=self.is_quiet,
            is_reopened=mine.reopened > 0,
            has_repair=bool(mine.repair),
            has_tried=mine.tried_count > 0,
            wants=self.wants,
        )

    @property
    def is_quiet(self) -> bool:
        """R8: overwhelmed or private once in this lesson; no reason is kept."""
        mine = self.mine
        return mine is not None and any(
            each.lesson_id == mine.lesson_id and "quiet" in each.cards for each in self.past
        )

    @cached_property
    def is_faded(self) -> bool:
        """R7, over the requests before this one."""
        since = self.view.cards_since
        counted = [each for each in self.earlier() if since is None or each.raised_at > since]
        history = [
            rules.Filled(
                is_full=bool(each.kind and each.tried_count) and "R2" not in each.cards,
                is_empty=not each.kind and not each.tried,
            )
            for each in counted
        ]
        return rules.is_faded(history, self.off)

    @cached_property
    def card(self) -> str:
        """The card to show now; "" for none."""
        if not self.can_say or not self.coaching.is_on:
            return ""
        return rules.next_card(self.facts)

    # --- The kinds of help ---

    def used_kinds(self) -> set[str]:
        """Kinds that were tried on this task already: before "not yet", or a little earlier."""
        mine = self.mine
        assert mine is not None
        before = [each.kind for each in self.earlier() if _ended_before(each, mine)]
        kinds = {kind for kind in before if kind}
        if mine.reopened:
            told = mine.events.filter(verb="describe").values_list("facts__kind", flat=True)
            kinds |= {kind for kind in told if kind}
        return kinds

    def kinds(self) -> list[Kind]:
        """What can be chosen; R4 and R6 put what was not used yet in front."""
        listed = self.coaching.kinds
        if not self.leads_elsewhere:
            return listed
        return [Kind(kind) for kind in rules.unused_first(listed, self.used_kinds())]

    @property
    def leads_elsewhere(self) -> bool:
        """Whether another kind of help is suggested."""
        mine = self.mine
        assert mine is not None
        return rules.suggests_other_kind(self.facts) or mine.repair == Repair.KIND


def _ended_before(each: HelpRequest, mine: HelpRequest) -> bool:
    """Whether ``each`` was done with the same task shortly before ``mine`` was raised (R4)."""
    return (
        each.task_id == mine.task_id
        and each.status == Status.RESOLVED
        and each.ended_at is not None
        and timedelta(0) <= mine.raised_at - each.ended_at <= rules.SAME_TASK_WITHIN
    )


# --- What the templates are given ---------------------------------------------


def context(desk: Desk, *, opened: bool = False, focus: bool = False) -> dict:
    """For ``coaching/_coach.html``.

    ``opened``: show the cards although they have faded to one line (R7). ``focus``: the keyboard
    goes to the new card, because a tap asked for it.
    """
    given = {"classroom": desk.student.classroom, "desk": desk, "mine": desk.mine, "focus": focus}
    mine = desk.mine
    if mine is None or mine.status in ENDED:
        return given | {"phase": "down"} | after(desk)
    if mine.status not in SAYABLE_IN:
        return given | {"phase": "busy"}
    if not desk.coaching.is_on:
        return given | {"phase": "up", "card": ""}
    if rules.is_silent(desk.facts):
        is_private = desk.coaching.is_private_on
        return (
            given
            | {"phase": "quiet"}
            | quiet.context(desk.student.classroom, is_private=is_private)
        )
    found = matched(desk)
    is_line = desk.is_faded and not opened and not desk.wants and desk.card in rules.CARDS
    return given | {
        "phase": "line" if is_line else "up",
        "card": desk.card,
        "said": said(desk),
        "resources": found,
        "explain_at": mine.raised_at + rules.EXPLAIN_AFTER,
        "busy_at": busy_at(desk),
        "later_minutes": LATER_MINUTES,
        "longer_look": mine.longer_look and rules.Rule.R5 not in desk.off,
        # Only for the student's eyes, so not where others on the network could read along.
        "feelings": [] if settings.LAN else [f for f in Feeling if f != Feeling.OVERWHELMED],
        # Where this rule is off nothing would follow from saying it.
        "asks_overwhelmed": rules.Rule.R8 not in desk.off,
        **card_context(desk, desk.card),
    }


def card_context(desk: Desk, card: str) -> dict:
    """What one card needs: its question, its choices, what was said already."""
    if not card:
        return {}
    mine = desk.mine
    assert mine is not None
    asked = "R4" if card == "kind" and desk.leads_elsewhere else card
    given: dict[str, Any] = {
        "question": desk.questions[asked],
        "note": note_of(desk, card),
        "was": written(mine, card),
        "back": previous(desk, card),
        "place": place_of(desk, card),
    }
    if card == "task":
        given["tasks"] = desk.tasks
    elif card == "kind":
        given |= {"kinds": desk.kinds(), "is_private": desk.coaching.is_private_on}
    elif card == "carry_on":
        given["choices"] = [
            (value, label, told_effect(desk.rule, mine.credits, value))
            for value, label in CarryOn.choices
        ]
    elif card == "tried":
        given["choices"] = Tried.choices
    elif card == "text":
        given |= starters(desk)
    elif card == rules.REPAIR:
        given["choices"] = repairs(desk)
    return given


def note_of(desk: Desk, card: str) -> str:
    """Below a card: what its answer does to the place in line, and who reads it."""
    if card == rules.FIRST_LOOK:
        return _("Only if you like. Your place stays the same.")
    if card == "carry_on" and desk.rule == Rule.HEAD_STARTS:
        return _("Only if you like. Only your helpers read it.")
    if card == "task" and desk.rule == Rule.BY_TASK:
        return _(
            "Only if you like. People on the same task are helped one after another, so your place "
            "can change. Only your helpers read it."
        )
    return _("Only if you like. Your place stays the same, and only your helpers read it.")


def repairs(desk: Desk) -> list[tuple]:
    mine = desk.mine
    assert mine is not None
    return [
        (value, label)
        for value, label in Repair.choices
        if value != Repair.SAME or mine.last_helper is not None
    ]


def starters(desk: Desk) -> dict:
    mine, coaching = desk.mine, desk.coaching
    assert mine is not None
    if coaching.pictures:
        return {"pictures": catalogue.PICTURES}
    group = catalogue.GROUP_OF.get(Kind(mine.kind), "stuck") if mine.kind else "stuck"
    groups = ["again", group, "words"] if mine.reopened else [group, "words"]
    known = texts.all_starters(desk.student.classroom, translation.get_language())
    return {"starters": [starter for each in groups for starter in known[each]]}


def written(mine: HelpRequest, card: str) -> str:
    """What a card says now, as its form sends it along: so that a second tab can be told."""
    if card == "tried":
        return ",".join(mine.tried)
    if card == "task":
        return str(mine.task_id or "")
    return str(getattr(mine, card, "") or "")


def said(desk: Desk) -> list[dict]:
    """``{"card", "words"}`` for each answer, to look at and to change."""
    mine = desk.mine
    assert mine is not None
    words: Mapping[str, str] = {
        "task": mine.task.title if mine.task else "",
        "kind": mine.get_kind_display() if mine.kind else "",
        "carry_on": mine.get_carry_on_display() if mine.carry_on else "",
        "tried": ", ".join(str(Tried(each).label) for each in mine.tried),
        "text": mine.text,
    }
    return [
        {"card": card, "question": desk.questions[card], "words": words[card]}
        for card in rules.CARDS
        if words[card] and card != desk.card
    ]


def previous(desk: Desk, card: str) -> str:
    """The card to go back to; "" for none."""
    order = [each for each in rules.CARDS if each != "task" or desk.tasks]
    at = order.index(card) if card in order else 0
    return order[at - 1] if at else ""


def place_of(desk: Desk, card: str) -> tuple[int, int] | None:
    """Which of how many cards this is."""
    order = [each for each in rules.CARDS if each != "task" or desk.tasks]
    return (order.index(card) + 1, len(order)) if card in order else None


def busy_at(desk: Desk):
    """When the usual wait will have passed; None where nobody knows what is usual (C5)."""
    mine = desk.mine
    assert mine is not None
    if mine.status != Status.WAITING:
        return None
    usual = look(Queue.objects.of(desk.student.classroom).pk).usual_wait
    return mine.raised_at + timedelta(minutes=usual[1]) if usual else None


def matched(desk: Desk) -> list[Entry]:
    """Up to three current entries: for the same task, then about its words, then for the kind
    of help or for whatever it is (C5); none that the student has put aside, or been helped by,
    already."""
    mine, classroom = desk.mine, desk.student.classroom
    assert mine is not None
    if mine.task is None and not mine.kind and not mine.text and mine.repair != Repair.RESOURCE:
        return []
    tied = Suggestion.objects.filter(classroom=classroom).filter(
        Q(task__isnull=False, task=mine.task_id) | Q(kind=mine.kind or "-") | Q(task=None, kind="")
    )
    ties = list(tied.values_list("entry_id", "task_id"))
    by_task = [entry for entry, task in ties if task is not None and task == mine.task_id]
    by_kind = [entry for entry, task in ties if entry not in by_task]
    words = telling_words(mine)
    found = suggest(classroom.school, classroom, " ".join(words), most=10) if words else []
    about = [entry for entry in found if is_about(entry, words)]
    current = Entry.objects.for_class(classroom.school, classroom)
    known = current.current(today_in(classroom.school)).in_bulk([*by_task, *by_kind])
    return _first(mine, [*_of(known, by_task), *about, *_of(known, by_kind)])


def telling_words(mine: HelpRequest) -> set[str]:
    """The longer words of the task and the text: "your" or "with" would find everything."""
    words = plain(f"{mine.task.title if mine.task else ''} {mine.text}").split()
    return {word for word in words if len(word) >= TELLING}


def is_about(entry: Entry, words: set[str]) -> bool:
    """About the work, and by a word of its own: the search also forgives and guesses."""
    own = set(plain(f"{entry.title} {entry.use}").split())
    return bool(ABOUT_WORK & set(entry.topics)) and bool(own & words)


def _of(known: Mapping[int, Entry], ids: Iterable[int]) -> list[Entry]:
    return [known[pk] for pk in ids if pk in known]


def _first(mine: HelpRequest, entries: Iterable[Entry]) -> list[Entry]:
    found: dict[int, Entry] = {}
    for entry in entries:
        if resource_card(entry) not in mine.cards:
            found.setdefault(entry.pk, entry)
    return list(found.values())[:RESOURCES]


# --- After help ---------------------------------------------------------------


def after(desk: Desk) -> dict:
    """What is asked, and offered, while no hand is up."""
    mine = desk.mine
    is_fresh = (
        mine is not None
        and mine.status == Status.RESOLVED
        and mine.ended_at is not None
        and timezone.now() - mine.ended_at < timedelta(minutes=15)
    )
    unseen = class_card.unseen_by(desk.student)
    return {
        "asks_next_one": is_fresh and mine is not None and mine.reflection and not mine.next_one,
        "next_ones": NextOne.choices,
        "offers_note": is_fresh and mine is not None and bool(mine.reflection) and not settings.LAN,
        "class_card": unseen,
        "rule": explain(desk.rule) if unseen else "",
        "norm": norms.message(desk.student.classroom, timezone.now()),
    }
