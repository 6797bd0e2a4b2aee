"""How long a wait is said to be: the arithmetic for any visits, and which visits count."""

import statistics
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from requests_app import actions
from requests_app.models import Queue
from requests_app.present import ACTIVE_WITHIN, Present, Wait
from requests_app.waits import KNOWN_FROM, LATEST, Visit, quarters, usual_wait, wait_range

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def visit(length, wait=0.0):
    started = NINE + timedelta(minutes=wait)
    return Visit(NINE, started, started + timedelta(minutes=length))


lengths = st.lists(st.integers(0, 3600).map(lambda seconds: seconds / 60), min_size=5, max_size=20)
aheads = st.integers(0, 40)
helpers = st.integers(0, 6)


# --- Quarters ----------------------------------------------------------------


@given(st.lists(st.floats(0, 600), min_size=2, max_size=60))
def test_quarters_are_the_ones_that_the_standard_library_knows(values):
    low, _middle, high = statistics.quantiles(values, n=4, method="inclusive")
    assert quarters(values) == pytest.approx((low, high))


@given(st.lists(st.floats(0, 600), min_size=1, max_size=60))
def test_quarters_lie_within_the_values_and_in_order(values):
    low, high = quarters(values)
    assert min(values) - 1e-9 <= low <= high + 1e-9
    assert high <= max(values) + 1e-9


def test_one_value_is_both_its_quarters():
    assert quarters([3.0]) == (3.0, 3.0)


# --- The range ---------------------------------------------------------------


@given(st.lists(st.just(visit(4, wait=9)), max_size=KNOWN_FROM - 1), aheads, helpers)
def test_nothing_is_said_until_five_visits_are_known(few, ahead, count):
    assert wait_range(ahead, few, count) is None
    assert usual_wait(few) is None


@pytest.mark.parametrize(
    ("ahead", "count", "told"),
    [
        (0, 1, (1, 1)),  # never less than a minute
        (1, 1, (2, 4)),
        (3, 1, (6, 12)),
        (3, 2, (3, 6)),
        (3, 0, (6, 12)),  # nobody at work yet: as if one were
        (1, 3, (1, 2)),  # 40 to 80 seconds
    ],
)
def test_a_range_in_numbers(ahead, count, told):
    """Quarters of 1, 2, 3, 4 and 5 minutes are 2 and 4."""
    assert wait_range(ahead, [visit(minutes) for minutes in (5, 1, 3, 2, 4)], count) == told


@given(lengths, aheads, helpers)
def test_a_range_is_ahead_times_the_quarters_over_the_helpers(minutes, ahead, count):
    visits = [visit(each) for each in minutes]
    low, _middle, high = statistics.quantiles([each.length for each in visits], method="inclusive")
    told = wait_range(ahead, visits, count)
    share = ahead / max(count, 1)
    assert told[0] == pytest.approx(max(1, low * share), abs=0.5 + 1e-6)
    assert max(1, high * share) - 1e-6 <= told[1] < max(1, high * share) + 1 + 1e-6


@given(lengths, aheads, helpers)
def test_a_range_is_whole_minutes_in_order_and_at_least_one(minutes, ahead, count):
    low, high = wait_range(ahead, [visit(each) for each in minutes], count)
    assert (type(low), type(high)) == (int, int)
    assert 1 <= low <= high


@given(lengths, aheads, helpers)
def test_more_people_ahead_never_shorten_it(minutes, ahead, count):
    visits = [visit(each) for each in minutes]
    low, high = wait_range(ahead, visits, count)
    more_low, more_high = wait_range(ahead + 1, visits, count)
    assert more_low >= low
    assert more_high >= high


@given(lengths, aheads, st.integers(1, 6))
def test_one_more_helper_never_lengthens_it(minutes, ahead, count):
    visits = [visit(each) for each in minutes]
    low, high = wait_range(ahead, visits, count)
    less_low, less_high = wait_range(ahead, visits, count + 1)
    assert less_low <= low
    assert less_high <= high


@given(lengths, st.randoms(use_true_random=False))
def test_the_order_of_the_visits_does_not_matter(minutes, random):
    visits = [visit(each, wait=each / 2) for each in minutes]
    shuffled = random.sample(visits, len(visits))
    assert wait_range(4, shuffled, 1) == wait_range(4, visits, 1)
    assert usual_wait(shuffled) == usual_wait(visits)


def test_the_usual_wait_is_the_middle_half_of_the_waits():
    visits = [visit(30, wait=minutes) for minutes in (4, 8, 2, 6, 10)]
    assert usual_wait(visits) == (4, 8)


