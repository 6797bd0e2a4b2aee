"""F5 and F6: the Redis and the PostgreSQL of two workers, in the middle of a lesson."""

import asyncio
import signal
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest
import redis

from tests.faults.driver import count_of

#: Answers of 503 after which a database counts as away.
SEVERAL = 6


@pytest.fixture
def both(stand):
    if stand.kind == "sqlite":
        pytest.skip("SQLite has neither; F7 to F9 are its faults")
    return stand


# --- F5: Redis ---------------------------------------------------------------


async def test_redis_dies_and_another_one_comes(both, rounds):
    """F5: nobody is refused anything, and pages are true without it."""
    async with both.lesson("F5 Redis killed") as load:
        for _round in range(rounds):
            both.redis.kill()
            both.redis.wait()
            await load.some()
            await asyncio.to_thread(both.start_redis)
            await load.some()
        assert count_of(load, 503) == 0


async def test_redis_hangs(both):
    async with both.lesson("F5 Redis frozen") as load:
        both.redis.send_signal(signal.SIGSTOP)
        await load.some()
        both.redis.send_signal(signal.SIGCONT)
        assert count_of(load, 503) == 0


async def test_redis_forgets_everything(both):
    async with both.lesson("F5 Redis flushed") as load:
        client(both).flushall()
        await load.some()
        assert count_of(load, 503) == 0


async def test_redis_has_no_memory_left(both):
    """What it refuses to keep is counted by each worker instead."""
    known = client(both)
    try:
        known.config_set("maxmemory", "1")
    except redis.ResponseError:
        pytest.skip("NO redis-server here: what imitates it knows no end of memory.")
    async with both.lesson("F5 Redis out of memory") as load:
        await load.some()
        with pytest.raises(redis.ResponseError, match="maxmemory"):
            known.set("one", "more")
        known.config_set("maxmemory", "0")
        assert count_of(load, 503) == 0


def client(stand) -> redis.Redis:
    return redis.Redis(port=stand.redis_port)


# --- F6: PostgreSQL ----------------------------------------------------------


async def test_postgres_is_restarted_at_once(both, rounds):
    """F6: "try again" while it is away, never a traceback; connections heal by themselves."""
    async with both.lesson("F6 restarted") as load:
        for _round in range(rounds):
            before = count_of(load, 503)
            both.postgres.stop()
            await load.until(lambda before=before: count_of(load, 503) > before + SEVERAL)
            await asyncio.to_thread(both.postgres.start)
            await load.some(10)


async def test_postgres_takes_no_more_connections(both):
    async with both.lesson("F6 too many connections") as load:
        with every_connection(both.postgres):
            await load.until(lambda: count_of(load, 503) > SEVERAL)


@contextmanager
def every_connection(postgres):
    """All that there are, also those that the server had."""
    with ExitStack() as held:
        admin = held.enter_context(postgres.connect())
        with suppress(psycopg.OperationalError):
            while True:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name <> 'faults' AND backend_type = 'client backend'"
                )
                held.enter_context(postgres.connect())
        yield


async def test_postgres_hangs(both):
    async with both.lesson("F6 frozen") as load:
        both.postgres.freeze()
        await load.until(lambda: count_of(load, 503) > SEVERAL)
        assert await asyncio.to_thread(both.get, "/healthz") == 200
        both.postgres.thaw()


async def test_postgres_takes_no_writes(both):
    """As a standby does, or one whose disk ran full before."""
    async with both.lesson("F6 read-only") as load:
        both.postgres.ask("ALTER SYSTEM SET default_transaction_read_only = on")
        both.postgres.ask("SELECT pg_reload_conf()")
        try:
            await load.until(lambda: count_of(load, 503) > SEVERAL)
            assert await asyncio.to_thread(both.get, "/join/") == 200
        finally:
            both.postgres.ask("ALTER SYSTEM RESET default_transaction_read_only")
            both.postgres.ask("SELECT pg_reload_conf()")
