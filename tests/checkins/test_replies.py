"""Replies: what is kept, what leads to whom, and what is never kept."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from checkins import actions, results
from checkins.actions import Given, NotPossible, Plan
from checkins.models import (
    CheckIn,
    CheckInStatus,
    FollowUp,
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
from classrooms import actions as people
from requests_app.actions import close_help
from requests_app.models import HelpRequest
from tests.checkins.conftest import COLOURS
from tests.conftest import student

pytestmark = pytest.mark.django_db

RED, GREEN = Given(answers={"0": 0}), Given(answers={"0": 1})


# --- No path to a name -------------------------------------------------------


def test_an_unnamed_reply_has_no_path_to_a_name():
    """Over the schema: one way out, to the check-in; no way in; no time, no order."""
    fields = {field.name: field for field in UnnamedReply._meta.get_fields()}
    assert set(fields) == {"id", "check_in", "answers", "edit_digest"}
    assert [f.name for f in fields.values() if f.is_relation] == ["check_in"]
    assert isinstance(fields["id"], models.UUIDField)
    assert not any(isinstance(f, models.DateField | models.TimeField) for f in fields.values())
    pointing = [
        field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if getattr(field, "remote_field", None) and field.related_model is UnnamedReply
        if field.model is not CheckIn
    ]
    assert pointing == []


def test_no_value_of_an_unnamed_reply_stands_in_any_other_row(open_one, ada, ben):
    check_in = open_one()
    actions.reply(check_in, RED, by=ada, edit_key="secret-a")
    actions.reply(check_in, GREEN, by=ben, edit_key="secret-b")
    tokens = {str(v) for r in UnnamedReply.objects.all() for v in (r.pk.hex, r.edit_digest)}
    assert len(tokens) == 4
    for model in apps.get_models():
        if model is not UnnamedReply:
            for row in model._default_manager.values():
                assert tokens.isdisjoint(str(value) for value in row.values())


def test_who_has_replied_has_no_order(open_one, ada, ben):
    first, second = sorted([ada, ben], key=lambda each: -each.pk)
    check_in = open_one()
    actions.reply(check_in, RED, by=first, edit_key="1")
    actions.reply(check_in, GREEN, by=second, edit_key="2")
    check_in.refresh_from_db()
    assert check_in.replied == sorted([ada.pk, ben.pk])
    assert not NamedReply.objects.exists()


def test_where_a_reply_lies_in_its_table_tells_nothing(open_one, pupils, monkeypatch):
    """Written anew with each reply, in an order that is drawn: here, the other way round."""

    class Backwards:
        def shuffle(self, replies):
            replies.sort(key=lambda each: each.answers["0"], reverse=True)

    check_in = open_one({**COLOURS, "options": ["1", "2", "3", "4", "5"]})
    monkeypatch.setattr(actions.secrets, "SystemRandom", Backwards)
    for number, who in enumerate(pupils(5)):
        given = Given(answers={"0": number}, note=f"note {number}")
        actions.reply(check_in, given, by=who, edit_key="key")
    place = "rowid" if connection.vendor == "sqlite" else "ctid"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT answers FROM checkins_unnamedreply ORDER BY {place}")
        lie = [json.loads(answers)["0"] for (answers,) in cursor.fetchall()]
        if connection.vendor == "postgresql":
            cursor.execute("SELECT count(DISTINCT xmin::text) FROM checkins_unnamedreply")
            assert cursor.fetchone() == (1,)
    assert lie == [4, 3, 2, 1, 0]


def test_what_got_in_the_way_is_counted_once_in_a_lesson(room, lesson, grace, pupils):
    three = pupils(3)
    for _ in range(2):
        check_in = actions.open_check_in(room, actions.preset("exit"), by=grace)
        for who in three:
            actions.reply(check_in, Given(reason=InTheWay.NOTICED), by=who, edit_key="key")
        actions.close(check_in)
    assert ReasonTally.objects.get(reason=InTheWay.NOTICED).count == 3
    assert results.reasons(lesson) is None


def test_what_got_in_the_way_is_counted_by_what_opened_first(room, lesson, grace, pupils):
    at = timezone.now() + timedelta(minutes=1)
    planned = actions.schedule(room, actions.preset("exit"), by=grace, at=at)
    first, who = actions.open_check_in(room, actions.preset("exit"), by=grace), pupils(1)[0]
    actions.reply(first, Given(reason=InTheWay.NOTICED), by=who, edit_key="key")
    actions.close(first)
    assert actions.open_if_due(planned, now=at)
    actions.reply(planned, Given(reason=InTheWay.NOTICED), by=who, edit_key="key")
    assert ReasonTally.objects.get(reason=InTheWay.NOTICED).count == 1


def test_reasons_go_on_their_day_and_totals_of_five_stay(room, lesson, grace, pupils):
    check_in = actions.open_check_in(room, actions.preset("exit"), by=grace)
    for number, who in enumerate(pupils(12)):
        reason = InTheWay.NOTICED if number < 9 else InTheWay.BUSY
        actions.reply(check_in, Given(reason=reason), by=who, edit_key="key")
    actions.close(check_in)
    lesson_page = results.reasons(lesson)
    close_help(room, by=grace)
    actions.delete_what_is_due(timezone.now() + timedelta(days=31))
    assert not ReasonTally.objects.exists()
    assert results.reasons(lesson) == lesson_page
    assert "3" not in str(ReasonTotals.objects.get().history)


def test_what_got_in_the_way_has_no_name_and_no_time_but_the_lesson(room, lesson, ada, grace):
    fields = {f.name for f in ReasonTally._meta.get_fields()}
    assert fields == {"id", "lesson", "reason", "count"}
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    actions.reply(check_in, Given(reason=InTheWay.BUSY), by=ada, edit_key="k")
    assert dict(ReasonTally.objects.values_list("reason", "count")) == {
        reason: int(reason == InTheWay.BUSY) for reason in InTheWay
    }
    assert results.reasons(lesson) is None


def test_what_got_in_the_way_shows_from_five_and_counts_once(room, lesson, grace, pupils):
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    for who in pupils(6):
        actions.reply(check_in, Given(reason=InTheWay.BUSY), by=who, edit_key="k")
        actions.reply(check_in, Given(reason=InTheWay.OTHER), by=who, edit_key="k")
    table = results.reasons(lesson)
    counts = {line.label: line.count for line in table.lines}
    assert counts[InTheWay.BUSY.label] == 5  # the sixth would stand out in the step
    assert ReasonTally.objects.get(reason=InTheWay.OTHER).count == 0
    assert "second helper" in results.advice(table)


def test_there_is_no_advice_about_what_is_not_shown(room, lesson, grace, pupils):
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    assert results.advice(results.reasons(lesson)) == ""
    for number, who in enumerate(pupils(9)):
        reason = InTheWay.NO_NEED if number < 6 else InTheWay.BUSY
        actions.reply(check_in, Given(reason=reason), by=who, edit_key="k")
    assert results.advice(results.reasons(lesson)) == ""


# --- Sending and changing ----------------------------------------------------


def test_a_reply_can_be_changed_by_its_sender_until_it_closes(open_one, ada):
    check_in = open_one()
    actions.reply(check_in, RED, by=ada, edit_key="secret")
    actions.reply(check_in, GREEN, by=ada, edit_key="secret")
    assert UnnamedReply.objects.get().answers == {"0": 1}
    actions.close(check_in)
    with pytest.raises(NotPossible, match="closed"):
        actions.reply(check_in, RED, by=ada, edit_key="secret")
    assert UnnamedReply.objects.get().answers == {"0": 1}
    assert UnnamedReply.objects.get().edit_digest == ""


def test_nobody_else_changes_a_reply_with_the_same_browser(open_one, ada, ben):
    check_in = open_one()
    actions.reply(check_in, RED, by=ada, edit_key="shared")
    actions.reply(check_in, GREEN, by=ben, edit_key="shared")
    assert sorted(r.answers["0"] for r in UnnamedReply.objects.all()) == [0, 1]
    with pytest.raises(NotPossible, match="only the browser"):
        actions.reply(check_in, GREEN, by=ada, edit_key="another")
    assert UnnamedReply.objects.count() == 2


def test_a_named_reply_is_one_row_however_often_it_is_sent(open_one, ada):
    check_in = open_one(named=True)
    for given in (RED, GREEN, GREEN):
        actions.reply(check_in, given, by=ada, edit_key="")
    assert NamedReply.objects.get().answers == {"0": 1}
    check_in.refresh_from_db()
    assert check_in.reply_count == 1


def test_a_removed_student_is_told_kindly_and_nothing_is_kept(open_one, ada):
    check_in = open_one()
    people.remove(ada)
    with pytest.raises(NotPossible, match="no longer in this class"):
        actions.reply(check_in, RED, by=ada, edit_key="k")
    assert not UnnamedReply.objects.exists()


def test_skipping_everything_is_accepted_and_leaves_no_mark(open_one, ada):
    check_in = open_one()
    actions.reply(check_in, Given(), by=ada, edit_key="k")
    assert UnnamedReply.objects.get().answers == {}
    check_in.refresh_from_db()
    assert check_in.has_reply_of(ada)


# --- What is shown -----------------------------------------------------------


def counts_of(check_in):
    check_in.refresh_from_db()
    return [[line.count for line in table.lines] for table in results.tables(check_in)]


def test_totals_are_hidden_below_five_and_move_by_five(open_one, replies):
    check_in = open_one()
    replies(check_in, [4])
    assert counts_of(check_in) == [[]]
    replies(check_in, [1])
    assert counts_of(check_in) == [[5, None, None, None]]
    replies(check_in, [4])
    assert counts_of(check_in) == [[5, None, None, None]]
    replies(check_in, [1])
    assert counts_of(check_in) == [[10, None, None, None]]


def test_the_rest_of_a_shown_answer_is_hidden_with_it(open_one, replies):
    check_in = open_one()
    replies(check_in, [0, 3])
    replies(check_in, [9])
    assert counts_of(check_in) == [[]]
    replies(check_in, [0, 0, 2])
    assert counts_of(check_in) == [[9, None, None, None]]


def test_any_that_fit_counts_each_option_against_the_rest(open_one, pupils):
    several = {"kind": Kind.SEVERAL, "text": "Which?", "options": ["A", "B"]}
    check_in = open_one(several)
    for number, who in enumerate(pupils(12)):
        given = Given(answers={"0": [0, 1] if number < 6 else [0]})
        actions.reply(check_in, given, by=who, edit_key="k")
    told = counts_of(check_in)
    assert told[0][0] in (5, 10)  # all chose A: it moves by five
    assert told[0][1] in (5, 6)


def test_named_totals_are_as_they_are(open_one, ada, ben):
    check_in = open_one(named=True)
    actions.reply(check_in, RED, by=ada, edit_key="")
    actions.reply(check_in, Given(), by=ben, edit_key="")
    assert counts_of(check_in) == [[1, 0, 0, 1]]


# --- Wishes ------------------------------------------------------------------


@pytest.fixture
def ready(room, grace):
    return actions.open_check_in(room, actions.preset(Preset.READY), by=grace)


def test_one_thing_to_get_help_with_is_a_note_and_raises_no_hand(ready, room, lesson, ada):
    task = room.tasks.create(title="Loops")
    actions.reply(ready, Given(task=task), by=ada, edit_key="k")
    assert PlannedHelp.objects.get().task == task
    assert not HelpRequest.objects.exists()
    assert UnnamedReply.objects.get().answers == {}
    actions.raise_for_plan(ready, by=ada)
    actions.raise_for_plan(ready, by=ada)
    assert HelpRequest.objects.get().task == task


def test_an_adult_asked_for_has_it_in_their_own_list_alone(ready, ada, grace, alan):
    actions.reply(ready, Given(soon="today", adult=alan), by=ada, edit_key="k")
    assert FollowUp.objects.in_list_of(alan).get().student == ada
    assert not FollowUp.objects.in_list_of(grace).exists()
    assert UnnamedReply.objects.get().answers == {}


def test_a_follow_up_goes_from_asked_to_seen_to_done(ready, ada, grace):
    actions.reply(ready, Given(soon="today", adult=grace), by=ada, edit_key="k")
    found = actions.acknowledge(FollowUp.objects.get())
    assert found.status == "acknowledged"
    found = actions.finish(found)
    assert found.status == "done"
    assert ada.contacts.get().by == grace
    with pytest.raises(NotPossible):
        actions.acknowledge(found)


def test_a_student_who_changes_their_mind_is_left_alone(ready, ada, grace):
    actions.reply(ready, Given(soon="week", adult=grace), by=ada, edit_key="k")
    actions.reply(ready, Given(), by=ada, edit_key="k")
    assert FollowUp.objects.get().status == "declined"
    with pytest.raises(NotPossible, match="no longer wants"):
        actions.finish(FollowUp.objects.get())
    actions.reply(ready, Given(soon="today", adult=grace), by=ada, edit_key="k")
    assert FollowUp.objects.get().status == "requested"


def test_the_clock_marks_what_nobody_has_seen(room, ada, grace):
    with time_machine.travel("2026-03-06 09:00:00+01:00", tick=False) as clock:  # a Friday
        check_in = actions.open_check_in(room, actions.preset(Preset.READY), by=grace)
        actions.reply(check_in, Given(soon="today", adult=grace), by=ada, edit_key="k")
        clock.shift(timedelta(hours=2))
        assert not FollowUp.objects.get().is_overdue
        clock.shift(timedelta(seconds=1))
        assert FollowUp.objects.get().is_overdue
        actions.reply(check_in, Given(soon="week", adult=grace), by=ada, edit_key="k")
        clock.move_to("2026-03-09 10:59:00+01:00")  # Monday
        assert not FollowUp.objects.get().is_overdue
        clock.move_to("2026-03-09 11:01:00+01:00")
        assert FollowUp.objects.get().is_overdue
        actions.acknowledge(FollowUp.objects.get())
        assert not FollowUp.objects.get().is_overdue


# --- Opening, planning, ending -----------------------------------------------


def test_one_check_in_is_open_at_a_time(open_one):
    first = open_one()
    with pytest.raises(NotPossible, match="open already"):
        open_one()
    actions.close(first)
    assert open_one().is_open


def test_well_being_waits_for_its_rules_and_says_which(room, school, grace):
    plan = actions.preset(Preset.WELL_BEING)
    with pytest.raises(
        NotPossible, match=r"how families agree, hours .* looks after it, who stands"
    ):
        actions.open_check_in(room, plan, by=grace)
    rules = actions.SchoolRules(school=school, consent="opt_in", hours="8 to 16", owner="Dr Who")
    actions.save_rules(rules, fields=[], by=None)
    with pytest.raises(NotPossible, match="recorded: who stands in"):
        actions.open_check_in(room, plan, by=grace)
    rules.backup = "Ms Marple"
    actions.save_rules(rules, fields=[], by=None)
    actions.close(actions.open_check_in(room, plan, by=grace))
    with pytest.raises(NotPossible, match="Once a week"):
        actions.open_check_in(room, plan, by=grace)


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


def test_planned_well_being_waits_where_rules_were_taken_back(room, school, grace):
    kept = {"consent": "opt_in", "hours": "8 to 16", "owner": "Ms A", "backup": "Mr B"}
    rules = SchoolRules.objects.create(school=school, **kept)
    at = timezone.now() + timedelta(minutes=1)
    planned = actions.schedule(room, actions.preset("wellbeing"), by=grace, at=at)
    SchoolRules.objects.update(consent="")
    assert not actions.open_if_due(planned, now=at)
    assert CheckIn.objects.get().status == "scheduled"
    rules.save()
    assert actions.open_if_due(planned, now=at)


def test_well_being_is_asked_once_a_week_also_where_it_is_planned(room, school, grace):
    kept = {"consent": "opt_in", "hours": "8 to 16", "owner": "Ms A", "backup": "Mr B"}
    SchoolRules.objects.create(school=school, **kept)
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


def test_answers_go_on_their_day_and_totals_of_five_stay(room, grace, replies, ada):
    with time_machine.travel("2026-03-02 09:00:00+00:00", tick=False) as clock:
        check_in = actions.open_check_in(room, actions.preset(Preset.READY), by=grace)
        replies(check_in, [8, 3, 2])
        task = room.tasks.create(title="Loops")
        wanted = Given(answers={"0": 0}, task=task, note="for me")
        actions.reply(check_in, wanted, by=ada, edit_key="k")
        actions.close(check_in)
        shown_before = counts_of(check_in)
        clock.move_to("2026-04-01 08:59:59+00:00")
        assert actions.delete_what_is_due() == 0
        assert UnnamedReply.objects.count() == 14
        clock.move_to("2026-04-01 09:00:00+00:00")
        assert actions.delete_what_is_due() == 1
        assert actions.delete_what_is_due() == 0
    for model in (UnnamedReply, NamedReply, PlannedHelp, NoteToSelf):
        assert not model.objects.exists()
    assert counts_of(check_in) == shown_before
    assert check_in.replied == []
    assert check_in.published == {"of": {"0": 5}, "0": [[5, None, None, None]]}
    del check_in.published["of"]  # as an older version kept it
    assert counts_of(check_in) == shown_before


def test_a_named_check_in_keeps_no_small_total(room, grace, ada, ben, open_one, replies):
    check_in = open_one(named=True)
    replies(check_in, [7, 6, 2])
    actions.close(check_in)
    actions.delete_what_is_due(timezone.now() + timedelta(days=31))
    check_in.refresh_from_db()
    assert check_in.published == {"of": {"0": 15}, "0": [[7, None, None, None]]}
    assert not NamedReply.objects.exists()


def test_the_school_chooses_how_long_answers_are_kept(room, open_one, ada):
    actions.save_rules(actions.SchoolRules(school=room.school, keep_days=2), fields=[], by=None)
    check_in = open_one()
    actions.reply(check_in, RED, by=ada, edit_key="k")
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
