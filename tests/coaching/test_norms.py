"""That most of a class asked is said where it is true and kind (A59), and only there."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from coaching import norms
from requests_app import actions as requests
from requests_app.models import HelpRequest, Queue
from tests.conftest import student

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(room, lesson):
    """``asked(of, count)``: a class of ``of`` students, ``count`` of whom raised a hand."""

    def fill(of, count, days_ago=0, by=None):
        queue = Queue.objects.of(room)
        people = [student(room, f"Student {n}") for n in range(of)]
        for who in people[:count]:
            requests.raise_hand(queue, student=who, form_key="f", by=by)
        HelpRequest.objects.update(raised_at=timezone.now() - timedelta(days=days_ago))

    return fill


@pytest.mark.parametrize(
    ("of", "count", "is_told"),
    [(10, 5, True), (11, 5, False), (4, 4, False), (5, 5, True), (20, 9, False), (0, 0, False)],
)
def test_that_most_asked_is_said_where_it_is_true_of_half_and_of_five(
    of, count, is_told, asked, room
):
    asked(of, count)
    told = norms.message(room, timezone.now())
    assert (told == str(norms.TRUE)) == is_told
    assert is_told or told in map(str, norms.NEUTRAL)


def test_hands_of_last_week_and_hands_put_up_by_staff_do_not_count(asked, room, grace):
    asked(6, 6, days_ago=8)
    assert not norms.most_asked(room, timezone.now())
    HelpRequest.objects.update(raised_at=timezone.now())
    assert norms.most_asked(room, timezone.now())
    HelpRequest.objects.update(raised_by=grace)
    assert not norms.most_asked(room, timezone.now())


def test_no_norm_has_a_number_and_one_question_is_asked(asked, room, django_assert_num_queries):
    asked(6, 6)
    with django_assert_num_queries(1):
        norms.message(room, timezone.now())
    for text in (norms.TRUE, *norms.NEUTRAL):
        assert not re.search(r"\d", str(text))
    weeks = {norms.message(room, timezone.now() - timedelta(weeks=9 + n)) for n in range(3)}
    assert weeks == {str(text) for text in norms.NEUTRAL}, "another one each week"


def test_the_board_says_it(asked, browser_of, room, ada):
    asked(5, 5)
    assert str(norms.TRUE) in browser_of(ada).get(f"/c/{room.slug}/board/").content.decode()
