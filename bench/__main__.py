"""``./run bench [NAME] [--quick] [--json FILE] [--markdown FILE]``.

Without a NAME all of them, one after another, each in a process of its own.
"""

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import raising, report, servers

#: What there is, in the order in which it runs.
NAMES = (
    "post_to_socket",
    "class_size",
    "fan_out",
    "work_per_event",
    "write_path",
    "reconnect",
    "loss",
    "workers",
    "restarts",
    "backups",
    "catch_up",
    "joins",
    "rude_clients",
    "first_page",
    "idle_school",
    "bell",
)


def main(args: list[str]) -> None:
    wanted = parsed(args)
    if not sys.platform.startswith("linux"):
        sys.exit("The benchmarks read Linux's clocks and files of processes; they run on Linux.")
    where = report.machine()
    if wanted.name:
        results = [measured(wanted.name, wanted.quick, sizes_of(wanted))]
    else:
        results = [result for name in NAMES if (result := in_a_process(name, wanted.quick))]
    told = {
        "machine": where,
        "quick": wanted.quick,
        "results": [report.as_json(each) for each in results],
    }
    if wanted.markdown:
        Path(wanted.markdown).write_text(report.markdown(results, where), encoding="utf-8")
    if wanted.json:
        Path(wanted.json).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    elif wanted.name:
        print(json.dumps(told, indent=1))
    if not wanted.name and len(results) < len(NAMES):
        sys.exit("bench: not every benchmark came to its end; the reason stands above.")


def parsed(args: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES, help="one of them; else all")
    parser.add_argument("--quick", action="store_true", help="small numbers: does it work at all?")
    parser.add_argument("--json", metavar="FILE", help="everything measured, for machines")
    parser.add_argument("--markdown", metavar="FILE", help="the tables, for the documentation")
    parser.add_argument("--scale", type=float, help="bell: the part of 1,000 classes that comes")
    parser.add_argument("--seconds", type=float, help="bell: the time in which they come")
    wanted = parser.parse_args(args)
    if sizes_of(wanted) and wanted.name != "bell":
        parser.error("--scale and --seconds are for bell alone")
    return wanted


def sizes_of(wanted: argparse.Namespace) -> dict[str, float]:
    """Those that were said; a benchmark knows its own."""
    sizes = {"scale": wanted.scale, "seconds": wanted.seconds}
    return {name: size for name, size in sizes.items() if size is not None}


def measured(name: str, quick: bool, sizes: dict[str, float]) -> report.Result:
    """Run one benchmark in this process and print its table."""
    servers.onto_the_other_cores()
    if quick:  # it is asked whether it works, also where others are at work: late is not missing
        raising.MISSING_AFTER *= 12
    began, own = time.perf_counter(), time.process_time()
    result = importlib.import_module(f"bench.{name}").run(quick, **sizes)
    result.seconds = time.perf_counter() - began
    if result.generator is None:
        result.generator = (time.process_time() - own) / result.seconds
    print(report.text(result), flush=True)
    return result


def in_a_process(name: str, quick: bool) -> report.Result | None:
    """One that breaks must not end the others."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        command = [sys.executable, "-m", "bench", name, "--json", file.name]
        if subprocess.call([*command, *(["--quick"] if quick else [])]):
            print(f"bench: {name} did not come to its end.", file=sys.stderr, flush=True)
            return None
        return report.from_json(json.loads(file.read())["results"][0])


if __name__ == "__main__":
    main(sys.argv[1:])
