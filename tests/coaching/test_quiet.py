"""What a student reads about who comes is true; "come quietly" is asked for, and nothing more."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone

from classrooms.actions import NotPossible
from coaching.models import Coaching
from coaching.quiet import people_there
from requests_app import actions
from requests_app.models import HelpRequest, Queue, Status
from requests_app.present import Present
from resources import actions as resources
from tests.requests_app.test_actions import reach
from tests.resources.conftest import complete

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}
#: Said in every state, and true in each: it speaks of when somebody is.
WHEN = "Your class page says so when somebody is on the way."


def shown_to(ada, browser_of):
    """All that Ada's page and her cards say, as one line of text."""
    client = browser_of(ada)
    slug = ada.classroom.slug
    pages = (client.get(f"/c/{slug}/").text, client.get(f"/c/{slug}/coach/", **HTMX).text)
    words = re.sub(r"<[^>]+>", " ", " ".join(pages))
    return " ".join(words.split()).replace(WHEN, "")


def overwhelmed(ada, browser_of):
    url = f"/c/{ada.classroom.slug}/coach/feel/"
    return browser_of(ada).post(url, {"feeling": "overwhelmed"}, **HTMX).text


# --- Who comes ----------------------------------------------------------------


@pytest.mark.parametrize("is_quiet", [False, True], ids=["cards", "quiet"])
@pytest.mark.parametrize("status", list(Status))
def test_somebody_is_on_the_way_only_when_somebody_is(
    status, is_quiet, raise_hand, ada, grace, browser_of
):
    reach(status, raise_hand, ada, grace)
    if is_quiet:
        overwhelmed(ada, browser_of)
    told = shown_to(ada, browser_of)
    assert ("Grace Hopper is on the way" in told) == (status == Status.CLAIMED)
    assert ("Grace Hopper is with you" in told) == (status == Status.HELPING)
    assert ("Grace Hopper said: back at" in told) == (status == Status.PAUSED)
    assert "coming" not in told
    if is_quiet and status in (Status.WAITING, Status.CLAIMED, Status.PAUSED):
        assert "Your hand stays up" in told


def test_no_sentence_for_students_says_that_a_person_or_a_helper_is_coming():
    for path in Path(django_settings.BASE_DIR, "templates").rglob("*.html"):
        assert not re.search(r"(person|helper|somebody|teacher) is coming", path.read_text()), path


def test_the_page_owns_up_when_nobody_is_on_the_way_any_more(raise_hand, ada, grace, browser_of):
    mine = raise_hand(ada)
    assert "Nobody is on the way right now" not in shown_to(ada, browser_of)
    actions.claim(mine, by=grace)
    actions.put_back(mine, by=grace)
    told = shown_to(ada, browser_of)
    assert "Nobody is on the way right now. You have kept your place." in told
    assert "Grace Hopper is on the way" not in told
    actions.claim(mine, by=grace)
    actions.let_go(mine, now=timezone.now() + timedelta(minutes=6))
    assert "Nobody is on the way right now." in shown_to(ada, browser_of)


def test_a_time_that_came_is_no_promise_that_was_missed(raise_hand, ada, browser_of):
    """Whoever put their hand off themselves was told that it did not work out."""
    mine = raise_hand(ada)
    at = timezone.now() + timedelta(minutes=5)
    actions.defer(mine, by=ada, at=at)
    assert "If help is closed then, it waits until help is open." in shown_to(ada, browser_of)
    actions.come_back(mine, now=at + timedelta(seconds=1))
    told = shown_to(ada, browser_of)
    assert "did not work out" not in told
    assert "you are among the first now" in told
    assert Present(mine.queue_id).waiting[0].pk == mine.pk


