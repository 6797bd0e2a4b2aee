"""The benchmarks still run: two of them as they are started by hand, one in parts."""

import importlib
import json
import subprocess
import sys

import pytest

from bench import bell, morning
from bench.__main__ import NAMES
from bench.report import Result
from tests.run_all import clean_environment
from tests.servers import ROOT, running


@pytest.mark.parametrize("name", NAMES)
def test_each_benchmark_is_there(name):
    module = importlib.import_module(f"bench.{name}")
    assert module.TITLE
    assert callable(module.run)
    assert f"`{name}`" in (ROOT / "docs/performance.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["work_per_event", "post_to_socket"])
def test_a_quick_run_comes_to_its_end(name, tmp_path):
    told, table = tmp_path / "told.json", tmp_path / "told.md"
    options = ["--quick", "--json", str(told), "--markdown", str(table)]
    done = subprocess.run(
        [sys.executable, "-m", "bench", name, *options],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(told.read_text())["results"]
    assert all(each["value"] is not None for each in result["figures"])
    # What does not depend on how fast this machine is.
    kept = {each["what"]: each["met"] for each in result["figures"]}
    assert all(met for what, met in kept.items() if "missing" in what or "queries" in what)
    assert f"### {name}" in table.read_text()


def test_a_small_school_comes_at_the_bell_and_nobody_is_lost(database, redis, tmp_path):
    result = Result("bell", bell.TITLE)
    with running(tmp_path, 2, DATABASE_URL=database, REDIS_URL=redis) as server:
        rooms = server.rooms(rooms=3, students=4, check_ins=True)
        told = morning.rung(server.bench, rooms, 2)
        assert told.refused == []
        assert (told.sockets, told.closed, told.missing) == (15, 0, 0)
        assert (told.replied, len(told.raised)) == (12, 3)
        gone = bell.lost(told, rooms, server.environment)
        bell.judge(result, "small", told, gone)
        assert gone == (0, 0)
        assert "Traceback" not in server.said()
    # What does not depend on how fast this machine is.
    assert all(each.met for each in result.figures if each.goal == "0")
