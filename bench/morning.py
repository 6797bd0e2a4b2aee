"""What the people of many classes do at nine o'clock, each at moments of their own (open loop).

A teacher opens the page of their class. A student opens theirs, with the cards and the socket that
it asks for; looks at it; opens the check-in, answers it and sees that it was sent, as in a second
tab, so that the socket stays open; and one in ten raises a hand. Nobody waits for anybody else,
except that whoever raises a hand does it once the teacher's page is there. Stylesheets, scripts and
pictures are in the browsers' caches.

Each part of the classes has a process of its own (``rung``), with its own address on the loopback
interface and its own open files.
"""

import asyncio
import multiprocessing
import random
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, field

from bench import servers, wire
from bench.browser import socket_of
from bench.school import Person, Room
from bench.servers import Server
from bench.wire import Answer, Page, Pool

#: When people come, as shares of the whole time; and how long they look before the next step.
TEACHERS, STUDENTS, LOOK = (0, 0.1), (0.1, 0.7), (0, 0.1)
#: Of a class, those who raise a hand.
RAISING = 0.1
#: Seconds until an answer, or a hand on the teacher's page, counts as lost.
PATIENCE = 30
#: Classes of one process: their connections fit into the 20,000 files that a system may allow, and
#: into the 28,000 ports that one address has for one server.
CLASSES_EACH = 250
#: Seconds in which the processes start, and in which a socket that was closed is noticed.
START, SETTLE = 3, 1
#: What else the form holds is not used here.
_EDIT_KEY = re.compile(r'name="edit_key" value="([^"]+)"')
#: What goes wrong where a server is overloaded, away, or refuses.
WRONG = (OSError, EOFError, TimeoutError)


class Refused(ConnectionError):
    """An answer that nobody wants to see."""


@dataclass
class Told:
    """What happened to everybody. ``spent``: step → milliseconds of each; ``late``: milliseconds
    by which the generator was behind its plan; ``raised``: form keys that were answered;
    ``missing``: hands that no teacher's page showed."""

    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    missing: int = 0
    replied: int = 0
    sockets: int = 0
    closed: int = 0
    #: The generator's seconds of processor time, and the server's; its bytes at the most.
    own_cpu: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    seconds: float = 0.0

    def add(self, other: "Told") -> None:
        """Another process's part."""
        for step, milliseconds in other.spent.items():
            self.spent[step] += milliseconds
        for name in ("late", "refused", "raised", "missing", "replied", "sockets", "closed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.own_cpu += other.own_cpu


# --- In the benchmark's own process ------------------------------------------


def rung(server: Server, rooms: Sequence[Room], seconds: float) -> Told:
    """Let everybody come within so many seconds; what the server used meanwhile is told too."""
    parts = [rooms[at : at + CLASSES_EACH] for at in range(0, len(rooms), CLASSES_EACH)]
    told, cpu, began = Told(), server.cpu(), time.monotonic() + START
    # Nothing of this process is in the others: they start like any program.
    apart = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(parts), mp_context=apart) as pool:
        working = [
            pool.submit(_lived, Plan(server.url, f"127.0.0.{number}", began, seconds), part)
            for number, part in enumerate(parts, start=2)
        ]
        while wait(working, timeout=1).not_done:
            told.memory = max(told.memory, server.memory())
        for each in working:
            told.add(each.result())
    told.seconds = time.monotonic() - began - SETTLE
    told.cpu = server.cpu() - cpu
    return told


# --- In a process of a part of the classes -----------------------------------


@dataclass(frozen=True)
class Plan:
    """``began``: the system's monotonic clock when the bell rings; ``source``: where they are."""

    url: str
    source: str
    began: float
    seconds: float


def _lived(plan: Plan, rooms: Sequence[Room]) -> Told:
    servers._more_files()
    return wire.run(Morning(plan).run(rooms))


