"""The directory as CSV: round trips, formulas, encodings and gaps."""

import csv
import io
import os

import pytest

from resources import table
from resources.models import Entry
from resources.place import Place
from tests.resources.conftest import complete

pytestmark = pytest.mark.django_db

HEAD = "Name,Kind,Contact,Topics,Hours\n"


def test_what_goes_out_comes_in_again(school, publish):
    publish(contact="+44 20 1234", title="Line")
    publish(title='A "quoted", name', use="Two; signs", topics=["money", "future"])
    data = table.write(Place(school).own_entries().order_by("title"))
    found = table.read(data)
    assert [line.problem for line in found.lines] == ["", ""]
    assert [line.missing for line in found.lines] == [[], []]
    for line, entry in zip(found.lines, Place(school).own_entries().order_by("title"), strict=True):
        assert {name: getattr(entry, name) for name in line.values} == line.values


def test_nothing_in_the_file_runs_as_a_formula(school, publish):
    publish(title="@SUM(1)", use="=1+1", place="-2", contact="+44 20")
    (row,) = list(csv.reader(io.StringIO(table.write(Place(school).own_entries()).decode())))[1:]
    assert not [cell for cell in row if cell[:1] in "=+-@" and cell]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "＝1"])
def test_a_formula_is_refused_on_its_line(cell):
    (line,) = table.read(f'Name,Place\n"{cell}",x\n'.encode()).lines
    assert "Please take away" in line.problem


def test_a_phone_number_may_begin_with_a_plus():
    (line,) = table.read(b"Name,Contact\nLine,+49 30 123\n").lines
    assert (line.problem, line.values["contact"]) == ("", "+49 30 123")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_do_not_matter(encoding, separator):
    text = separator.join(("Name", "Kind", "Hours")) + "\r\n"
    text += separator.join(("Café für alle", "formal", "Mon-Fri 8-15")) + "\r\n"
    (line,) = table.read(text.encode(encoding)).lines
    assert line.values["title"] == "Café für alle"
    assert (line.values["kind"], line.values["hours"]) == ("formal", "Mon-Fri 08:00-15:00")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"Kind,Hours\nformal,always\n", "no column called “Name”"),
        (b"Name,Kind\n", "nothing below"),
        (b"PK\x03\x04 a spreadsheet", "CSV UTF-8"),
        (b"%PDF-1.4", "CSV UTF-8"),
        (os.urandom(500) + b"\0", "CSV UTF-8"),
        (b'Name\n"open', "line 2"),
        (b"Name\n" + b"x\n" * 501, "at most 500"),
        (b"x" * (table.MAX_BYTES + 1), "too big"),
    ],
)
def test_a_file_that_is_no_list_says_so_once(data, says):
    found = table.read(data)
    assert says in found.problem
    assert not found.lines


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (",formal", "Name"),
        ("A,sideways", "Kind"),
        ("A,formal,x,juggling", "Topics"),
        ("A,formal,x,money,whenever", "Mon-Fri"),
        ("A" * 81, "shorter"),
    ],
)
def test_a_line_says_what_to_change(cells, says):
    (line,) = table.read((HEAD + cells + "\n").encode()).lines
    assert says in line.problem


def test_labels_are_read_like_values_and_gaps_make_a_draft():
    line = table.read((HEAD + "Club,People and places around you,,Feelings; bullying\n").encode())
    (line,) = line.lines
    assert line.values["kind"] == "informal"
    assert line.values["topics"] == ["feelings", "bullying"]
    assert "hours" in line.missing


def test_a_preview_leaves_out_what_is_there_and_cannot_be_changed(school, room, publish):
    publish(title="Lunch club")
    place = Place(school)
    preview = table.ImportPreview(place, table.read(b"Name\nlunch CLUB\nNew\nnew\n").lines)
    assert [line.values["title"] for line in preview.new] == ["New"]
    assert preview.known_count == 2
    assert [values["title"] for values in table.previewed(preview.signed, place)] == ["New"]
    for signed, where in ((preview.signed + "x", place), (preview.signed, Place(school, room))):
        with pytest.raises(table.PreviewGone):
            table.previewed(signed, where)


def test_every_column_belongs_to_an_entry():
    assert set(table.COLUMNS) == set(complete())
    assert all(hasattr(Entry, name) for name in table.COLUMNS)
