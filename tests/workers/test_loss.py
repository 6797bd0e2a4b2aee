"""Nothing that was answered is lost, and no page ends on an older state.

The benchmark ``loss`` does the same with more: here it is small enough for every change.
"""

import pytest

from bench import loss
from bench.loss import Taps
from tests.servers import running


@pytest.mark.parametrize("workers", [1, 2])
async def test_thirty_two_hands_at_once_in_one_class(workers, database, redis, tmp_path):
    """One worker with SQLite, two with PostgreSQL and Redis."""
    sqlite = {"DATABASE_URL": f"sqlite:///{tmp_path}/school.sqlite3"}
    several = {"DATABASE_URL": database, "REDIS_URL": redis}
    with running(tmp_path, workers, **(sqlite if workers == 1 else several)) as server:
        room = server.rooms(students=32)[0]
        told = await loss.all_at_once(server.bench, room)
        assert told["answered"] == 32
        assert set(told["keys"]) <= loss.statuses(server.environment["DATABASE_URL"]).keys()
        assert told["backwards"] == told["untrue"] == 0


async def test_hundreds_of_raises_over_two_workers_with_one_killed(database, redis, tmp_path):
    with running(tmp_path, 2, DATABASE_URL=database, REDIS_URL=redis) as server:
        rooms = server.rooms(rooms=4, students=8)
        told = await loss.with_a_kill(server.bench, rooms, 300)
        taps: Taps = told["taps"]
        assert len(taps.answered) >= 300
        assert taps.refused == []
        assert taps.lost(loss.statuses(database)) == 0
        assert told["backwards"] == 0
        assert told["untrue"] == 0
        assert told["reconnects"]
