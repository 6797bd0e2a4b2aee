"""F4, F7 to F9 and files that go: SQLite's file under a lesson, on a disk that fails it.

PostgreSQL has its own answers to a disk; what the product adds is that it never turns them off.
"""

import asyncio
import random
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.faults import invariants
from tests.faults.driver import SEED, count_of
from tests.faults.shims import built

chance = random.Random(SEED)
#: Bytes that a disk keeps or loses together.
BLOCK = 4096
#: Answers of 503 after which writing counts as refused.
SEVERAL = 6


@pytest.fixture(scope="session")
def disk(tmp_path_factory):
    """A library that stands between a process and its disk; its folder."""
    folder = tmp_path_factory.mktemp("disk")
    built("disk", folder)
    return folder


@contextmanager
def on_disk(stand, disk):
    """The server runs on that disk while the block runs; yields the folder of what is kept."""
    kept = disk / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    stand.stop()
    shutil.copytree(stand.files, kept)
    settings = {"FAULT_FILES": str(stand.files), "FAULT_KEPT": str(kept)}
    stand.start(LD_PRELOAD=str(disk / "disk.so"), **settings)
    try:
        yield kept
    finally:
        (kept / "fail").unlink(missing_ok=True)
        stand.stop()


def after_power_cut(files: Path, kept: Path) -> None:
    """What was synced is there; of what was not, each block came to the disk or did not."""
    for path in files.iterdir():
        safe = kept / path.name
        if path.name.endswith("-shm"):
            path.unlink()  # memory
            continue
        written = path.read_bytes()
        synced = safe.read_bytes() if safe.exists() else b""
        blocks = []
        for start in range(0, max(len(written), len(synced)), BLOCK):
            old, new = synced[start : start + BLOCK], written[start : start + BLOCK]
            blocks.append(new or old if chance.random() < 0.5 else old.ljust(len(new), b"\0"))
        path.write_bytes(b"".join(blocks))


async def test_the_power_is_cut(stand, disk, rounds):
    """F4: every acknowledged write is there, also the last one."""
    if stand.kind == "postgres":
        asked = "SELECT name, setting FROM pg_settings WHERE name IN ('synchronous_commit')"
        assert invariants.asked(stand.database, asked) == [("synchronous_commit", "on")]
        return
    with on_disk(stand, disk) as kept:
        async with stand.lesson("F4 power cut") as load:
            for _round in range(rounds):
                await load.some(5 + chance.randrange(20))
                stand.kill_all()
                after_power_cut(stand.files, kept)
                shutil.rmtree(kept)
                shutil.copytree(stand.files, kept)
                settings = {"FAULT_FILES": str(stand.files), "FAULT_KEPT": str(kept)}
                more = settings | {"LD_PRELOAD": str(disk / "disk.so")}
                await asyncio.to_thread(lambda more=more: stand.start(**more))


async def test_a_long_writer_holds_the_file(stand):
    """F7: writes wait, then say "try again"; reading goes on; afterwards all is as before."""
    if stand.kind == "postgres":
        return
    async with stand.lesson("F7 locked") as load:
        with closing(sqlite3.connect(stand.files / "school.sqlite3", timeout=30)) as holder:
            holder.isolation_level = None
            holder.execute("BEGIN IMMEDIATE")
            await load.until(lambda: count_of(load, 503) > 0)
            assert await asyncio.to_thread(stand.get, "/join/") == 200
            holder.execute("ROLLBACK")


async def test_the_disk_fails(stand, disk):
    """F9: what could not be kept is not acknowledged."""
    if stand.kind == "postgres":
        return
    with on_disk(stand, disk) as kept:
        async with stand.lesson("F9 EIO") as load:
            (kept / "fail").touch()
            await load.until(lambda: count_of(load, 503) > SEVERAL)
            (kept / "fail").unlink()


async def test_the_disk_is_full(stand, tmp_path):
    """F8: nothing is acknowledged that has no room; it goes on by itself when there is some."""
    if stand.kind == "postgres":
        return
    with small_disk(tmp_path / "small") as folder:
        stand.stop()
        for path in stand.files.iterdir():
            shutil.copy(path, folder)
        before = stand.environment["DATABASE_URL"]
        stand.environment["DATABASE_URL"] = f"sqlite:///{folder}/school.sqlite3"
        try:
            stand.start()
            async with stand.lesson("F8 disk full") as load:
                filler = folder / "filler"
                _fill(filler)
                await load.until(lambda: count_of(load, 503) > SEVERAL)
                assert await asyncio.to_thread(stand.get, "/join/") == 200
                filler.unlink()
        finally:
            stand.stop()
            stand.environment["DATABASE_URL"] = before


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (2**16, 2**10, 1):
            with_room = True
            while with_room:
                try:
                    with_room = file.write(b"x" * size) == size
                except OSError:
                    with_room = False


@contextmanager
def small_disk(folder: Path):
    """A file system of its own, in memory."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"NO file system could be mounted, so no disk was full: {done.stderr}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


async def test_the_file_is_deleted(stand):
    """What would be written into nothing is not acknowledged; with the file back it goes on."""
    if stand.kind == "postgres":
        return
    async with stand.lesson("file deleted") as load:
        away = stand.folder / "away"
        stand.files.rename(away)
        stand.files.mkdir()
        await load.until(lambda: count_of(load, 503) > SEVERAL)
        known = load.ledger.acknowledged
        await load.until(lambda: count_of(load, 503) > 3 * SEVERAL)
        assert load.ledger.acknowledged == known
        stand.kill_all()
        shutil.rmtree(stand.files)
        away.rename(stand.files)
        await asyncio.to_thread(stand.start)
