"""On a laptop in the school's network (plain HTTP) whatever is private beyond the queue is off."""

import pytest

from checkins import actions as check_ins
from checkins.models import Preset, Visibility
from checkins.questions import PRIVATE
from classrooms.actions import NotPossible
from coaching import actions as coaching
from coaching.models import Note
from tests.coaching.test_cards import HTMX, card, coach

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lan(settings):
    settings.LAN = True


def test_a_check_in_asks_nothing_private(room, lesson, grace):
    ready = check_ins.open_check_in(room, check_ins.preset(Preset.READY), by=grace)
    asked = {each["kind"] for each in ready.asked}
    assert asked
    assert not asked & PRIVATE


@pytest.mark.parametrize("how", ["named", "well-being"])
def test_names_and_well_being_wait_for_https(how, room, lesson, grace):
    visibility = Visibility.NAMED if how == "named" else Visibility.TOTALS
    preset = Preset.READY if how == "named" else Preset.WELL_BEING
    with pytest.raises(NotPossible, match="read along"):
        check_ins.open_check_in(room, check_ins.preset(preset, visibility), by=grace)


def test_feelings_and_talking_privately_are_not_asked_for(room, raise_hand, ada, browser_of):
    raise_hand(ada)
    client = browser_of(ada)
    shown = client.get(coach(room) + "?card=kind", **HTMX).text
    assert "Talk privately" not in shown
    assert "What is this like?" not in shown
    assert "I feel overwhelmed" in shown
    told = client.post(f"/c/{room.slug}/coach/feel/", {"feeling": "worried"}, **HTMX)
    assert told.status_code == 422
    assert client.post(card(room, "kind"), {"kind": "private"}, **HTMX).status_code == 422


def test_notes_to_oneself_wait_for_https(room, ada, browser_of):
    page = browser_of(ada).post(f"/c/{room.slug}/my/how-i-get-help/", {"text": "Draw it."})
    assert page.status_code == 422
    assert "wait for https" in page.text
    assert "Draw it." in page.text
    assert not Note.objects.exists()
    with pytest.raises(NotPossible):
        coaching.add_note(ada, "Draw it.")
