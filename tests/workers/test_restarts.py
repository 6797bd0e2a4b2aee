"""A planned restart in the middle of a lesson: nobody's tap fails. The benchmark does twenty."""

from bench import loss, restarts
from tests.servers import running


async def test_taps_at_fifty_a_second_outlive_planned_restarts(database, redis, tmp_path):
    with running(tmp_path, 2, DATABASE_URL=database, REDIS_URL=redis) as server:
        rooms = server.rooms(rooms=4, students=12)
        taps, told = await restarts.under_load(server.bench, rooms, restarts=1, rate=50)
        assert taps.failed == []
        assert taps.done > 50
        assert taps.lost(loss.statuses(database)) == 0
        assert told["untrue"] == 0
        assert "Traceback" not in server.said()
