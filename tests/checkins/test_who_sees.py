"""Each question says who sees it, and the first line says only what holds for all of them."""

import re

import pytest

from checkins import actions, replies
from checkins.models import Preset
from checkins.questions import Kind
from checkins.replies import Given
from tests.checkins.conftest import COLOURS
from tests.conftest import student

pytestmark = pytest.mark.django_db

NAMED = "Your teacher and the helpers of this class see your answers with your name."
NAMELESS = "No name is kept with your answers."
MIXED = "Under each question it says who sees your answer."


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def first_line(page):
    return re.search(r'<p class="who-sees">([^<]*)</p>', page)[1]


def parts(page):
    """What stands at each question, by its words."""
    label, said = r"<(?:legend|label for)[^>]*>([^<]*)<", r'<p class="quiet">([^<]*)</p>'
    found = re.findall(f"{label}.*?{said}", page)
    return {question: said.strip() for question, said in found}


@pytest.fixture
def page_of(browser_of, ada, url):
    return lambda check_in: text(browser_of(ada).get(url("answer", check_in.key)))


def test_one_line_is_enough_where_it_holds_for_all(page_of, open_one):
    assert first_line(page_of(open_one())) == NAMELESS


def test_with_names_the_first_line_says_so(page_of, open_one):
    words = {"kind": Kind.TEXT, "text": "Say more"}
    assert first_line(page_of(open_one(COLOURS, words, named=True))) == NAMED


@pytest.mark.parametrize("named", [True, False])
def test_ready_to_start_keeps_a_name_with_two_of_its_questions(page_of, room, grace, named):
    room.tasks.create(title="Loops")
    plan = actions.preset(Preset.READY, "named" if named else "totals")
    page = page_of(actions.open_check_in(room, plan, by=grace))
    assert first_line(page) == MIXED
    assert NAMELESS not in page
    said = parts(page)
    ready = said["How ready do you feel for today&#x27;s work?"]
    assert ("with your name" in ready) == named
    assert ("No name is kept with this answer." in ready) != named
    assert "with your name" in said["Is there one thing you want help with today?"]
    wish = said["Would you like an adult to check in with you?"]
    assert "The adult you choose sees this with your name." in wish
    assert "those who run your school see it too" in wish


def test_the_exit_says_that_a_note_is_for_oneself(page_of, room, lesson, grace):
    page = page_of(actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace))
    assert first_line(page) == MIXED
    assert "A note to yourself. Nobody else reads it." in page
    assert "Counted without your name." in page


def test_about_well_being_totals_come_when_it_is_closed(page_of, room, grace, cared_for):
    page = page_of(actions.open_check_in(room, actions.preset(Preset.WELL_BEING), by=grace))
    assert "The adults here see totals when it is closed" in page
    assert "If they do not read it in time, Grace Hopper sees it too" in page


def test_a_latecomer_is_told_how_their_answer_counts(open_one, room, browser_of, url, pupils):
    early = pupils(1)[0]
    check_in = open_one()
    late = student(room, "Late")
    words = "You came into the class after this check-in had begun."
    assert words in text(browser_of(late).get(url("answer", check_in.key)))
    assert words not in text(browser_of(early).get(url("answer", check_in.key)))


def test_what_was_sent_stands_beside_who_sees_it(ready_page, ada):
    assert NAMELESS not in ready_page
    assert "Your name is not kept with what you chose." in ready_page
    assert "Your teacher and the helpers see this with your name." in ready_page


@pytest.fixture
def ready_page(browser_of, room, grace, ada, url):
    check_in = actions.open_check_in(room, actions.preset(Preset.READY), by=grace)
    given = Given(answers={"0": 1}, task=room.tasks.create(title="Loops"))
    replies.reply(check_in, given, by=ada, edit_key="k")
    return text(browser_of(ada).get(url("answer", check_in.key)))


@pytest.mark.parametrize("named", [True, False])
def test_once_it_is_closed_nothing_is_promised_any_more(open_one, browser_of, ada, ben, url, named):
    check_in = open_one(named=named)
    replies.reply(check_in, Given(answers={"0": 1}), by=ada, edit_key="k")
    actions.close(check_in)
    page = text(browser_of(ada).get(url("answer", check_in.key)))
    assert "The check-in is closed." in page
    assert "You can change" not in page
    assert "can still change" not in page
    never = text(browser_of(ben).get(url("answer", check_in.key)))
    assert "This check-in is closed" in never
    assert "your name" not in never.lower()


def test_on_a_network_where_others_read_along_no_wish_is_asked(page_of, room, grace, settings):
    settings.LAN = True
    page = page_of(actions.open_check_in(room, actions.preset(Preset.READY), by=grace))
    assert first_line(page) == NAMELESS
    assert "The adult you choose" not in page
