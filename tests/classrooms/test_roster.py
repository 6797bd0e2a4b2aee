import pytest
from hypothesis import given
from hypothesis import strategies as st

from classrooms.roster import MAX_LINES, read_csv, read_paste
from classrooms.spreadsheet import MAX_BYTES
from tests.growth import assert_even

SPREADSHEET = (
    "This looks like a spreadsheet file. Please save it as CSV first, "
    "or copy the names and paste them."
)


def good(roster):
    """(name, email, external id) of the good lines of a list that can be read."""
    assert not roster.problem
    return [(line.name, line.email, line.external_id) for line in roster.lines if line.ok]


def names(roster):
    return [name for name, _email, _id in good(roster)]


def problems(roster):
    return {line.number: line.problem for line in roster.lines if not line.ok}


# --- Pasted names ------------------------------------------------------------


def test_each_pasted_line_is_a_name_and_empty_ones_only_count():
    roster = read_paste("Ada Lovelace\r\n\r\n  \r\n Grace  Hopper \r\n")
    assert [(line.number, line.name) for line in roster.lines] == [
        (1, "Ada Lovelace"),
        (4, "Grace Hopper"),
    ]
    assert roster.lines[1].raw == " Grace  Hopper "


def test_bullets_and_numbering_are_not_part_of_a_name():
    text = "1. Ada\n2) Ben\n- Cem\n• Dora\n* Emil\n(6) Fay\n10.Gil\n– Hana\n•\tIda\n11. \n-\n3M Jo"
    assert names(read_paste(text)) == [
        *["Ada", "Ben", "Cem", "Dora", "Emil", "Fay", "Gil", "Hana", "Ida", "3M Jo"]
    ]


def test_surname_first_is_turned_round_if_all_lines_have_one_comma():
    assert names(read_paste("Lovelace, Ada\nHopper,Grace\n")) == ["Ada Lovelace", "Grace Hopper"]
    assert names(read_paste("Lovelace, Ada\nGrace Hopper")) == ["Lovelace, Ada", "Grace Hopper"]
    assert names(read_paste("King, Martin, Jr\nHopper, Grace")) == [
        "King, Martin, Jr",
        "Hopper, Grace",
    ]


def test_an_address_beside_a_name_is_its_e_mail():
    text = (
        "Ada <ada@example.org>\nGrace (grace@example.org)\nAlan alan@example.org\n"
        'Ben\n"Cem" <mailto:cem@example.org>'
    )
    assert good(read_paste(text)) == [
        ("Ada", "ada@example.org", ""),
        ("Grace", "grace@example.org", ""),
        ("Alan", "alan@example.org", ""),
        ("Ben", "", ""),
        ("Cem", "cem@example.org", ""),
    ]
    assert good(read_paste("Lovelace, Ada <ada@example.org>")) == [
        ("Ada Lovelace", "ada@example.org", "")
    ]


def test_cells_copied_from_a_spreadsheet_are_columns():
    text = "Name\tE-Mail\tID\nAda\tada@example.org\tS1\n\nGrace\t\tS2\n"
    roster = read_paste(text)
    assert good(roster) == [("Ada", "ada@example.org", "S1"), ("Grace", "", "S2")]
    assert [line.number for line in roster.lines] == [2, 4]


def test_numbering_in_a_column_of_its_own_is_left_out():
    assert good(read_paste("1.\tAda\tada@example.org\n2.\tBen\tben@example.org")) == [
        ("Ada", "ada@example.org", ""),
        ("Ben", "ben@example.org", ""),
    ]


def test_a_pasted_csv_text_is_read_as_one():
    assert good(read_paste("First name,Surname\nAda,Lovelace")) == [("Ada Lovelace", "", "")]
    assert good(read_paste("Ada,ada@example.org\nBen,ben@example.org")) == [
        ("Ada", "ada@example.org", ""),
        ("Ben", "ben@example.org", ""),
    ]


def test_a_title_above_pasted_names_is_not_a_student():
    assert names(read_paste("Students\nAda\nBen")) == ["Ada", "Ben"]


def test_an_address_alone_needs_a_name():
    roster = read_paste("ada@example.org\nBen")
    assert problems(roster) == {1: "Please add a name on this line."}
    assert names(roster) == ["Ben"]
    assert set(problems(read_csv(b"ada@example.org\nben@example.org"))) == {1, 2}


