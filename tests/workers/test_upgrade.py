"""A new version without a pause: its code, its migrations, and then its workers, under load."""

import asyncio
import random
import shutil
import signal
import subprocess
import sys

from bench import joins, loss, restarts
from bench.browser import open_browsers, true_after
from tests.operate import versions
from tests.servers import START, running, until

#: Taps a second, and how many there are at least in each part.
RATE, TAPS = 8, 30
FORGOTTEN = "The database is of an older version: ./run manage migrate"
#: What everybody looks at.
PAGES = ("", "help/", "check-ins/", "manage/", "manage/history/hands/", "manage/settings/")


async def test_workers_of_the_last_release_serve_while_the_next_one_is_put_in(
    database, redis, tmp_path
):
    code = tmp_path / "srv"
    versions.put_released(code)
    with running(
        tmp_path, 2, code=code, DATABASE_URL=new_database(database), REDIS_URL=redis
    ) as server:
        rooms = server.rooms(rooms=3, students=10)
        students = restarts.spread(rooms)
        teachers = [room.teacher for room in rooms]
        browsers = await open_browsers(server.bench.url, teachers, is_loaded=True)
        taps, over = restarts.Taps(), asyncio.Event()
        tapping = asyncio.create_task(
            restarts.keep_tapping(server.bench.url, students, taps, RATE, over)
        )
        try:
            await at_work(server, rooms, taps)
            versions.put_present(code)
            versions.put_one_more_migration(code)
            await reload_too_early(server)
            await at_work(server, rooms, taps)
            await migrated(server, code)
            await at_work(server, rooms, taps)
            await restarts.restart(server.bench)
            await at_work(server, rooms, taps)
        finally:
            over.set()
            await tapping
        assert_served(taps)
        assert taps.lost(loss.statuses(server.environment["DATABASE_URL"])) == 0
        assert (await true_after(browsers, START))[1] == 0
        for each in browsers:
            each.close()


def assert_served(taps) -> None:
    """Nobody met a fault. On a machine that is much too busy a few are told to tap again (503)."""
    busy = [each for each in taps.failed if each.endswith("answered with 503")]
    assert [each for each in taps.failed if each not in busy] == []
    assert len(busy) <= taps.done / 10


def new_database(url: str) -> str:
    """One of its own in the same PostgreSQL: the schema there is of another version."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE upgraded")
    return url.replace("/helpdesk?", "/upgraded?")


async def at_work(server, rooms, taps) -> None:
    """So many taps, somebody who comes in, and a look at the pages, by whoever serves now."""
    wanted = taps.done + TAPS
    name = f"Newcomer {random.getrandbits(40):x}"
    assert await joins.join(server.bench.url, rooms[0].code, name) == 200
    teacher = rooms[0].teacher
    for page in PAGES:
        status, _text = await asyncio.to_thread(
            server.get, teacher.url(page), Cookie=teacher.cookie
        )
        assert status == 200, page
    async with asyncio.timeout(START):
        while taps.done < wanted:
            await asyncio.sleep(0.1)


async def reload_too_early(server) -> None:
    """Before ``migrate``: the old workers stay."""
    before = server.children("worker")
    server.process.send_signal(signal.SIGHUP)
    await asyncio.to_thread(until, lambda: "the old ones stay" in server.said(), START)
    assert FORGOTTEN in server.said()
    assert server.children("worker") == before


async def migrated(server, code) -> None:
    command = [sys.executable, "manage.py", "migrate"]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=code,
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0999_one_more" in done.stdout


def test_a_worker_that_serves_needs_nothing_of_its_folder_any_more(database, redis, tmp_path):
    """Half of a new version may lie there by then."""
    code = tmp_path / "srv"
    code.mkdir()
    versions.put_present(code)
    with running(tmp_path, 2, code=code, DATABASE_URL=database, REDIS_URL=redis) as server:
        room = server.rooms(students=1)[0]
        ours = {each.parent for each in code.glob("*/__init__.py")} | {code / "templates"}
        assert len(ours) > 8
        for each in ours:
            shutil.rmtree(each)
        for person, pages in ((room.teacher, PAGES), (room.students[0], ("", "my/check-ins/"))):
            for page in pages:
                status, text = server.get(person.url(page), Cookie=person.cookie)
                assert status == 200, (page, server.said())
                assert "</html>" in text
        assert server.get("/accounts/signup/")[0] == 200
        assert server.get("/nowhere/")[0] == 404
        assert "Traceback" not in server.said()
