"""A prepared query gives what its query gives."""

import threading

import pytest
from django.db import connection

from classrooms.models import Device, Lesson, Membership
from classrooms.prepared import Prepared
from requests_app import actions, present
from requests_app.models import Queue

pytestmark = pytest.mark.django_db

MEMBERS = Prepared(
    lambda room, name: (
        Membership.objects.filter(classroom=room, name=name)
        .select_related("classroom__school", "user")
        .order_by("pk")
    )
)


def everything(row, *above):
    """All that is known of a row and of the rows that came with it."""
    known = {name: value for name, value in vars(row).items() if name != "_state"}
    came = {
        name: each if each is None or each in above else everything(each, row, *above)
        for name, each in row._state.fields_cache.items()
    }
    return type(row), known, came, row._state.adding, row._state.db


def test_rows_are_those_of_the_query_with_what_comes_with_them(room, ada, grace, lesson):
    actions.raise_hand(Queue.objects.of(room), student=ada, form_key="1")
    for name in (ada.name, grace.name, ada.name, "nobody"):
        asked = MEMBERS.build(room.pk, name)
        assert [everything(row) for row in MEMBERS(room.pk, name)] == [
            everything(row) for row in asked
        ]
    for prepared, value in (
        (present._active, Queue.objects.of(room).pk),
        (present._newest_lesson, room.pk),
        (present._queue, Queue.objects.of(room).pk),
    ):
        rows = [everything(row) for row in prepared(value)]
        assert rows == [everything(row) for row in prepared.build(value)]
        assert rows


def test_each_call_asks_anew_and_gives_new_rows(ada, room, django_assert_num_queries):
    (first,) = MEMBERS(room.pk, ada.name)
    Membership.objects.filter(pk=ada.pk).update(email="ada@example.org")
    with django_assert_num_queries(1):
        (second,) = MEMBERS(room.pk, ada.name)
    assert (first.email, second.email) == ("", "ada@example.org")


def test_first_is_the_first_or_nothing(room, ada):
    newest = Prepared(lambda room: Lesson.objects.filter(classroom=room).order_by("-pk")[:1])
    assert newest.first(room.pk) is None
    lesson = room.lessons.create()
    assert newest.first(room.pk) == lesson


def test_values_list_gives_tuples(room, ada):
    names = Prepared(lambda pk: Membership.objects.filter(pk=pk).values_list("name", "joined_at"))
    assert names(ada.pk) == [(ada.name, ada.joined_at)]


@pytest.mark.parametrize("value", ["%s", "100%", "'; DROP TABLE x; --", "value 1"])
def test_values_reach_the_database_as_values(room, ada, value):
    assert MEMBERS(room.pk, value) == []


@pytest.mark.parametrize("value", [None, True, 1.5, b"x"])
def test_other_kinds_of_values_are_refused(value):
    devices = Prepared(lambda key: Device.objects.filter(key_digest=key))
    with pytest.raises(TypeError, match="neither int nor str"):
        devices(value)


def test_a_value_that_is_not_compared_as_it_is_is_refused(room):
    many = Prepared(lambda pk: Membership.objects.filter(classroom=room)[: pk and 1])
    with pytest.raises(TypeError, match="not compared with a column as it is"):
        many(1)


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_sql_and_not_the_connection(room, ada):
    found = []

    def ask():
        found.append([row.name for row in MEMBERS(room.pk, ada.name)])
        connection.close()

    threads = [threading.Thread(target=ask) for _each in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [[ada.name]] * 8


def test_a_row_that_is_still_the_same_is_not_made_again(room, ada, ben, lesson):
    queue = Queue.objects.of(room)
    hands = [actions.raise_hand(queue, student=who, form_key="1") for who in (ada, ben)]
    first = present._active.again({}, queue.pk)
    assert list(first.values()) == present._active(queue.pk)
    Membership.objects.filter(pk=ada.pk).update(name="Ada L.")  # what came with a row counts too
    second = present._active.again(first, queue.pk)
    of = {each.student_id: each for each in second.values()}
    assert of[ada.pk].student.name == "Ada L."
    assert of[ben.pk] is next(each for each in first.values() if each.student_id == ben.pk)
    actions.lower(hands[0], by=ada)
    assert list(present._active.again(second, queue.pk).values()) == [hands[1]]
