"""A lesson that goes on while something breaks: people who tap, and everything they were told.

People act as browsers do: a connection that broke is opened again, and who got no answer taps again
with the same form. Who acts, and how, is drawn from ``SEED``; how a machine shares its time is not.
"""

import asyncio
import os
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from itertools import count

from bench.browser import open_browsers, true_after
from bench.school import Person
from bench.wire import Answer, Http
from tests.faults.ledger import Entry, Ledger

SEED = int(os.environ.get("FAULT_SEED", "10"))
#: Seconds for one answer, and for whatever else takes a moment on a busy machine.
PATIENCE = 60
#: Seconds after which every page must show what is true (I4), and what a busy machine gets more.
TRUE_WITHIN, GRACE = 25, 35
#: Seconds between two taps of one person, at most.
PAUSE = 0.2
_CLAIM = re.compile(r"/requests/(\w+)/claim/")
_numbers = count()


class Load:
    """People of some classes who act until ``stop``. ``ledger``: what they were told."""

    def __init__(self, url: str, rooms) -> None:
        self.url, self.rooms = url, rooms
        self.ledger = Ledger()
        self.random = random.Random(SEED)
        self.is_over = False
        self.tasks: list[asyncio.Task] = []
        self.pages = []

    async def start(self) -> None:
        people = [each for room in self.rooms for each in (room.teacher, *room.students)]
        self.pages = await open_browsers(self.url, people)
        for room in self.rooms:
            for each in room.students:
                self._begin(self._ask, room, each)
            for what in (self._help, self._join, self._intrude):
                self._begin(what, room)

    def _begin(self, what, *about) -> None:
        """Somebody with a connection of their own does this until it is over."""

        async def act() -> None:
            with closing(Line(self)) as line:
                await what(line, *about)

        self.tasks.append(asyncio.create_task(act()))

    async def some(self, more: int = 20) -> float:
        """Wait until so many more writes were acknowledged; the seconds until the first one was."""
        began, before = time.monotonic(), self.ledger.acknowledged
        await self.until(lambda: self.ledger.acknowledged > before)
        first = time.monotonic() - began
        await self.until(lambda: self.ledger.acknowledged >= before + more)
        return first

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self._look_at_people()
                await asyncio.sleep(0.02)

    async def settle(self) -> float:
        """Nobody acts any more: the seconds until every page shows what is true (I4)."""
        await self.stop()
        seconds, untrue = await true_after(self.pages, TRUE_WITHIN + GRACE)
        assert untrue == 0, f"{untrue} pages of {len(self.pages)} do not show what is true"
        return seconds

    async def stop(self) -> None:
        self.is_over = True
        async with asyncio.timeout(2 * PATIENCE):
            await asyncio.gather(*self.tasks)

    async def close(self) -> None:
        for each in self.tasks:
            each.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for each in self.pages:
            each.close()
        await asyncio.sleep(0.1)  # what was closed has gone before its loop goes

    def _look_at_people(self) -> None:
        for each in self.tasks:
            if each.done():
                each.result()  # it ended before its time: this says why

    # --- What people do ---

    async def _ask(self, line: "Line", room, person: Person) -> None:
        """Raise and lower in turn; what was not answered is said again."""
        form_key = ""
        # A hand that an earlier lesson left up is no part of this one.
        await line.say(lambda http: http.post(person.url("lower/"), person.cookie))
        while not self.is_over:
            await asyncio.sleep(self.random.random() * PAUSE)
            if self.random.random() < 0.25:
                await self._reply(line, room, person, f"words {next(_numbers)}")
            if not form_key or not self._is_up(form_key):
                form_key = form_key or f"fault-{SEED}-{next(_numbers)}"
                entry = self.ledger.begin("raise", person.name, form_key)
                await line.post(entry, person.url("raise/"), person.cookie, form_key=form_key)
            elif self.random.random() < 0.3:  # before that, a helper may come
                entry = self.ledger.begin("lower", person.name, form_key)
                await line.post(entry, person.url("lower/"), person.cookie)
                form_key = "" if entry.status in (200, 409) else form_key

    def _is_up(self, form_key: str) -> bool:
        """Whether the student was told so."""
        return any(
            each.is_acknowledged and each.verb == "raise" and each.what == form_key
            for each in self.ledger.entries[-1000:]
        )

    async def _reply(self, line: "Line", room, person: Person, words: str) -> None:
        entry = self.ledger.begin("reply", person.name, words)
        await line.post(entry, person.url(f"check-ins/{room.check_in}/"), person.cookie, q0=words)

    async def _help(self, line: "Line", room) -> None:
        """Claim whoever is shown, and be done."""
        person = room.teacher
        while not self.is_over:
            await asyncio.sleep(self.random.random() * PAUSE)
            answer = await line.get(person.url("regions/"), person.cookie)
            shown = _CLAIM.findall(answer.text) if answer and answer.status == 200 else []
            for key in shown[:2]:
                for verb, path in (("claim", "claim"), ("done", "resolve")):
                    entry = self.ledger.begin(verb, person.name, key)
                    await line.post(entry, person.url(f"requests/{key}/{path}/"), person.cookie)

    async def _join(self, line: "Line", room) -> None:
        while not self.is_over:
            await asyncio.sleep(0.5 + self.random.random())
            name = f"Newcomer {SEED} {next(_numbers)}x"
            entry = self.ledger.begin("join", name, name)
            await line.post(entry, f"/join/{room.code}/", "", name=name)

    async def _intrude(self, line: "Line", room) -> None:
        """Nobody, a removed student and another class's are let in by no fault (I5)."""
        others = [each for other in self.rooms if other is not room for each in other.students]
        cookies = ["", room.removed.cookie, others[0].cookie]
        while not self.is_over:
            await asyncio.sleep(self.random.random() * PAUSE)
            cookie = self.random.choice(cookies)
            path = f"/c/{room.slug}/{self.random.choice(['', 'regions/'])}"
            answer = await line.get(path, cookie)
            if answer and (answer.status == 200 or "Pupil" in answer.text):
                self.ledger.let_in.append(f"{path} with {answer.status}")


def count_of(load: Load, status: int) -> int:
    """How many were answered so."""
    return sum(each.status == status for each in load.ledger.entries)


class Line:
    """One browser's connection, opened again when it breaks."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.http: Http | None = None
        self.used = 0.0

    async def post(self, entry: Entry, path: str, cookie: str, **form: str) -> None:
        """The entry ends with the answer, or stays open where none came."""
        answer = await self.say(lambda http: http.post(path, cookie, **form))
        if answer:
            self.load.ledger.end(entry, answer.status)

    async def get(self, path: str, cookie: str) -> Answer | None:
        return await self.say(lambda http: http.get(path, cookie, htmx=True))

    async def say(self, what) -> Answer | None:
        try:
            async with asyncio.timeout(PATIENCE / 2):
                if self.http is None or time.monotonic() - self.used > 3:
                    self.close()
                    self.http = await Http(self.load.url).open()
                answer = await what(self.http)
                self.used = time.monotonic()
                return answer
        except (OSError, EOFError, TimeoutError):
            self.close()
            await asyncio.sleep(0.5)  # people see that nothing came
            return None

    def close(self) -> None:
        if self.http is not None:
            self.http.close()
        self.http = None


@asynccontextmanager
async def lesson(url: str, rooms) -> AsyncIterator[Load]:
    """People act while the block runs."""
    load = Load(url, rooms)
    try:
        await load.start()
        yield load
    finally:
        await load.close()
