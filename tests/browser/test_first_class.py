"""How long a newcomer's first class takes, by what their hands do.

Every tap, field and letter from the front page to the first raised hand is counted, and what people
take for each is added up (the keystroke-level model of Card, Moran and Newell, 1980: 1.35 s to
think of the next thing, 1.1 s to point, 0.1 s to press, 0.28 s for a letter). How fast the machine
is does not count: it is far below a second.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import PHONE
from tests.browser.test_queue import heading, row

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg

THINK, POINT, PRESS, LETTER = 1.35, 1.1, 0.1, 0.28
#: Seconds.
TWO_MINUTES = 120


@dataclass
class Hands:
    """Somebody's hands on a page, counted."""

    page: object
    steps: int = 0
    seconds: float = 0

    def tap(self, name: str, role: str = "button") -> None:
        self._count()
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def write(self, label: str, text: str) -> None:
        self._count(len(text))
        self.page.get_by_label(label).fill(text)

    def _count(self, letters: int = 0) -> None:
        self.steps += 1
        self.seconds += THINK + POINT + PRESS + letters * LETTER


@pytest.mark.parametrize("mode", ["local", "lan"])
def test_a_first_class_takes_less_than_two_minutes(mode, visit, settings, record_property):
    settings.MODE, settings.LAN = mode, mode == "lan"
    teacher = Hands(visit())
    teacher.tap("Start a classroom", "link")
    teacher.write("Your name, as students know you", "Ms Hopper")
    teacher.write("Email", "hopper@example.org")
    teacher.write("Password", "correct horse battery")
    teacher.tap("Continue")
    teacher.write("Name of the class", "Year 9 Computing")
    teacher.write("Your school", "Hill School")
    teacher.tap("Continue")
    teacher.write("Tasks, one per line", "Loops\nLists")
    teacher.tap("Add")
    teacher.tap("Next: invite your class", "link")
    code = teacher.page.locator(".invite__code").inner_text()
    teacher.tap("Go to your class", "link")
    teacher.tap("Open help")

    student = Hands(visit(viewport=PHONE))
    student.tap("Join a class", "link")
    student.write("Class code", code)
    student.tap("Continue")
    student.write("Your name", "Ada")
    student.tap("Join")
    student.tap("Raise hand")
    expect(heading(student.page, "You are in line")).to_be_visible()
    expect(row(teacher.page, "Ada")).to_be_visible()

    assert (teacher.steps, student.steps) == (13, 6)
    assert teacher.seconds + student.seconds < TWO_MINUTES
    record_property("seconds", round(teacher.seconds + student.seconds))
    print(f"{mode}: {teacher.seconds:.0f} s of the teacher, {student.seconds:.0f} s of a student")
