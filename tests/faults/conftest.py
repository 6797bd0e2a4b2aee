"""Two stacks for all faults; each test breaks one thing of one of them (marker ``faults``)."""

import os

import pytest

from tests.faults import report, stands
from tests.faults.driver import SEED

#: Times that each test does what it does: 1 in CI.
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/faults" in str(item.path):
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.own_servers)
            if os.name != "posix":
                item.add_marker(pytest.mark.skip(reason="faults need POSIX"))


def pytest_terminal_summary(terminalreporter):
    if report.noted:
        terminalreporter.section(f"faults, seed {SEED}, {ROUNDS} rounds")
        for each in report.noted:
            terminalreporter.write_line(str(each))


@pytest.fixture(scope="session")
def rounds():
    return ROUNDS


#: Each stack in a process of its own.
STACKS = [
    pytest.param(each, marks=pytest.mark.xdist_group(each)) for each in ("sqlite", "postgres")
]


@pytest.fixture(scope="session", params=STACKS)
def stand(request, tmp_path_factory):
    """Each stack in turn, with its parts; a test that broke something need not mend it."""
    with stands.stand(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made
