"""What students read about the line, held beside what the line does: for any line, every rule."""

import dataclasses
import re
from datetime import timedelta

import pytest
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from requests_app import actions
from requests_app.models import HelpRequest, Outcome, Queue
from requests_app.order import (
    COMES_FIRST,
    EXPLAINED,
    NEXT_TIME,
    CarryOn,
    Credits,
    Rule,
    arrange,
    explain,
    told_effect,
    turns_of,
)
from requests_app.present import Present
from tests.requests_app.test_order import TEN, any_credits, asked, every_rule, lines, moments, names

#: What the rule of head starts looks at → the words of its sentence that say so.
SAID = {
    "first_today": "no help yet this lesson",
    "been_a_while": "for a while",
    "missed_last_time": "missed you last time",
    "carry_on": "cannot carry on",
}
HTMX = {"headers": {"HX-Request": "true"}}


def pairs(arranged):
    return [
        (before, after) for place, before in enumerate(arranged) for after in arranged[place + 1 :]
    ]


# --- "We help in the order you asked" ----------------------------------------


@given(lines(plain=True))
def test_the_order_you_asked_is_just_that(line):
    assert EXPLAINED[Rule.ASKED] == "We help in the order you asked."
    assert arrange(line, Rule.ASKED) == sorted(line, key=lambda each: (each.raised_at, each.pk))


@given(lines(), st.sampled_from([Rule.ASKED, Rule.HEAD_STARTS, Rule.BY_TASK]))
def test_a_promised_time_comes_first_and_then_what_was_brought_forward(line, rule):
    assert str(COMES_FIRST) in explain(rule)
    kinds = [
        0 if each.is_promised else 1 if each.brought_forward_at else 2
        for each in arrange(line, rule)
    ]
    assert kinds == sorted(kinds)


# --- Head starts --------------------------------------------------------------


def test_the_sentence_of_head_starts_names_all_that_it_looks_at():
    """Two of them were hidden: who was missed, and who cannot carry on."""
    assert [field.name for field in dataclasses.fields(Credits)] == list(SAID)
    for words in [*SAID.values(), "a few minutes' head start", "can carry on, others may go"]:
        assert words in EXPLAINED[Rule.HEAD_STARTS]


@given(lines(plain=True))
def test_nobody_goes_before_somebody_who_asked_earlier_but_for_what_the_sentence_names(line):
    for before, after in pairs(arrange(line, Rule.HEAD_STARTS)):
        if before.raised_at > after.raised_at:
            more = [
                name
                for name in SAID
                if getattr(before.credits, name) != getattr(after.credits, name)
            ]
            assert more, "with the same to bring, whoever asked first goes first"
            assert before.raised_at - after.raised_at <= timedelta(minutes=10)


@given(lines(plain=True, at_least=1), st.data())
def test_can_carry_on_lets_others_go_and_never_the_other_way_round(line, data):
    who = data.draw(st.sampled_from(line))
    places = {}
    for answer in ("", CarryOn.YES, CarryOn.NO):
        said = dataclasses.replace(who, credits=dataclasses.replace(who.credits, carry_on=answer))
        now = arrange([said if each.pk == who.pk else each for each in line], Rule.HEAD_STARTS)
        places[answer] = names(now).index(who.pk)
    assert places[CarryOn.NO] <= places[""] <= places[CarryOn.YES]


# --- What an answer says of itself --------------------------------------------


@given(
    every_rule,
    any_credits,
    st.sampled_from(CarryOn.values),
    lines(plain=True, at_least=1),
    st.data(),
)
def test_each_answer_says_before_it_is_tapped_what_it_does(rule, credits, answer, line, data):
    told = told_effect(rule, credits, answer)
    who = dataclasses.replace(data.draw(st.sampled_from(line)), credits=credits)
    answered = dataclasses.replace(who, credits=dataclasses.replace(credits, carry_on=answer))
    rest = [each for each in line if each.pk != who.pk]
    now, then = arrange([*rest, answered], rule), arrange([*rest, who], rule)
    place, was = names(now).index(who.pk), names(then).index(who.pk)
    if told == "Your place stays the same.":
        assert place == was
        return
    minutes = int(re.search(r"\d+", told)[0])
    change = timedelta(minutes=minutes if "sooner" in told else -minutes)
    assert rule == Rule.HEAD_STARTS
    assert answered.sort_at == who.sort_at - change
    assert place <= was if "sooner" in told else place >= was


