"""Unnamed means unnamed: in the tables, in every moment of the files, and in what is shown."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from checkins import actions, replies, results, suppress, unnamed
from checkins.actions import NotPossible, Plan
from checkins.models import CheckIn, NamedReply, Preset, ReasonTally, UnnamedReply, Visibility
from checkins.questions import InTheWay, Kind
from checkins.replies import Given
from tests.checkins.conftest import joined_before, waiting
from tests.conftest import student

pytestmark = pytest.mark.django_db

RED, GREEN = Given(answers={"0": 0}), Given(answers={"0": 1})
#: As many answers as pupils, so that each answer would name its pupil.
OWN = {"kind": Kind.SCALE, "text": "?", "options": [str(number) for number in range(40)]}


def send(check_in, everybody, answer=lambda number: number):
    for number, who in enumerate(everybody):
        given = Given(answers={"0": answer(number)}, note=f"note {number}")
        replies.reply(check_in, given, by=who, edit_key=f"key-{who.pk}")


def written(check_in):
    return sorted(each["0"] for each in check_in.unnamed_replies.values_list("answers", flat=True))


def counts_of(check_in):
    check_in.refresh_from_db()
    return [[line.count for line in table.lines] for table in results.tables(check_in)]


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


def test_no_value_of_an_unnamed_reply_stands_in_any_other_row(open_one, pupils):
    everybody = pupils(6)
    check_in = open_one(OWN)
    send(check_in, everybody)
    actions.close(check_in)
    assert set(UnnamedReply.objects.values_list("edit_digest", flat=True)) == {""}
    tokens = {each.hex for each in UnnamedReply.objects.values_list("pk", flat=True)}
    assert len(tokens) == 6
    for model in apps.get_models():
        if model is not UnnamedReply:
            for row in model._default_manager.values():
                assert tokens.isdisjoint(str(value) for value in row.values())


def test_who_has_replied_has_no_order(open_one, ada, ben):
    first, second = sorted([ada, ben], key=lambda each: -each.pk)
    check_in = open_one()
    replies.reply(check_in, RED, by=first, edit_key="1")
    replies.reply(check_in, GREEN, by=second, edit_key="2")
    check_in.refresh_from_db()
    assert check_in.replied == sorted([ada.pk, ben.pk])
    assert not NamedReply.objects.exists()


# --- What the files tell -----------------------------------------------------


def states_of(log: bytes, base: bytes, copy: Path):
    """SQLite's write-ahead log replayed: (who has replied, the answers) after each commit."""
    size = 24 + int.from_bytes(log[8:12], "big")
    for end in range(32 + size, len(log) + 1, size):
        frame = log[end - size : end]
        if int.from_bytes(frame[4:8], "big"):  # the last one of a transaction
            copy.write_bytes(base)
            Path(f"{copy}-wal").write_bytes(log[:end])
            with closing(sqlite3.connect(copy)) as there:
                who = there.execute("SELECT replied FROM checkins_checkin").fetchone()
                given = there.execute("SELECT answers FROM checkins_unnamedreply").fetchall()
            Path(f"{copy}-shm").unlink(missing_ok=True)
            yield set(json.loads(who[0])), Counter(answers for (answers,) in given)


def lots_in(states):
    """For each time that answers appear: how many, and how many pupils they could be from."""
    names, answers, accounted, lots = set(), Counter(), 0, []
    for names_now, answers_now in states:
        assert not answers - answers_now, "an answer was written anew"
        if came := (answers_now - answers).total():
            assert names_now == names, "a name and an answer in one transaction"
            lots.append((came, len(names_now) - accounted))
            accounted += came
        names, answers = names_now, answers_now
    return lots


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is asked below")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [6, 9, 10, 14, 23])
def test_replaying_the_log_names_nobody(count, room, grace, tmp_path):
    """With the database and its log at every moment: no better chance than one in five."""
    everybody = joined_before(room, count)
    check_in = actions.open_check_in(room, Plan("?", Visibility.TOTALS, [OWN]), by=grace)
    path = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA wal_autocheckpoint=0")
    base = Path(path).read_bytes()
    send(check_in, everybody)
    actions.close(check_in)
    log = Path(f"{path}-wal").read_bytes()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint=1000")
    states = list(states_of(log, base, tmp_path / "copy.sqlite3"))
    assert len(states) > count
    lots = lots_in(states)
    assert sum(size for size, _of in lots) == count
    assert all(size >= 5 and of >= 5 for size, of in lots), lots


