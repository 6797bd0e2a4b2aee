"""Builds what a Dockerfile says, without an engine: each instruction is done in a scratch machine.

It knows the instructions that ours uses and refuses any other. Base images are not fetched: the
packages of the test run stand for what ``pip install`` would bring. After that there is no network.
"""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.operate.scratch import Scratch

SHELL = ("sh", "-c")


@dataclass
class Image:
    machine: Scratch
    context: Path
    ignore: list[str]
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    #: The lines of ``pip install``, which are looked at and not done.
    installs: list[str] = field(default_factory=list)

    # --- Instructions; each gets what stands behind its name ---

    def do_from(self, told: str) -> None:
        assert re.fullmatch(r"python:3\.\d+-slim", told), f"FROM {told} is another kind of system"

    def do_env(self, told: str) -> None:
        self.env |= dict(pair.split("=", 1) for pair in shlex.split(told))

    def do_workdir(self, told: str) -> None:
        self.workdir = told
        self.machine.inside(told).mkdir(parents=True, exist_ok=True)

    def do_copy(self, told: str) -> None:
        source, target = told.split()
        files = taken(self.context, self.ignore) if source == "." else [source]
        assert target in (".", "./")
        for name in files:
            copy = self.machine.inside(self.workdir) / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.context / name, copy)

    def do_run(self, told: str) -> None:
        if told.startswith("pip install"):
            self.installs.append(told)
        else:
            self.run(*SHELL, told)

    def do_user(self, told: str) -> None:
        self.user = told

    def do_volume(self, told: str) -> None:
        self.volumes.append(told)

    def do_expose(self, told: str) -> None:
        assert told.isdigit()

    def do_healthcheck(self, told: str) -> None:
        self.healthcheck = json.loads(told.partition("CMD")[2])

    def do_cmd(self, told: str) -> None:
        self.command = json.loads(told)  # the shell's form would not hear docker stop

    # --- What an engine does with it ---

    def run(self, *words: str, env: dict[str, str] | None = None, **how) -> str:
        """As ``docker exec``, or a step of the build."""
        return self.machine.run(
            *words, user=self.user, cwd=self.workdir, env={**self.env, **(env or {})}, **how
        )

    def start(self, env: dict[str, str]):
        """As ``docker run``: what is a volume holds what the image has there, owners and all."""
        return self.machine.running(
            *self.command, user=self.user, cwd=self.workdir, env={**self.env, **env}
        )


def build(machine: Scratch, context: Path, dockerfile: Path) -> Image:
    ignore = Path(f"{dockerfile}.dockerignore").read_text(encoding="utf-8").splitlines()
    image = Image(machine, context, [line for line in ignore if line and line[0] != "#"])
    for name, told in instructions(dockerfile.read_text(encoding="utf-8")):
        getattr(image, f"do_{name.lower()}")(told)
    return image


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction with what stands behind it, in one line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, told = line.strip().partition(" ")
            yield name, told.strip()


def taken(context: Path, ignore: list[str]) -> list[str]:
    """The files that are sent to an engine; the last line that fits a file or a folder decides."""
    rules = [(line.lstrip("!"), line.startswith("!")) for line in ignore]
    patterns = [(as_pattern(line), wanted) for line, wanted in rules]
    found = []
    for top in sorted(context.iterdir()):
        if is_taken(top.name, patterns):
            files = [top] if top.is_file() else [each for each in top.rglob("*") if each.is_file()]
            found += [str(each.relative_to(context)) for each in files]
    return [name for name in found if is_taken(name, patterns)]


def is_taken(name: str, patterns: list[tuple[re.Pattern, bool]]) -> bool:
    steps = name.split("/")
    ways = ["/".join(steps[: count + 1]) for count in range(len(steps))]
    fits = [wanted for pattern, wanted in patterns if any(map(pattern.fullmatch, ways))]
    return fits[-1] if fits else True


def as_pattern(line: str) -> re.Pattern:
    text = re.escape(line).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
    return re.compile(text)


def clone(source: Path, target: Path) -> None:
    """What ``git clone`` would bring, but for the tests."""
    for name in taken(source, [".*", "var", "collected", "tests", "bench", "**/__pycache__"]):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, copy)
