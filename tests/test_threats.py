"""The page about threats names tests: each of them is there."""

import re
from collections.abc import Iterable

from tests.servers import ROOT

NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def gone(page: str) -> list[str]:
    """The tests that a page names and that are not there."""
    return missing(NAMED.findall(page))


def missing(named: Iterable[tuple[str, str]]) -> list[str]:
    """Those of these tests, each a path below ``tests/`` and a name, that are not there."""
    return [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / "tests" / path).exists()
        or not re.search(rf"def {name}\(", (ROOT / "tests" / path).read_text(encoding="utf-8"))
    ]


def test_each_test_that_the_page_names_is_there():
    page = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
    assert len(NAMED.findall(page)) > 40
    assert not gone(page)


def test_each_row_names_a_test():
    page = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
    rows = [
        line for line in page.splitlines() if line.startswith("| ") and "What worked" not in line
    ]
    assert len(rows) > 20
    assert not [row for row in rows if not NAMED.search(row)]
