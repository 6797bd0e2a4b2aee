"""A page that behaves as static/js/live.js does, without a browser: what does it show, and when?

It reconnects by itself and says what it has, applies what follows on what it shows and asks for the
whole where it does not, takes silence for a network that went away, and asks for itself while it
has no socket.
"""

import asyncio
import contextlib
import random
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from bench.school import Person
from bench.showing import Showing, shown_by
from bench.wire import Http, Page

#: Seconds, as in live.js: after so much silence the network is gone; how often a page without a
#: socket asks.
SILENCE, REFRESH = 9, 10
#: Seconds between two tries to connect of a page that is in a hurry; a patient one waits as live.js
#: does, so that a school comes back softly.
AGAIN = 0.2
#: Close code: the page is from another time.
LOAD_ANEW = 4409
_SOCKET = re.compile(r'\bws-connect="([^"]+)"')
_TICKET = re.compile(r'\bdata-ticket="([^"]+)"')


def socket_of(page: str) -> str:
    """The address of the socket that a page's script opens: the only place that reads it there."""
    where, ticket = _SOCKET.search(page), _TICKET.search(page)
    if where is None or ticket is None:
        raise ConnectionError("the answer is no live page")
    return f"{where[1]}?ticket={quote(ticket[1], safe='')}&have={Showing.of_page(page).have()}"


@dataclass
class Browser:
    """A person's open page at ``url``. ``truth``: where to ask what it should show.

    ``backwards``: how often the versions of one socket went down. ``is_live``: what the page says
    of itself. ``is_loaded``: it begins with the page itself, as browsers do.
    """

    url: str
    person: Person
    truth: str
    showing: Showing = field(default_factory=Showing)
    asking: asyncio.Task | None = None
    backwards: int = 0
    reconnects: int = 0
    is_live: bool = False
    is_patient: bool = False
    is_loaded: bool = False
    tries: int = 0
    socket: str = ""
    page: Page | None = None
    watching: asyncio.Task | None = None
    asked: float = 0.0

    async def open(self) -> "Browser":
        await (self.load() if self.is_loaded else self.ask())
        await self.connect()
        assert self.page is not None
        await self.page.greeted
        self.watching = asyncio.create_task(self.watch())
        return self

    async def load(self) -> None:
        """Of whichever release answers: its page says where its socket is."""
        http = await Http(self.url).open()
        try:
            page = await http.get(self.person.url(""), self.person.cookie)
        finally:
            http.close()
        self.socket, self.showing = socket_of(page.text), Showing()
        await self.ask()

    async def connect(self) -> None:
        address = self.socket or self.person.socket
        path = address.partition("&have=")[0] + f"&have={self.showing.have()}"
        self.page = Page(self.url, path, self.person.cookie)
        seen: dict[str, int] = {}  # of this socket
        self.page.on_text = lambda content: self.hear(content.decode(), seen)
        await self.page.open()
        self.is_live, self.tries = True, 0

    async def watch(self) -> None:
        """Come back whenever the socket is gone or silent."""
        while True:
            await asyncio.sleep(AGAIN)
            page = self.page
            assert page is not None
            if not page.is_lost and time.perf_counter() - page.alive < SILENCE:
                continue
            self.is_live = False
            page.close()
            await self.pause()
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                if page.code == LOAD_ANEW:
                    await asyncio.wait_for(self.load(), SILENCE)
                await asyncio.wait_for(self.connect(), SILENCE)
                self.reconnects += 1
                continue
            await self.ask_if_due()

    async def pause(self) -> None:
        """Before the next try to connect; meanwhile the page asks as often as it should."""
        wait = random.random() * min(30, 2**self.tries) if self.is_patient else 0
        self.tries += 1
        until = time.perf_counter() + wait
        while (left := until - time.perf_counter()) > 0:
            await asyncio.sleep(min(left, 0.5))
            if await self.ask_if_due():
                return  # the network is back

    async def ask_if_due(self) -> bool:
        """Whether it asked and was answered."""
        if time.perf_counter() - self.asked > REFRESH:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await asyncio.wait_for(self.ask(), SILENCE)
                return True
        return False

    async def ask(self) -> None:
        """As a page without a socket does."""
        self.asked = time.perf_counter()
        self.showing.apply(await self.fresh(self.url, self.showing.have()))

    async def fresh(self, url: str, have: str = "") -> str:
        """What a page lacks at this moment."""
        http = await Http(url).open()
        try:
            path, cookie = self.person.url("regions/"), self.person.cookie
            answer = await http.get(path, cookie, htmx=True, have=have)
        finally:
            http.close()
        if answer.status != 200:
            raise ConnectionError(f"the page was answered with {answer.status}")
        return answer.text

    def hear(self, text: str, seen: dict[str, int]) -> None:
        is_whole = self.showing.apply(text)
        for place, (version, _digest) in self.showing.stamps.items():
            if version < seen.get(place, 0):
                self.backwards += 1
            seen[place] = version
        if not is_whole and (self.asking is None or self.asking.done()):
            self.showing.stamps = {
                place: (version, "") for place, (version, _) in self.showing.stamps.items()
            }
            self.asking = asyncio.create_task(self.ask_quietly())

    async def ask_quietly(self) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            await self.ask()

    async def difference(self) -> str:
        """Empty where the page shows what a fresh render says, else what it shows instead."""
        try:
            fresh = shown_by(await self.fresh(self.truth))
        except (OSError, EOFError) as error:
            return f"{self.person.name}: {error}"
        if self.showing.shows() == fresh.shows():
            return ""
        return f"{self.person.name}: {self.showing.shows()} instead of {fresh.shows()}"

    def close(self) -> None:
        if self.watching is not None:
            self.watching.cancel()
        if self.page is not None:
            self.page.close()


async def open_browsers(
    url: str,
    people: Iterable[Person],
    *,
    truth: str = "",
    is_patient: bool = False,
    is_loaded: bool = False,
) -> list[Browser]:
    """Everybody's page. ``truth``: the server itself, where ``url`` is a network in between."""
    how = {"is_patient": is_patient, "is_loaded": is_loaded}
    browsers = [Browser(url, each, truth or url, **how) for each in people]
    for start in range(0, len(browsers), 50):
        await asyncio.gather(*(each.open() for each in browsers[start : start + 50]))
    return browsers


async def true_after(browsers: Sequence[Browser], longest: float) -> tuple[float, int]:
    """Seconds until every page was seen to show what is true, and how many did not in time."""
    began = time.perf_counter()
    untrue, seconds = list(browsers), 0.0
    while untrue and seconds < longest:
        told = []
        for start in range(0, len(untrue), 8):
            told += await asyncio.gather(*(each.difference() for each in untrue[start : start + 8]))
        untrue = [each for each, wrong in zip(untrue, told, strict=True) if wrong]
        seconds = time.perf_counter() - began
        if untrue:
            await asyncio.sleep(0.02)
    return seconds, len(untrue)
