"""Clients that misbehave are limited and told why; the class's queue goes on."""

from bench import rude_clients
from bench.report import summary
from tests.servers import running


async def test_rude_clients_are_limited_and_nobody_else_notices(tmp_path):
    database = f"sqlite:///{tmp_path}/school.sqlite3"
    with running(tmp_path, DATABASE_URL=database) as server:
        room = server.rooms(students=30)[0]
        calm, busy, seen = await rude_clients.in_turn(server.bench, room, seconds=3, rounds=1)
        assert seen.most_open == rude_clients.MOST_SOCKETS
        assert seen.talked == seen.hushed > 0
        assert seen.slowed > 0
        assert calm.missing == busy.missing == 0
        # The goal is twice; the rest is for machines that do other things at the same time.
        assert summary(busy.spent)["p95"] < 2 * summary(calm.spent)["p95"] + 10_000
        assert "Traceback" not in server.said()
