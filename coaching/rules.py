"""The coaching rules R1 to R9 (help-request.md C11): facts in, the next card out.

Pure: no clock, no database, no template. Nothing here blocks, ranks or remembers a person; a
rule only ever chooses which small card a waiting student is shown next. Check-ins use R3 and R9
from here too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Rule(models.TextChoices):
    """What a class can switch off, each with the sentence its teacher reads."""

    R1 = "R1", _("One small card after another: task, kind of help, carry on, tried, a sentence")
    R2 = "R2", _("“Take a first look” when a hand goes up right at the start")
    R3 = "R3", _("A gentle question when somebody has been stuck for a while without asking")
    R4 = "R4", _("Another kind of help when the same task comes back soon")
    R5 = "R5", _("“A longer visit may help” at the third hand in 15 minutes")
    R6 = "R6", _("Ways to go on after “not yet”")
    R7 = "R7", _("Cards shrink to one line for students who need them no more")
    R8 = "R8", _("No cards at all for a student who feels overwhelmed")
    R9 = "R9", _("Sentence starters and time to think in a help moment")


#: R1's order. Each is a field of the request of that name, but for "text", the starter's card.
CARDS = ("task", "kind", "carry_on", "tried", "text")
#: Cards that a rule may offer beside them; "repair" stands for R6.
REPAIR, FIRST_LOOK = "repair", "R2"

#: R2: a hand that goes up this soon after the task began has hardly had a look.
FIRST_LOOK_WITHIN = timedelta(seconds=30)
#: R4: the same task again this soon.
SAME_TASK_WITHIN = timedelta(minutes=15)
#: R7: so many requests with kind and tried shrink the cards; so many empty ones in a row bring
#: them back.
FADE_AFTER, BACK_AFTER = 5, 2
#: "Try explaining it" and "it is busy" on the waiting page (C5).
EXPLAIN_AFTER = timedelta(minutes=3)
#: Starters that a help moment shows (R9).
MOMENT_STARTERS = 2


@dataclass(frozen=True)
class Facts:
    """What the rules look at.

    ``cards``: card → "answered", "skipped" or "offered" (HelpRequest.cards). ``has_tasks``:
    whether the class has tasks to choose from. ``off``: rules that the class switched off.
    ``since_start``: from the beginning of the task (or the student's lesson) to the raise.
    ``same_task_again``: the same task ended within SAME_TASK_WITHIN before this raise.
    ``offered_on_task``: rules whose card was offered for this task already (caps).
    ``is_quiet``: somebody felt overwhelmed in this lesson, or wants to talk privately (R8).
    ``wants``: a card that the student opened again by themselves.
    """

    cards: Mapping[str, str] = field(default_factory=dict)
    has_tasks: bool = True
    off: frozenset[str] = frozenset()
    since_start: timedelta | None = None
    same_task_again: bool = False
    offered_on_task: frozenset[str] = frozenset()
    is_quiet: bool = False
    is_reopened: bool = False
    has_repair: bool = False
    has_tried: bool = False
    wants: str = ""


def is_silent(facts: Facts) -> bool:
    """R8: all coaching is off for the rest of the lesson."""
    return facts.is_quiet and Rule.R8 not in facts.off


def next_card(facts: Facts) -> str:
    """The one card to show now; "" when there is none, or when R8 holds.

    In this order: what the student opened again, R6 after "not yet", R2 on a first look, then
    R1's next card that was neither answered nor skipped. Nothing here is ever required.
    """
    if is_silent(facts):
        return ""
    if facts.wants in CARDS and (facts.wants != "task" or facts.has_tasks):
        return facts.wants
    if facts.is_reopened and not facts.has_repair and _is_open(REPAIR, facts, Rule.R6):
        return REPAIR
    if _is_first_look(facts):
        return FIRST_LOOK
    if Rule.R1 in facts.off:
        return ""
    return next((card for card in CARDS if _is_to_come(card, facts)), "")


def _is_open(card: str, facts: Facts, rule: Rule) -> bool:
    return rule not in facts.off and facts.cards.get(card) not in ("answered", "skipped")


def _is_to_come(card: str, facts: Facts) -> bool:
    if card == "task" and not facts.has_tasks:
        return False
    return facts.cards.get(card) not in ("answered", "skipped")


def _is_first_look(facts: Facts) -> bool:
    """R2, once per task. It waits until "what have you tried" was passed with nothing tried, so
    that it never stands between a student and saying what it is about."""
    return (
        _is_open(FIRST_LOOK, facts, Rule.R2)
        and "tried" in facts.cards
        and not facts.has_tried
        and facts.since_start is not None
        and facts.since_start < FIRST_LOOK_WITHIN
        and Rule.R2 not in facts.offered_on_task
    )


def suggests_other_kind(facts: Facts) -> bool:
    """R4, once per task: the kind card leads with kinds that were not used yet."""
    return (
        facts.same_task_again and Rule.R4 not in facts.off and Rule.R4 not in facts.offered_on_task
    )


def unused_first(kinds: Iterable[str], used: Iterable[str]) -> list[str]:
    """The kinds with those not used yet in front, else in their own order (R4, R6)."""
    listed, spent = list(kinds), set(used)
    return sorted(listed, key=lambda kind: kind in spent)


@dataclass(frozen=True)
class Filled:
    """One ended or standing request, as far as fading looks at it (R7)."""

    #: Kind and at least one thing tried were said, and no rule had to ask for it.
    is_full: bool
    #: Neither was said.
    is_empty: bool


def is_faded(history: Sequence[Filled], off: Iterable[str] = ()) -> bool:
    """R7: whether the cards are one line now. ``history``: oldest first, since the last reset.

    Five full requests shrink them; two empty ones in a row bring them back, and the count
    begins anew.
    """
    if Rule.R7 in off:
        return False
    full = empty = 0
    faded = False
    for request in history:
        if faded:
            empty = empty + 1 if request.is_empty else 0
            if empty == BACK_AFTER:
                faded, full, empty = False, 0, 0
        elif request.is_full:
            full += 1
            faded = full == FADE_AFTER
    return faded


def starters_of_a_moment(starters: Sequence[str], off: Iterable[str] = ()) -> list[str]:
    """R9: two ways to begin, shown to everybody while a help moment lasts."""
    return [] if Rule.R9 in off else list(starters[:MOMENT_STARTERS])


def may_nudge(
    stuck_since: datetime, now: datetime, *, after: timedelta, was_nudged: bool, has_asked: bool
) -> bool:
    """R3, once per lesson: stuck for ``after`` and no hand raised."""
    return not was_nudged and not has_asked and now - stuck_since >= after
