"""docs/asvs.csv: each requirement of OWASP ASVS 5.0.0, and the test that shows it.

Whatever applies names its tests, or says ``not met:`` and why. A place in the documentation counts
for requirements that ask for documentation, and for no others.
"""

import csv
import re

import pytest
from django.conf import settings

from accounts import guesses, passwords, shown
from classrooms import codes, flood, invitations, limits, roster, spreadsheet, text
from helpdesk import http
from resources import table
from tests.servers import ROOT
from tests.test_threats import missing

FILE = ROOT / "docs/asvs.csv"
COLUMNS = ["id", "level", "what", "applies", "shown_by", "note"]
#: How many requirements of each level ASVS 5.0.0 has.
IN_ASVS = {"1": 70, "2": 183}
#: How many there are in each section, as a check of the whole: section → (level 1, level 2).
SECTIONS = {
    "V1.1": (0, 2), "V1.2": (5, 4), "V1.3": (2, 9), "V1.4": (0, 3), "V1.5": (1, 1),
    "V2.1": (1, 2), "V2.2": (2, 1), "V2.3": (1, 3), "V2.4": (0, 1),
    "V3.2": (2, 0), "V3.3": (1, 3), "V3.4": (2, 4), "V3.5": (3, 2), "V3.7": (0, 2),
    "V4.1": (1, 2), "V4.2": (0, 1), "V4.3": (0, 2), "V4.4": (1, 3),
    "V5.1": (0, 1), "V5.2": (2, 1), "V5.3": (2, 0), "V5.4": (0, 3),
    "V6.1": (1, 2), "V6.2": (8, 4), "V6.3": (2, 2), "V6.4": (2, 2), "V6.5": (0, 5),
    "V6.6": (0, 3), "V6.8": (0, 4),
    "V7.1": (0, 3), "V7.2": (4, 0), "V7.3": (0, 2), "V7.4": (2, 3), "V7.5": (0, 2), "V7.6": (0, 2),
    "V8.1": (1, 1), "V8.2": (2, 1), "V8.3": (1, 0), "V8.4": (0, 1),
    "V9.1": (3, 0), "V9.2": (1, 3),
    "V10.1": (0, 2), "V10.2": (0, 2), "V10.3": (0, 4), "V10.4": (5, 6), "V10.5": (0, 5),
    "V10.6": (0, 2), "V10.7": (0, 3),
    "V11.1": (0, 2), "V11.2": (0, 3), "V11.3": (2, 1), "V11.4": (1, 3), "V11.5": (0, 1),
    "V11.6": (0, 1),
    "V12.1": (1, 2), "V12.2": (2, 0), "V12.3": (0, 4),
    "V13.1": (0, 1), "V13.2": (0, 5), "V13.3": (0, 2), "V13.4": (1, 4),
    "V14.1": (0, 2), "V14.2": (1, 3), "V14.3": (1, 2),
    "V15.1": (1, 2), "V15.2": (1, 2), "V15.3": (1, 6),
    "V16.1": (0, 1), "V16.2": (0, 5), "V16.3": (0, 4), "V16.4": (0, 3), "V16.5": (0, 3),
    "V17.1": (0, 1), "V17.2": (0, 4), "V17.3": (0, 2),
}  # fmt: skip
#: The sections that ask for documentation.
OF_PAPER = ("V2.1", "V5.1", "V6.1", "V7.1", "V8.1", "V11.1", "V13.1", "V14.1", "V15.1", "V16.1")
#: What part of those that apply has to be shown, by level.
SHOWN = {"1": 1.0, "2": 0.93}
NOT_MET = "not met: "
PLACE = re.compile(r"\b(docs/[\w-]+\.md)#([\w-]+)")


def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        return list(reader)


ROWS = rows()
APPLY = [row for row in ROWS if row["applies"] == "yes"]


def section(row: dict[str, str]) -> str:
    return row["id"].rpartition(".")[0]


def named_by(row: dict[str, str]) -> list[tuple[str, str]]:
    """Path and name of each test that a row names."""
    return [(path, name) for path, _, name in (t.partition("::") for t in row["shown_by"].split())]


def is_on_paper(row: dict[str, str]) -> bool:
    return section(row) in OF_PAPER and bool(PLACE.search(row["note"]))


def is_shown(row: dict[str, str]) -> bool:
    return not row["note"].startswith(NOT_MET) and (bool(row["shown_by"]) or is_on_paper(row))


