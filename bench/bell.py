"""(p): nine o'clock: a school opens its pages, answers a check-in and raises hands, all at once.

``--scale`` is the part of the thousand classes that comes, ``--seconds`` the time that they take;
the full size needs more than one core for the server and one for those who come. What people do
is in ``bench.morning``, what one reply costs in ``bench.replies``.
"""

import os
import resource
from collections.abc import Sequence
from contextlib import ExitStack

from bench import morning, replies, school, servers
from bench.loss import statuses
from bench.morning import Told
from bench.report import Result, summary
from bench.school import Room

TITLE = "The bell: a whole school comes at nine o'clock"
#: The full size; the default scale is what two cores carry, server and generator together.
CLASSES, STUDENTS, SECONDS = 1000, 30, 180
SCALE = 0.02
#: Milliseconds, 95 of 100.
MOST_PAGE, MOST_RAISE = 300, 100
#: Replies that are there already, and how much more the next one may take of the processor and of
#: bytes with many of them: what differs by less is noise.
FEW, MANY = 10, 400
TIMES_CPU, TIMES_BYTES = 1.25, 1.1
#: Files that a server has open beside its connections (helpdesk.connections).
OTHER_FILES = 128


def run(quick: bool, *, scale: float = SCALE, seconds: float = SECONDS) -> Result:
    result = Result("bell", TITLE)
    classes, students = max(1, round(CLASSES * scale)), STUDENTS
    if quick:
        classes, students, seconds = 3, 4, 2
    check_files(classes * (students + 1))
    on_sqlite(result, classes, students, seconds)
    on_two_workers(result, classes, students, seconds)
    cost_of_a_reply(result, *((5, 50) if quick else (FEW, MANY)))
    part = classes * students * SECONDS / (CLASSES * STUDENTS * seconds)
    result.notes.append(
        f"{classes:,} classes of {students} in {seconds:g} s: {classes / CLASSES:.1%} of the full"
        f" size at {part:.1%} of its rate, on {os.cpu_count()} cores for everything together."
    )
    return result


def check_files(sockets: int) -> None:
    """One process has all of them; a server that must refuse would be no finding."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # A connection for what is asked and posted, for those who are there at a time.
    wanted = round(sockets * 1.3) + OTHER_FILES
    if most != resource.RLIM_INFINITY and most < wanted:
        raise SystemExit(
            f"bell: {sockets:,} sockets on one process need {wanted:,} open files, and this"
            f" system allows {most:,}: take a smaller --scale, or raise the limit (ulimit -Hn)."
        )


def on_sqlite(result: Result, classes: int, students: int, seconds: float) -> None:
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        rooms = school.made(environment, rooms=classes, students=students, check_ins=True)
        with servers.copied(environment) as copy, servers.stock(copy) as server:
            stock = morning.rung(server, rooms, seconds)
            stock_lost = lost(stock, rooms, copy)
        with servers.helpdesk(environment) as server:
            told = morning.rung(server, rooms, seconds)
            ours_lost = lost(told, rooms, environment)
    kind = "1 process, SQLite"
    judge(result, kind, told, ours_lost, stock, stock_lost)


def on_two_workers(result: Result, classes: int, students: int, seconds: float) -> None:
    with servers.postgres_and_redis() as environment:
        rooms = school.made(environment, rooms=classes, students=students, check_ins=True)
        with servers.helpdesk(environment, workers=2, pinned=False) as server:
            told = morning.rung(server, rooms, seconds)
            ours_lost = lost(told, rooms, environment)
    judge(result, "2 workers, PostgreSQL", told, ours_lost)


def lost(told: Told, rooms: Sequence[Room], environment: dict[str, str]) -> tuple[int, int]:
    """Hands that were answered and are not in the database, and replies that are not counted."""
    database = environment["DATABASE_URL"]
    known = statuses(database)
    counts = dict(servers.rows(database, "SELECT key, reply_count FROM checkins_checkin"))
    counted = sum(counts[room.check_in] for room in rooms)
    return sum(key not in known for key in told.raised), max(0, told.replied - counted)


def judge(
    result: Result, kind: str, told: Told, gone: tuple[int, int], stock=None, stock_gone=(None,) * 2
) -> None:
    """One side's figures, with the stock side's beside them where it ran."""

    def add(what: str, of, unit: str = ""):
        other = of(stock) if stock is not None else None
        return result.add(f"{kind}: {what}", of(told), unit, stock=other)

    def none(what: str, of) -> None:
        result.at_most(add(what, of), 0, words="0")

    none("refused", lambda side: len(side.refused))
    none("sockets closed", lambda side: side.closed)
    add("sockets open at the end", lambda side: side.sockets - side.closed)
    numbers = {"hands answered, but lost": 0, "replies answered, but not counted": 1}
    for what, number in numbers.items():
        figure = result.add(f"{kind}: {what}", gone[number], stock=stock_gone[number])
        result.at_most(figure, 0, words="0")
    none("hands that no teacher's page showed", lambda side: side.missing)
    result.at_most(add("a page: p95", p95_of("page"), "ms"), MOST_PAGE)
    result.at_most(add("a raise: p95", p95_of("raise"), "ms"), MOST_RAISE)
    steps = {
        "shown": "a hand on the teacher's page",
        "cards": "a page's cards",
        "socket": "a socket, until greeted",
        "form": "a check-in's form",
        "reply": "a reply",
    }
    for step, what in steps.items():
        add(f"{what}: p95", p95_of(step), "ms")
    add("part of a core that the server used", lambda side: side.cpu / side.seconds * 100, "%")
    add("CPU for each who came", cpu_of_each, "ms")
    add("memory of the server", lambda side: side.memory / 2**20, "MiB")
    add("generator behind its plan: p95", lambda side: summary(side.late)["p95"], "ms")
    result.generator = max(result.generator or 0, told.own_cpu / told.seconds)
    result.notes.append(
        f"{kind}: {told.replied:,} replies and {len(told.raised):,} hands in {told.seconds:.0f} s."
    )
    result.raw[kind] = {"refused": told.refused[:100], "stock": stock and stock.refused[:100]}


def cpu_of_each(side: Told) -> float | None:
    came = len(side.spent["page"]) + len(side.spent["teacher's page"])
    return side.cpu * 1000 / came if came else None


def p95_of(step: str):
    return lambda side: summary(side.spent[step])["p95"]


def cost_of_a_reply(result: Result, few: int, many: int) -> None:
    """The last figure of the benchmark: is a reply the same however many are there?"""
    told = replies.measured(few, many)
    parts = {
        "queries": ("queries", "", 1, f"the same as with {few}"),
        "written": ("bytes that it writes", "", TIMES_BYTES, ""),
        "answer": ("bytes of its answer", "", TIMES_BYTES, ""),
        "ms": ("CPU", "ms", TIMES_CPU, ""),
    }
    for kind, counts in told.items():
        for part, (what, unit, times, words) in parts.items():
            figure = result.add(f"A reply, {kind}, after {many}: {what}", counts[many][part], unit)
            words = words or f"≤ {times:g}× after {few}"
            result.at_most(figure, times, than=counts[few][part], words=words)
    result.raw["replies"] = told
