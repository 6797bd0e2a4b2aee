"""``python -m demo.living``: a made-up class at work in the demo, as people would be.

Everybody is a browser: students join with the class code, raise their hands, say more, solve
it or wait; Mr Turing goes from one to the next. It uses nothing but the pages, so whatever
is seen is what a real class would see. Meant to run for as long as the demo does.
"""

import argparse
import heapq
import itertools
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from random import Random
from urllib.parse import urlsplit

from demo.browser import Away, Browser
from demo.cast import NEWCOMERS, SAID, SAID_ANYWHERE
from demo.pages import Form, Page, Row

#: Cards that a student answers at most, and how often one stops or skips one.
MOST_CARDS, STOPS, SKIPS = 6, 0.15, 0.25
# All times are seconds at pace 1, where one number stands alone or (least, most).
GLANCE = 1.5
RETRY = 2.0
WALK, VISIT, BREATHE = (3, 6), (8, 18), (1, 3)
LOOK_AGAIN, THINK, IDLE = (4, 7), (2, 5), (30, 60)
#: How long the line stays as it is wanted, and how many wait then.
MOOD, IN_LINE = (15, 30), (4, 6)
#: Who solves it or lowers the hand does so after this.
GIVE_UP = (12, 40)
#: A visitor's hand is left this long to a visitor who may be the teacher.
VISITORS_FIRST = 40
#: Help that somebody closed is opened again after this.
REOPEN = 8
#: Without one answer for this long (real seconds), there is no demo any more.
GONE = 600


class NoDemo(Exception):
    """Nobody can enter there; the text says so."""


# --- The scheduler -----------------------------------------------------------


class Schedule:
    """Who does something when; one thing at a time. ``pace`` 2 is twice as fast."""

    def __init__(self, pace: float) -> None:
        self.pace = pace
        self.due: dict[Callable[[], float], float] = {}
        self.heap: list[tuple[float, int, Callable[[], float]]] = []
        self.numbers = itertools.count()

    def now(self) -> float:
        """Seconds at pace 1."""
        return time.monotonic() * self.pace

    def at(self, step: Callable[[], float], delay: float) -> None:
        """Call ``step`` after ``delay``, and not when it was due before."""
        self.due[step] = self.now() + delay
        heapq.heappush(self.heap, (self.due[step], next(self.numbers), step))

    def run(self, seconds: float | None) -> None:
        """Call what is due; each step returns the delay until its next. Ends after
        ``seconds`` (real), or when the help desk has been away for ``GONE``."""
        begun = last_answer = time.monotonic()
        while self.heap:
            due, _number, step = heapq.heappop(self.heap)
            if self.due[step] != due:
                continue
            wait = max(0.0, due - self.now()) / self.pace
            if seconds is not None and time.monotonic() + wait > begun + seconds:
                return
            time.sleep(wait)
            try:
                self.at(step, step())
                last_answer = time.monotonic()
            except Away:
                if time.monotonic() - last_answer > GONE:
                    return
                # Not all at the same moment, and not faster because the class is.
                self.at(step, (RETRY + next(self.numbers) % 10 / 5) * self.pace)


# --- The classroom -----------------------------------------------------------


@dataclass
class Room:
    """Where the class is, learnt by Ms Hopper, who opens doors and help when it is needed."""

    site: str
    slug: str = ""
    code: str = ""
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.site)

    @property
    def address(self) -> str:
        return f"/c/{self.slug}/"

    def find(self) -> None:
        """Enter as the teacher; the address says which class it is, the board its code."""
        page = enter(self.browser, "teacher")
        self.slug = urlsplit(page.address).path.split("/")[2]
        self.code = self.browser.open(f"{self.address}board/").class_code

    def let_in(self) -> None:
        """Students whose name another browser had the last time wait at the door.

        Each with a tap of their own: a yes to all lets no second browser of anybody in.
        """
        if is_in_class(self.browser.open(self.address)):
            page = self.browser.open(f"{self.address}manage/")
            for form in [each for each in page.forms if each.action.endswith("/let-in/")]:
                self.browser.post(form.action, {})