@pytest.mark.django_db
@pytest.mark.parametrize("rule", Rule.values)
@pytest.mark.parametrize("answer", CarryOn.values)
def test_the_card_says_what_the_answer_then_does(
    rule, answer, room, raise_hand, ada, ben, browser_of
):
    Queue.objects.update(rule=rule)
    mine = raise_hand(ada)
    raise_hand(ben)
    client = browser_of(ada)
    card = client.get(f"/c/{room.slug}/coach/?card=carry_on", **HTMX).text
    told = re.search(f'value="{answer}".*?<small[^>]*>(.*?)</small>', card, re.DOTALL)[1]
    was = [each.student for each in Present(mine.queue_id).waiting]
    client.post(f"/c/{room.slug}/describe/carry_on/", {"carry_on": answer}, **HTMX)
    sort_at = HelpRequest.objects.get(pk=mine.pk).sort_at
    changed = round((mine.sort_at - sort_at).total_seconds() / 60)
    now = [each.student for each in Present(mine.queue_id).waiting]
    if told == "Your place stays the same.":
        assert now == was
    else:
        assert re.fullmatch(rf"Counts as asking {abs(changed)} minutes? (sooner|later)\.", told)
        assert ("sooner" in told) == (changed > 0)
    assert ("Your place stays the same, and" in card) == (rule != Rule.HEAD_STARTS)
    is_moved = rule == Rule.HEAD_STARTS and answer == CarryOn.YES
    assert (now == [ben, ada]) == is_moved


@pytest.mark.django_db
def test_answering_a_card_after_a_visit_that_was_put_back_costs_nothing(raise_hand, ada, grace):
    """The head start for the first help of the lesson was taken away by an answer to a card."""
    mine = raise_hand(ada)
    actions.start(mine, by=grace)
    actions.put_back(mine, by=grace)
    assert actions.describe(mine, by=ada, carry_on=CarryOn.SLOWLY).sort_at == mine.sort_at


@pytest.mark.django_db
@pytest.mark.parametrize("rule", Rule.values)
def test_choosing_a_task_says_that_it_can_move_where_it_can(
    rule, room, raise_hand, ada, browser_of
):
    room.tasks.create(title="Loops")
    Queue.objects.update(rule=rule)
    raise_hand(ada)
    card = browser_of(ada).get(f"/c/{room.slug}/coach/?card=task", **HTMX).text
    assert ("your place can change" in card) == (rule == Rule.BY_TASK)
    assert ("Your place stays the same" in card) == (rule != Rule.BY_TASK)


# --- "One after another" -------------------------------------------------------


@given(lines(plain=True, at_least=1), st.lists(st.integers(0, 3), max_size=12))
def test_by_task_one_helper_takes_a_task_s_hands_one_after_another(line, pauses):
    """A whole lesson: one helper always takes the first in line, while hands go on going up.

    Until now the group fell apart as soon as its first was taken.
    """
    to_come = sorted(line, key=lambda each: each.raised_at)
    waiting, taken, now = [], [], TEN
    while to_come or waiting:
        now += timedelta(minutes=pauses.pop() if pauses else 1)
        waiting += [each for each in to_come if each.raised_at <= now]
        to_come = [each for each in to_come if each.raised_at > now]
        if not waiting:
            continue
        turns = turns_of([(1, each.task_id, when) for each, when in reversed(taken)])
        first = arrange(waiting, Rule.BY_TASK, turns)[0]
        if taken:
            check_next(first, taken, waiting)
        waiting.remove(first)
        taken.append((first, now))
    assert sorted(names(each for each, _when in taken)) == sorted(names(line))


def check_next(first, taken, waiting):
    """Of those who were up when the helper came to this task, all come before anybody else."""
    task = taken[-1][0].task_id
    began = taken[-1][1]
    for each, when in reversed(taken):
        if each.task_id != task:
            break
        began = when
    mates = [each for each in waiting if task and each.task_id == task and each.raised_at <= began]
    if mates:
        assert first == min(mates, key=lambda each: (each.raised_at, each.pk))
    else:
        assert first.raised_at == min(each.raised_at for each in waiting)


def test_a_task_that_never_ends_keeps_nobody_waiting_for_ever():
    ben = asked(1, 1, task_id=8)
    late = [asked(10 + minute, minute, task_id=7) for minute in range(2, 9)]
    turns = turns_of([(1, 7, TEN + timedelta(minutes=5)), (1, 7, TEN + timedelta(minutes=3))])
    assert names(arrange([ben, *late], Rule.BY_TASK, turns))[:3] == [12, 13, 1]


@given(st.lists(st.tuples(st.integers(1, 3), st.none() | st.integers(1, 3), moments), max_size=12))
def test_a_turn_begins_when_the_helper_came_to_the_task(taken):
    taken = sorted(taken, key=lambda each: each[2], reverse=True)
    turns = turns_of(taken)
    for helper in {helper for helper, _task, _when in taken}:
        mine = [(task, when) for each, task, when in taken if each == helper]
        task = mine[0][0]
        in_a_row = next((n for n, each in enumerate(mine) if each[0] != task), len(mine))
        if task is not None:
            assert turns[task] >= mine[in_a_row - 1][1]


