"""``python -m tests.run_all [options] [pytest's arguments]``: every test, on every backend.

A leg is a process of its own: settings are read once for each process, and it sees none of the
developer's own. Legs of different lanes run side by side: many tests wait for a server or a browser
while others have work for the processor.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tests import changed, services

ROOT = Path(__file__).resolve().parent.parent
#: pytest's exit code where it found no test.
NO_TESTS = 5
#: What settings read, beside everything that starts with HELPDESK_.
SETTINGS = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "HOST", "PORT"}
SETTINGS |= {f"{name}_FILE" for name in SETTINGS}
SETTINGS |= {"ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE", "EMAIL_URL"}
#: What shares a machine or servers of its own is a group (xdist_group), and stays together.
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadgroup")


@dataclass(frozen=True)
class Leg:
    name: str
    title: str
    #: PostgreSQL and Redis instead of SQLite and this process's memory.
    servers: bool
    #: Which tests: pytest's ``-m``.
    marked: str
    options: tuple[str, ...] = ()
    #: Those of one lane run one after another.
    lane: str = "working"
    #: What pytest is run by.
    under: tuple[str, ...] = ()

    @property
    def in_browser(self) -> bool:
        return self.marked.startswith("browser")


ON_SQLITE = "not browser and not own_servers and not postgres_leg"
ON_POSTGRES = "not browser and not faults and not one_leg"
BROWSER_ON_SQLITE = "browser and not own_servers"
BROWSER_ON_POSTGRES = "browser and not one_leg"
# What is the same in every leg is run by one: servers that tests start themselves (own_servers),
# and what asks no database, or asks it only what other tests ask too (one_leg; tests/conftest.py).
LEGS = (
    Leg("sqlite", "sqlite + in-memory", False, ON_SQLITE, SIDE_BY_SIDE),
    Leg("postgres", "postgres + redis", True, ON_POSTGRES, SIDE_BY_SIDE),
    Leg("browser", "browser, sqlite + in-memory", False, BROWSER_ON_SQLITE, lane="waiting"),
    Leg("browser-postgres", "browser, postgres + redis", True, BROWSER_ON_POSTGRES, lane="waiting"),
    Leg("faults", "faults, both stacks", False, "faults", SIDE_BY_SIDE, lane="waiting"),
)
#: Rounds of each fault where they are run by hand.
LONG = "20"
#: What runs pytest and says what it did not enter; pyproject.toml says of which code.
COVERAGE = ("-m", "slipcover")


@dataclass(frozen=True)
class Verdict:
    """How a leg ended; ``code`` is pytest's, None where the leg was left out."""

    leg: Leg
    code: int | None
    took: str = ""

    def line(self, with_args: bool) -> str:
        if self.code is None:
            return f"{self.leg.title}: SKIPPED, no Chromium"
        if self.code == NO_TESTS:
            told = "no test matched" if with_args else "FAILED, there is no test"
        else:
            told = "FAILED" if self.code else "passed"
        return f"{self.leg.title}: {told} ({self.took})"


