"""Raised hands on one server: open pages, post, and wait for the teacher's page to show it."""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

from bench.school import Person, Room
from bench.servers import Server
from bench.wire import Http, Page, Pool

#: Bytes of the floor's frame for a teacher: what the product's weighs with two hands up.
FRAME = 2_500
#: Seconds after which a raise that no page showed counts as missing.
MISSING_AFTER = 5
#: How many sockets are opened at a time where the opening is not what is measured.
AT_ONCE = 50

_keys = count()


def new_key() -> str:
    """A form key that no raise had before."""
    return f"bench-{next(_keys)}"


@dataclass
class Side:
    """A server with the pages that the generator holds open on it."""

    server: Server
    teachers: dict[str, Page] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = Pool(self.server.url)

    def page(self, person: Person, *, who: str = "") -> Page:
        """Not opened yet. ``who``: what the floor knows of a person."""
        path = person.socket
        if self.server.name == "floor":
            path += f"&room={person.slug}&who={quote(who)}"
        return Page(self.server.url, path, person.cookie)

    async def open_pages(self, rooms: Sequence[Room], *, students: int | None = None) -> None:
        """Every class's teacher, and so many students of each (None: all)."""
        teachers = {room.slug: self.page(room.teacher, who="teacher") for room in rooms}
        self.teachers |= teachers
        opening = [*teachers.values()]
        opening += [
            self.page(each, who=each.name) for room in rooms for each in room.students[:students]
        ]
        self.pages += opening
        await open_all(opening)

    def close(self) -> None:
        self.pool.close()
        for each in self.pages:
            each.close()

    async def raise_hand(self, student: Person) -> float | None:
        """Milliseconds from the tap until the teacher's page shows it; None if it never does."""
        shown = self.teachers[student.slug].expect(student.name.encode())
        began = time.perf_counter()
        answer = await self.post(student, "raise", form_key=new_key())
        if answer.status != 200:
            raise RuntimeError(f"{self.server.name} answered a raise with {answer.status}")
        try:
            return (await asyncio.wait_for(shown, MISSING_AFTER) - began) * 1000
        except TimeoutError:
            self.teachers[student.slug].awaited.pop(student.name.encode(), None)
            return None

    async def lower(self, students: Iterable[Person]) -> None:
        """Not measured; the floor remembers no hands."""
        if self.server.name == "floor":
            return
        for each in students:
            answer = await self.post(each, "lower")
            if answer.status != 200:
                raise RuntimeError(f"{self.server.name} answered a lower with {answer.status}")

    async def post(self, student: Person, verb: str, **form: str):
        if self.server.name == "floor":
            form |= {"name": student.name, "size": str(FRAME)}
        return await self.pool.post(student.url(f"{verb}/"), student.cookie, **form)


async def open_all(pages: Sequence[Page], *, at_once: int = AT_ONCE) -> None:
    """Open them and wait until each has been greeted."""
    for start in range(0, len(pages), at_once):
        part = pages[start : start + at_once]
        await asyncio.gather(*(each.open() for each in part))
        await asyncio.gather(*(each.greeted for each in part))


@dataclass
class Measured:
    """What a number of raises took. ``cpu``: milliseconds of the server's processors for each."""

    spent: list[float] = field(default_factory=list)
    missing: int = 0
    cpu_seconds: float = 0.0

    @property
    def cpu(self) -> float | None:
        told = len(self.spent) + self.missing
        return self.cpu_seconds * 1000 / told if told else None

    def note(self, milliseconds: float | None) -> None:
        if milliseconds is None:
            self.missing += 1
        else:
            self.spent.append(milliseconds)


async def steadily(side: Side, students: Iterable[Person], rate: float, into: Measured) -> None:
    """Raise a hand for each student, ``rate`` in a second whatever the server does (open loop).

    A server that falls behind is not given time to breathe; the moments are spread at random
    around the beat, as people's are.
    """
    cpu = side.server.cpu()
    began = asyncio.get_running_loop().time()
    tasks = []
    for number, student in enumerate(students):
        moment = began + (number + random.random()) / rate
        await asyncio.sleep(max(0, moment - asyncio.get_running_loop().time()))
        tasks.append(asyncio.create_task(side.raise_hand(student)))
    for spent in await asyncio.gather(*tasks):
        into.note(spent)
    into.cpu_seconds += side.server.cpu() - cpu


async def as_fast_as_can_be(
    side: Side, students: Sequence[Person], seconds: float, *, afresh: bool = False
) -> tuple[int, float]:
    """Each student on a connection of their own raises and lowers in turn (closed loop).

    ``afresh``: on a new one each time. A browser that was silent for some seconds has none left,
    and several workers share new connections by who is free.

    Returns the verbs done and the seconds they took. The stock way may answer that it is busy
    (503: SQLite's lock was not to be had in time); that counts as nothing done.
    """
    may_be_busy = side.server.name == "stock"
    began = time.perf_counter()
    until = began + seconds

    async def go_on(student: Person) -> int:
        http = await Http(side.server.url).open()
        done = 0
        while time.perf_counter() < until or done % 2:
            verb = "lower" if done % 2 else "raise"
            form = {"form_key": new_key()} if verb == "raise" else {}
            if side.server.name == "floor":
                form |= {"name": student.name, "size": str(FRAME)}
            answer = await http.post(student.url(f"{verb}/"), student.cookie, **form)
            if answer.status == 503 and may_be_busy and time.perf_counter() < until + 60:
                continue
            if answer.status != 200:
                raise RuntimeError(f"{side.server.name} answered a {verb} with {answer.status}")
            done += 1
            if afresh:
                http.close()
                http = await Http(side.server.url).open()
        http.close()
        return done

    done = await asyncio.gather(*map(go_on, students))
    return sum(done), time.perf_counter() - began


def spread(rooms: Sequence[Room]) -> list[Person]:
    """All students, one of each class after the other."""
    return [each for row in zip(*(room.students for room in rooms), strict=True) for each in row]