@pytest.mark.django_db(transaction=True)
def test_where_a_reply_lies_and_who_wrote_it_tells_nothing(room, grace):
    """The order in the table is drawn, and a lot is one transaction without a name."""
    everybody, orders = joined_before(room, 9), set()
    place = "rowid" if connection.vendor == "sqlite" else "ctid"
    for _time in range(3):
        check_in = actions.open_check_in(room, Plan("?", Visibility.TOTALS, [OWN]), by=grace)
        send(check_in, everybody)
        actions.close(check_in)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT answers FROM checkins_unnamedreply ORDER BY {place}")
            orders.add(tuple(answers for (answers,) in cursor.fetchall()))
            if connection.vendor == "postgresql":
                cursor.execute("SELECT DISTINCT xmin::text FROM checkins_unnamedreply")
                [[wrote]] = cursor.fetchall()
                cursor.execute("SELECT xmin::text FROM checkins_notetoself")
                assert (wrote,) not in cursor.fetchall()
        UnnamedReply.objects.all().delete()
    assert len(orders) == 3  # two alike by chance: once in 100,000 runs


# --- What waits, and when it is written --------------------------------------


def test_five_of_ten_are_written_by_chance_and_five_stay(open_one, pupils):
    everybody = pupils(15)
    check_in, seen = open_one(OWN), set()
    send(check_in, everybody[:9])
    assert written(check_in) == []
    send(check_in, everybody[9:10], lambda _number: 9)
    assert len(written(check_in)) == len(waiting(check_in)) == 5
    for _time in range(4):
        unnamed.forget_all()
        UnnamedReply.objects.all().delete()
        CheckIn.objects.update(replied=[])
        send(check_in, everybody[:10])
        seen.add(tuple(written(check_in)))
    assert len(seen) > 1
    actions.close(check_in)
    assert written(check_in) == list(range(10))
    assert not unnamed.is_waiting()


def test_fewer_than_five_are_never_written(open_one, pupils):
    everybody = pupils(4)
    check_in = open_one()
    send(check_in, everybody, lambda _number: 0)
    actions.close(check_in)
    assert not UnnamedReply.objects.exists()
    assert not unnamed.is_waiting()


def test_a_stop_writes_what_is_enough_and_the_rest_is_dropped(open_one, pupils):
    everybody = pupils(13)
    check_in = open_one(OWN)
    send(check_in, everybody[:7])
    unnamed.before_the_end()
    assert written(check_in) == list(range(7))
    unnamed.note_new_process()
    send(check_in, everybody[7:11])
    actions.close(check_in)  # four wait: seven names are accounted for
    assert written(check_in) == list(range(7))


def test_after_a_crash_the_names_before_it_hide_nobody(open_one, pupils):
    everybody = pupils(10)
    check_in = open_one(OWN)
    send(check_in, everybody[:9])
    unnamed.forget_all()
    unnamed.note_new_process()
    send(check_in, everybody[9:])
    actions.close(check_in)
    assert not UnnamedReply.objects.exists()


def test_several_workers_hand_in_together(open_one, pupils, monkeypatch):
    """Three and seven wait at two workers: ten could have said each of the three."""
    everybody = pupils(10)
    check_in = open_one(OWN)
    here, there = {}, {}
    monkeypatch.setattr(unnamed, "_pools", here)
    send(check_in, everybody[:3])
    monkeypatch.setattr(unnamed, "_pools", there)
    send(check_in, everybody[3:], lambda number: number + 3)
    actions.close(check_in)
    assert written(check_in) == list(range(3, 10))
    check_in.refresh_from_db()
    assert check_in.published == {}  # not before the other has handed in
    monkeypatch.setattr(unnamed, "_pools", here)
    unnamed.hand_in_closed()
    assert written(check_in) == list(range(10))
    assert not unnamed.is_waiting()
    actions.run_clock(timezone.now() + timedelta(minutes=1))
    assert results.tables(check_in) != []


