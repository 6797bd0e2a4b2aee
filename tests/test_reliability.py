"""The page about faults names tests: each of them is there, and each fault has one."""

import re

from tests.servers import ROOT
from tests.test_threats import NAMED, gone

PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| F\d+ ", line)]


def test_each_test_that_the_page_names_is_there():
    assert len(NAMED.findall(PAGE)) > 40
    assert not gone(PAGE)


def test_each_fault_has_a_row_and_a_test_or_says_that_it_has_none():
    numbers = [int(re.match(r"\| F(\d+)", row)[1]) for row in ROWS]
    assert sorted(set(numbers)) == list(range(1, 29))
    silent = [row for row in ROWS if not NAMED.search(row) and "Not shown" not in row]
    assert not silent


def test_each_test_of_the_leg_stands_on_the_page():
    named = {name for _path, name in NAMED.findall(PAGE)}
    for path in (ROOT / "tests/faults").glob("test_*.py"):
        there = re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
        assert there
        assert set(there) <= named
