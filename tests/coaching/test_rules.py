"""Each coaching rule as a table: facts in, the next card out (C11)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from coaching import rules
from coaching.rules import Facts, Filled, Rule, next_card

NEW = Facts(since_start=timedelta(minutes=10))
SECONDS = timedelta(seconds=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def passed(*cards, what="answered"):
    return dict.fromkeys(cards, what)


@pytest.mark.parametrize(
    ("cards", "card"),
    [
        ({}, "task"),
        (passed("task"), "kind"),
        (passed("task", what="skipped"), "kind"),
        (passed("task", what="offered"), "task"),
        (passed("task", "kind"), "carry_on"),
        (passed("kind"), "task"),
        (passed("task", "kind", "carry_on"), "tried"),
        (passed("task", "kind", "carry_on", "tried"), "text"),
        (passed(*rules.CARDS), ""),
        (passed(*rules.CARDS, what="skipped"), ""),
    ],
)
def test_r1_shows_the_next_card_that_was_not_passed(cards, card):
    assert next_card(replace(NEW, cards=cards)) == card


def test_r1_leaves_out_the_tasks_of_a_class_that_has_none():
    assert next_card(replace(NEW, has_tasks=False)) == "kind"


def test_r1_switched_off_shows_nothing_by_itself():
    assert next_card(replace(NEW, off=frozenset({"R1"}))) == ""


@pytest.mark.parametrize("card", rules.CARDS)
def test_what_a_student_opens_again_comes_first(card):
    facts = replace(NEW, cards=passed(*rules.CARDS), wants=card)
    assert next_card(facts) == card
    assert next_card(replace(facts, wants="nothing of ours")) == ""


HASTY = replace(NEW, since_start=29 * SECONDS, cards=passed("task", "kind", "carry_on", "tried"))


@pytest.mark.parametrize(
    ("changes", "card"),
    [
        ({}, "R2"),
        ({"since_start": 30 * SECONDS}, "text"),
        ({"since_start": None}, "text"),
        ({"has_tried": True}, "text"),
        ({"cards": passed("task", "kind", "carry_on")}, "tried"),
        ({"cards": HASTY.cards | {"R2": "skipped"}}, "text"),
        ({"cards": HASTY.cards | {"R2": "answered"}}, "text"),
        ({"offered_on_task": frozenset({"R2"})}, "text"),
        ({"off": frozenset({"R2"})}, "text"),
    ],
)
def test_r2_asks_for_a_first_look_once_per_task(changes, card):
    assert next_card(replace(HASTY, **changes)) == card


@pytest.mark.parametrize(
    ("minutes", "was_nudged", "has_asked", "nudges"),
    [
        (5, False, False, True),
        (9, False, False, True),
        (4.9, False, False, False),
        (5, True, False, False),
        (5, False, True, False),
    ],
)
def test_r3_nudges_once_who_is_stuck_and_has_not_asked(minutes, was_nudged, has_asked, nudges):
    now = NOON + timedelta(minutes=minutes)
    after = timedelta(minutes=5)
    told = rules.may_nudge(NOON, now, after=after, was_nudged=was_nudged, has_asked=has_asked)
    assert told == nudges


@pytest.mark.parametrize(
    ("changes", "suggests"),
    [
        ({}, True),
        ({"same_task_again": False}, False),
        ({"off": frozenset({"R4"})}, False),
        ({"offered_on_task": frozenset({"R4"})}, False),
    ],
)
def test_r4_suggests_another_kind_once_per_task(changes, suggests):
    facts = replace(replace(NEW, same_task_again=True), **changes)
    assert rules.suggests_other_kind(facts) == suggests


def test_kinds_that_were_not_used_come_first_in_their_own_order():
    assert rules.unused_first("abcd", {"a", "c"}) == ["b", "d", "a", "c"]
    assert rules.unused_first("abcd", ()) == list("abcd")


AGAIN = replace(NEW, is_reopened=True, cards=passed("task", "kind"))


@pytest.mark.parametrize(
    ("changes", "card"),
    [
        ({}, "repair"),
        ({"has_repair": True}, "carry_on"),
        ({"cards": AGAIN.cards | {"repair": "skipped"}}, "carry_on"),
        ({"off": frozenset({"R6"})}, "carry_on"),
        ({"is_reopened": False}, "carry_on"),
        ({"wants": "task"}, "task"),
    ],
)
def test_r6_offers_another_way_after_not_yet(changes, card):
    assert next_card(replace(AGAIN, **changes)) == card


FULL, EMPTY, PART = Filled(True, False), Filled(False, True), Filled(False, False)


@pytest.mark.parametrize(
    ("history", "is_faded"),
    [
        ([], False),
        ([FULL] * 4, False),
        ([FULL] * 5, True),
        ([FULL, EMPTY, FULL, PART, FULL, FULL, FULL], True),
        ([FULL] * 5 + [EMPTY], True),
        ([FULL] * 5 + [EMPTY, EMPTY], False),
        ([FULL] * 5 + [EMPTY, PART, EMPTY], True),
        ([FULL] * 5 + [EMPTY, EMPTY] + [FULL] * 4, False),
        ([FULL] * 5 + [EMPTY, EMPTY] + [FULL] * 5, True),
    ],
)
def test_r7_fades_after_five_and_comes_back_after_two_empty_in_a_row(history, is_faded):
    assert rules.is_faded(history) == is_faded
    assert not rules.is_faded(history, off=["R7"])


@pytest.mark.parametrize("facts", [NEW, HASTY, AGAIN, replace(NEW, wants="text")])
def test_r8_ends_all_coaching(facts):
    assert next_card(replace(facts, is_quiet=True)) == ""
    assert rules.is_silent(replace(facts, is_quiet=True))
    off = replace(facts, is_quiet=True, off=frozenset({"R8"}))
    assert next_card(off) == next_card(replace(facts, off=off.off))


def test_every_rule_says_what_it_does():
    assert [rule.value for rule in Rule] == [f"R{number}" for number in range(1, 10)]
    assert all(rule.label for rule in Rule)
