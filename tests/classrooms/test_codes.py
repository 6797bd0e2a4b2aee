import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classrooms.codes import ALPHABET, new_code, new_pin, new_slug, normalise_code, show_code


def test_the_alphabet_has_31_signs_that_nobody_confuses():
    assert len(ALPHABET) == len(set(ALPHABET)) == 31
    assert not set("ILO01") & set(ALPHABET)


def test_a_new_code_is_eight_of_them_and_never_the_same():
    codes = [new_code() for _each in range(500)]
    assert all(re.fullmatch(f"[{ALPHABET}]{{8}}", code) for code in codes)
    assert len(set(codes)) == 500


def test_a_code_is_shown_in_two_halves():
    assert show_code("K7QM4XRD") == "K7QM-4XRD"


@pytest.mark.parametrize(
    "typed",
    [
        "K7QM4XRD",
        "k7qm-4xrd",
        "  K7QM 4XRD\n",
        "k 7 q m 4 x r d",
        "K7QM–4XRD",
        "K7QM—4XRD",
        "K7QM‑4XRD",
        "K7QM−4XRD",
        "Ｋ７ＱＭ－４ＸＲＤ",
        "K7QMー4XRD",
        "“K7QM-4XRD”",
        "'k7qm4xrd'",
        "«K7QM-4XRD»",
        "´K7QM-4XRD`",
        "(K7QM-4XRD).",
        "K7QM\u200b4XRD",
        "https://help.example.org/join/?code=K7QM-4XRD",
        "https://help.example.org/join/?code=K7QM%2D4XRD&lang=de#top",
        "https://help.example.org/join/?lang=de&code=k7qm+4xrd",
        "<https://help.example.org/join/?code=K7QM4XRD>",
        "http://192.168.0.7:8000/join/K7QM4XRD/",
        "help.example.org/JOIN/k7qm-4xrd",
        "/join/K7QM4XRD/",
        "Join here: https://help.example.org/join/?code=K7QM-4XRD today",
    ],
)
def test_a_code_is_read_however_it_was_passed_on(typed):
    assert normalise_code(typed) == "K7QM4XRD"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "K7QM4XR",
        "K7QM4XRDD",
        "K7QM4XR0",
        "K7QM4XRO",
        "K7QM4XRI",
        "K7QM4XRl",
        "K7QM4XR1",
        "К7QM4XRD",  # a Cyrillic Ka
        "K7QM4Xß",  # would be SS in capitals
        "٢٢٢٢٢٢٢٢",
        "https://help.example.org/join/?code=",
        "https://help.example.org/join/",
        "K7QM_4XRD",
        "K7QM4XRD" * 500,
    ],
)
def test_what_cannot_be_a_code_is_none_and_never_guessed(typed):
    assert normalise_code(typed) is None


@given(st.text(ALPHABET, min_size=8, max_size=8))
def test_every_code_is_read_as_it_is_shown(code):
    assert normalise_code(show_code(code).lower()) == code


@given(st.one_of(st.text(), st.text("/join?code=&K7QM4XRD%-", max_size=60)))
def test_any_text_is_a_whole_code_or_none(text):
    code = normalise_code(text)
    assert code is None or re.fullmatch(f"[{ALPHABET}]{{8}}", code)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Year 9 Computing", "year-9-computing-"),
        ("Élèves de 5ᵉ", "eleves-de-5e-"),
        ("x" * 60, "x" * 30 + "-"),
        ("a" * 29 + " b", "a" * 29 + "-"),
    ],
)
def test_a_slug_starts_with_the_name(name, start):
    slug = new_slug(name)
    assert slug.startswith(start)
    assert re.fullmatch(f"[{ALPHABET.lower()}]{{6}}", slug.removeprefix(start))


@pytest.mark.parametrize("name", ["数学 7", "Привет", "🦊", "", "7"])
def test_a_slug_of_a_name_without_latin_letters_is_random(name):
    assert re.fullmatch(f"[{ALPHABET.lower()}]{{10}}", new_slug(name))


@given(st.text())
def test_every_slug_fits_into_an_address_and_its_column(name):
    assert re.fullmatch(r"[a-z0-9][-a-z0-9_]{7,36}", new_slug(name))


def test_a_pin_is_four_digits_and_may_start_with_nought(monkeypatch):
    assert all(re.fullmatch("[0-9]{4}", new_pin()) for _each in range(200))
    monkeypatch.setattr("classrooms.codes.secrets.randbelow", lambda most: 7)
    assert new_pin() == "0007"
