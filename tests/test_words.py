"""The words students read: kind, and all of them open to translation."""

import re

import pytest

from tests.catalogue import messages, pseudo

#: Words that blame, rank or belong to machines (A15, screens.md principle 4).
BANNED = re.compile(
    r"\b(too many|failed|invalid|illegal|forbidden|you must|you have not|wrong answer|lazy|slow"
    r"|blam(e|es|ed|ing)|you should have|score|rank(s|ing|ings|ed)?|leaderboard"
    r"|points?|streak|badge|ticket|entity|submit|error)\b",
    re.IGNORECASE,
)
#: "Slow but OK" is what a student may say of their own work (A04), never what they are told.
ALLOWED = {"Slow but OK"}


def test_no_text_blames_ranks_or_speaks_like_a_machine():
    texts = {
        form
        for message, _c, _p in messages()
        for form in ([message] if isinstance(message, str) else message)
        if form
    }
    assert len(texts) > 100
    found = {text for text in texts if BANNED.search(text)} - ALLOWED
    assert found == set()


@pytest.mark.parametrize("text", ["Raise hand", "%(name)s is on the way", "More <b>for</b> %(n)d"])
def test_the_made_up_language_keeps_holes_and_tags(text):
    made = pseudo(text)
    for hole in re.findall(r"%\(\w+\)[sd]|<[^>]+>", text):
        assert hole in made
    assert not re.search("[a-zA-Z]", re.sub(r"%\(\w+\)[sd]|<[^>]+>", "", made))
