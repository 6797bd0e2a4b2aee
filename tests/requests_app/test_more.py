"""What stands behind "More" in the queue: each row's own address, and no part of a push."""

from datetime import timedelta

import pytest
from django.utils import timezone

from requests_app import actions
from tests.conftest import student
from tests.requests_app.test_views import HTMX, url
from tests.shown import queue_of

pytestmark = pytest.mark.django_db

#: Bytes of a row with as much of a text as it shows, a kind of help and what was tried: 1,840. With
#: what stands behind "More" it was 3,000.
ROW = 1_900


def buttons(text):
    names = ("start", "bring-forward", "resolve", "pause", "put-back", "later")
    return {name for name in names if f'id="{name}-' in text}


def test_a_row_is_small_and_says_only_where_more_is(room, raise_hand, ada, ben):
    for who in (ada, ben):
        asked = raise_hand(who, text="It never ends. " * 20, kind="explain", tried=["notes"])
    shown = queue_of(room)
    row = shown.rpartition('<li class="queue-item ')[2].partition("\n</li>")[0]
    assert asked.key in row
    assert len(row.encode()) < ROW
    assert url(room, "more", asked.key) in row
    assert "Tried:" not in row
    assert buttons(row) == set()


def test_it_says_all_and_offers_what_can_be_done_now(browser_of, room, raise_hand, ada, grace):
    asked = raise_hand(ada, text="Why?\nAnd how?", tried=["notes", "asked"], carry_on="slowly")
    client = browser_of(grace)

    def more():
        return client.get(url(room, "more", asked.key), **HTMX).text

    for words in ("Ada Lovelace", "Why?<br>And how?", "Tried: Checked my notes, Asked someone",
                  "Can carry on meanwhile: Slowly"):  # fmt: skip
        assert words in more()
    assert "<html" not in more()
    assert buttons(more()) == {"start", "bring-forward", "later"}
    actions.claim(asked, by=grace)
    assert buttons(more()) == {"resolve", "put-back", "later"}
    actions.start(asked, by=grace)
    assert buttons(more()) == {"pause", "put-back", "later"}
    actions.pause(asked, by=grace, minutes=5, hint="Draw it")
    assert buttons(more()) == {"put-back", "later"}
    assert "Hint you gave: Draw it" in more()


def test_as_a_page_of_its_own_it_has_what_its_buttons_need(
    browser_of, room, raise_hand, ada, grace
):
    asked = raise_hand(ada, task=room.tasks.create(title="Loops"))
    page = browser_of(grace).get(url(room, "more", asked.key)).text
    for part in ("Loops", "Ada Lovelace", '<form id="move" method="post">', "Back to class"):
        assert part in page
    assert page.count("<h1") == 1


def test_nobody_but_who_helps_here_reads_it(browser_of, room, raise_hand, ada, ben, mallory):
    asked = raise_hand(ada, text="zebra")
    for who in (ada, ben, mallory):
        assert browser_of(who).get(url(room, "more", asked.key), **HTMX).status_code == 404


@pytest.mark.parametrize("htmx", [{}, HTMX])
def test_of_a_hand_that_nobody_can_act_on_it_says_why(
    htmx, browser_of, room, raise_hand, ada, ben, grace
):
    later, lowered = raise_hand(ada, text="zebra"), raise_hand(ben, text="zebra")
    actions.defer(later, by=ada, at=timezone.now() + timedelta(minutes=9))
    actions.lower(lowered, by=ben)
    for asked, words in ((later, "put off until later"), (lowered, "The hand was lowered")):
        answer = browser_of(grace).get(url(room, "more", asked.key), **htmx)
        assert answer.status_code == 409
        assert words in answer.text


@pytest.mark.parametrize("waiting", [1, 30])
def test_it_asks_as_often_with_one_hand_and_with_thirty(
    waiting, browser_of, room, raise_hand, grace, django_assert_num_queries
):
    for n in range(waiting):
        asked = raise_hand(student(room, f"Student {n}"), text="Why?")
    client = browser_of(grace)
    client.get(url(room))
    with django_assert_num_queries(4):  # session, account, member, this hand
        client.get(url(room, "more", asked.key), **HTMX)


def test_a_page_of_its_own_says_all_of_it(browser_of, room, raise_hand, ada, grace):
    """The row beside the panel says what for and which kind; here there is no row."""
    task = room.tasks.create(title="Ratio worksheet")
    asked = raise_hand(ada, task=task, kind="explain", text="Why is it 42?")
    page = browser_of(grace).get(url(room, "more", asked.key)).text
    for words in ("Ada Lovelace", "Ratio worksheet", "Explain it to me", "Why is it 42?"):
        assert words in page
