"""What other apps show beside the queue: where it stands, when it is asked for, what it costs."""

import pytest
from django.db import transaction

from requests_app import actions, asides, live
from requests_app.asides import Aside
from requests_app.models import Queue

pytestmark = pytest.mark.django_db


def present(room):
    return live.Present(Queue.objects.of(room).pk)


def announce(room, **whom):
    with transaction.atomic():
        live.announce_asides(room, **whom)


def page(browser_of, who, view=""):
    return browser_of(who).get(f"/c/{who.classroom.slug}/{view}").text


def test_each_region_stands_in_its_place(notes, browser_of, lesson, ada, grace):
    notes[0]["own"][ada.pk] = "for Ada"
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
    notes[0]["own"][ada.pk] = "for Ada"
    for who, view in ((ada, ""), (grace, ""), (ada, "board/")):
        pushed = page(browser_of, who, f"{view}regions/")
        found = [part.split("</p>")[0] for part in pushed.split("<p ") if "-note" in part]
        assert found
        assert all(part in page(browser_of, who, view) for part in found)


def test_what_is_not_marked_up_is_text(notes, lesson, ada):
    notes[0]["own"][ada.pk] = "<script>"
    assert "<script>" not in live.render(ada)
    asides.register(Aside("plain", class_region=lambda present: "<b>"))
    assert "&lt;b&gt;" in live.render(ada)


def test_the_same_facts_are_rendered_once(notes, lesson, ada, ben):
    for who in (ada, ben, ada):
        live.render(who)
    assert notes[1]["student"] == 1
    notes[0]["own"][ada.pk] = "for Ada"
    assert "for Ada" in live.render(ada)
    assert "for Ada" not in live.render(ben)


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


def test_what_an_aside_knows_is_kept_until_its_app_or_the_lesson_changes(
    notes, room, lesson, ada, grace
):
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
