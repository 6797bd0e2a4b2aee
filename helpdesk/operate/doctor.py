"""``./run doctor``: one page about this installation, to send along with a question.

It holds no secret, no address of anybody and nothing that people wrote: settings are shown by
name, the harmless ones with their value; tables by their number of rows. Wherever else the value of
a setting shows up, it is hidden at the end. It works where the settings are refused or the database
is away.
"""

import argparse
import os
import platform
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django
from django.core.exceptions import ImproperlyConfigured

from helpdesk import env

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("django", "channels", "uvicorn", "redis", "psycopg", "huey", "django-allauth")
#: Settings whose values help and tell nothing of anybody.
HARMLESS = {
    "HELPDESK_MODE", "HELPDESK_CLOCK", "HELPDESK_LOGS", "HELPDESK_MAIL", "HELPDESK_SECOND_FACTOR",
    "HELPDESK_OPEN_SIGNUP", "HELPDESK_CHECK_LINKS", "HELPDESK_DEBUG", "HELPDESK_LANGUAGES", "PORT",
}  # fmt: skip
KEEP = re.compile(r"HELPDESK_KEEP_[A-Z]+_DAYS")
#: Other settings, whose names alone are told.
OTHERS = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "HOST", "ALLOWED_HOSTS"}
HIDDEN = "[hidden]"
#: Shorter values are words that stand everywhere.
SHORTEST = 5


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./run doctor", description=__doc__, allow_abbrev=False)
    parser.parse_args(words)
    given = settings_given()
    print(blacked_out("\n".join(page(given)), given), end="")


def page(given: dict[str, str]) -> Iterator[str]:
    yield "helpdesk, as ./run doctor found it. No secrets, no names: read it, then send it along.\n"
    yield from section("Versions", versions())
    yield from section("Settings", told_settings(given))
    try:
        django.setup()
    except (ImproperlyConfigured, OSError) as error:
        yield f"The settings are refused: {error}\n"
        return
    from helpdesk.operate import checkup

    yield from section("Health", checkup.health())
    yield from section("Sizes", checkup.sizes())
    yield from section("Last errors", checkup.last_errors())


def section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"== {title}"
    yield from lines
    yield ""


def versions() -> Iterator[str]:
    yield f"helpdesk {release()}, {len(list(ROOT.glob('*/migrations/0*.py')))} migrations"
    yield f"Python {platform.python_version()}, {platform.platform()}"
    yield ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def release() -> str:
    """The commit, as far as git is there and has it."""
    try:
        command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "of an unknown release"
    return told.stdout.strip() or "of an unknown release"


# --- Settings -------------------------------------------------------------------


def settings_given() -> dict[str, str]:
    """What is set, in the environment or ``.env``: name → value; empty is not set."""
    names = {each.removesuffix("_FILE") for each in os.environ if is_setting(each)}
    given = {name: os.environ.get(name, "").strip() for name in names}
    for name in names:
        if os.environ.get(f"{name}_FILE"):
            given[f"{name}_FILE"] = os.environ[f"{name}_FILE"]
            with suppress(ImproperlyConfigured, ValueError):
                given[name] = env.text(name)
    return {name: value for name, value in given.items() if value}


def is_setting(name: str) -> bool:
    return name.startswith(env.PREFIX) or name.removesuffix("_FILE") in OTHERS


def is_harmless(name: str, value: str) -> bool:
    """A word or number of ours: what else was typed there may be a secret in a wrong place."""
    known = name in HARMLESS or KEEP.fullmatch(name)
    return bool(known and re.fullmatch(r"[a-z0-9,-]{1,20}", value))


def told_settings(given: dict[str, str]) -> Iterator[str]:
    for name in sorted(given):
        harmless = is_harmless(name, given[name])
        yield f"{name} = {given[name]}" if harmless else f"{name} is set"
    if not given:
        yield "None is set: all have their defaults. The service may have others (its own file)."


def blacked_out(text: str, given: dict[str, str]) -> str:
    """Without any value that is not harmless, its telling parts, and the name of a home."""
    hidden = set()
    for name, value in given.items():
        if not is_harmless(name, value):
            hidden |= {value, *parts_of(value)}
    for each in sorted(hidden, key=len, reverse=True):
        if len(each) >= SHORTEST:
            text = text.replace(each, HIDDEN)
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def parts_of(value: str) -> set[str]:
    """The password, host and name of an address, as they are written and as they are meant."""
    with suppress(ValueError):
        told = urlsplit(value)
        name = told.username if "@" in unquote(told.username or "") else ""
        parts = {told.password or "", told.hostname or "", name or "", told.netloc}
        return parts | {unquote(each) for each in parts}
    return set()