def test_whoever_said_back_soon_and_is_late_makes_the_student_one_of_the_first(
    raise_hand, ada, ben, grace, browser_of
):
    raise_hand(ben)
    mine = raise_hand(ada)
    actions.start(mine, by=grace)
    actions.pause(mine, by=grace, minutes=5)
    assert "If it gets much later, you are among the first." in shown_to(ada, browser_of)
    actions.overdue(mine, now=timezone.now() + timedelta(minutes=8))
    assert [each.student for each in Present(mine.queue_id).waiting] == [ada, ben]
    assert "you are among the first now" in shown_to(ada, browser_of)


def test_help_that_had_begun_was_not_help_that_never_came(raise_hand, ada, grace, browser_of, room):
    mine = raise_hand(ada)
    actions.start(mine, by=grace)
    actions.pause(mine, by=grace, minutes=5)
    actions.close_help(room, by=grace)
    told = shown_to(ada, browser_of)
    assert "Help closed before you were done" in told
    assert "before we got to you" not in told


# --- Come quietly --------------------------------------------------------------


@pytest.fixture
def ask(ada, browser_of):
    """``ask("quietly")``: Ada's own tap; empty takes it back."""
    client = browser_of(ada)

    def tap(manner, **kwargs):
        url = f"/c/{ada.classroom.slug}/manner/"
        return client.post(url, {"manner": manner}, **(kwargs or HTMX))

    return tap


def test_come_quietly_needs_a_yes_of_its_own(raise_hand, ada, grace, browser_of, ask):
    mine = raise_hand(ada)
    desk = f"/c/{ada.classroom.slug}/"
    panel = overwhelmed(ada, browser_of)
    assert "nothing about how you feel" in panel
    assert 'value="quietly"' in panel
    assert "Come quietly" not in browser_of(grace).get(desk).text, "feeling so says nothing"
    answer = ask("quietly")
    assert answer.status_code == 200
    assert "Your helpers read: Come quietly. Nothing else is said." in answer.text
    row = browser_of(grace).get(desk).text
    assert "Come quietly" in row
    for word in ("overwhelm", "feel", "private", "quiet-"):
        assert word not in row.lower().split('id="queue"')[1].split("</section>")[0]
    assert HelpRequest.objects.get(pk=mine.pk).feeling == ""


def test_come_quietly_can_be_taken_back_and_is_off_for_the_next_hand(
    raise_hand, ada, grace, browser_of, ask
):
    raise_hand(ada)
    ask("quietly")
    assert "Come quietly" not in ask("").text.split("coach")[0]
    desk = f"/c/{ada.classroom.slug}/"
    assert "Come quietly" not in browser_of(grace).get(desk).text
    ask("quietly")
    actions.lower(ada.help_requests.latest("pk"), by=ada)
    raise_hand(ada)
    assert "Come quietly" not in browser_of(grace).get(desk).text


def test_the_cards_are_looked_up_anew_when_the_wish_changes(raise_hand, ada, ask):
    raise_hand(ada)
    coach = {re.search(r'data-coach="([^"]*)"', ask(each).text)[1] for each in ("quietly", "")}
    assert len(coach) == 2


def test_classmates_and_the_board_hear_nothing_of_it(raise_hand, ada, ben, room, browser_of, ask):
    raise_hand(ada)
    raise_hand(ben)
    pages = (f"/c/{room.slug}/regions/", f"/c/{room.slug}/board/regions/")
    before = [browser_of(ben).get(page).text for page in pages]
    ask("quietly")
    assert [browser_of(ben).get(page).text for page in pages] == before


def test_a_made_up_manner_is_refused_with_a_sentence(raise_hand, ada, ask):
    raise_hand(ada)
    answer = ask("loudly")
    assert answer.status_code == 409
    assert "Please choose one of the answers" in answer.text
    assert ada.help_requests.latest("pk").manner == ""


def test_on_a_laptop_s_network_it_is_not_offered(raise_hand, ada, browser_of, ask, settings):
    settings.LAN = True
    mine = raise_hand(ada)
    panel = overwhelmed(ada, browser_of)
    assert "quietly" not in panel
    assert "Your hand stays up" in panel
    answer = ask("quietly")
    assert answer.status_code == 409
    assert "read along" in answer.text
    with pytest.raises(NotPossible):
        actions.choose_manner(mine, by=ada, manner="quietly")