def test_a_reply_that_comes_while_it_closes_is_in_or_refused(open_one, pupils):
    everybody = pupils(6)
    check_in = open_one()
    send(check_in, everybody[:5], lambda _number: 0)
    actions.close(check_in)
    with pytest.raises(NotPossible, match="closed"):
        replies.reply(check_in, RED, by=everybody[5], edit_key="k")
    assert waiting(check_in) == []
    assert UnnamedReply.objects.count() == 5


def test_what_cannot_be_written_now_is_written_later(open_one, pupils, monkeypatch):
    everybody = pupils(11)
    check_in = open_one(OWN)

    def breaks(*_args):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(unnamed, "_write", breaks)
        send(check_in, everybody[:10])
        assert len(waiting(check_in)) == 10
    send(check_in, everybody[10:], lambda _number: 10)
    assert len(written(check_in)) == 5
    assert len(waiting(check_in)) == 6


# --- Changing ----------------------------------------------------------------


def test_a_reply_can_be_changed_while_it_waits_and_not_after(open_one, pupils):
    everybody = pupils(10)
    check_in = open_one()
    replies.reply(check_in, RED, by=everybody[0], edit_key="secret")
    replies.reply(check_in, GREEN, by=everybody[0], edit_key="secret")
    assert waiting(check_in) == [{"0": 1}]
    with pytest.raises(NotPossible, match="not even you"):
        replies.reply(check_in, RED, by=everybody[0], edit_key="another")
    send(check_in, everybody[1:], lambda _number: 0)
    stayed = replies.own_unnamed(check_in, everybody[0], "secret") is not None
    assert stayed == ({"0": 1} in waiting(check_in))
    actions.close(check_in)
    with pytest.raises(NotPossible, match="closed"):
        replies.reply(check_in, RED, by=everybody[0], edit_key="secret")
    assert written(check_in) == [0] * 9 + [1]


def test_nobody_else_changes_a_reply_with_the_same_browser(open_one, ada, ben):
    check_in = open_one()
    replies.reply(check_in, RED, by=ada, edit_key="shared")
    replies.reply(check_in, GREEN, by=ben, edit_key="shared")
    assert waiting(check_in) == [{"0": 0}, {"0": 1}]


def test_skipping_everything_is_accepted_and_leaves_no_mark(open_one, ada):
    check_in = open_one()
    replies.reply(check_in, Given(), by=ada, edit_key="k")
    assert waiting(check_in) == [{}]
    check_in.refresh_from_db()
    assert check_in.has_reply_of(ada)


# --- Who came later ----------------------------------------------------------


def test_made_up_pupils_do_not_fill_the_floor(open_one, room, pupils):
    """Four real ones and a script that joins: their answers are not worked out from its own."""
    everybody = pupils(4)
    check_in = open_one()
    send(check_in, everybody, lambda _number: 1)
    send(check_in, [student(room, f"Made up {n}") for n in range(20)], lambda _number: 0)
    actions.close(check_in)
    assert not UnnamedReply.objects.exists()
    assert counts_of(check_in) == [[]]


def test_made_up_pupils_do_not_fill_a_small_answer(open_one, room, pupils):
    everybody = pupils(8)
    check_in = open_one()
    send(check_in, everybody, lambda number: 2 if number < 2 else 0)
    send(check_in, [student(room, f"Made up {n}") for n in range(5)], lambda _number: 2)
    actions.close(check_in)
    assert written(check_in) == [0] * 6 + [2] * 2