# --- Files -------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_is_read_in_whatever_way_it_was_saved(encoding, delimiter, end):
    rows = [["Name", "E-mail", "Student ID"], ["Zoë Müller", "zoe@example.org", "7"]]
    text = end.join(delimiter.join(row) for row in rows) + end
    assert good(read_csv(text.encode(encoding))) == [("Zoë Müller", "zoe@example.org", "7")]


@pytest.mark.parametrize("byte_order", ["utf-16-le", "utf-16-be"])
def test_both_byte_orders_are_read(byte_order):
    assert names(read_csv("\ufeffName\nЖанна".encode(byte_order))) == ["Жанна"]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Name,Email,ID", "Ada Lovelace,ada@example.org,S1"),
        ("student_id;FULL NAME;e-mail", "S1;Ada Lovelace;ada@example.org"),
        ("Surname,First Name,Class,Email,External ID", "Lovelace,Ada,9b,ada@example.org,S1"),
        ("ID;Vorname;Nachname;E-Mail-Adresse", "S1;Ada;Lovelace;ada@example.org"),
        ("Name;Vorname;E-Mail;Schüler-ID", "Lovelace;Ada;ada@example.org;S1"),
        ("Nom;Prénom;Courriel;Identifiant", "Lovelace;Ada;ada@example.org;S1"),
        ("Nombre;Apellidos;Correo electrónico;Matrícula", "Ada;Lovelace;ada@example.org;S1"),
        ("Élève;Adresse e-mail;Matricule", "Ada Lovelace;ada@example.org;S1"),
        ("name,first name,last name,mail,id", "Ada Lovelace,Ada,Lovelace,ada@example.org,S1"),
    ],
)
def test_titles_of_columns_are_known_in_four_languages(header, row):
    roster = read_csv(f"{header}\n{row}\n".encode())
    assert good(roster) == [("Ada Lovelace", "ada@example.org", "S1")]
    assert roster.lines[0].number == 2


@pytest.mark.parametrize(
    "row",
    [
        "Ada Lovelace,ada@example.org,S1",
        "Ada Lovelace,S1,ada@example.org",
        "ada@example.org;Ada Lovelace;S1",
        "1,Ada Lovelace,ada@example.org,S1",
    ],
)
def test_columns_without_titles_are_known_by_what_is_in_them(row):
    assert good(read_csv(row.encode())) == [("Ada Lovelace", "ada@example.org", "S1")]


def test_a_file_of_names_alone_needs_no_title():
    assert names(read_csv(b"Ada\nGrace\n")) == ["Ada", "Grace"]


def test_a_number_before_the_name_is_the_id():
    assert good(read_csv(b"4711,Ada\n4712,Ben")) == [("Ada", "", "4711"), ("Ben", "", "4712")]


def test_the_separator_is_counted_outside_of_quotes():
    text = 'Name;E-Mail\n"Byron, Ada, Countess, of Lovelace";ada@example.org\n'
    assert names(read_csv(text.encode())) == ["Byron, Ada, Countess, of Lovelace"]
    assert names(read_csv(b"Hopper, Grace;g@example.org\nKay, Alan;a@example.org")) == [
        "Hopper, Grace",
        "Kay, Alan",
    ]


def test_the_hint_that_excel_writes_is_followed():
    roster = read_csv(b"sep=;\r\nName;ID\r\nAda;7\r\n")
    assert good(roster) == [("Ada", "", "7")]
    assert roster.lines[0].number == 3


def test_lines_are_counted_as_an_editor_counts_them():
    roster = read_csv(b'Name,ID\n\n"Ada\nLovelace",1\n,,\nGrace,2\n,\n')
    assert [(line.number, line.name) for line in roster.lines] == [
        (3, "Ada Lovelace"),
        (6, "Grace"),
    ]
    assert roster.lines[0].raw == '"Ada\nLovelace",1'


def test_a_long_line_is_shown_in_part():
    roster = read_csv(b"Ada," + b"x" * 5000)
    assert roster.lines[0].raw == "Ada," + "x" * 196
    assert problems(roster) == {1: "Please use a shorter id: 64 characters at most."}


@pytest.mark.parametrize("magic", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"])
def test_a_spreadsheet_file_is_named_as_such(magic):
    assert read_csv(magic + bytes(100)).problem == SPREADSHEET
    assert names(read_csv(b"PK Sharma\nAda")) == ["PK Sharma", "Ada"]


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        "Name\nAda".encode("utf-16-le"),
        "Name\nAda".encode("utf-32"),
        b"<html><table><tr><td>Ada",
        b"\x01\x02\x03",
    ],
)
def test_another_kind_of_file_is_refused(data):
    roster = read_csv(data)
    assert roster.problem.startswith("This does not look like a list of names.")
    assert roster.lines == []


