"""What other apps show beside the queue: where it stands, when it is asked for, what it costs."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from classrooms.models import School
from live.shown import Piece
from requests_app import actions, beside, live, regions
from requests_app.beside import Beside
from requests_app.models import Queue
from requests_app.present import Present
from tests.shown import all_of

pytestmark = pytest.mark.django_db


def present(room):
    return Present(Queue.objects.of(room).pk)


def announce(room, **whom):
    with transaction.atomic():
        live.announce_beside(room, **whom)


def page(browser_of, who, view=""):
    return browser_of(who).get(f"/c/{who.classroom.slug}/{view}").text


def test_each_region_stands_in_its_place(notes, browser_of, lesson, ada, grace):
    notes.words["own"][ada.pk] = "for Ada"
    student = page(browser_of, ada)
    marks = ('id="help-state"', "for all", 'id="my-request"', "for Ada")
    places = [student.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "for helpers" not in student
    helpers = page(browser_of, grace)
    assert helpers.index("for helpers") < helpers.index('id="queue"')
    assert "for all" not in helpers
    board = page(browser_of, ada, "board/")
    assert "for all" in board
    assert "for Ada" not in board


def test_page_and_push_show_the_same(notes, browser_of, lesson, ada, grace):
    notes.words["own"][ada.pk] = "for Ada"
    for who, view in ((ada, ""), (grace, ""), (ada, "board/")):
        pushed = page(browser_of, who, f"{view}regions/")
        found = [part.split("</p>")[0] for part in pushed.split("<p ") if "-note" in part]
        assert found
        assert all(part in page(browser_of, who, view) for part in found)


def test_what_is_not_marked_up_is_text(notes, lesson, ada):
    notes.words["own"][ada.pk] = "<script>"
    assert "<script>" not in all_of(ada)
    assert "&lt;script&gt;" in all_of(ada)


def test_a_region_that_cannot_be_drawn_takes_no_other_one_with_it(
    notes, browser_of, lesson, ada, caplog
):
    class Broken(Beside):
        name = "broken"

        def of_class(self, present):
            return {"broken": Piece("1", lambda: 1 / 0)}

    beside.register(Broken())
    student = page(browser_of, ada)
    assert "for all" in student
    assert 'id="my-request"' in student
    assert "could not be drawn" in caplog.text


def test_the_label_of_the_class_tells_of_class_wide_changes_only(notes, room, lesson, ada, grace):
    first = present(room).label
    announce(room, students=[ada.pk])
    announce(room)
    actions.raise_hand(Queue.objects.of(room), student=ada, form_key="k")
    assert present(room).label == first
    announce(room, class_wide=True)
    second = present(room).label
    announce(room, class_wide=True)
    third = present(room).label
    actions.close_help(room, by=grace)
    assert first < second < third < present(room).label


def test_what_is_known_is_kept_until_its_app_or_the_lesson_changes(notes, room, lesson, ada, grace):
    asked = []

    def find():
        asked.append("found")
        return len(asked)

    def known():
        return present(room).keep("notes", find)

    assert [known(), known()] == [1, 1]
    actions.raise_hand(Queue.objects.of(room), student=ada, form_key="k")
    assert known() == 1
    announce(room)
    assert [known(), known()] == [2, 2]
    actions.close_help(room, by=grace)
    assert known() == 3


@pytest.fixture
def broken_row(monkeypatch):
    """``broken_row.add(name)``: the row of this student cannot be drawn."""
    names, draw = set(), regions.draw

    def fail(template, context):
        hand = context.get("help_request")
        if hand is not None and hand.student.name in names:
            raise ValueError(hand.student.name)
        return draw(template, context)

    monkeypatch.setattr(regions, "draw", fail)
    return names


def shows(page):
    """As its script says it: what a page that was loaded shows."""
    place, version, digest = re.search(
        r'data-live-of="(.*?)" data-version="(.*?)" data-digest="(.*?)"', page
    ).groups()
    return {"HTTP_HX_REQUEST": "true", "HTTP_X_SHOWS": f"{place}={version}.{digest}"}


def test_a_row_that_cannot_be_drawn_breaks_no_page_and_no_answer(
    broken_row, browser_of, raise_hand, ada, ben, grace, caplog
):
    first, second = raise_hand(ada), raise_hand(ben)
    broken_row.add("Ada Lovelace")
    client, here = browser_of(grace), f"/c/{grace.classroom.slug}/"
    page = client.get(here).text
    assert "Ben Okri" in page
    assert first.key not in page
    answer = client.post(f"{here}requests/{second.key}/claim/", **shows(page))
    assert answer.status_code == 200
    assert "Ben Okri" in answer.text
    assert client.get(f"{here}regions/").status_code == 200
    broken_row.clear()
    assert "Ada Lovelace" in client.get(f"{here}regions/", **shows(page)).text


def test_times_are_those_of_the_schools_zone_as_soon_as_it_is_another_one(
    browser_of, raise_hand, ada, grace
):
    raise_hand(ada)
    client, here = browser_of(grace), f"/c/{grace.classroom.slug}/"
    before = client.get(here).text
    School.objects.update(time_zone="Asia/Tokyo")
    after = client.get(here).text
    clock = re.compile(r"<time-since[^>]*>(\d\d):(\d\d)<")
    assert clock.search(before)[1] != clock.search(after)[1]
    assert shows(before) != shows(after)


def test_a_page_of_a_later_time_is_loaded_anew(browser_of, raise_hand, ada, grace):
    raise_hand(ada)
    client, here = browser_of(grace), f"/c/{grace.classroom.slug}/"
    page = client.get(here).text
    Queue.objects.update(version=0)
    assert "<live-anew>" in client.get(f"{here}regions/", **shows(page)).text


def test_what_a_student_is_asked_is_another_text_in_a_new_lesson(raise_hand, room, ada, grace):
    """How it went is asked for a while, also where the lesson of it is over."""
    hand = raise_hand(ada)
    actions.start(hand, by=grace)
    actions.resolve(hand, by=grace)
    actions.close_help(room, by=grace)
    actions.open_help(room, by=grace)
    before = all_of(ada)
    assert "Stuck on something else?" in before
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        later = all_of(ada)
    assert "Stuck? Put your hand up." in later
    assert "Stuck on something else?" not in later
