"""The benchmarks still run: two of them as they are started by hand, with small numbers."""

import importlib
import json
import subprocess
import sys

import pytest

from bench.__main__ import NAMES
from tests.run_all import clean_environment
from tests.servers import ROOT


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
