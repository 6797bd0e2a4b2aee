"""What the cards say: the class's own words, and what stands in for them."""

import pytest

from coaching import texts
from coaching.catalogue import GROUPS, QUESTIONS, STARTERS
from coaching.models import CardText, Starter
from tests.catalogue import pseudo, write_pseudo_language

pytestmark = pytest.mark.django_db


def say(room, card, text, language="en"):
    return CardText.objects.create(classroom=room, card=card, language=language, text=text)


def write(room, group, *lines, language="en"):
    for position, text in enumerate(lines):
        Starter.objects.create(
            classroom=room, language=language, group=group, position=position, text=text
        )


def test_a_class_without_words_of_its_own_has_the_catalogues(room):
    assert texts.questions(room, "en") == {card: str(text) for card, text in QUESTIONS.items()}
    assert texts.question(room, "kind", "en") == "What would help most?"
    assert texts.starters(room, "words", "en") == [
        ("words-1", "I cannot put it into words. Can you look with me?")
    ]
    everything = texts.all_starters(room, "en")
    assert list(everything) == list(GROUPS) == list(STARTERS)
    assert everything["hint"] == texts.starters(room, "hint", "en")


def test_the_newest_of_the_classs_own_questions_counts_in_its_language_alone(room):
    say(room, "kind", "What do you need?")
    say(room, "kind", "What would be good now?")
    assert texts.question(room, "kind", "en") == "What would be good now?"
    assert texts.questions(room, "en")["kind"] == "What would be good now?"
    assert texts.questions(room, "en")["task"] == "What are you working on?"
    write_pseudo_language()
    assert texts.question(room, "kind", "ar") == pseudo("What would help most?")


def test_the_classs_own_starters_take_the_place_of_their_group(room):
    write(room, "hint", "Where do I look for ___?", "Is it ___?")
    own = [("hint-1", "Where do I look for ___?"), ("hint-2", "Is it ___?")]
    assert texts.starters(room, "hint", "en") == own
    assert texts.all_starters(room, "en")["hint"] == own
    assert len(texts.starters(room, "stuck", "en")) == len(STARTERS["stuck"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda room: texts.questions(room, "en"),
        lambda room: texts.question(room, "kind", "en"),
        lambda room: texts.all_starters(room, "en"),
        lambda room: texts.starters(room, "hint", "en"),
    ],
)
def test_each_asks_once_however_much_a_class_wrote(ask, room, django_assert_num_queries):
    for wrote in (1, 6):
        for n in range(wrote):
            say(room, "kind", f"Number {n}?")
            write(room, "hint", f"Number {n} is ___?")
        with django_assert_num_queries(1):
            ask(room)
