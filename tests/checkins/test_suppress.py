"""Nobody stands out: what is shown is turned into what somebody clever could work out of it."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkins.suppress import FLOOR, count, may_follow, next_to_show, says_something, shown

SMALL = range(1, FLOOR)


def tables_of(total, size):
    """Every table of ``size`` cells that add up to ``total``."""
    if size == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables_of(total - first, size - 1):
            yield (first, *rest)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_no_small_cell_follows_from_what_is_shown_and_how_many_replied(size):
    """By exhaustion: all tables that look the same leave two values for every small cell."""
    telling = 0
    for total in range(FLOOR, 25):
        alike = defaultdict(list)
        for table in tables_of(total, size):
            alike[tuple(shown(table))].append(table)
        for told, tables in alike.items():
            telling += says_something(told)
            for cell in range(size):
                values = {table[cell] for table in tables}
                assert len(values) > 1 or values.isdisjoint(SMALL)
    assert telling > 100


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=8))
def test_what_a_shown_cell_leaves_over_is_never_small(cells):
    told = shown(cells)
    visible = [value for value in told if value is not None]
    assert all(value >= FLOOR for value in visible)
    if visible:
        assert sum(cells) - sum(visible) not in SMALL
        hidden = [cells[index] for index, value in enumerate(told) if value is None]
        # One hidden cell that is not empty would be what the others leave over.
        assert len(hidden) != 1 or hidden == [0]
        # Hidden together at their most, each of them would be known.
        assert not hidden or sum(hidden) == 0 or set(hidden) != {FLOOR - 1}


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.integers(2, 4),
)
def test_the_steps_between_shown_totals_tell_of_nobody(answers, size):
    """Replies come in one by one; whatever was shown when, no difference is one to four."""
    cells, history = [0] * size, []
    for answer in answers:
        cells[answer % size] += 1
        if next_to_show(history, cells):
            history.append(list(cells))
    for number, old in enumerate(history):
        for new in history[number + 1 :]:
            if old == new:
                continue
            first, second = shown(old), shown(new)
            for index in range(size):
                if first[index] is not None and second[index] is not None:
                    assert abs(second[index] - first[index]) not in SMALL
            both = [i for i in range(size) if first[i] is not None and second[i] is not None]
            rest = [i for i in range(size) if i not in both]
            change = sum(new[i] - old[i] for i in rest)
            assert not rest or change not in SMALL


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([3, 1], [None, None]),
        ([12, 6, 5], [12, 6, 5]),
        ([12, 3, 2], [12, None, None]),
        ([12, 3, 0], [None, None, None]),
        ([12, 9, 3, 0], [12, None, None, None]),
        ([12, 9, 9, 1], [12, None, None, None]),
        ([9, 0, 0], [9, None, None]),
        ([4, 4, 9, 7], [None, None, 9, None]),
        ([4, 4], [None, None]),
        ([5, 4, 4, 4, 3], [None] * 5),
    ],
)
def test_small_cells_hide_and_take_their_complement_with_them(cells, told):
    assert shown(cells) == told


def test_a_table_does_not_move_for_one_reply():
    assert may_follow([6, 6], [6, 6])
    assert may_follow([6, 6], [11, 6])
    assert not may_follow([6, 6], [7, 6])
    # Three more in two cells of which one was hidden before: the rest of the table tells it.
    assert not may_follow([12, 3, 2], [12, 6, 2])


def test_somebody_who_changes_an_answer_does_not_show_in_the_steps():
    assert not may_follow([10, 6], [9, 7])
    assert may_follow([12, 6], [7, 11])


def test_skipped_is_a_cell_of_its_own():
    assert count([0, 2, None, 2], 3) == [1, 0, 2, 1]
    assert not says_something([None, None])
