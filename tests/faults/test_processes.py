"""F1 to F3: processes that are restarted, or killed, in the middle of a lesson."""

import asyncio
import random
import signal

from bench import restarts
from bench.loss import workers_of
from tests.faults.driver import SEED
from tests.servers import kill, until

chance = random.Random(SEED)


async def test_a_planned_restart(stand, rounds):
    """F1: the requests under way are answered, and nobody's tap fails for good."""
    async with stand.lesson("F1 restart") as load:
        for _round in range(rounds):
            await load.some(10)
            if stand.workers > 1:
                await restarts.restart(stand.server.bench)
                continue
            stand.server.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(stand.server.process.wait, 40)
            assert stand.server.process.returncode == 0
            stand.stop()
            await asyncio.to_thread(stand.start)


async def test_a_worker_is_killed(stand, rounds):
    """F2: the parent starts another one; with one process alone this is F3."""
    if stand.workers == 1:
        return
    async with stand.lesson("F2 kill -9") as load:
        for _round in range(rounds):
            await load.some(5 + chance.randrange(20))
            before = set(workers_of(stand.server.bench))
            victim = chance.choice(sorted(before))
            kill(victim)
            await asyncio.to_thread(until, lambda before=before: len(_new(stand, before)) == 1)


def _new(stand, before) -> set[int]:
    return set(workers_of(stand.server.bench)) - before


async def test_every_process_is_killed(stand, rounds):
    """F3: whatever was acknowledged is there when it was started again."""
    async with stand.lesson("F3 kill -9 of all") as load:
        for _round in range(rounds):
            await load.some(5 + chance.randrange(20))
            stand.kill_all()
            await asyncio.to_thread(stand.start)
