"""The server that is fuzzed."""

import pytest

from tests.fuzz.served import served


@pytest.fixture(scope="module")
def server():
    with served() as running:
        yield running