@pytest.mark.django_db
def test_by_task_the_next_one_on_the_task_follows_when_the_first_is_taken(
    room, raise_hand, ada, ben, grace
):
    loops = room.tasks.create(title="Loops")
    Queue.objects.update(rule=Rule.BY_TASK)
    first = raise_hand(ada, task=loops)
    raise_hand(ben, task=room.tasks.create(title="Lists"))
    cleo = room.memberships.create(name="Cleo")
    raise_hand(cleo, task=loops)
    actions.start(first, by=grace)
    assert [each.student.name for each in Present(first.queue_id).waiting] == [
        "Cleo",
        "Ben Okri",
    ]
    actions.resolve(first, by=grace)
    assert [each.student.name for each in Present(first.queue_id).waiting] == [
        "Cleo",
        "Ben Okri",
    ]


# --- The same words wherever the line is spoken of ----------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("rule", Rule.values)
def test_every_page_says_the_rule_that_the_class_has(
    rule, room, raise_hand, ada, ben, grace, browser_of
):
    Queue.objects.update(rule=rule)
    raise_hand(ada)
    pages = [
        browser_of(ada).get(f"/c/{room.slug}/"),
        browser_of(ben).get(f"/c/{room.slug}/coach/", **HTMX),  # the class card
        browser_of(ben).get(f"/c/{room.slug}/how-we-ask/"),
        browser_of(ben).get(f"/c/{room.slug}/help/"),
    ]
    for page in pages:
        assert escape(explain(rule)) in page.text, page.request["PATH_INFO"]
        for other in set(Rule) - {rule}:
            ours = EXPLAINED[Rule(rule)].rstrip(".")
            if EXPLAINED[other].rstrip(".") not in ours:
                assert escape(str(EXPLAINED[other])) not in page.text


@pytest.mark.django_db
def test_a_class_card_that_began_with_our_words_no_longer_says_another_rule(room, grace):
    from coaching import actions as coaching
    from coaching import class_card
    from coaching.catalogue import FORMER_WORDS

    coaching.save_class_card(room, f"Ask early.\n{FORMER_WORDS}\nBe kind.", by=grace)
    assert class_card.current(room).lines == ["Ask early.", "Be kind."]


@pytest.mark.django_db
@pytest.mark.parametrize("rule", Rule.values)
def test_a_head_start_next_time_is_said_only_where_there_is_one(
    rule, room, raise_hand, ada, ben, grace, browser_of
):
    Queue.objects.update(rule=rule)
    mine = raise_hand(ada)
    actions.close_help(room, by=grace)
    told = escape(str(NEXT_TIME[Rule.HEAD_STARTS])) in browser_of(ada).get(f"/c/{room.slug}/").text
    assert told == (rule == Rule.HEAD_STARTS)
    page = browser_of(grace).get(f"/c/{room.slug}/").text
    assert (escape("a few minutes' head start next time") in page) == told
    # The promise is kept: Ben asks first, and Ada, whom we missed, comes before him.
    actions.open_help(room, by=grace)
    queue = Queue.objects.of(room)
    for who in (ben, ada):
        HelpRequest.objects.create(**_helped_before(who, mine))
        actions.raise_hand(queue, student=who, form_key="next")
    line = [each.student for each in Present(queue.pk).waiting]
    assert line == ([ada, ben] if told else [ben, ada])


def _helped_before(who, mine):
    """Both had help this lesson and lately, so that only having been missed tells them apart."""
    return {
        "queue_id": mine.queue_id,
        "lesson": who.classroom.open_lesson(),
        "student": who,
        "status": "resolved",
        "outcome": Outcome.HELPED,
        "raised_at": mine.raised_at,
        "sort_at": mine.raised_at,
        "help_started_at": mine.raised_at,
        "ended_at": mine.raised_at,
        "form_key": "before",
    }


# --- One number is called usual -------------------------------------------------


@pytest.mark.django_db
def test_only_the_class_s_wait_is_called_usual(room, raise_hand, ada, ben, grace, browser_of):
    """What the students read goes by who is before them; what the teacher reads by all waits."""
    lesson = room.open_lesson()
    for number in range(5):
        who = room.memberships.create(name=f"Student {number}")
        HelpRequest.objects.create(
            queue=Queue.objects.of(room),
            lesson=lesson,
            student=who,
            helper=grace,
            status="resolved",
            raised_at=lesson.opened_at,
            sort_at=lesson.opened_at,
            claimed_at=lesson.opened_at + timedelta(minutes=9),
            help_started_at=lesson.opened_at + timedelta(minutes=9),
            ended_at=lesson.opened_at + timedelta(minutes=11),
            form_key="then",
        )
    raise_hand(ada)
    raise_hand(ben)
    shown = browser_of(ben).get(f"/c/{room.slug}/").text
    assert "it is your turn in about 2 minutes" in " ".join(shown.split())
    assert "usual" not in shown
    told = browser_of(grace).get(f"/c/{room.slug}/").text
    assert "9 min" in told
    assert "9 to 9 min" not in told