def enter(browser: Browser, who: str) -> Page:
    """Tap "Enter as …" on the front page; the class page that follows."""
    browser.open("/")
    page = browser.post(f"/demo/enter/{who}/", {})
    if page.http_status == 404 and "/demo/" in page.address:
        raise NoDemo(f"{browser.site} is no demo: nobody can enter as {who} there.")
    if not is_in_class(page):
        raise Away  # a form that was open too long, a class that is being moved: once more
    return page


def is_in_class(page: Page) -> bool:
    return page.http_status in (200, 409, 422) and bool(page.me)


# --- A student ---------------------------------------------------------------


@dataclass
class Student:
    """Somebody who joined with the code. All that is known of the request is on the page."""

    name: str
    room: Room
    rng: Random
    schedule: Schedule
    #: Wants to raise a hand; set when the class needs one more.
    is_stuck: bool = False
    has_said: bool = False
    #: When patience ends; most wait for as long as it takes.
    leaves_at: float = inf
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.room.site)

    def step(self) -> float:
        """Look at the page, do the next thing; the delay until the next look."""
        if not self.room.code:
            return GLANCE
        page = self.browser.open(self.room.address)
        if not is_in_class(page):
            return self._come_in()
        if page.status in ("waiting", "claimed", "helping", "paused", "deferred"):
            return self._wait(page)
        return self._look_on(page)

    @property
    def is_free(self) -> bool:
        """In the class and busy with the task, no hand up."""
        return is_in_class(self.browser.page) and not self.is_stuck and not self.has_hand_up

    @property
    def has_hand_up(self) -> bool:
        return self.browser.page.status in ("waiting", "claimed", "helping", "paused")

    def _come_in(self) -> float:
        if self.browser.page.address.endswith("/waiting/"):
            self.room.let_in()
            return GLANCE
        asked = self.browser.open("/join/").form_with("code")
        if asked is None:
            return self._between(IDLE)
        asked = self.browser.fill_in(asked, code=self.room.code).form_with("name")
        if asked is not None:
            self.browser.fill_in(asked, name=self.name)
        return self._between(THINK)

    def _wait(self, page: Page) -> float:
        if not self.has_said and page.status == "waiting":
            self.has_said = True
            self._say()
        elif page.status == "waiting" and self.schedule.now() > self.leaves_at:
            self.browser.press("solve" if self.rng.random() < 0.75 else "lower")
        return self._between(LOOK_AGAIN)

    def _say(self) -> None:
        """Card after card, as long as one feels like it."""
        page = self.browser.open(f"{self.room.address}coach/")
        title = ""
        for _card in range(MOST_CARDS):
            form = card_of(page)
            if form is None or self.rng.random() < STOPS:
                break
            fields, title = answer(form, title, self.rng)
            page = self.browser.post(form.action, fields)
        self.browser.open(self.room.address)

    def _look_on(self, page: Page) -> float:
        """No hand is up: say how it went, or raise it."""
        if "carry-on" in page.buttons and not self.is_stuck:
            answers = ["carry-on"] * 6 + ["partly"] * 3 + ["not-yet"]
            self.browser.press(self.rng.choice(answers))
            return self._between(LOOK_AGAIN)
        button = "carry-over" if "carry-over" in page.buttons else "raise-hand"
        if not self.is_stuck or not self.browser.press(button):
            return self._between(IDLE)
        self.is_stuck = self.has_said = False
        patience = self._between(GIVE_UP) if self.rng.random() < 0.3 else inf
        self.leaves_at = self.schedule.now() + patience
        return self._between(THINK)

    def _between(self, least_and_most: tuple[float, float]) -> float:
        return self.rng.uniform(*least_and_most)


def card_of(page: Page) -> Form | None:
    """The form of the card that the page shows."""
    return next((form for form in page.forms if "/describe/" in form.action), None)


def answer(form: Form, title: str, rng: Random) -> tuple[dict[str, str], str]:
    """What a student answers a card with, and the task's title once it is known: often an early
    task; a sentence that fits it; now and then nothing."""
    card = form.action.rstrip("/").rpartition("/")[2]
    offered = [choice for choice in form.choices.get(card, []) if choice[0] != "private"]
    if card == "text" and rng.random() < 0.65:
        return {"text": rng.choice(SAID.get(title, SAID_ANYWHERE)), "next": "1"}, title
    if not offered or rng.random() < SKIPS:
        return {"skip": "1"}, title
    value, words = offered[min(rng.randrange(len(offered)), rng.randrange(len(offered)))]
    return {card: value, "next": "1"}, words if card == "task" else title