def test_a_latecomer_counts_where_enough_others_said_the_same(open_one, room, pupils):
    everybody = pupils(6)
    check_in = open_one()
    send(check_in, everybody, lambda _number: 0)
    late = [student(room, "Late"), student(room, "Later")]
    send(check_in, late, lambda number: number)
    assert len(waiting(check_in)) == 8
    actions.close(check_in)
    assert written(check_in) == [0] * 7


def test_a_latecomers_reason_counts_by_the_same_rule(room, lesson, grace, pupils):
    everybody = pupils(6)
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    late = [student(room, "Late"), student(room, "Later")]
    for who, reason in [
        *((each, InTheWay.BUSY) for each in everybody),
        (late[0], InTheWay.BUSY),
        (late[1], InTheWay.ALONE),
    ]:
        replies.reply(check_in, Given(reason=reason), by=who, edit_key="k")
    actions.close(check_in)
    counts = dict(ReasonTally.objects.filter(count__gt=0).values_list("reason", "count"))
    assert counts == {InTheWay.BUSY: 7}


# --- What is shown -----------------------------------------------------------


def test_totals_of_readiness_may_grow(open_one, class_answers):
    check_in = open_one()
    class_answers(check_in, [9])
    assert counts_of(check_in) == [[]]
    class_answers(check_in, [1])
    assert counts_of(check_in) == [[5, None, None, None]]
    class_answers(check_in, [4])
    assert counts_of(check_in) == [[5, None, None, None]]
    class_answers(check_in, [1])
    assert counts_of(check_in) == [[10, None, None, None]]
    class_answers(check_in, [1])
    actions.close(check_in)
    assert counts_of(check_in) == [[16, None, None, None]]


def test_the_rest_of_a_shown_answer_is_hidden_with_it(open_one, class_answers):
    check_in = open_one()
    class_answers(check_in, [9, 0, 0])
    class_answers(check_in, [0, 0, 3])
    actions.close(check_in)
    assert counts_of(check_in) in ([[]], [[5, None, None, None]])


def test_any_that_fit_counts_each_option_against_the_rest(open_one, pupils):
    everybody = pupils(12)
    several = {"kind": Kind.SEVERAL, "text": "Which?", "options": ["A", "B"]}
    check_in = open_one(several)
    for number, who in enumerate(everybody):
        given = Given(answers={"0": [0, 1] if number < 6 else [0]})
        replies.reply(check_in, given, by=who, edit_key="k")
    actions.close(check_in)
    told = counts_of(check_in)
    assert told[0][0] in (5, 10, 12)  # all chose A: it moves by five
    assert told[0][1] in (None, 5, 6)


@pytest.fixture
def feelings(room, grace, cared_for):
    return actions.open_check_in(room, actions.preset(Preset.WELL_BEING), by=grace)


def test_nobody_watches_totals_of_well_being_grow(feelings, class_answers):
    class_answers(feelings, [12, 0, 0, 8])
    assert feelings.unnamed_replies.count() == 15
    feelings.refresh_from_db()
    assert feelings.published == {}
    actions.close(feelings)
    assert counts_of(feelings) == [[12, None, None, 8, None]]


def test_that_all_feel_the_same_is_not_shown(feelings, class_answers, browser_of, grace, url):
    class_answers(feelings, [0, 0, 0, 7])
    actions.close(feelings)
    assert counts_of(feelings) == [[]]
    page = browser_of(grace).get(url("results", feelings.key)).content.decode()
    assert "it would tell what each one said" in page
    actions.delete_what_is_due(timezone.now() + timedelta(days=31))
    assert counts_of(feelings) == [[]]


@pytest.mark.parametrize("size", [2, 3, 4])
def test_no_table_about_well_being_says_of_everybody_what_they_said(size):
    """By exhaustion: whatever is shown, two different answers are possible for each one."""
    from tests.checkins.test_suppress import tables_of

    alike: dict[tuple, set] = {}
    for total in range(5, 25):
        for table in tables_of(total, size):
            told = (total, *suppress.unless_all_alike(table))
            alike.setdefault(told, set()).add(table)
    for tables in alike.values():
        assert not all(max(table) == sum(table) for table in tables)
