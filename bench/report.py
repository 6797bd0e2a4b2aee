"""What a benchmark found: figures with their goals, as a table, as JSON and as Markdown."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

#: What the figures depend on most.
PACKAGES = ("django", "channels", "uvicorn", "websockets", "uvloop", "redis", "psycopg")


@dataclass
class Figure:
    """One measured number. ``floor`` and ``stock`` were measured in the same run.

    ``ratio`` is of what ``goal`` speaks; ``met`` is None where there is no goal.
    """

    what: str
    value: float | None
    unit: str = ""
    floor: float | None = None
    stock: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


@dataclass
class Result:
    """A benchmark's figures; ``notes`` are sentences, ``raw`` is for machines."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    raw: dict = field(default_factory=dict)
    #: The load generator's own share of one core; near 1 it would measure itself.
    generator: float | None = None
    seconds: float = 0.0

    def add(
        self, what: str, value: float | None, unit: str = "", *, floor=None, stock=None
    ) -> Figure:
        """A figure without a goal."""
        figure = Figure(what, value, unit, floor, stock)
        self.figures.append(figure)
        return figure

    def at_most(self, figure: Figure, most: float, *, than: float | None = None, words="") -> None:
        """The goal: at most ``most``, or ``most`` times ``than``."""
        self._judge(figure, most, than, words, lambda value: value <= most, "≤")

    def at_least(
        self, figure: Figure, least: float, *, than: float | None = None, words=""
    ) -> None:
        self._judge(figure, least, than, words, lambda value: value >= least, "≥")

    def _judge(self, figure: Figure, bound, than, words, holds, sign) -> None:
        figure.goal = words or f"{sign} {bound:g}{'×' if than is not None else ' ' + figure.unit}"
        measured = figure.value
        if than is not None and measured is not None:
            measured = figure.ratio = measured / than if than else None
        figure.met = measured is not None and holds(measured)


def summary(numbers: Iterable[float]) -> dict[str, float | None]:
    """``best``, ``p50``, ``p95`` and ``p99``; all None where there is no number."""
    ordered = sorted(numbers)
    if len(ordered) < 2:
        only = ordered[0] if ordered else None
        return dict.fromkeys(("best", "p50", "p95", "p99"), only)
    cuts = statistics.quantiles(ordered, n=100, method="inclusive")
    return {"best": ordered[0], "p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def machine() -> dict:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            told = next(line for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()
    return told.partition(":")[2].strip()


# --- As something to read ----------------------------------------------------

HEAD = ("what", "helpdesk", "floor", "stock", "ratio", "goal", "met")


def rows(result: Result) -> list[tuple[str, ...]]:
    return [
        (
            each.what,
            f"{_number(each.value)} {each.unit}".strip(),
            _number(each.floor, ""),
            _number(each.stock, ""),
            f"{_number(each.ratio)}×" if each.ratio is not None else "",
            each.goal,
            _verdict(each),
        )
        for each in result.figures
    ]


def _verdict(figure: Figure) -> str:
    return {None: "", True: "yes", False: "NO"}[figure.met]


def _number(value: float | None, nothing: str = "–") -> str:
    if value is None:
        return nothing
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def text(result: Result) -> str:
    """A table for the terminal."""
    table = [HEAD, *rows(result)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    lines = [f"\n{result.name}: {result.title}  ({result.seconds:.0f} s)"]
    lines += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    lines += [f"  · {note}" for note in _notes(result)]
    return "\n".join(lines)


def markdown(results: Sequence[Result], where: dict) -> str:
    """The tables of a whole run, for ``docs/performance.md``."""
    packages = ", ".join(f"{name} {number}" for name, number in where["packages"].items())
    lines = [
        f"{where['processor']}, {where['cores']} cores, {where['system']}, Python"
        f" {where['python']}, {packages}; load {where['load'][0]} at the start.",
    ]
    for result in results:
        lines += ["", f"### {result.name}: {result.title}", ""]
        lines += [_line(HEAD), _line(["---"] * len(HEAD)), *map(_line, rows(result)), ""]
        lines += [f"- {note}" for note in _notes(result)]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _notes(result: Result) -> list[str]:
    own = []
    if result.generator is not None:
        own = [f"The load generator used {result.generator:.0%} of one core."]
    return [*result.notes, *own]


def as_json(result: Result) -> dict:
    return asdict(result)


def from_json(told: dict) -> Result:
    return Result(**told | {"figures": [Figure(**each) for each in told["figures"]]})
