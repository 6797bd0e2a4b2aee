"""A database that is away, seen from outside: everybody is told so at once, and it comes back."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.servers import database_behind, running, until

#: Seconds, on a machine that does other things too. It was for ever, or 19.
SOON = 12


def taps(server, cast, count=50) -> tuple[set[int], float]:
    """The statuses of so many taps at once, and the seconds until all were answered."""
    began = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        told = pool.map(lambda number: server.raise_hand(cast, number % 4), range(count))
        return set(told), time.monotonic() - began


def asked_meanwhile(server, tapping: Future) -> int:
    """How often whoever asks for /healthz is answered until the taps are."""
    count = 0
    while not tapping.done():
        assert server.get("/healthz") == (200, "ok")
        count += 1
    return count


def test_a_database_that_hangs_keeps_nobody_else_waiting(database, tmp_path):
    """A tap waits for the pool's 2 s; who asks whether we live waits a quarter of that at most."""
    with (
        database_behind(database) as (network, url),
        running(tmp_path, DATABASE_URL=url) as server,
        ThreadPoolExecutor() as pool,
    ):
        cast = server.cast()
        assert server.raise_hand(cast, 0) in (200, 302)
        network.stall()
        tapping = pool.submit(taps, server, cast)
        count = asked_meanwhile(server, tapping)
        statuses, seconds = tapping.result()
        assert statuses == {503}
        assert count >= seconds / 0.5


def test_a_postgresql_that_is_cut_off_or_hangs(database, tmp_path):
    with database_behind(database) as (network, url), running(tmp_path, DATABASE_URL=url) as server:
        cast = server.cast()
        for number, harm in enumerate((network.cut, network.stall)):
            assert server.raise_hand(cast, number) in (200, 302)
            harm()
            statuses, seconds = taps(server, cast)
            assert (statuses, seconds < SOON) == ({503}, True)
            assert server.get("/readyz")[0] == 503
            assert server.get("/healthz") == (200, "ok")
            network.mend()
            until(lambda: server.get("/readyz")[0] == 200)
            until(lambda: server.raise_hand(cast, 2) in (200, 302))
        said = server.said()
        assert "the database is back" in said
        assert "127.0.0.1:" + str(network.port) not in said


def test_a_file_of_sqlite_that_was_taken_away_takes_nothing_more(tmp_path):
    """Writes went on being acknowledged into a file without a name."""
    file = tmp_path / "school.sqlite3"
    with running(tmp_path, DATABASE_URL=f"sqlite:///{file}") as server:
        cast = server.cast()
        assert server.raise_hand(cast, 0) in (200, 302)
        moved = file.rename(tmp_path / "elsewhere")
        assert taps(server, cast, 8)[0] == {503}
        assert server.ready() == {"database": "away", "clock": "away", "layer": "ok"}
        assert not file.exists()  # nobody made an empty one
        Path(file).write_bytes(moved.read_bytes())
        assert taps(server, cast, 8)[0] == {503}
        assert server.get("/readyz")[0] == 503
        assert "the file of the database was deleted or replaced" in server.said()
        moved.rename(file)
        assert server.raise_hand(cast, 1) in (200, 302)
        assert server.get("/readyz")[0] == 200
