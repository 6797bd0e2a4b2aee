"""The wish for an adult: who has it, who is told, and what the student reads in each state."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from checkins import actions, followups, gate, replies, tasks
from checkins.actions import NotPossible
from checkins.models import FollowUp, Preset, SchoolRules
from checkins.replies import Given
from checkins.when import within_hours
from classrooms import actions as people
from tests.checkins.conftest import waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(room, grace):
    return actions.open_check_in(room, actions.preset(Preset.READY), by=grace)


@pytest.fixture
def wish(ready, ada, alan):
    """Ada asked Alan to check in with her today."""
    replies.reply(ready, Given(soon="today", adult=alan), by=ada, edit_key="k")
    return FollowUp.objects.get()


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def in_hours(count):
    return timezone.now() + timedelta(hours=count)


def test_an_adult_asked_for_has_it_in_their_own_list_alone(wish, ready, ada, grace, alan):
    assert FollowUp.objects.in_list_of(alan).get().student == ada
    assert not FollowUp.objects.in_list_of(grace).exists()
    assert waiting(ready) == [{}]


def test_a_follow_up_goes_from_asked_to_read_to_done(wish, ada, alan):
    found = followups.acknowledge(wish, by=alan.user)
    assert (found.status, found.reader) == ("acknowledged", "Alan Turing")
    found = followups.finish(found, by=alan.user)
    assert found.status == "done"
    assert ada.contacts.get().by == alan
    with pytest.raises(NotPossible):
        followups.acknowledge(found, by=alan.user)


def test_a_student_who_changes_their_mind_is_left_alone(wish, ready, ada, grace):
    replies.reply(ready, Given(), by=ada, edit_key="k")
    assert FollowUp.objects.get().status == "declined"
    with pytest.raises(NotPossible, match="no longer wants"):
        followups.finish(FollowUp.objects.get(), by=grace.user)
    replies.reply(ready, Given(soon="today", adult=grace), by=ada, edit_key="k")
    assert FollowUp.objects.get().status == "requested"


# --- Told to that adult ------------------------------------------------------


def test_the_adult_is_written_to_once_and_the_letter_says_nothing(wish, alan):
    for _minute in range(2):
        tasks.run_check_in_clock.call_local()
    [letter] = mail.outbox
    assert letter.to == [alan.user.email]
    told = letter.subject + letter.body
    assert "Somebody asked to talk with you" in told
    assert not any(word in told for word in ("Ada", "Year 9", "today", "Today", "Alan"))


def test_a_mail_server_that_is_away_stops_nothing(wish, monkeypatch, alan):
    def away(*_args, **_more):
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(followups, "send_mail", away)
        tasks.run_check_in_clock.call_local()
    assert mail.outbox == []
    tasks.run_check_in_clock.call_local()
    assert [letter.to for letter in mail.outbox] == [[alan.user.email]]


def test_the_tab_and_the_first_page_count_what_was_not_read(wish, browser_of, alan, grace, url):
    as_alan, as_grace = browser_of(alan), browser_of(grace)
    for page, count in ((url("follow_ups"), "1<span"), ("/", "1 student asked to talk with you")):
        assert count in text(as_alan.get(page))
        assert count not in text(as_grace.get(page))
    assert "Ada" not in text(as_alan.get("/")) + text(as_alan.get(url("count_follow_ups")))
    as_alan.post(url("acknowledge", wish.pk))
    assert "asked to talk" not in text(as_alan.get("/"))
    assert "badge" not in text(as_alan.get(url("count_follow_ups")))


def test_a_wish_changes_nothing_that_the_class_is_sent(wish, room, browser_of, alan, ben):
    version = room.queue.version
    followups.acknowledge(wish, by=alan.user)
    followups.run_clock(in_hours(3))
    room.queue.refresh_from_db()
    assert room.queue.version == version
    assert "Alan" not in text(browser_of(ben).get(reverse("requests_app:show", args=[room.slug])))


# --- Passed on when it is late -----------------------------------------------


def test_what_nobody_reads_goes_to_who_stands_in_and_then_to_the_school(
    wish, cared_for, grace, alan, edsger, browser_of, ada, ready, url
):
    as_ada = browser_of(ada)
    said = text(as_ada.get(url("answer", ready.key)))
    assert "You see here when Alan Turing has read it." in said
    assert "Grace Hopper gets it too" in said
    followups.run_clock(in_hours(2.1))
    mine = text(browser_of(grace).get(reverse("checkins:asked_of_me")))
    assert "Ada Lovelace" in mine
    said = text(as_ada.get(url("answer", ready.key)))
    assert "Nobody has read it yet. Grace Hopper has it too, since" in said
    assert "Ada" not in text(browser_of(edsger).get(reverse("checkins:rules")))
    followups.run_clock(in_hours(4.3))
    assert "Ada Lovelace" in text(browser_of(edsger).get(reverse("checkins:rules")))
    said = text(as_ada.get(url("answer", ready.key)))
    assert "Those who run your school have it too, since" in said
    followups.run_clock(in_hours(9))
    told = [letter.to for letter in mail.outbox]
    assert told == [[grace.user.email], [edsger.user.email]]
    # Whoever was asked first still has it, and can still be the one who comes.
    assert browser_of(alan).post(url("acknowledge", wish.pk)).status_code == 302
    assert "Alan Turing read it" in text(as_ada.get(url("answer", ready.key)))


def test_who_stands_in_reads_it_and_the_student_sees_who(
    wish, cared_for, grace, browser_of, ada, ready, url
):
    as_grace = browser_of(grace)
    assert as_grace.post(reverse("checkins:read_wish", args=[wish.pk])).status_code == 404
    followups.run_clock(in_hours(2.1))
    assert "1 student asked to talk with you" in text(as_grace.get("/"))
    assert as_grace.post(reverse("checkins:read_wish", args=[wish.pk])).status_code == 302
    assert "Grace Hopper read it" in text(browser_of(ada).get(url("answer", ready.key)))
    followups.run_clock(in_hours(9))
    assert FollowUp.objects.get().to_school_at is None
    as_grace.post(reverse("checkins:finish_wish", args=[wish.pk]))
    assert "Grace Hopper noted that you have talked" in text(
        browser_of(ada).get(url("answer", ready.key))
    )
    assert as_grace.post(reverse("checkins:read_wish", args=[wish.pk])).status_code == 409


def test_without_somebody_who_stands_in_it_goes_to_the_school_at_once(wish, edsger, browser_of):
    followups.run_clock(in_hours(2.1))
    admin = browser_of(edsger)
    assert "Ada Lovelace" in text(admin.get(reverse("checkins:rules")))
    assert admin.post(reverse("checkins:read_for_school", args=[wish.pk])).status_code == 302
    assert FollowUp.objects.get().reader == "Edsger Dijkstra"
    admin.post(reverse("checkins:finish_for_school", args=[wish.pk]))
    assert FollowUp.objects.get().status == "done"
    assert admin.post(reverse("checkins:finish_for_school", args=[wish.pk])).status_code == 404


def test_what_was_read_is_not_late(wish, cared_for, alan):
    followups.acknowledge(wish, by=alan.user)
    followups.run_clock(in_hours(30))
    assert FollowUp.objects.get().passed_at is None


def test_it_goes_on_at_once_where_its_adult_leaves(wish, cared_for, alan, grace):
    followups.acknowledge(wish, by=alan.user)
    people.remove(alan)
    followups.run_clock()
    found = FollowUp.objects.get()
    assert (found.passed_to, found.status, found.reader) == (grace.user, "requested", "")


def test_a_student_who_left_is_passed_on_to_nobody(wish, cared_for, ada):
    people.remove(ada)
    followups.run_clock(in_hours(3))
    assert FollowUp.objects.get().passed_at is None
    assert mail.outbox == []


def test_late_is_counted_while_somebody_looks(room, ada, grace):
    SchoolRules.objects.create(school=room.school, hours="Mon-Fri 08:00-15:00")
    with time_machine.travel("2026-03-06 14:00:00+01:00", tick=False):  # a Friday
        check_in = actions.open_check_in(room, actions.preset(Preset.READY), by=grace)
        replies.reply(check_in, Given(soon="today", adult=grace), by=ada, edit_key="k")
        due = FollowUp.objects.get().due_at.astimezone(room.zone)
        assert f"{due:%a %H:%M}" == "Mon 09:00"
        replies.reply(check_in, Given(soon="week", adult=grace), by=ada, edit_key="k")
        due = FollowUp.objects.get().due_at.astimezone(room.zone)
        assert f"{due:%a %H:%M}" == "Mon 14:00"


@pytest.mark.parametrize(
    ("stored", "minutes", "expected"),
    [
        ("", 120, "Fri 16:00"),
        ("always", 120, "Fri 16:00"),
        ("Mon-Fri 08:00-15:00", 30, "Fri 14:30"),
        ("Mon-Fri 08:00-15:00", 120, "Mon 09:00"),
        ("Sun 23:00-01:00", 90, "Mon 00:30"),
        ("Mon-Fri 08:00-15:00", 0, "Fri 14:00"),
    ],
)
def test_hours_and_a_time_to_answer(stored, minutes, expected):
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 6, 14, 0, tzinfo=zone)
    due = within_hours(start, timedelta(minutes=minutes), stored, zone)
    assert f"{due.astimezone(zone):%a %H:%M}" == expected


# --- Asked for on its own ----------------------------------------------------


def test_an_adult_can_be_asked_for_after_the_answers_were_sent(
    ready, ada, alan, grace, browser_of, url
):
    as_ada = browser_of(ada)
    replies.reply(ready, Given(), by=ada, edit_key="k")
    assert 'id="ask-adult"' in text(as_ada.get(url("answer", ready.key)))
    where = url("ask_for_adult", ready.key)
    refused = as_ada.post(where, {"soon": "today"})
    assert refused.status_code == 422
    assert "Please choose who should check in with you." in text(refused)
    assert re.search(r'value="today"[^>]*checked', text(refused))
    assert as_ada.post(where, {"soon": "", "adult": alan.pk}).status_code == 422
    assert as_ada.post(where, {"soon": "today", "adult": ada.pk}).status_code == 422
    assert as_ada.post(where, {"soon": "today", "adult": alan.pk}).status_code == 302
    assert FollowUp.objects.get().adult == alan
    assert as_ada.post(where, {"soon": "week", "adult": grace.pk}).status_code == 409
    assert FollowUp.objects.get().soon == "today"


def test_it_is_not_offered_where_it_was_not_asked(open_one, browser_of, ada, alan, url):
    check_in = open_one()
    sent = {"soon": "today", "adult": alan.pk}
    assert browser_of(ada).post(url("ask_for_adult", check_in.key), sent).status_code == 409
    assert not FollowUp.objects.exists()


def test_whoever_only_typed_the_name_changes_no_wish(wish, ada, grace, ready):
    ada.sealed_before = timezone.now()
    ada.save()
    with pytest.raises(NotPossible, match="that it is you"):
        followups.ask_for_adult(ready, by=ada, soon="week", adult=grace)
    followups.keep_wish(ready, ada, soon="", adult=None)
    assert FollowUp.objects.get().status == "requested"


def test_a_yes_that_was_taken_back_gets_nothing(wish, cared_for, grace, edsger):
    gate.refuse(cared_for.school.carers.get(user=grace.user))
    followups.run_clock(in_hours(3))
    found = FollowUp.objects.get()
    assert (found.passed_to, found.to_school_at is not None) == (None, True)