def test_a_clock_that_was_set_back_makes_no_negative_minute():
    odd = Visit(NINE, NINE - timedelta(minutes=1), NINE - timedelta(minutes=2))
    assert (odd.wait, odd.length) == (0.0, 0.0)


# --- Which visits and helpers count ------------------------------------------


@pytest.fixture
def clock():
    with time_machine.travel(NINE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def queue(room, clock, grace):
    actions.open_help(room, by=grace)
    return Queue.objects.of(room)


@pytest.fixture
def have_visits(queue, clock, grace, alan):
    """``have_visits(3, 5)``: Alan helped somebody for three minutes, then for five; long ago."""

    def help_many(*minutes):
        for each in minutes:
            number = queue.help_requests.count()
            who = alan.classroom.memberships.create(name=f"Student {number}")
            help_request = actions.raise_hand(queue, student=who, form_key="first")
            actions.start(help_request, by=alan)
            clock.shift(timedelta(minutes=each))
            actions.resolve(help_request, by=alan)
        clock.shift(ACTIVE_WITHIN + timedelta(minutes=1))

    return help_many


def present(queue):
    return Present(queue.pk)


def told_to_the_third(queue, clock, *students):
    """What the last of these is told, once each of them has raised a hand."""
    for who in students:
        actions.raise_hand(queue, student=who, form_key="now")
        clock.shift(timedelta(seconds=1))
    return present(queue).wait_of(students[-1].pk)


@pytest.fixture
def three(room):
    return [room.memberships.create(name=name) for name in ("Ada", "Ben", "Cleo")]


@pytest.mark.django_db
def test_the_first_is_next_and_the_third_is_told_a_range(
    queue, clock, have_visits, three, room, grace
):
    have_visits(1, 2, 3, 4, 5)
    told_to_the_third(queue, clock, *three)
    assert present(queue).wait_of(three[2].pk) == Wait(), "nobody helps, so nobody knows"
    fourth = room.memberships.create(name="Dora")
    actions.claim(actions.raise_hand(queue, student=fourth, form_key="now"), by=grace)
    told = present(queue).wait_of(three[2].pk)
    assert told == Wait(is_next=False, low=4, high=8)  # two ahead, 2 to 4 minutes each
    assert present(queue).wait_of(three[0].pk) == Wait(is_next=True)


@pytest.mark.django_db
def test_four_visits_are_not_enough_to_say_a_range(queue, clock, have_visits, three):
    have_visits(1, 2, 3, 4)
    told = told_to_the_third(queue, clock, *three)
    assert told == Wait()


@pytest.mark.django_db
def test_only_the_latest_twenty_visits_count(queue, have_visits):
    have_visits(*[30] * 5, *[2] * LATEST)
    visits = present(queue).visits
    assert [each.length for each in visits] == [2.0] * 20
    assert wait_range(1, visits, 1) == (2, 2)
    have_visits(7)
    assert sorted(each.length for each in present(queue).visits) == [2.0] * 19 + [7.0]


@pytest.mark.django_db
def test_two_helpers_at_work_halve_it(queue, clock, have_visits, three, grace, alan):
    have_visits(1, 2, 3, 4, 5)
    for helper, name in ((grace, "Dan"), (alan, "Eve")):
        who = grace.classroom.memberships.create(name=name)
        help_request = actions.raise_hand(queue, student=who, form_key="now")
        actions.start(help_request, by=helper)
    assert present(queue).active_helpers == 2
    told = told_to_the_third(queue, clock, *three)
    assert told == Wait(is_next=False, low=2, high=4)


@pytest.mark.django_db
def test_a_request_that_was_put_back_is_no_helper(queue, have_visits, three, grace):
    """One helper is at work, however many hands went back into line."""
    ada, ben, _cleo = three
    put_back = actions.raise_hand(queue, student=ada, form_key="now")
    actions.claim(put_back, by=grace)
    actions.put_back(put_back, by=grace)
    actions.start(actions.raise_hand(queue, student=ben, form_key="now"), by=grace)
    assert present(queue).active_helpers == 1


@pytest.mark.parametrize(
    ("usual", "said"), [(None, "–"), ((1, 1), "1 min"), ((2, 4), "2 to 4 min")]
)
def test_a_usual_wait_of_one_length_is_said_once(usual, said):
    present = {"usual_wait": usual}
    page = render_to_string("requests_app/_queue_summary.html", {"present": present})
    assert f"<dt>Usual wait</dt><dd>{said}</dd>" in page