def test_it_holds_each_requirement_once_and_in_order():
    ids = [row["id"] for row in ROWS]
    assert all(re.fullmatch(r"V\d+\.\d+\.\d+", each) for each in ids)
    numbers = [[int(part) for part in each[1:].split(".")] for each in ids]
    assert numbers == sorted(numbers)
    assert len(set(ids)) == len(ids)
    for level, count in IN_ASVS.items():
        assert len([row for row in ROWS if row["level"] == level]) == count
    counted = {
        name: tuple(
            len([row for row in ROWS if section(row) == name and row["level"] == level])
            for level in IN_ASVS
        )
        for name in {section(row) for row in ROWS}
    }
    assert counted == SECTIONS


def test_each_row_is_whole():
    for row in ROWS:
        assert None not in row, row["id"]
        assert row["level"] in IN_ASVS, row["id"]
        assert row["applies"] in ("yes", "no"), row["id"]
        assert 1 < len(row["what"].split()) <= 14, row["id"]
        if row["applies"] == "no":
            assert not row["shown_by"], row["id"]
            assert len(row["note"].split()) >= 4, row["id"]
        else:
            says_why_not = len(row["note"].removeprefix(NOT_MET).split()) > 8
            assert is_shown(row) or (row["note"].startswith(NOT_MET) and says_why_not), row["id"]


@pytest.mark.parametrize("row", APPLY, ids=lambda row: row["id"])
def test_each_test_that_is_named_is_there(row):
    assert not missing(named_by(row))


def test_each_place_in_the_documentation_is_there():
    for row in ROWS:
        for path, anchor in PLACE.findall(row["note"]):
            heads = re.findall(
                r"^#+ (.*)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE
            )
            known = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in heads}
            assert anchor in known, row["id"]


@pytest.mark.parametrize("level", IN_ASVS)
def test_as_many_as_we_say_are_shown(level):
    apply = [row for row in APPLY if row["level"] == level]
    shown_here = [row for row in apply if is_shown(row)]
    assert len(shown_here) / len(apply) >= SHOWN[level]


def test_the_figures_that_the_page_tells_are_those_of_the_file():
    page = " ".join((ROOT / "docs/threats.md").read_text(encoding="utf-8").split())
    for level in IN_ASVS:
        apply = [row for row in APPLY if row["level"] == level]
        figures = f"level {level}: {len(apply)} apply, {len([*filter(is_shown, apply)])} are shown"
        assert figures in page


# --- The page that the documentation's places lead to -------------------------------


def test_the_numbers_of_the_page_about_rules_are_those_of_the_code():
    page = " ".join((ROOT / "docs/security.md").read_text(encoding="utf-8").split())
    days = settings.SESSION_COOKIE_AGE // (24 * 3600)
    least = settings.AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"]["min_length"]
    told = [
        f"at most {text.NAME_LENGTH} characters",
        f"{roster.EMAIL_LENGTH} characters",
        f"{flood.NAMES_PER_BROWSER.tries} new names in ten minutes",
        f"{flood.NAMES_IN_A_MINUTE.tries} in a minute or {flood.NAMES_IN_TEN.tries} in ten",
        f"at most {roster.MAX_LINES} lines, a list of resources {table.MAX_LINES}",
        f"lasts {invitations.LASTS.days} days",
        f"at most {spreadsheet.MAX_BYTES // 1024**2} MiB",
        f"| {least} characters or more |",
        f"At least {least} characters",
        f"{guesses.AT_MOST} wrong ones an hour",
        f"{guesses.LETTERS.tries} letters an hour",
        f"for {settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60} minutes, once",
        f"{codes.CODE_LENGTH} signs of {len(codes.ALPHABET)}",
        f"{limits.CODE_PER_DEVICE.tries} wrong codes in ten minutes for a browser",
        f"{limits.PIN_PER_MEMBER.tries} in ten minutes for a pupil",
        f"up to {passwords.BESIDE} characters more",
        f"ends {days} days after it began",
        f"after {settings.KEEP_DEVICES_DAYS} days without use",
        f"{http.bodies.most // 1024**2} MiB over all, {http.bodies.most_each // 1024**2} MiB an",
        f"{http.FORM_TIME} seconds (files: {http.FILE_TIME // 60} minutes)",
    ]
    assert [each for each in told if each not in page] == []
    assert shown.TRIES == 3
    assert [each for each in passwords.WORDS if f"`{each}`" not in page] == []
