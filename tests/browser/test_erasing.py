"""Erasing a class, a school or an adult with the keyboard alone, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from classrooms import erasing
from classrooms.models import Classroom
from tests.browser.conftest import cookie_of

#: What a page looks like and how it is used is the same on every database.
pytestmark = pytest.mark.one_leg


def closed() -> bool:
    return not Classroom.objects.in_use().exists()


@pytest.fixture
def admin(visit, in_database, room, ada, ben, grace, alan, edsger, lesson):
    def open_page(path="/school/", **options):
        return visit(path, cookies=[in_database(cookie_of, edsger)], **options)

    return open_page


@pytest.mark.parametrize("javascript", [True, False])
def test_a_class_is_erased_with_the_keyboard_alone(javascript, admin, in_database, room):
    page = admin(javascript=javascript)
    tab_to(page, f"Erase: {room.name}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Erase “{room.name}”?")).to_be_visible()
    tab_to(page, "Type the name")
    page.keyboard.type("Some other class")
    page.keyboard.press("Enter")
    field = page.get_by_label("Type the name")
    expect(field).to_have_value("Some other class")
    expect(page.get_by_text("This is not the same name.")).to_be_visible()
    assert not in_database(closed)
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(room.name)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Being erased")).to_be_visible()
    assert in_database(closed)
    in_database(erasing.finish)
    page.reload()
    expect(page.get_by_role("heading", name="Being erased")).to_have_count(0)


def tab_to(page, name: str) -> None:
    """Go on with the Tab key to whatever is called ``name``."""
    script = """() => {
      const at = document.activeElement;
      return (at.labels?.[0] ?? at).textContent.replace(/\\s+/g, " ").trim();
    }"""
    for _press in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(script) == name:
            return
    raise AssertionError(f"the Tab key does not lead to {name}")


@pytest.mark.parametrize("width", [360, 1366])
@pytest.mark.parametrize("language", ["en-GB", "ar"])
def test_nothing_is_wider_than_the_screen(width, language, admin, room, alan):
    page = admin(viewport={"width": width, "height": 740}, language=language)
    for path in (
        "/school/",
        "/school/people/",
        f"/school/people/{alan.user_id}/erase/",
        f"/school/classes/{room.pk}/erase/",
        "/school/erase/",
    ):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