class Run:
    """Some legs under way. Where there is more than one, each line says whose it is."""

    def __init__(self, legs: Sequence[Leg], args: Sequence[str]) -> None:
        self.args = args
        self.is_alone = len(legs) == 1
        self.chromium = services.chromium() if any(leg.in_browser for leg in legs) else None
        self.lanes: dict[str, list[Leg]] = {}
        for leg in legs:
            self.lanes.setdefault(leg.lane, []).append(leg)
        self.lock = threading.Lock()
        self.processes: list[subprocess.Popen] = []
        self.is_stopped = False

    def all(self) -> list[Verdict]:
        """Each lane's legs one after another, the lanes side by side."""
        with ThreadPoolExecutor(len(self.lanes)) as pool:
            try:
                return [each for lane in pool.map(self.lane, self.lanes.values()) for each in lane]
            except BaseException:  # SIGTERM was for us alone; Ctrl+C pytest hears itself
                self.stop()
                raise

    def lane(self, legs: Sequence[Leg]) -> list[Verdict]:
        return [
            Verdict(leg, None) if leg.in_browser and not self.chromium else self.leg(leg)
            for leg in legs
        ]

    def leg(self, leg: Leg) -> Verdict:
        begun = time.monotonic()
        print(f"\n===== {leg.title} =====", flush=True)
        with ExitStack() as stack:
            environment = clean_environment()
            if self.chromium:
                environment["CHROMIUM"] = self.chromium
            if leg.servers:
                environment["DATABASE_URL"] = stack.enter_context(services.postgres())
                environment["REDIS_URL"] = stack.enter_context(services.redis())
            command = [sys.executable, *leg.under, "-m", "pytest", "-p", "tests.changed"]
            options = ["-m", leg.marked, *leg.options, *self.args]
            code, processor = self.pytest(leg, [*command, *options], environment)
        took = time.monotonic() - begun
        return Verdict(leg, code, f"{took:.0f} s, {processor:.0f} s of a processor")

    def pytest(
        self, leg: Leg, command: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[int, float]:
        """Its exit code, and the seconds that it and all it waited for had a processor."""
        output = None if self.is_alone else subprocess.PIPE
        with self.lock:
            if self.is_stopped:
                return 130, 0.0
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output and subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            self.processes.append(process)
        for line in process.stdout or ():
            print(f"{leg.name:>16} | {line}", end="", flush=True)
        if not hasattr(os, "wait4"):  # Windows
            return process.wait(), 0.0
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_utime + usage.ru_stime

    def stop(self) -> None:
        """Give each pytest a moment to take down what it has set up."""
        with self.lock:
            self.is_stopped = True
        for number, patience in ((signal.SIGINT, 10), (signal.SIGKILL, 0)):
            for process in self.running():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, number)
            until = time.monotonic() + patience
            while self.running() and time.monotonic() < until:
                time.sleep(0.1)

    def running(self) -> list[subprocess.Popen]:
        return [each for each in self.processes if each.returncode is None]


def clean_environment() -> dict[str, str]:
    """This environment without helpdesk's settings, and with a ``.env`` file's made empty.

    An empty variable means the default, and wins over the same one in the file.
    """
    clean = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    file = ROOT / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    names = [line.partition("=")[0].removeprefix("export ").strip() for line in lines]
    clean |= {name: "" for name in names if _is_setting(name)}
    # Made anew each time: a key kept in var/ could be half written by another leg's process.
    return clean | {"SECRET_KEY": secrets.token_hex(32)}


def _is_setting(name: str) -> bool:
    return name in SETTINGS or name.startswith("HELPDESK_")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run test", description=__doc__, allow_abbrev=False)
    names = [leg.name for leg in LEGS]
    parser.add_argument("--leg", action="append", choices=names, help="only this; repeatable")
    parser.add_argument(
        "--faults", action="append_const", dest="leg", const="faults", help="only these"
    )
    parser.add_argument("--long", action="store_true", help="each fault many times: half an hour")
    parser.add_argument(
        "--changed", action="store_true", help="the tests nearest to what changed, for a minute"
    )
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="name what no test of the first leg enters",
    )
    chosen, args = parser.parse_known_args(argv)
    wanted = chosen.leg or names
    if chosen.long:
        os.environ.setdefault("FAULT_ROUNDS", LONG)
    if chosen.changed:
        wanted, found = changed.chosen()
        if not found:
            print("tests: nothing has changed that a test stands near to; ./run test has all.")
            return 0
        args += found
    legs = [leg for leg in LEGS if leg.name in wanted]
    if chosen.coverage:
        legs = [replace(leg, under=COVERAGE) if leg is LEGS[0] else leg for leg in legs]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that services end with us
    try:
        return _result(Run(legs, args).all(), with_args=bool(args))
    except services.ServiceError as error:
        print(f"\ntests: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _result(verdicts: Sequence[Verdict], *, with_args: bool) -> int:
    """The exit code; the sentence that explains it is the last line."""
    print("\n" + "\n".join(each.line(with_args) for each in verdicts))
    fine = {0, NO_TESTS, None} if with_args else {0, None}
    codes = [each.code for each in verdicts]
    failed = [each.leg.title for each in verdicts if each.code not in fine]
    if failed:
        print(f"tests: failed: {'; '.join(failed)}")
    elif set(codes) <= {NO_TESTS, None}:
        print("tests: nothing was run, so nothing is shown: no leg found a test.")
    elif None in codes and os.environ.get("CI") == "true":
        print("tests: failed: the browser's tests were not run, and CI must run them.")
    elif None in codes:
        print("tests: passed, BUT the browser's tests were SKIPPED: there is no Chromium.")
        return 0
    else:
        print("tests: passed")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
