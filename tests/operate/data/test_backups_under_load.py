"""Nothing that was answered before a backup began is missing in it. The benchmark does twenty."""

import pytest

from bench import backups, school
from tests.servers import running

pytestmark = pytest.mark.own_servers


@pytest.mark.parametrize("kind", ["on_sqlite", "on_postgres"])
async def test_nothing_answered_before_a_backup_is_missing_in_it(kind, request, tmp_path):
    place = request.getfixturevalue(kind)
    with running(tmp_path, **place.environment) as server:
        environment = server.environment
        rooms = school.made(environment, rooms=2, students=8)
        taps, found = await backups.under_load(server.bench, environment, rooms, 3, rate=20)
    assert taps.failed == []
    assert taps.done > 3
    assert found["missing"] == [0, 0, 0]
