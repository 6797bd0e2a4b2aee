import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from classrooms.text import KEY_LENGTH, clean_line, clean_name, clean_text, name_key
from tests.growth import assert_even

ZWJ, ZWNJ, VS16 = "\u200d", "\u200c", "\ufe0f"
FAMILY = f"👩{ZWJ}👩{ZWJ}👧"
PIRATE = f"🏴{ZWJ}☠{VS16}"
SCOTLAND = "🏴" + "".join(chr(0xE0000 + ord(char)) for char in "gbsct") + "\U000e007f"

#: Whatever a text can hold, with the code points that work on others made frequent.
tricky_characters = st.sampled_from(
    "aeßſİﬁ \t\n\r\x00\x85\u00a0\u3000\u2028\u2800\u0301\u0316\u0323\u0344\u0345\u0e47"
    "\u0e33\u200b\u200c\u200d\u200e\u202e\u2066\ufeff\u034f\u3164\ufe0f\ufe00\u20e31#👩👧🏽🏴☠❤🔥↔"
    "\U000e0067\U000e0062\U000e007f\u0915\u094d\u0937\u09bc\u09be\u0bc6\u0bbe\u1100\u1161"
    "\u11a8\u0645\u06cc\u1820\u180b\u845b\U000e0100\u0f71\u0f72\u1039\u103a\ufdfa\uf8ff"
)
tricky = st.one_of(
    st.text(tricky_characters, max_size=40),
    st.text(tricky_characters | st.characters() | st.integers(0xD800, 0xDFFF).map(chr)),
)


def refusal(clean, *args, **kwargs):
    with pytest.raises(ValidationError) as error:
        clean(*args, **kwargs)
    [sentence] = error.value.messages
    return sentence


def test_white_space_of_any_kind_becomes_one_space():
    assert clean_line("\t Ada \u00a0\u3000\r\n Lovelace\u2028", limit=60) == "Ada Lovelace"


def test_a_letter_and_its_accent_become_one():
    assert clean_line("Zoe\u0308", limit=4) == "Zoë"


@pytest.mark.parametrize(
    "hidden",
    list(
        "\x00\x1b\u202e\u2066\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060\ufeff\u00ad\ud800"
        "\ue000\u0378\uffff\u3164\u115f\ufe0f\U000e0041\u034f\ufff9"
    ),
    ids=ascii,
)
def test_what_cannot_be_seen_is_taken_out(hidden):
    assert clean_line(f"A{hidden}da", limit=60) == "Ada"
    assert clean_line(f"{hidden}Ada{hidden}", limit=60) == "Ada"
    assert clean_text(f"A{hidden}da\nB", limit=60) == "Ada\nB"


def test_an_accent_behind_something_invisible_still_joins_its_letter():
    assert clean_line("Zoe\u200b\u0308", limit=60) == "Zoë"


@pytest.mark.parametrize(
    "shaped",
    [
        FAMILY,
        PIRATE,
        SCOTLAND,
        f"❤{VS16}{ZWJ}🔥",
        f"🙂{ZWJ}↔{VS16}",
        f"👍🏽 1{VS16}\u20e3",
        "🇳🇿",
        f"می{ZWNJ}خواهم",  # Persian: I want
        f"ශ්{ZWJ}රී",  # Sinhala: Sri
        f"क्{ZWJ}ष",
        f"രാജന്{ZWJ}",  # Malayalam: Rajan
        "မျှော်",  # Burmese: hope, five marks on one letter
        "སྒྲོལ་མ",  # Tibetan: Drolma
        "葛\U000e0100城",  # the Katsuragi that its people write
        "Nguyễn Thị",
        "שָׁלוֹם",
        "กิ้ง",
    ],
)
def test_writing_of_all_scripts_and_emoji_stay_whole(shaped):
    assert clean_line(shaped, limit=60) == unicodedata.normalize("NFC", shaped)


def test_an_emoji_younger_than_this_python_stays():
    assert clean_line("\U0001faef", limit=60) == "\U0001faef"


def test_joiners_and_tags_without_work_are_taken_out():
    assert clean_line(f"👩{ZWJ}{ZWJ}👧 {ZWJ}Ada{ZWJ}", limit=60) == f"👩{ZWJ}👧 Ada"
    assert clean_line(SCOTLAND[:-1], limit=60) == "🏴"


def test_a_pile_of_accents_becomes_three_without_a_word():
    assert clean_line("Z" + "\u0334" * 500 + "o", limit=60) == "Z" + "\u0334" * 3 + "o"
    assert clean_line("ก" + "\u0e47" * 50, limit=60) == "ก" + "\u0e47" * 3
    assert clean_line("क" + "\u0903" * 50, limit=60) == "क" + "\u0903" * 8


def test_a_line_that_is_too_long_is_refused_with_what_to_do():
    assert clean_line("a" * 60, limit=60) == "a" * 60
    assert refusal(clean_line, "a" * 61, limit=60) == (
        "Please make this shorter: 60 characters at most."
    )