def test_without_javascript_the_buttons_of_the_cards_page_have_their_form(
    raise_hand, ada, browser_of, ask
):
    raise_hand(ada)
    overwhelmed(ada, browser_of)
    page = browser_of(ada).get(f"/c/{ada.classroom.slug}/coach/").text
    assert 'form="move"' in page
    assert '<form id="move" method="post">' in page
    assert ask("quietly", follow=True).redirect_chain


def test_the_feeling_is_not_asked_where_nothing_would_follow(raise_hand, ada, room, browser_of):
    Coaching.objects.create(classroom=room, rules_off=["R8"])
    raise_hand(ada)
    page = browser_of(ada).get(f"/c/{room.slug}/coach/", **HTMX).text
    assert "I feel overwhelmed" not in page
    assert "What is this like?" in page


# --- Talk privately ------------------------------------------------------------

#: A Monday, ten o'clock on the school's clock (Berlin).
TEN = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def list_somebody(school, grace):
    def publish(title, **changes):
        given = {
            "title": title,
            "kind": "formal",
            "topics": ["feelings"],
            "hours": "Mon-Fri 08:00-12:00",
        }
        values = complete(**(given | changes))
        values["review_due"] = TEN.date() + timedelta(days=90)
        entry = resources.add_entry(school, None, values, by=grace.user)
        resources.publish_entry(entry, by=grace.user)
        return entry

    return publish


@time_machine.travel(TEN, tick=False)
def test_talk_privately_names_whoever_is_there_now_and_sends_nothing(
    list_somebody, raise_hand, ada, browser_of
):
    list_somebody("Ms Okafor, counsellor", place="Room 12")
    list_somebody("Mr Away, counsellor", hours="Tue 08:00-12:00")
    list_somebody("Homework club", topics=["schoolwork"])
    raise_hand(ada)
    url = f"/c/{ada.classroom.slug}/describe/kind/"
    panel = browser_of(ada).post(url, {"kind": "private"}, **HTMX).text
    assert "From here nothing is sent to anybody." in panel
    assert "Ms Okafor" in panel
    assert "Room 12" in panel
    assert "Mr Away" not in panel
    assert "Homework club" not in panel
    assert panel.split('id="flash"')[0].count("is there now") == 0, "no promise, only hours"


def test_where_nobody_has_hours_the_page_says_so(list_somebody, raise_hand, ada, browser_of):
    with time_machine.travel(TEN.replace(hour=20), tick=False):
        list_somebody("Ms Okafor, counsellor")
        raise_hand(ada)
        panel = overwhelmed(ada, browser_of)
    assert "Ms Okafor" not in panel
    assert "Nobody on this school's list has hours right now." in panel


def test_no_more_than_three_are_named_and_it_takes_one_query(
    list_somebody, room, django_assert_num_queries
):
    with time_machine.travel(TEN, tick=False):
        for number in range(9):
            list_somebody(f"Counsellor {number}")
    with time_machine.travel(TEN, tick=False), django_assert_num_queries(1):
        named = people_there(room, timezone.now())
    assert [each.title for each in named] == ["Counsellor 0", "Counsellor 1", "Counsellor 2"]


def test_the_two_ways_into_the_quiet_read_the_same(raise_hand, ada, ben, browser_of):
    """Neither the row nor the panel tells a feeling from the wish to talk."""
    raise_hand(ada)
    raise_hand(ben)
    panels = []
    for who, path, fields in (
        (ada, "coach/feel/", {"feeling": "overwhelmed"}),
        (ben, "describe/kind/", {"kind": "private"}),
    ):
        browser_of(who).post(f"/c/{who.classroom.slug}/{path}", fields)
        page = browser_of(who).get(f"/c/{who.classroom.slug}/coach/", **HTMX).text
        panels.append(re.sub(r'value="[^"]{20,}"', "", page))
    assert panels[0] == panels[1]
    assert Queue.objects.count() == 1
