"""Real servers of the tests' own. They are the same in every leg, so only one runs them."""

import os
from contextlib import contextmanager

import pytest

from bench import raising, rude_clients
from tests import services
from tests.servers import PATIENCE, running


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/workers" in str(item.path):
            item.add_marker(pytest.mark.own_servers)
            if os.name != "posix":
                item.add_marker(pytest.mark.skip(reason="several workers need POSIX"))


@pytest.fixture(autouse=True)
def _late_is_not_missing(monkeypatch):
    """The benchmarks' own limits are for a machine that does nothing else."""
    monkeypatch.setattr(raising, "MISSING_AFTER", PATIENCE)
    monkeypatch.setattr(rude_clients, "ENDED", PATIENCE)


@pytest.fixture(scope="session")
def database():
    with services.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis():
    with services.redis() as url:
        yield url


@pytest.fixture
def serve(database, tmp_path):
    """``with serve(2, REDIS_URL=...) as server``: it answers; it ends with the block."""

    @contextmanager
    def start(workers, **environment):
        with running(tmp_path, workers, **{"DATABASE_URL": database, **environment}) as server:
            yield server

    return start


@pytest.fixture
def unanswered():
    """An address at which nothing answers, until a test starts something there."""
    return services._free_port()
