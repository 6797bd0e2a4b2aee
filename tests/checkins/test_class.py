"""Self-checks, help moments, not asking: what happens to whom, and what nobody hears."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from checkins import actions, live, reach, replies
from checkins.actions import NotPossible
from checkins.models import Contact, HelpMoment, SelfCheck
from classrooms import actions as people
from requests_app import actions as asking
from requests_app.models import HelpRequest, Queue
from tests.checkins.conftest import BESIDE, class_region, helpers_region, own_region, present_of
from tests.conftest import student

pytestmark = pytest.mark.django_db


def minutes(count):
    return timezone.now() + timedelta(minutes=count)


# --- How is it going? --------------------------------------------------------


def test_stuck_offers_the_hand_and_never_raises_it(lesson, ada):
    actions.say_how(by=ada, going="stuck")
    assert not HelpRequest.objects.exists()
    assert 'id="stuck-raise"' in own_region(ada)
    assert reach.stuck_not_asked(lesson) == 1


def test_the_latest_word_counts_and_the_first_stuck_is_kept(lesson, ada):
    actions.say_how(by=ada, going="stuck")
    first = SelfCheck.objects.get().first_stuck_at
    actions.say_how(by=ada, going="fine")
    actions.say_how(by=ada, going="stuck")
    mine = SelfCheck.objects.get()
    assert mine.first_stuck_at == first
    assert mine.stuck_since > first
    assert reach.stuck_not_asked(lesson) == 1


def test_who_asks_is_no_longer_stuck_and_silent(lesson, ada, ben, raise_hand):
    actions.say_how(by=ada, going="stuck")
    actions.say_how(by=ben, going="stuck")
    raise_hand(ada)
    assert reach.stuck_not_asked(lesson) == 1


def test_nothing_can_be_said_while_help_is_closed(room, ada):
    with pytest.raises(NotPossible, match="not open"):
        actions.say_how(by=ada, going="stuck")
    assert not SelfCheck.objects.exists()


def test_one_nudge_in_a_lesson_after_the_minutes_of_the_class(lesson, ada, ben, raise_hand):
    actions.say_how(by=ada, going="stuck")
    actions.say_how(by=ben, going="stuck")
    raise_hand(ben)
    actions.run_clock(minutes(4))
    assert "nudge" not in own_region(ada)
    actions.run_clock(minutes(6))
    assert 'id="nudge"' in own_region(ada)
    assert SelfCheck.objects.get(student=ben).nudged_at is None
    actions.end_nudge(by=ada)
    assert 'id="nudge"' not in own_region(ada)
    actions.run_clock(minutes(20))
    assert 'id="nudge"' not in own_region(ada)


def test_a_class_can_turn_the_nudge_off(room, lesson, ada):
    chosen = actions.settings_of(room)
    chosen.nudge_after = 0
    actions.save_settings(chosen, fields=["nudge_after"], by=None)
    actions.say_how(by=ada, going="stuck")
    actions.run_clock(minutes(60))
    assert SelfCheck.objects.get().nudged_at is None


def test_a_classmates_region_tells_nothing_of_ada(lesson, ada, ben):
    before = own_region(ben)
    actions.say_how(by=ada, going="stuck")
    assert own_region(ben) == before
    assert "Ada" not in class_region(ada.classroom)
    assert "Ada" not in helpers_region(ada.classroom)


def test_self_checks_are_deleted_on_their_day(room, lesson, ada, grace):
    actions.say_how(by=ada, going="stuck")
    asking.close_help(room, by=grace)
    actions.delete_what_is_due(timezone.now() + timedelta(days=29))
    assert SelfCheck.objects.exists()
    actions.delete_what_is_due(timezone.now() + timedelta(days=31))
    assert not SelfCheck.objects.exists()


# --- Help moments ------------------------------------------------------------


def test_hands_in_a_help_moment_are_linked_to_it(room, lesson, ada, ben, grace, raise_hand):
    with time_machine.travel("2026-03-02 09:00:00+00:00", tick=False) as clock:
        moment = actions.start_moment(room, by=grace, seconds=60)
        clock.shift(timedelta(seconds=59))
        inside = raise_hand(ada)
        clock.shift(timedelta(seconds=1))
        raise_hand(ben)
        assert list(moment.requests()) == [inside]
        assert "A moment to ask" not in class_region(room)
        asking.solve(inside, by=ada)
        assert list(moment.requests()) == [inside]


def test_everybody_sees_the_invitation_and_nobody_who_asks(room, lesson, ada, grace, raise_hand):
    actions.start_moment(room, by=grace, seconds=90)
    before = class_region(room)
    assert "<count-down" in before
    raise_hand(ada)
    assert "Ada" not in class_region(room)
    assert "1 hand in it" in helpers_region(room)
    assert "hand in it" not in class_region(room)


@pytest.mark.parametrize("seconds", [29, 181, 0, -60])
def test_a_help_moment_is_short(room, lesson, grace, seconds):
    with pytest.raises(NotPossible, match="30 to 180"):
        actions.start_moment(room, by=grace, seconds=seconds)
    assert not HelpMoment.objects.exists()


def test_one_help_moment_at_a_time_and_only_while_help_is_open(room, grace):
    with pytest.raises(NotPossible, match="Open help first"):
        actions.start_moment(room, by=grace, seconds=60)
    asking.open_help(room, by=grace)
    moment = actions.start_moment(room, by=grace, seconds=60)
    with pytest.raises(NotPossible, match="on already"):
        actions.start_moment(room, by=grace, seconds=60)
    actions.end_moment(moment)
    actions.end_moment(moment)
    assert actions.start_moment(room, by=grace, seconds=60).pk != moment.pk


def test_a_planned_help_moment_starts_by_the_clock_if_help_is_open(room, grace):
    asking.open_help(room, by=grace)
    moment = actions.plan_moment(room, by=grace, seconds=60, at=minutes(5))
    actions.run_clock(minutes(4))
    moment.refresh_from_db()
    assert moment.started_at is None
    at = minutes(5.5)
    actions.run_clock(at)
    moment.refresh_from_db()
    assert moment.ends_at == at + timedelta(seconds=60)


def test_a_planned_help_moment_that_finds_help_closed_is_dropped(room, grace):
    actions.plan_moment(room, by=grace, seconds=60, at=minutes(5))
    actions.run_clock(minutes(6))
    assert HelpMoment.objects.exists()
    actions.run_clock(minutes(21))
    assert not HelpMoment.objects.exists()


# --- Not asking --------------------------------------------------------------


def test_up_to_five_names_without_an_order_of_need_and_everybody_in_turn(room, pupils):
    everybody = pupils(12)
    seen = set()
    for day in range(3):
        names = reach.not_reached(room, timezone.now() + timedelta(days=day))
        assert len(names) == 5
        assert [each.name_key for each in names] == sorted(each.name_key for each in names)
        seen |= {each.pk for each in names}
    assert seen == {each.pk for each in everybody}


def test_the_names_of_a_day_stay_while_it_lasts(room, pupils, grace):
    pupils(12)
    now = timezone.now()
    before = reach.not_reached(room, now)
    actions.checked_in(before[2], by=grace)
    after = reach.not_reached(room, now)
    assert before[2] not in after
    assert len(after) == 5
    assert {each.pk for each in before} - {before[2].pk} <= {each.pk for each in after}


def test_help_a_contact_and_a_named_reply_are_ways_of_being_reached(
    room, lesson, grace, pupils, raise_hand, open_one
):
    helped, met, replied, solved_alone, hidden = pupils(5)
    asking.start(raise_hand(helped), by=grace)
    asking.solve(raise_hand(solved_alone), by=solved_alone)
    actions.checked_in(met, by=grace)
    named = open_one(named=True)
    replies.reply(named, replies.Given(), by=replied, edit_key="")
    actions.close(named)
    # A reply without a name says nothing about anybody, here as well.
    replies.reply(open_one(), replies.Given(), by=hidden, edit_key="k")
    found = {each.pk for each in reach.not_reached(room)}
    assert found == {solved_alone.pk, hidden.pk}
    later = timezone.now() + timedelta(days=15)
    assert len(reach.not_reached(room, later)) == 5


def test_i_checked_in_is_noted_once_for_a_double_tap(room, ada, grace, alan):
    actions.checked_in(ada, by=grace)
    actions.checked_in(ada, by=grace)
    actions.checked_in(ada, by=alan)
    assert ada.contacts.filter(kind=Contact.Kind.CHECKED_IN).count() == 2


def test_an_offer_is_answered_yes_and_the_hand_goes_up(lesson, ada, ben, grace):
    actions.offer(ada, by=grace)
    assert "Grace Hopper can come to you" in own_region(ada)
    assert "can come" not in own_region(ben)
    actions.take_offer(by=ada)
    assert HelpRequest.objects.get().student == ada
    with pytest.raises(NotPossible, match="over"):
        actions.take_offer(by=ada)


def test_not_now_ends_an_offer_for_the_lesson(lesson, ada, grace, alan):
    actions.offer(ada, by=grace)
    actions.refuse_offer(by=ada)
    assert "can come" not in own_region(ada)
    assert not HelpRequest.objects.exists()
    with pytest.raises(NotPossible, match="not now"):
        actions.offer(ada, by=alan)


def test_a_taken_offer_keeps_the_hand_that_is_up(lesson, ada, grace, raise_hand):
    actions.offer(ada, by=grace)
    standing = raise_hand(ada)
    actions.take_offer(by=ada)
    assert HelpRequest.objects.get() == standing
    assert ada.contacts.get().answer == "yes"


def test_an_offer_ends_with_its_lesson(room, lesson, ada, grace):
    actions.offer(ada, by=grace)
    asking.close_help(room, by=grace)
    assert "can come" not in own_region(ada)
    with pytest.raises(NotPossible, match="Open help first"):
        actions.offer(ada, by=grace)


# --- Regions -----------------------------------------------------------------


def test_each_region_is_one_element_that_finds_its_place(room, lesson, ada, open_one, grace):
    open_one()
    actions.start_moment(room, by=grace, seconds=60)
    for html, name in (
        (class_region(room), "class-now"),
        (own_region(ada), "my-check-in"),
        (helpers_region(room), "class-tools"),
    ):
        assert html.startswith(f'<section id="{name}"')
        assert html.rstrip().endswith("</section>")
        assert html.count("hx-swap-oob") == 1
        assert html.count("<section") == 1


def test_a_change_of_the_class_is_announced(room, lesson, open_one):
    before = Queue.objects.get().version
    check_in = open_one()
    opened = Queue.objects.get().version
    actions.close(check_in)
    assert before < opened < Queue.objects.get().version


def test_what_nobody_uses_costs_no_query(room, lesson, ada, django_assert_num_queries):
    helpers_region(room), own_region(ada)
    present = present_of(room)
    assert present.is_open
    with django_assert_num_queries(0):
        assert BESIDE.of_helpers(present)["class-tools"].html
        assert BESIDE.of_class(present)["class-now"].html
        live.own_of(present, [ada.pk])


def test_the_regions_take_the_same_queries_for_one_and_for_many(
    room, lesson, grace, django_assert_num_queries
):
    actions.start_moment(room, by=grace, seconds=60)
    for number in range(20):
        actions.say_how(by=student(room, f"Student {number}"), going="stuck")
        present = present_of(room)
        assert present.is_open
        with django_assert_num_queries(5):  # check-in, moment, anybody stuck; how many of both
            assert BESIDE.of_helpers(present)["class-tools"].html
        with django_assert_num_queries(2):
            live.own_of(present, range(number))


def test_a_removed_student_is_in_no_count(room, lesson, ada):
    actions.say_how(by=ada, going="stuck")
    people.remove(ada)
    assert reach.stuck_not_asked(lesson) == 0
    assert ada not in reach.not_reached(room)