def test_a_text_keeps_its_lines_and_two_blank_ones():
    assert clean_text(" a\r\nb\rc  d\n \n\n\n\n\ne \n") == "a\nb\nc d\n\n\ne"


def test_a_text_is_limited_in_characters_and_in_bytes():
    assert len(clean_text("a" * 2000)) == 2000
    assert refusal(clean_text, "a" * 2001).startswith("Please make this shorter: 2000 ")
    assert clean_text("ä" * 10, byte_limit=20) == "ä" * 10
    assert refusal(clean_text, "ä" * 11, byte_limit=20).startswith("Please make this a bit shorter")


@pytest.mark.parametrize("name", ["Ada", "5", "李", "Zoë 🦊", "٣", "महिमा", "O’Neil", "Łukasz"])
def test_a_name_has_a_letter_or_digit_of_any_script(name):
    assert clean_name(f" {name} ") == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", ["", "  ", "🦊" * 5000, "...", "\u3164", "\u0301", "\u202e", ZWJ])
def test_a_name_without_one_is_refused_kindly(name):
    assert refusal(clean_name, name) == "Please write a name with at least one letter."


def test_a_long_name_is_refused_with_the_number():
    assert clean_name("é" * 60) == "é" * 60
    assert refusal(clean_name, "a" * 61) == "Please use a shorter name: 60 characters at most."
    assert refusal(clean_name, "a" * 9, limit=8) == (
        "Please use a shorter name: 8 characters at most."
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lovelace", "  ADA \u00a0 lovelace "),
        ("Ａｄａ", "ada"),
        ("Zoë", "ZOE\u0308"),
        ("Straße", "STRASSE"),
        ("Maya O'Neil", "Maya O’Neil"),
        ("Ana-Maria", "Ana‑Maria"),
        (f"می{ZWNJ}خواهم", "میخواهم"),
        ("Ada\u200b", "Ada"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_two_ways_to_write_a_name_are_one_name(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Zoe", "Zoë"), ("Ada L", "Adal"), ("Ana", "Аna")])
def test_different_names_stay_different(one, other):
    assert name_key(one) != name_key(other)


def test_the_key_of_any_name_fits_its_column_and_stays_its_own():
    long = "\ufdfa" * 60  # each unfolds to eighteen letters
    assert len(name_key(long)) == KEY_LENGTH
    assert name_key(long) != name_key("\ufdfa" * 59 + "a")


@given(tricky)
def test_cleaning_a_line_twice_is_cleaning_it_once(text):
    once = clean_line(text, limit=10_000)
    assert clean_line(once, limit=10_000) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\n" not in once
    assert "  " not in once
    once.encode()


@given(tricky)
@example("\u0e47\u200d\u180b\u2764")  # a joiner kept for a selector that is then taken out
@example("e\u0316\u180b\u094d\u200d")  # marks that change places once nothing is between them
def test_cleaning_a_text_twice_is_cleaning_it_once(text):
    once = clean_text(text)
    assert clean_text(once) == once
    assert "\n\n\n\n" not in once
    assert "\r" not in once


@given(tricky)
def test_a_name_is_cleaned_or_refused_and_nothing_else(text):
    try:
        name = clean_name(text, limit=20)
    except ValidationError:
        return
    assert clean_name(name, limit=20) == name
    assert 0 < len(name) <= 20


@given(tricky)
def test_a_name_and_what_is_kept_of_it_have_the_same_key(text):
    key = name_key(text)
    assert name_key(clean_line(text, limit=10_000)) == key
    assert len(key) <= KEY_LENGTH


@given(st.text(max_size=30))
def test_case_makes_no_other_name(text):
    assert name_key(text.casefold()) == name_key(text)


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(lambda size: "a" + "\u0316\u0301" * (size // 2), id="accents"),
        pytest.param(lambda size: ZWJ * size, id="joiners"),
        pytest.param(lambda size: "\U000e0041" * size, id="tags"),
        pytest.param(lambda size: "\r\n" * (size // 2), id="lines"),
        pytest.param(lambda size: "\ufdfa" * size, id="unfolding"),
        pytest.param(lambda size: f"👩{ZWJ}" * (size // 2), id="families"),
        pytest.param(lambda size: "🏴\U000e0067" * (size // 2), id="flags"),
    ],
)
def test_cleaning_grows_evenly_with_the_text(hostile):
    """Sorting half a million marks by each other would take minutes."""
    assert_even(lambda text: clean_text(text, limit=10**9, byte_limit=10**9), hostile, 100_000)
    assert_even(name_key, hostile, 50_000)


def test_what_grows_with_the_square_is_told():
    def search(text):
        return [text.find("b") for _ in range(len(text) // 4)]

    with pytest.raises(AssertionError, match="times as long"):
        assert_even(search, lambda size: "a" * size, 300_000)
