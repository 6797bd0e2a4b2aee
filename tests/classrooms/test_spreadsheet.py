"""What is written to a table comes back from it, and runs nowhere."""

import csv
import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classrooms.spreadsheet import FORMULA_SIGNS, defused, restored, written

SEPARATORS = ",;\t|"
#: What separators, quotes, line ends and formulas are made of.
SIGNS = st.text(alphabet=SEPARATORS + "=+-@\"' \r\na1＝﹣\x0b\u2028", max_size=12)
CELLS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "﹣1", "a;=1+1", "a,=1+1", "a\t=1+1",
    "a|=1+1", "a\n=1+1", 'a;"=1+1"', "a; \t=1+1", "a;'=1+1", "'a", "''", "'=1", "a;+1,-2", "|-1",
    "plain", "", 'a "quoted", word', "a;;=;=", "Call, +44 20 1234",
]  # fmt: skip


def read(data, separator):
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def test_all_forms_of_the_signs_are_known():
    """A spreadsheet may write them as one: full-width, small, raised."""
    known = {
        chr(each)
        for each in range(sys.maxunicode + 1)
        if unicodedata.normalize("NFKC", chr(each))[:1] in ("=", "+", "-", "@")
    }
    assert known == set(FORMULA_SIGNS)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_comes_back_and_begins_no_formula_whatever_separates(cell):
    data = written([["first", cell, "last"]])
    assert [[restored(each) for each in row] for row in read(data, ",")] == [
        ["first", cell, "last"]
    ]
    for separator in SEPARATORS:
        for row in read(data, separator):
            assert not [each for each in row if each.lstrip()[:1] in {*FORMULA_SIGNS}], separator


@given(st.lists(st.lists(SIGNS, min_size=1, max_size=4), min_size=1, max_size=3))
def test_whatever_the_cells_hold(rows):
    data = written(rows)
    assert [[restored(each) for each in row] for row in read(data, ",")] == rows
    for separator in SEPARATORS:
        found = [each for row in read(data, separator) for each in row]
        assert not [each for each in found if each[:1] in {*FORMULA_SIGNS}]


@given(SIGNS)
def test_what_is_defused_is_restored(cell):
    assert restored(defused(cell)) == cell
