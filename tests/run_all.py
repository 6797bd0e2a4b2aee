"""``python -m tests.run_all [--leg NAME] [pytest's arguments]``: every test, on every backend.

The legs are processes of their own, one after another: Playwright's synchronous interface and
pytest-asyncio cannot share one, and settings are read once per process. A leg sees none of the
developer's own settings.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests import services

ROOT = Path(__file__).resolve().parent.parent
#: pytest's exit code where it found no test.
NO_TESTS = 5
#: What settings read, beside everything that starts with HELPDESK_.
SETTINGS = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "HOST", "PORT", "EMAIL_URL"}
SETTINGS |= {f"{name}_FILE" for name in SETTINGS} | {"ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True)
class Leg:
    name: str
    title: str
    #: PostgreSQL and Redis instead of SQLite and this process's memory.
    servers: bool
    options: tuple[str, ...]
    browser: bool = False


PLAIN = ("-m", "not browser", "-n", "2")
#: Tests that start servers of their own are the same on every backend: one leg has them.
ONCE = ("-m", "not browser and not own_servers", "-n", "2")
BROWSER = ("-m", "browser")
BROWSER_ONCE = ("-m", "browser and not own_servers")
LEGS = (
    Leg("sqlite", "sqlite + in-memory", False, ONCE),
    Leg("postgres", "postgres + redis", True, PLAIN),
    Leg("browser", "browser, sqlite + in-memory", False, BROWSER_ONCE, browser=True),
    Leg("browser-postgres", "browser, postgres + redis", True, BROWSER, browser=True),
)


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


def run_leg(leg: Leg, args: Sequence[str], chromium: str | None) -> int:
    """pytest's exit code."""
    print(f"\n===== {leg.title} =====", flush=True)
    environment = clean_environment()
    if chromium:
        environment["CHROMIUM"] = chromium
    with ExitStack() as stack:
        if leg.servers:
            environment["DATABASE_URL"] = stack.enter_context(services.postgres())
            environment["REDIS_URL"] = stack.enter_context(services.redis())
        return _run_pytest([*leg.options, *args], environment)


def _run_pytest(args: Sequence[str], environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", *args]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return process.wait()
    except SystemExit:  # SIGTERM was for us alone; Ctrl+C pytest hears itself
        process.send_signal(signal.SIGINT)
        raise
    finally:
        _let_end(process)


def _let_end(process: subprocess.Popen) -> None:
    """Give pytest a moment to take down what it has set up."""
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run test", description=__doc__, allow_abbrev=False)
    names = [leg.name for leg in LEGS]
    parser.add_argument("--leg", action="append", choices=names, help="only this; repeatable")
    chosen, args = parser.parse_known_args(argv)
    legs = [leg for leg in LEGS if leg.name in (chosen.leg or names)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that services end with us
    try:
        return _run(legs, args)
    except services.ServiceError as error:
        print(f"\ntests: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _run(legs: Sequence[Leg], args: Sequence[str]) -> int:
    chromium = services.chromium() if any(leg.browser for leg in legs) else None
    codes: dict[str, int] = {}
    lines = []
    for leg in legs:
        if leg.browser and not chromium:
            lines.append(f"{leg.title}: SKIPPED, no Chromium")
            continue
        start = time.monotonic()
        codes[leg.title] = run_leg(leg, args, chromium)
        verdict = _verdict(codes[leg.title], bool(args))
        lines.append(f"{leg.title}: {verdict} ({time.monotonic() - start:.0f} s)")
    print("\n" + "\n".join(lines))
    return _result(codes, skipped=len(legs) - len(codes), with_args=bool(args))


def _verdict(code: int, with_args: bool) -> str:
    if code == NO_TESTS:
        return "no test matched" if with_args else "FAILED, there is no test"
    return "FAILED" if code else "passed"


def _result(codes: Mapping[str, int], *, skipped: int, with_args: bool) -> int:
    """The exit code; the sentence that explains it is the last line."""
    fine = {0, NO_TESTS} if with_args else {0}
    failed = [title for title, code in codes.items() if code not in fine]
    if failed:
        print(f"tests: failed: {'; '.join(failed)}")
    elif all(code == NO_TESTS for code in codes.values()):
        print("tests: nothing was run, so nothing is shown: no leg found a test.")
    elif skipped and os.environ.get("CI") == "true":
        print("tests: failed: the browser's tests were not run, and CI must run them.")
    elif skipped:
        print("tests: passed, BUT the browser's tests were SKIPPED: there is no Chromium.")
        return 0
    else:
        print("tests: passed")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