class Morning:
    """The people of some classes."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.told = plan, Told()
        self.pages: list[Page] = []

    async def run(self, rooms: Sequence[Room]) -> Told:
        own = time.process_time()
        await asyncio.gather(*map(self.room, rooms))
        await asyncio.sleep(SETTLE)
        self.told.sockets = len(self.pages)
        self.told.closed = sum(page.is_lost for page in self.pages)
        for page in self.pages:
            page.close()
        self.told.own_cpu = time.process_time() - own
        return self.told

    async def room(self, room: Room) -> None:
        teacher = asyncio.create_task(self.teacher(room.teacher))
        number = max(1, round(len(room.students) * RAISING))
        raising = set(random.sample(range(len(room.students)), number))
        await asyncio.gather(
            teacher,
            *(
                self.student(each, room.check_in, teacher if number in raising else None)
                for number, each in enumerate(room.students)
            ),
        )

    async def teacher(self, person: Person) -> Page | None:
        await self.at(TEACHERS, self.plan.began)
        browser = self.browser()
        try:
            return await self.opened(browser, person, "teacher's page")
        except WRONG as error:
            self.told.refused.append(f"teacher: {error!r}")
            return None
        finally:
            browser.close()

    async def student(self, person: Person, check_in: str, teacher: asyncio.Task | None) -> None:
        await self.at(STUDENTS, self.plan.began)
        browser = self.browser()
        try:
            await self.opened(browser, person, "page")
            await self.at(LOOK)
            await self.answered(browser, person, check_in)
            if teacher is not None:
                await self.at(LOOK)
                await self.raised(browser, person, await teacher)
        except WRONG as error:
            self.told.refused.append(f"student: {error!r}")
        finally:
            browser.close()

    # --- The steps ---

    def browser(self) -> Pool:
        return Pool(self.plan.url, self.plan.source)

    async def at(self, between: tuple[float, float], since: float | None = None) -> None:
        """Wait for a moment between two shares of the whole time; counted from now, or since."""
        since = time.monotonic() if since is None else since
        moment = since + random.uniform(*between) * self.plan.seconds
        await asyncio.sleep(max(0, moment - time.monotonic()))
        self.told.late.append((time.monotonic() - moment) * 1000)

    async def timed(self, step: str, work: Awaitable[Answer]) -> Answer:
        """An answer that is fine, and what it took."""
        began = time.perf_counter()
        try:
            answer = await asyncio.wait_for(work, PATIENCE)
        except TimeoutError:
            raise TimeoutError(f"{step}: no answer in {PATIENCE} s") from None
        if answer.status >= 400:
            raise Refused(f"{step}: answered with {answer.status}")
        self.told.spent[step].append((time.perf_counter() - began) * 1000)
        return answer

    async def opened(self, browser: Pool, person: Person, step: str) -> Page:
        """The page, its socket, and for a student the cards below the hand."""
        answer = await self.timed(step, browser.get(person.url(""), person.cookie))
        page = Page(self.plan.url, socket_of(answer.text), person.cookie, source=self.plan.source)
        began = time.perf_counter()
        try:
            await asyncio.wait_for(page.open(), PATIENCE)
            greeted = await asyncio.wait_for(page.greeted, PATIENCE)
        except WRONG:
            page.close()
            raise
        self.told.spent["socket"].append((greeted - began) * 1000)
        self.pages.append(page)
        if step == "page":
            cards = browser.get(person.url("coach/"), person.cookie, htmx=True)
            await self.timed("cards", cards)
        return page

    async def answered(self, browser: Pool, person: Person, check_in: str) -> None:
        """The check-in's form, the answer, and the page that says that it is in."""
        url = person.url(f"check-ins/{check_in}/")
        form = await self.timed("form", browser.get(url, person.cookie))
        found = _EDIT_KEY.search(form.text)
        if found is None:
            raise Refused("form: there is none to answer")
        await self.at(LOOK)
        fields = {"edit_key": found[1], "q0": str(random.randrange(3))}
        sent = await self.timed("reply", browser.post(url, person.cookie, htmx=False, **fields))
        if sent.status != 302:
            raise Refused(f"reply: answered with {sent.status}")
        self.told.replied += 1
        cookie = "; ".join([person.cookie, *(each.partition(";")[0] for each in sent.cookies)])
        await self.timed("sent", browser.get(sent.headers["location"], cookie))

    async def raised(self, browser: Pool, person: Person, teacher: Page | None) -> None:
        """The hand, until the teacher's page shows it."""
        shown = teacher.expect(person.name.encode()) if teacher is not None else None
        key, began = f"bell {person.name}", time.perf_counter()
        hand = browser.post(person.url("raise/"), person.cookie, form_key=key)
        await self.timed("raise", hand)
        self.told.raised.append(key)
        try:
            if shown is None:
                raise TimeoutError
            arrived = await asyncio.wait_for(shown, PATIENCE)
            self.told.spent["shown"].append((arrived - began) * 1000)
        except TimeoutError:
            self.told.missing += 1
