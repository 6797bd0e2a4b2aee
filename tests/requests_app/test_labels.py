"""Labels of what pages show rise, whatever the clock does: an older label replaces nothing."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from bench.showing import Showing
from checkins import actions as checkins
from checkins.models import SelfCheck
from live.shown import news
from requests_app import actions, regions
from requests_app.labels import STEP, label_of, later_than
from requests_app.models import Queue

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BACK = timedelta(minutes=-20)

moments = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(moments, moments)
def test_what_is_later_has_another_label(before, now):
    assert label_of(later_than(before, now)) > label_of(before)
    assert later_than(before, now) >= now
    assert label_of(before + STEP) == label_of(before) + 1


@pytest.fixture
def clock():
    with time_machine.travel(NINE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(room, clock, ada):
    """``page()``: Ada's page is sent what is true; what it shows then."""
    page = Showing()

    def take():
        regions.forget_all()
        for name, view in regions.now_of(ada)[regions.topic_of(room.queue.pk)].items():
            page.apply(news(name, view, None))
        return page.regions

    return take


def test_a_hand_that_goes_up_after_the_clock_was_set_back_is_shown(page, clock, lesson, ada):
    queue = Queue.objects.of(ada.classroom)
    for number in range(3):
        raised = actions.raise_hand(queue, student=ada, form_key=f"hand {number}")
        assert 'data-status="waiting"' in page()["my-request"]
        actions.lower(raised, by=ada)
        assert 'data-status="withdrawn"' in page()["my-request"]
        clock.shift(BACK)


def test_the_times_of_a_hand_are_those_of_the_clock(clock, lesson, ada):
    """Its label alone is ahead of a clock that was set back."""
    queue = Queue.objects.of(ada.classroom)
    actions.lower(actions.raise_hand(queue, student=ada, form_key="first"), by=ada)
    clock.shift(BACK)
    raised = actions.raise_hand(queue, student=ada, form_key="second")
    assert raised.raised_at == raised.events.get().happened_at == NINE + BACK
    assert raised.changed_at > NINE


def test_a_lesson_after_the_clock_was_set_back_is_shown(page, clock, room, grace):
    for _lesson in range(3):
        lesson = actions.open_help(room, by=grace)
        assert lesson.opened_at <= NINE
        assert 'data-open="true"' in page()["help-state"]
        clock.shift(BACK)
        actions.close_help(room, by=grace)
        assert 'data-open="false"' in page()["help-state"]
        lesson.refresh_from_db()
        assert lesson.closed_at > lesson.opened_at
        clock.shift(BACK)


def test_what_a_student_says_after_the_clock_was_set_back_is_shown(page, clock, lesson, ada):
    clock.shift(-4 * BACK)  # into the lesson: its own label is the smaller one
    for going in ("stuck", "fine", "slowly"):
        checkins.say_how(by=ada, going=going)
        assert _pressed(page()["my-check-in"]) == going
        clock.shift(BACK)


def _pressed(html):
    button = html[: html.index('aria-pressed="true"')].rpartition('id="going-')[2]
    return button.partition('"')[0]


def test_a_nudge_and_an_offer_after_the_clock_was_set_back_are_shown(
    page, clock, lesson, grace, ada
):
    clock.shift(-4 * BACK)  # into the lesson: its own label is the smaller one
    checkins.say_how(by=ada, going="stuck")
    page()
    clock.shift(BACK)
    SelfCheck.objects.update(stuck_since=NINE)
    assert checkins.nudge(lesson, now=NINE - 3 * BACK) == 1
    nudged = page()["my-check-in"]
    clock.shift(BACK)
    checkins.end_nudge(by=ada)
    assert page()["my-check-in"] != nudged
    checkins.offer(student=ada, by=grace)
    offered = page()["my-check-in"]
    assert "Grace Hopper" in offered
    clock.shift(BACK)
    checkins.refuse_offer(by=ada)
    assert "Grace Hopper" not in page()["my-check-in"]
