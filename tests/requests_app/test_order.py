"""The order of help (D2): its properties for any line, and its examples to the minute."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from classrooms.actions import attend
from requests_app import actions
from requests_app.models import HelpRequest, Queue, Reason
from requests_app.order import CarryOn, Credits, Rule, arrange
from requests_app.present import Present

TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
#: Rules in which the place of one request says nothing about another's.
ONE_BY_ONE = [Rule.ASKED, Rule.HEAD_STARTS, Rule.TEACHER]
NO_CREDIT = Credits()
EVERY_CREDIT = Credits(True, True, True, CarryOn.NO)


@dataclass(frozen=True)
class Waiting:
    """The least that the order reads of a request."""

    pk: int
    raised_at: datetime
    credits: Credits = NO_CREDIT
    task_id: int | None = None
    is_promised: bool = False
    brought_forward_at: datetime | None = None

    @property
    def sort_at(self):
        return self.raised_at - self.credits.head_start


def asked(pk, minute, credits=NO_CREDIT, **facts):
    return Waiting(pk, TEN + timedelta(minutes=minute), credits, **facts)


def names(line):
    return [each.pk for each in line]


# Few values, so that equal times, tasks and credits are met often.
moments = st.integers(0, 40).map(lambda halves: TEN + timedelta(seconds=30 * halves))
any_credits = st.builds(
    Credits, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["", *CarryOn.values])
)


def lines(*, plain=False, credits=any_credits, at_least=0):
    """Lines of any length; ``plain`` ones have nobody promised or brought forward."""
    waiting = st.builds(
        Waiting,
        pk=st.integers(1, 10_000),
        raised_at=moments,
        credits=credits,
        task_id=st.none() | st.integers(1, 3),
        is_promised=st.just(False) if plain else st.booleans(),
        brought_forward_at=st.none() if plain else st.none() | moments,
    )
    return st.lists(waiting, unique_by=lambda each: each.pk, min_size=at_least, max_size=12)


every_rule = st.sampled_from(list(Rule))


# --- The head start ----------------------------------------------------------


@pytest.mark.parametrize(
    ("credits", "minutes"),
    [
        (Credits(), 0),
        (Credits(first_today=True), 4),
        (Credits(been_a_while=True), 3),
        (Credits(missed_last_time=True), 3),
        (Credits(carry_on=CarryOn.NO), 2),
        (Credits(carry_on=CarryOn.SLOWLY), 0),
        (Credits(carry_on=CarryOn.YES), -2),
        (Credits(first_today=True, been_a_while=True), 7),
        (Credits(True, True, False, CarryOn.NO), 8),  # 9, held at 8
        (Credits(True, True, True, CarryOn.YES), 8),  # 10 - 2
        (EVERY_CREDIT, 8),  # 12, held at 8
    ],
)
def test_each_credit_is_worth_what_d2_says(credits, minutes):
    assert credits.head_start == timedelta(minutes=minutes)


def test_a_request_brings_these_four_facts_to_the_line_and_no_other():
    """D2, D6: never gender, income, grades, disability or behaviour."""
    assert [field.name for field in dataclasses.fields(Credits)] == [
        "first_today",
        "been_a_while",
        "missed_last_time",
        "carry_on",
    ]


@given(any_credits)
def test_a_head_start_is_never_more_than_eight_minutes_nor_less_than_minus_two(credits):
    assert timedelta(minutes=-2) <= credits.head_start <= timedelta(minutes=8)


@given(any_credits, st.sampled_from(["first_today", "been_a_while", "missed_last_time"]))
def test_one_credit_more_never_sets_back(credits, name):
    without = dataclasses.replace(credits, **{name: False})
    assert dataclasses.replace(credits, **{name: True}).head_start >= without.head_start


# --- Any line ----------------------------------------------------------------


@given(lines(), every_rule, st.randoms(use_true_random=False))
def test_the_order_is_total_and_does_not_depend_on_how_the_line_is_given(line, rule, random):
    arranged = arrange(line, rule)
    assert sorted(names(arranged)) == sorted(names(line))
    shuffled = random.sample(line, len(line))
    assert arrange(shuffled, rule) == arranged
    assert arrange(iter(arranged), rule) == arranged


@given(lines(), every_rule)
def test_a_ticking_clock_changes_nothing(line, rule):
    with time_machine.travel(TEN, tick=False):
        now = arrange(line, rule)
    with time_machine.travel(TEN + timedelta(days=1), tick=False):
        assert arrange(line, rule) == now


@given(lines(), every_rule, st.integers(-100_000, 100_000))
def test_only_the_distances_in_time_count_not_the_hour(line, rule, seconds):
    later = timedelta(seconds=seconds)
    moved = [
        dataclasses.replace(
            each,
            raised_at=each.raised_at + later,
            brought_forward_at=each.brought_forward_at and each.brought_forward_at + later,
        )
        for each in line
    ]
    assert names(arrange(moved, rule)) == names(arrange(line, rule))


@given(lines(), every_rule)
def test_promised_come_first_then_brought_forward_then_the_others(line, rule):
    groups = [
        0 if each.is_promised else 1 if each.brought_forward_at else 2
        for each in arrange(line, rule)
    ]
    assert groups == sorted(groups)


@given(lines(), every_rule)
def test_who_was_brought_forward_first_comes_first(line, rule):
    times = [
        each.brought_forward_at
        for each in arrange(line, rule)
        if each.brought_forward_at and not each.is_promised
    ]
    assert times == sorted(times)


@given(lines(at_least=1), st.sampled_from(ONE_BY_ONE), st.data())
def test_who_leaves_or_comes_reorders_nobody_else(line, rule, data):
    gone = data.draw(st.sets(st.sampled_from(line)))
    rest = [each for each in line if each not in gone]
    assert arrange(rest, rule) == [each for each in arrange(line, rule) if each not in gone]


# --- Order of asking ---------------------------------------------------------


@given(lines(plain=True), st.sampled_from([Rule.ASKED, Rule.TEACHER]))
def test_pure_order_of_asking_knows_no_credit(line, rule):
    assert arrange(line, rule) == sorted(line, key=lambda each: (each.raised_at, each.pk))


@given(any_credits.flatmap(lambda credits: lines(plain=True, credits=st.just(credits))))
def test_with_equal_credits_it_is_first_come_first_served(line):
    assert arrange(line, Rule.HEAD_STARTS) == arrange(line, Rule.ASKED)


# --- Head starts -------------------------------------------------------------


def overtakings(arranged):
    """(who asked earlier, who asked later and stands before them)."""
    for place, late in enumerate(arranged):
        for early in arranged[place + 1 :]:
            if early.raised_at < late.raised_at:
                yield early, late


@given(lines(plain=True))
def test_nobody_is_overtaken_by_more_than_the_difference_of_the_head_starts(line):
    for early, late in overtakings(arrange(line, Rule.HEAD_STARTS)):
        gained = late.credits.head_start - early.credits.head_start
        assert late.raised_at - early.raised_at <= gained <= timedelta(minutes=10)


@given(lines(plain=True))
def test_who_asked_more_than_ten_minutes_later_never_overtakes_so_nobody_starves(line):
    arranged = arrange(line, Rule.HEAD_STARTS)
    for late in arranged:
        for early in line:
            if late.raised_at - early.raised_at > timedelta(minutes=10):
                assert arranged.index(early) < arranged.index(late)


def test_the_bound_of_ten_minutes_is_reached_and_not_passed():
    patient = asked(1, 0, Credits(carry_on=CarryOn.YES))
    just_in_time = Waiting(2, TEN + timedelta(minutes=10, microseconds=-1), EVERY_CREDIT)
    too_late = asked(3, 10, EVERY_CREDIT)
    line = [patient, just_in_time, too_late]
    assert names(arrange(line, Rule.HEAD_STARTS)) == [2, 1, 3]


@given(lines(plain=True, at_least=1), st.data())
def test_a_credit_more_never_costs_a_place(line, data):
    who = data.draw(st.sampled_from(line))
    richer = dataclasses.replace(who, credits=dataclasses.replace(who.credits, first_today=True))
    before = names(arrange(line, Rule.HEAD_STARTS)).index(who.pk)
    changed = [richer if each is who else each for each in line]
    assert names(arrange(changed, Rule.HEAD_STARTS)).index(who.pk) <= before


@given(moments, st.integers(1, 1200), any_credits)
def test_two_with_equal_credits_change_places_if_their_times_do(first, seconds, credits):
    second = first + timedelta(seconds=seconds)
    one = [Waiting(1, first, credits), Waiting(2, second, credits)]
    other = [Waiting(1, second, credits), Waiting(2, first, credits)]
    assert names(arrange(one, Rule.HEAD_STARTS)) == [1, 2]
    assert names(arrange(other, Rule.HEAD_STARTS)) == [2, 1]


@given(lines(plain=True, at_least=1), st.integers(0, 1200), st.data())
def test_leaving_and_raising_again_never_helps(line, seconds, data):
    """The time of asking starts again, and credits do not grow in a lesson (D2 e)."""
    who = data.draw(st.sampled_from(line))
    last = max(each.raised_at for each in line)
    again = dataclasses.replace(
        who, pk=10_001, raised_at=max(last, who.raised_at + timedelta(seconds=seconds))
    )
    rest = [each for each in line if each is not who]
    before = arrange(line, Rule.HEAD_STARTS).index(who)
    assert arrange([*rest, again], Rule.HEAD_STARTS).index(again) >= before


def test_equal_sort_times_go_by_time_of_asking_then_by_id():
    late = asked(1, 4, Credits(first_today=True))  # 10:04 - 4 = 10:00
    early = asked(3, 0)
    twin = asked(2, 0)
    assert names(arrange([late, early, twin], Rule.HEAD_STARTS)) == [2, 3, 1]


def test_scenario_12_fair_next():
    a = asked(1, 0, Credits(carry_on=CarryOn.SLOWLY))
    b = asked(2, 3, Credits(first_today=True, been_a_while=True, carry_on=CarryOn.SLOWLY))
    c = asked(3, 11, EVERY_CREDIT)
    assert a.sort_at == TEN
    assert b.sort_at == TEN - timedelta(minutes=4)
    assert c.sort_at == TEN + timedelta(minutes=3)
    assert names(arrange([a, b], Rule.HEAD_STARTS)) == [2, 1]
    assert names(arrange([c, a, b], Rule.HEAD_STARTS)) == [2, 1, 3]


# --- By task -----------------------------------------------------------------


@given(lines(plain=True))
def test_by_task_nobody_stands_between_two_on_the_same_task(line):
    tasks = [each.task_id for each in arrange(line, Rule.BY_TASK) if each.task_id]
    runs = [task for place, task in enumerate(tasks) if place == 0 or tasks[place - 1] != task]
    assert len(runs) == len(set(runs))


@given(lines(plain=True))
def test_by_task_each_group_keeps_the_order_of_asking(line):
    by_task, by_asking = arrange(line, Rule.BY_TASK), arrange(line, Rule.ASKED)
    for task in {each.task_id for each in line}:
        group = [each for each in by_task if each.task_id == task]
        assert group == [each for each in by_asking if each.task_id == task]


@given(lines(plain=True))
def test_by_task_the_groups_stand_by_their_first(line):
    arranged = arrange(line, Rule.BY_TASK)
    assert not arranged or arranged[0].raised_at == min(each.raised_at for each in line)
    firsts = {}
    for each in arranged:
        firsts.setdefault(each.task_id or f"alone {each.pk}", each.raised_at)
    assert list(firsts.values()) == sorted(firsts.values())


def test_by_task_brings_the_second_on_a_task_next_to_the_first():
    line = [asked(1, 0, task_id=7), asked(2, 1, task_id=8), asked(3, 2, task_id=7), asked(4, 1)]
    assert names(arrange(line, Rule.BY_TASK)) == [1, 3, 4, 2]


# --- Real requests -----------------------------------------------------------


@pytest.fixture
def clock():
    with time_machine.travel(TEN - timedelta(days=7), tick=False) as traveller:
        yield traveller


def lessons_before(room, grace, clock, *, attended_by, count=5):
    """``count`` lessons on days before, in which nobody was helped."""
    for _each in range(count):
        lesson = actions.open_help(room, by=grace)
        attend(lesson, [who.pk for who in attended_by])
        clock.shift(timedelta(minutes=45))
        actions.close_help(room, by=grace)
        clock.shift(timedelta(days=1))


def waiting_of(room):
    return Present(Queue.objects.of(room).pk).waiting


def raise_at(clock, moment, who, **facts):
    clock.move_to(moment)
    queue = Queue.objects.of(who.classroom)
    key = f"test-{who.help_requests.count()}"
    help_request = actions.raise_hand(queue, student=who, form_key=key)
    return actions.describe(help_request, by=who, **facts)


@pytest.mark.django_db
def test_scenario_12_with_real_requests(room, grace, ada, ben, clock):
    carla = type(ada).objects.create(classroom=room, name="Carla", joined_at=TEN)
    lessons_before(room, grace, clock, attended_by=[ada, ben, carla], count=4)
    actions.open_help(room, by=grace)
    actions.raise_hand(Queue.objects.of(room), student=carla, form_key="missed")
    actions.close_help(room, by=grace)
    clock.move_to(TEN - timedelta(minutes=30))
    actions.open_help(room, by=grace)
    helped = raise_at(clock, TEN - timedelta(minutes=20), ada)
    actions.start(helped, by=grace)
    actions.resolve(helped, by=grace)

    a = raise_at(clock, TEN, ada, carry_on=CarryOn.SLOWLY)
    b = raise_at(clock, TEN + timedelta(minutes=3), ben, carry_on=CarryOn.SLOWLY)
    clock.move_to(TEN + timedelta(minutes=4))
    assert waiting_of(room) == [b, a]
    assert b.credits == Credits(True, True, False, CarryOn.SLOWLY)

    c = raise_at(clock, TEN + timedelta(minutes=11), carla, carry_on=CarryOn.NO)
    assert c.credits == EVERY_CREDIT
    assert waiting_of(room) == [b, a, c]


@pytest.mark.django_db
def test_who_was_helped_a_moment_ago_is_not_said_to_have_waited_long(room, grace, ada, clock):
    """Scenario 12: A was helped already today, so A brings neither chip to the line."""
    lessons_before(room, grace, clock, attended_by=[ada])
    actions.open_help(room, by=grace)
    helped = raise_at(clock, TEN - timedelta(minutes=20), ada)
    actions.start(helped, by=grace)
    actions.resolve(helped, by=grace)
    again = raise_at(clock, TEN, ada, carry_on=CarryOn.SLOWLY)
    assert again.credits == Credits(carry_on=CarryOn.SLOWLY)
    assert again.sort_at == TEN


@pytest.mark.django_db
def test_help_five_lessons_ago_still_counts_and_six_lessons_ago_not(room, grace, ada, ben, clock):
    for who in (ada, ben):
        lesson = actions.open_help(room, by=grace)
        attend(lesson, [ada.pk, ben.pk])
        helped = raise_at(clock, lesson.opened_at, who)
        actions.start(helped, by=grace)
        actions.resolve(helped, by=grace)
        actions.close_help(room, by=grace)
        clock.shift(timedelta(hours=1))
    lessons_before(room, grace, clock, attended_by=[ada, ben], count=4)
    lesson = actions.open_help(room, by=grace)
    now = lesson.opened_at
    assert raise_at(clock, now, ada).been_a_while  # six lessons ago
    assert not raise_at(clock, now, ben).been_a_while  # five lessons ago


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", *Reason.values])
def test_lowering_and_raising_again_brings_no_more_credit(room, grace, ada, clock, reason):
    lessons_before(room, grace, clock, attended_by=[ada])
    actions.open_help(room, by=grace)
    first = raise_at(clock, TEN, ada)
    actions.lower(first, by=ada, reason=reason)
    again = raise_at(clock, TEN + timedelta(minutes=1), ada)
    assert again.pk != first.pk
    assert again.credits == first.credits
    assert again.sort_at == first.sort_at + timedelta(minutes=1)


@pytest.mark.django_db
def test_leaving_during_help_does_not_save_the_credit_of_the_first_help(room, grace, ada, clock):
    actions.open_help(room, by=grace)
    first = raise_at(clock, TEN, ada)
    assert first.first_today
    actions.claim(first, by=grace)
    actions.lower(first, by=ada)
    second = raise_at(clock, TEN + timedelta(minutes=1), ada)
    assert second.first_today  # a claim is not yet help
    actions.start(second, by=grace)
    actions.lower(second, by=ada)
    assert not raise_at(clock, TEN + timedelta(minutes=2), ada).first_today


@pytest.mark.django_db
def test_an_edit_moves_the_head_start_and_never_the_time_of_asking(room, grace, ada, clock):
    actions.open_help(room, by=grace)
    help_request = raise_at(clock, TEN, ada, carry_on=CarryOn.YES)
    patient = help_request.sort_at
    clock.shift(timedelta(minutes=5))
    edited = actions.describe(help_request, by=ada, carry_on=CarryOn.SLOWLY)
    assert edited.raised_at == TEN
    assert edited.sort_at == patient - timedelta(minutes=2)
    assert HelpRequest.objects.get().sort_at == edited.sort_at