@pytest.mark.parametrize("data", [b"Ada\nZo\x81e\n" * 9, "Zoë\nAda".encode("utf-16")[:-1]])
def test_letters_that_cannot_be_read_refuse_the_file(data):
    assert read_csv(data).problem.startswith("Some letters in this file cannot be read.")


def test_one_stray_sign_does_not_refuse_a_list():
    assert names(read_csv(b"Ada\nGrace\x08 Hopper\nAlan Kay\n\x1a")) == [
        "Ada",
        "Grace Hopper",
        "Alan Kay",
    ]


def test_a_list_that_is_too_big_is_refused():
    too_big = "This list is too big. Please send a smaller one: 1 MB at most."
    assert read_csv(b"a" * (MAX_BYTES + 1)).problem == too_big
    assert read_paste("ä" * (MAX_BYTES // 2 + 1)).problem == too_big
    assert not read_csv(b"\n" * (MAX_BYTES - 1) + b"A").problem


@pytest.mark.parametrize("read", [read_paste, lambda text: read_csv(text.encode())])
def test_more_lines_than_a_list_can_have_are_refused_with_their_number(read):
    people = [f"Student {number}" for number in range(MAX_LINES + 431)]
    assert len(read("Name\n" + "\n".join(people[:MAX_LINES])).lines) == MAX_LINES
    assert read("\n".join(people[: MAX_LINES + 1])).problem == (
        "This list has 2001 lines. Please send at most 2000 at a time."
    )
    assert read("\n".join(people)).problem.startswith("This list has 2431 lines.")


@pytest.mark.parametrize("read", [read_paste, lambda text: read_csv(text.encode())])
@pytest.mark.parametrize("text", ["", "\n \n", "Name\n", "\ufeff", ",,;\t,\n"])
def test_a_list_without_names_says_so(read, text):
    roster = read(text)
    assert roster.problem or problems(roster)
    assert not [line for line in roster.lines if line.ok]


def test_titles_without_one_for_names_are_pointed_out():
    assert read_csv(b"E-mail,ID\nada@example.org,1").problem == (
        "This list has no column for names. Please call one of its columns “Name”."
    )


def test_a_quote_that_is_never_closed_is_pointed_out():
    roster = read_csv(b'Name,ID\nAda,1\n"Ben,2\nCem,3\n')
    assert roster.problem.startswith("Please look at line 3: a quotation mark")
    assert read_csv(b'"' + b"a," * 300_000).problem.startswith("Please look at line 1:")
    assert read_csv(b"Ada\n" + b"a" * 300_000).problem.startswith(
        "Please look at line 2: it is too"
    )
    swallowed = read_csv(b'Name,ID\n"Ada,1\nBen,2\nCem,3\n"Dora",4')
    assert problems(swallowed)[2].startswith("This name goes over several lines.")


# --- What one line can have wrong --------------------------------------------


@pytest.mark.parametrize(
    ("cell", "sign"),
    [
        ("=1+1 A", "="),
        ("+Ada", "+"),
        ("-Ada", "-"),
        ("@Ada", "@"),
        ("＝Ada", "="),
        ("\u200b=Ada", "="),
        (" =Ada", "="),
    ],
)
def test_a_formula_is_pointed_out_and_not_changed(cell, sign):
    sentence = f"Please take away the “{sign}” at the start of “"
    assert problems(read_csv(f"Name,ID\n{cell},7".encode()))[2].startswith(sentence)
    assert problems(read_csv(f"Name,ID\nAda,{cell}".encode()))[2].startswith(sentence)
    assert problems(read_paste(f"Grace\n{cell}"))[2].startswith(sentence)


@pytest.mark.parametrize(
    "email", ["ada@", "ada", "=x@example.org", "a@b@c.de", "x" * 300 + "@a.de"]
)
def test_an_e_mail_that_does_not_work_is_named(email):
    roster = read_csv(f"Name,E-mail\nAda,{email}\nBen,ben@example.org".encode())
    assert problems(roster) == {2: f"Please check the e-mail address “{email[:80]}”."}
    assert names(roster) == ["Ben"]


def test_the_same_name_again_says_where_it_was():
    roster = read_paste("Grace\n\nAda\nADA \n=x\nada")
    assert problems(roster)[4].startswith("Same name as line 3.")
    assert problems(roster)[6].startswith("Same name as line 3.")
    assert names(roster) == ["Grace", "Ada"]


def test_a_name_on_a_line_with_a_problem_does_not_take_the_name():
    roster = read_csv(b"Name,E-mail\nAda,nonsense\nAda,ada@example.org")
    assert good(roster) == [("Ada", "ada@example.org", "")]


def test_names_are_cleaned_and_refused_as_everywhere():
    roster = read_paste("A\u202eda\n🦊🦊\n" + "x" * 61)
    assert names(roster) == ["Ada"]
    assert problems(roster) == {
        2: "Please write a name with at least one letter.",
        3: "Please use a shorter name: 60 characters at most.",
    }


def test_a_line_without_a_name_asks_for_one():
    assert problems(read_csv(b"Name,ID\n,7\nAda,8")) == {2: "Please add a name on this line."}


# --- Anything at all ---------------------------------------------------------

_pieces = st.lists(
    st.sampled_from(
        [
            *["Ada", "Name", "E-mail", "a@b.cd", "id", "sep=;", "1.", "- ", "•", "=", "<", ">"],
            *[",", ";", "\t", "\n", "\r\n", '"', '""', " "],
            *["\x00", "\ufeff", "\u2028", "ß", "\ud800", "\u202e"],
        ]
    ),
    max_size=40,
).map("".join)


def check(roster):
    if roster.problem:
        assert roster.lines == []
        return
    numbers = [line.number for line in roster.lines]
    assert numbers == sorted(set(numbers))
    for line in roster.lines:
        assert line.ok == (not line.problem)
        assert len(line.raw) <= 200
        if line.ok:
            assert 0 < len(line.name) <= 60
            assert len(line.email) <= 254
            assert len(line.external_id) <= 64


@given(st.one_of(st.text(), _pieces))
def test_any_pasted_text_gives_a_roster(text):
    check(read_paste(text))


@given(st.one_of(st.binary(), _pieces.map(lambda text: text.encode(errors="ignore"))))
def test_any_bytes_give_a_roster(data):
    check(read_csv(data))


@given(st.text(), st.sampled_from(["utf-16", "cp1252", "utf-8-sig"]))
def test_any_encoded_text_gives_a_roster(text, encoding):
    check(read_csv(text.encode(encoding, errors="ignore")))


@given(st.lists(st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True), min_size=1, unique=True))
def test_good_names_come_out_as_they_went_in(given_names):
    listed = [f"{name} Q" for name in given_names]
    assert names(read_paste("\n".join(listed))) == listed
    assert names(read_csv("\n".join(["Name", *listed]).encode())) == listed


#: A quarter of the bytes that are taken: what grew with the square would take minutes.
SIZE = MAX_BYTES // 4


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(lambda size: "," * size, id="commas"),
        pytest.param(lambda size: "\n" * size, id="lines"),
        pytest.param(lambda size: "a\n" * (size // 2), id="names"),
        pytest.param(lambda size: '"' * size, id="quotes"),
        pytest.param(lambda size: '"\n' * (size // 2), id="quotes in lines"),
        pytest.param(lambda size: '"a,' * (size // 3), id="quotes in cells"),
        pytest.param(lambda size: "<" * size, id="brackets"),
        pytest.param(lambda size: "x<" + " " * size, id="open bracket"),
        pytest.param(lambda size: " " * size + "a", id="blanks"),
        pytest.param(lambda size: "a@" * (size // 2), id="addresses"),
        pytest.param(lambda size: "1. " * (size // 3), id="numbers"),
        pytest.param(lambda size: "a" + "\u0316\u0301" * (size // 2), id="accents"),
        pytest.param(lambda size: "a\n" * 1999 + "," * size, id="a last line"),
        pytest.param(lambda size: "a,=,b@c.de\n" * (size // 11), id="formulas"),
        pytest.param(lambda size: ("\ufdfa" * 174 + "\n") * (size // 175), id="unfolding"),
        pytest.param(lambda size: "\t" * size, id="tabs"),
        pytest.param(lambda size: "a\tb\n" * (size // 4), id="columns"),
    ],
)
def test_reading_grows_evenly_with_the_list(hostile):
    assert_even(lambda text: check(read_csv(text.encode())), hostile, SIZE)
    assert_even(lambda text: check(read_paste(text)), hostile, SIZE)