# --- Who helps ---------------------------------------------------------------


@dataclass
class Helper:
    """Mr Turing, and a watchful eye on the line: when it gets short, somebody is stuck."""

    room: Room
    students: list[Student]
    rng: Random
    schedule: Schedule
    hands_free_at: float = 0.0
    closed_since: float | None = None
    wanted: int = 5
    wanted_until: float = 0.0
    first_seen: dict[str, float] | None = None
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.room.site)

    def step(self) -> float:
        page = self.browser.open(self.room.address) if self.room.slug else Page()
        if not is_in_class(page):
            self.room.find()
            page = enter(self.browser, "assistant")
        if "open-help" in page.buttons:
            self._open_help()
            return GLANCE
        self.closed_since = None
        self._note(page)
        self._keep_the_line(len(page.waiting()))
        if self.schedule.now() >= self.hands_free_at:
            self._help(page)
        return GLANCE

    def _open_help(self) -> None:
        now = self.schedule.now()
        self.closed_since = self.closed_since or now
        if now - self.closed_since >= REOPEN:
            self.browser.press("open-help")

    def _note(self, page: Page) -> None:
        """When each hand was first seen; those that are up at the start have waited."""
        now = self.schedule.now()
        before = self.first_seen
        self.first_seen = {
            row.key: now - VISITORS_FIRST if before is None else before.get(row.key, now)
            for row in page.waiting()
        }

    def _keep_the_line(self, waiting: int) -> None:
        now = self.schedule.now()
        if now >= self.wanted_until:
            self.wanted = self.rng.randint(*IN_LINE)
            self.wanted_until = now + self.rng.uniform(*MOOD)
        about_to = sum(student.is_stuck for student in self.students)
        free = [student for student in self.students if student.is_free]
        if waiting + about_to < self.wanted and free:
            student = self.rng.choice(free)
            student.is_stuck = True
            self.schedule.at(student.step, self.rng.uniform(0.2, 1.2))

    def _help(self, page: Page) -> None:
        """The next step of one visit: done, start, or on the way to the next hand."""
        mine = next((row for row in page.rows if row.helper and row.helper == page.me), None)
        if mine is not None and mine.status == "helping":
            self._press(f"resolve-{mine.key}", then=BREATHE)
        elif mine is not None:
            self._press(f"start-{mine.key}", then=VISIT)
        elif (following := self._next(page)) is not None:
            self._press(f"claim-{following.key}", then=WALK)

    def _press(self, button: str, *, then: tuple[float, float]) -> None:
        self.browser.press(button)
        self.hands_free_at = self.schedule.now() + self.rng.uniform(*then)

    def _next(self, page: Page) -> Row | None:
        names = {student.name for student in self.students}
        long_ago = self.schedule.now() - VISITORS_FIRST
        seen = self.first_seen or {}
        for row in page.waiting():
            if row.name in names or seen.get(row.key, long_ago) <= long_ago:
                return row
        return None


# --- The program -------------------------------------------------------------


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.living", description=__doc__)
    parser.add_argument("--url", type=_origin, required=True, help="where the demo is")
    parser.add_argument("--students", type=int, default=12, choices=range(1, len(NEWCOMERS) + 1))
    parser.add_argument("--pace", type=_positive, default=1.0, help="2 is twice as fast")
    parser.add_argument("--seconds", type=_positive, help="stop by itself after this long")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        gather(args.url, args.students, args.pace).run(args.seconds)
    except KeyboardInterrupt:
        sys.exit(0)
    except NoDemo as refusal:
        sys.exit(str(refusal))


def gather(site: str, students: int, pace: float) -> Schedule:
    """The class, with everybody's first step in the schedule."""
    rng, schedule, room = Random(), Schedule(pace), Room(site)
    people = [Student(name, room, rng, schedule) for name in NEWCOMERS[:students]]
    schedule.at(Helper(room, people, rng, schedule).step, 0)
    for number, student in enumerate(people):
        schedule.at(student.step, 0.4 + 0.4 * number)
    return schedule


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError("give an address such as http://127.0.0.1:8000")
    return f"{parts.scheme}://{parts.netloc}"


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < inf:
        raise argparse.ArgumentTypeError("give a number above 0")
    return number


if __name__ == "__main__":
    main()
