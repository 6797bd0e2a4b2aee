"""Plain words, typing mistakes, and texts that are no question at all."""

import logging

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classrooms.models import Classroom, School
from resources import actions
from resources.search import find, plain
from tests.growth import assert_growth
from tests.resources.conftest import complete

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(publish, publish_pathway):
    english = {"languages": ["English"]}
    lunch = {"use": "Use this to get a free meal.", "topics": ["money"]} | english
    return {
        "counsellor": publish(),
        "lunch": publish(title="Lunch club", kind="informal", **lunch),
        "maths": publish(title="Maths café", use="Use this to do homework.", **english),
        "low": publish_pathway(),
    }


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("lunch", "lunch"),
        ("LUNCH CLUB", "lunch"),
        ("I need a free meal please", "lunch"),
        ("where can i get lunch", "lunch"),
        ("lucnh", "lunch"),
        ("counselor", "counsellor"),
        ("counsell", "counsellor"),
        ("Polski", "counsellor"),
        ("cafe", "maths"),
        ("homwork", "maths"),
        ("i feel low", "low"),
    ],
)
def test_plain_words_and_typing_mistakes_find_it(typed, first, shelf, school):
    found = find(school, None, typed)
    assert found
    assert found[0] == shelf[first]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "AND OR NOT",
        '"*^:()-',
        "NEAR/3",
        "' OR 1=1 --",
        "&|!<->",
        "\0",
        "\ud800",
        "qqqqzzzz xxyyzz",
    ],
)
def test_what_is_no_word_of_ours_finds_nothing(typed, shelf, school):
    assert find(school, None, typed) == []


@pytest.mark.parametrize("typed", ["AND OR NOT", "AND", "NEAR(", '"" OR -'])
def test_operators_alone_find_nothing(typed, shelf, school, publish):
    publish(title="Head of year 9", use="You may not know whom to ask and what to say.")
    assert find(school, None, typed) == []


@pytest.mark.parametrize("typed", ["bullied", "bully", "bullying", "BULLIES"])
def test_a_word_is_found_in_another_form(typed, shelf, school, publish):
    desk = publish(title="Bullying report desk")
    assert desk in find(school, None, typed)


@pytest.mark.parametrize("typed", ["x", "lunhc ", "a\u0301", '"', "( "])
def test_the_work_does_not_grow_with_what_was_typed(typed, shelf, school):
    def search(length):
        return find(school, None, typed * (length // len(typed)))

    assert_growth(lambda: search(500), lambda: search(10_000), times=1)


def test_each_sees_only_their_own(shelf, school, room, publish):
    other = Classroom.objects.create(school=school, name="B", slug="b", code="AAAAAAAA")
    own = publish(classroom=room, title="Zebra corner")
    assert find(school, room, "zebra") == [own]
    assert find(school, other, "zebra") == []
    assert find(school, None, "zebra") == []
    elsewhere = School.objects.create(name="Elsewhere")
    assert find(elsewhere, None, "lunch") == []


def filled(school, by, count):
    """The school with so many entries, of 300 words."""
    words = [f"word{number}x" for number in range(300)]
    rows = [
        complete(
            title=f"Place {number}",
            use=" ".join(words[(number * 7 + step) % 300] for step in range(12)),
        )
        for number in range(count)
    ]
    actions.import_entries(school, None, rows, by=by, publish=True)
    return school


def test_the_work_grows_evenly_with_the_entries(school, edsger):
    larger = School.objects.create(name="Larger School")
    assert_growth(
        lambda: filled(school, edsger.user, 100), lambda: filled(larger, edsger.user, 400)
    )


@pytest.mark.parametrize("typed", ["word5x", "place 77", "wrod55x plcae", "everybody"])
def test_a_search_grows_evenly_with_the_entries(typed, school, edsger):
    larger = School.objects.create(name="Larger School")
    filled(school, edsger.user, 100)
    filled(larger, edsger.user, 400)
    assert find(school, None, typed)
    assert_growth(lambda: find(school, None, typed), lambda: find(larger, None, typed))


def test_a_search_writes_nothing_and_logs_nothing(shelf, school, room, ada, browser_of, caplog):
    client = browser_of(ada)
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/c/{room.slug}/help/directory/", {"q": "lunchtime secret"})
    assert answer.status_code == 200
    assert not [each for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    said = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert not [text for text in said if "secret" in text]


def test_texts_become_plain_words():
    assert plain("Café—ÉCOLE_2 (Straße)") == "cafe ecole 2 strasse"
    assert plain("数学") == "数 学"
