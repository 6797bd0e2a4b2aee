"""Replies: what is kept, what leads to whom, and what is never kept."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from checkins import actions, replies, results
from checkins.actions import NotPossible, Plan
from checkins.models import (
    CheckIn,
    CheckInStatus,
    NamedReply,
    NoteToSelf,
    PlannedHelp,
    Preset,
    ReasonTally,
    ReasonTotals,
    SchoolRules,
    UnnamedReply,
    Visibility,
)
from checkins.questions import InTheWay, Kind
from checkins.replies import Given
from classrooms import actions as people
from requests_app.actions import close_help
from requests_app.models import HelpRequest
from tests.checkins.conftest import waiting
from tests.conftest import student

pytestmark = pytest.mark.django_db

RED, GREEN = Given(answers={"0": 0}), Given(answers={"0": 1})


# --- What got in the way -----------------------------------------------------


def test_what_got_in_the_way_is_asked_once_in_a_lesson(
    room, lesson, grace, browser_of, ada, url, pupils
):
    """Nobody can say who was counted already, so a second check-in does not ask again."""
    everybody = pupils(6)
    for asked in (True, False):
        check_in = actions.open_check_in(room, actions.preset("exit"), by=grace)
        page = browser_of(ada).get(url("answer", check_in.key)).content.decode()
        assert ("What got in the way?" in page) == asked
        for who in everybody:
            replies.reply(check_in, Given(reason=InTheWay.NOTICED), by=who, edit_key="key")
        actions.close(check_in)
    assert ReasonTally.objects.get(reason=InTheWay.NOTICED).count == 6


def test_what_got_in_the_way_is_counted_by_what_opened_first(room, lesson, grace, pupils):
    at, everybody = timezone.now() + timedelta(minutes=1), pupils(5)
    planned = actions.schedule(room, actions.preset("exit"), by=grace, at=at)
    first = actions.open_check_in(room, actions.preset("exit"), by=grace)
    for who in everybody:
        replies.reply(first, Given(reason=InTheWay.NOTICED), by=who, edit_key="key")
    actions.close(first)
    assert actions.open_if_due(planned, now=at)
    for who in everybody:
        replies.reply(planned, Given(reason=InTheWay.NOTICED), by=who, edit_key="key")
    actions.close(planned)
    assert ReasonTally.objects.get(reason=InTheWay.NOTICED).count == 5


def test_reasons_go_on_their_day_and_totals_of_five_stay(room, lesson, grace, pupils):
    everybody = pupils(12)
    check_in = actions.open_check_in(room, actions.preset("exit"), by=grace)
    for number, who in enumerate(everybody):
        reason = InTheWay.NOTICED if number < 7 else InTheWay.BUSY
        replies.reply(check_in, Given(reason=reason), by=who, edit_key="key")
    actions.close(check_in)
    lesson_page = results.reasons(lesson)
    close_help(room, by=grace)
    actions.delete_what_is_due(timezone.now() + timedelta(days=31))
    assert not ReasonTally.objects.exists()
    assert results.reasons(lesson) == lesson_page
    [kept] = ReasonTotals.objects.get().history
    assert kept["of"] >= 5
    assert all(cell in (None, 0) or cell >= 5 for cell in kept["cells"])


def test_what_got_in_the_way_has_no_name_and_no_time_but_the_lesson(room, lesson, grace, pupils):
    everybody = pupils(5)
    fields = {f.name for f in ReasonTally._meta.get_fields()}
    assert fields == {"id", "lesson", "reason", "count"}
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    for who in everybody:
        replies.reply(check_in, Given(reason=InTheWay.BUSY), by=who, edit_key="k")
        assert not ReasonTally.objects.exists()
    actions.close(check_in)
    assert dict(ReasonTally.objects.values_list("reason", "count")) == {
        reason: 5 * int(reason == InTheWay.BUSY) for reason in InTheWay
    }


def test_what_got_in_the_way_shows_from_five_and_counts_once(room, lesson, grace, pupils):
    everybody = pupils(6)
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    for who in everybody:
        replies.reply(check_in, Given(reason=InTheWay.BUSY), by=who, edit_key="k")
        replies.reply(check_in, Given(reason=InTheWay.OTHER), by=who, edit_key="k")
    assert results.reasons(lesson) is None
    actions.close(check_in)
    table = results.reasons(lesson)
    assert {line.label: line.count for line in table.lines}[InTheWay.BUSY.label] == 6
    assert ReasonTally.objects.get(reason=InTheWay.OTHER).count == 0
    assert "second helper" in results.advice(table)


def test_there_is_no_advice_about_what_is_not_shown(room, lesson, grace, pupils):
    everybody = pupils(9)
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    assert results.advice(results.reasons(lesson)) == ""
    for number, who in enumerate(everybody):
        reason = InTheWay.NO_NEED if number < 6 else InTheWay.BUSY
        replies.reply(check_in, Given(reason=reason), by=who, edit_key="k")
    actions.close(check_in)
    assert results.advice(results.reasons(lesson)) == ""


# --- Sending and changing ----------------------------------------------------


def test_a_named_reply_is_one_row_however_often_it_is_sent(open_one, ada):
    check_in = open_one(named=True)
    for given in (RED, GREEN, GREEN):
        replies.reply(check_in, given, by=ada, edit_key="")
    assert NamedReply.objects.get().answers == {"0": 1}
    check_in.refresh_from_db()
    assert check_in.reply_count == 1


def test_a_removed_student_is_told_kindly_and_nothing_is_kept(open_one, ada):
    check_in = open_one()
    people.remove(ada)
    with pytest.raises(NotPossible, match="no longer in this class"):
        replies.reply(check_in, RED, by=ada, edit_key="k")
    assert not UnnamedReply.objects.exists()


# --- What is shown -----------------------------------------------------------


def counts_of(check_in):
    check_in.refresh_from_db()
    return [[line.count for line in table.lines] for table in results.tables(check_in)]


def test_named_totals_are_as_they_are(open_one, ada, ben):
    check_in = open_one(named=True)
    replies.reply(check_in, RED, by=ada, edit_key="")
    replies.reply(check_in, Given(), by=ben, edit_key="")
    assert counts_of(check_in) == [[1, 0, 0, 1]]


# --- Wishes ------------------------------------------------------------------


@pytest.fixture
def ready(room, grace):
    return actions.open_check_in(room, actions.preset(Preset.READY), by=grace)


def test_one_thing_to_get_help_with_is_a_note_and_raises_no_hand(ready, room, lesson, ada):
    task = room.tasks.create(title="Loops")
    replies.reply(ready, Given(task=task), by=ada, edit_key="k")
    assert PlannedHelp.objects.get().task == task
    assert not HelpRequest.objects.exists()
    assert waiting(ready) == [{}]
    replies.raise_for_plan(ready, by=ada)
    replies.raise_for_plan(ready, by=ada)
    assert HelpRequest.objects.get().task == task


# --- Opening, planning, ending -----------------------------------------------


def test_one_check_in_is_open_at_a_time(open_one):
    first = open_one()
    with pytest.raises(NotPossible, match="open already"):
        open_one()
    actions.close(first)
    assert open_one().is_open


def test_a_planned_check_in_opens_by_the_clock_and_once(room, grace):
    now = timezone.now()
    plan = Plan("Later", Visibility.TOTALS, [{"kind": Kind.TEXT, "text": "?"}])
    made = actions.schedule(room, plan, by=grace, at=now + timedelta(minutes=5))
    actions.run_clock(now + timedelta(minutes=4))
    made.refresh_from_db()
    assert made.status == CheckInStatus.SCHEDULED
    actions.run_clock(now + timedelta(minutes=5))
    actions.run_clock(now + timedelta(minutes=6))
    made.refresh_from_db()
    assert made.is_open
    assert made.opened_at == now + timedelta(minutes=5)
    with pytest.raises(NotPossible):
        actions.cancel(made)


def test_well_being_is_asked_once_a_week_also_where_it_is_planned(room, cared_for, grace):
    now, plan = timezone.now(), actions.preset("wellbeing")
    actions.schedule(room, plan, by=grace, at=now + timedelta(days=2))
    for days in (1, 8):
        with pytest.raises(NotPossible, match="Once a week"):
            actions.schedule(room, plan, by=grace, at=now + timedelta(days=days))
    for weeks in (1, 2):  # the same lesson, which the clock may open some seconds late
        at = now + timedelta(days=2 + 7 * weeks, seconds=-30)
        actions.schedule(room, plan, by=grace, at=at)


def test_a_planned_check_in_waits_for_the_one_that_is_open(room, grace, open_one):
    now = timezone.now()
    plan = Plan("Later", Visibility.TOTALS, [{"kind": Kind.TEXT, "text": "?"}])
    made = actions.schedule(room, plan, by=grace, at=now + timedelta(minutes=5))
    first = open_one()
    actions.run_clock(now + timedelta(minutes=6))
    assert CheckIn.objects.open().get() == first
    actions.close(first)
    actions.run_clock(now + timedelta(minutes=7))
    assert CheckIn.objects.open().get() == made


def test_the_past_cannot_be_planned(room, grace):
    with pytest.raises(NotPossible, match="passed"):
        actions.schedule(room, actions.preset(Preset.READY), by=grace, at=timezone.now())
    assert not CheckIn.objects.exists()


def test_a_forgotten_check_in_is_closed_by_the_clock(open_one):
    check_in = open_one()
    actions.run_clock(timezone.now() + timedelta(hours=13))
    check_in.refresh_from_db()
    assert check_in.status == CheckInStatus.CLOSED


def test_answers_go_on_their_day_and_totals_of_five_stay(room, grace, class_answers, pupils):
    with time_machine.travel("2026-03-02 09:00:00+00:00", tick=False) as clock:
        one = pupils(1)[0]
        check_in = actions.open_check_in(room, actions.preset(Preset.READY), by=grace)
        class_answers(check_in, [7, 1])
        task = room.tasks.create(title="Loops")
        wanted = Given(answers={"0": 0}, task=task, note="for me")
        replies.reply(check_in, wanted, by=one, edit_key="k")
        actions.close(check_in)
        check_in.refresh_from_db()
        check_in.published["0"].append([8, 3, 2, 0])
        check_in.save()
        shown_before = counts_of(check_in)
        clock.move_to("2026-04-01 08:59:59+00:00")
        assert actions.delete_what_is_due() == 0
        assert UnnamedReply.objects.count() == 9
        clock.move_to("2026-04-01 09:00:00+00:00")
        assert actions.delete_what_is_due() == 1
        assert actions.delete_what_is_due() == 0
    for model in (UnnamedReply, NamedReply, PlannedHelp, NoteToSelf):
        assert not model.objects.exists()
    assert counts_of(check_in) == shown_before
    assert check_in.replied == []
    assert check_in.published == {"of": {"0": 13}, "0": [[8, None, None, None]]}
    del check_in.published["of"]  # as an older version kept it
    assert counts_of(check_in) == shown_before


def test_a_named_check_in_keeps_no_small_total(room, grace, ada, ben, open_one, class_answers):
    check_in = open_one(named=True)
    class_answers(check_in, [7, 6, 2])
    actions.close(check_in)
    actions.delete_what_is_due(timezone.now() + timedelta(days=31))
    check_in.refresh_from_db()
    assert check_in.published == {"of": {"0": 15}, "0": [[7, None, None, None]]}
    assert not NamedReply.objects.exists()


def test_the_school_chooses_how_long_answers_are_kept(room, open_one, class_answers):
    actions.save_rules(SchoolRules(school=room.school, keep_days=2), fields=[], by=None)
    check_in = open_one()
    class_answers(check_in, [5])
    actions.close(check_in)
    actions.delete_what_is_due(timezone.now() + timedelta(days=1))
    assert UnnamedReply.objects.exists()
    actions.delete_what_is_due(timezone.now() + timedelta(days=2, seconds=1))
    assert not UnnamedReply.objects.exists()


def test_somebody_of_another_class_is_no_adult_here(room, ready, ada):
    from checkins.forms import ReplyForm

    stranger = student(room, "Not an adult")
    form = ReplyForm(
        {"q2": "today", "adult": stranger.pk}, classroom=room, questions=ready.questions
    )
    assert not form.is_valid()
    assert "adult" in form.errors
