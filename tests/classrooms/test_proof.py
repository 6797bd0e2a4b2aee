"""A name is no key: what somebody is shown who comes back with nothing but a name."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from checkins import actions as check_ins
from checkins import replies
from checkins.models import Contact, Going, NamedReply, SelfCheck
from classrooms import actions
from classrooms.models import Classroom, Device, Membership
from coaching import actions as coaching
from requests_app import actions as asking
from requests_app.models import Queue, Thanks
from tests.access import TABLE
from tests.conftest import device_cookie
from tests.world import routes

pytestmark = pytest.mark.django_db

#: What is Ada's alone, or was asked by her, in each place that keeps such things.
SECRETS = {
    "next step": "zebra step",
    "thanks": str(Thanks.CLEAR.label),
    "note": "zebra kept",
    "named answer": "zebra answer",
    "note to self": "zebra to myself",
    "wish for an adult": "I no longer want this",
}


def come(room, name="Ada Lovelace", **typed):
    """A new browser that types a name."""
    client = Client()
    client.get("/join/")  # gives the cookie that tells one browser from another
    answer = client.post(reverse("classrooms:join_code", args=[room.code]), {"name": name, **typed})
    assert answer.status_code == 302, answer.text
    return client


def page(room, name="requests_app:show"):
    return reverse(name, args=[room.slug])


@pytest.fixture
def past(room, lesson, ada, grace):
    """A finished request with everything in it, notes, named answers and a wish for an adult."""
    queue = Queue.objects.of(room)
    raised = asking.raise_hand(queue, student=ada, form_key="first")
    asking.describe(raised, by=ada, text="zebra asked")
    asking.start(raised, by=grace)
    done = asking.resolve(raised, by=grace)
    asking.note_given(done, by=grace, given="hint", next_step=SECRETS["next step"])
    asking.thank(done, by=grace, thanks=Thanks.CLEAR)
    coaching.add_note(ada, SECRETS["note"])
    questions = [
        {"kind": "text", "text": "Say more"},
        {"kind": "note", "text": "For you"},
        {"kind": "contact", "text": "Shall somebody come?"},
    ]
    plan = check_ins.Plan("Mine", "named", questions)
    check_in = check_ins.open_check_in(room, plan, by=grace)
    given = replies.Given(
        answers={"0": SECRETS["named answer"]},
        note=SECRETS["note to self"],
        soon="today",
        adult=grace,
    )
    replies.reply(check_in, given, by=ada, edit_key="")
    check_ins.say_how(by=ada, going=Going.STUCK)
    return check_in


def read(client, room, check_in) -> set[str]:
    """What of Ada's stands on any page that a student can open."""
    known = {"slug": room.slug, "check_in_key": check_in.key, "card": "text"}
    found = set()
    for name, parameters in routes():
        row = TABLE.get(name, {}).get("GET", {})
        if row.get("student") != "yes" or "slug" not in parameters:
            continue
        if not set(parameters) <= set(known):
            continue
        url = reverse(name, kwargs={each: known[each] for each in parameters})
        for query in ("", "?change=1", "?open=1", "?card=text"):
            text = client.get(url + query).text
            found |= {place for place, words in SECRETS.items() if words in text}
            if 'aria-pressed="true"' in text:
                found.add("how it goes")
    return found


EVERYTHING = {*SECRETS, "how it goes"}


def test_a_device_that_is_in_reads_everything_of_its_own(room, past, ada, browser_of):
    assert read(browser_of(ada), room, past) >= EVERYTHING


def test_a_name_alone_reads_nothing_of_the_past(room, past, ada, browser_of):
    browser_of(ada).post(reverse("classrooms:leave", args=[room.slug]))
    stranger = come(room)
    assert read(stranger, room, past) == set()


def test_nor_of_a_hand_that_is_still_up(room, lesson, ada, grace):
    raised = asking.raise_hand(Queue.objects.of(room), student=ada, form_key="first")
    asking.describe(raised, by=ada, text="zebra asked")
    asking.start(raised, by=grace)
    asking.pause(raised, by=grace, minutes=5, hint="zebra hint")
    stranger = come(room)
    shown = stranger.get(page(room)).text
    assert "Try this for a while" in shown
    assert "zebra" not in shown
    assert "zebra" not in stranger.get(page(room, "coaching:coach") + "?card=text&open=1").text
    stranger.post(page(room, "requests_app:lower"))
    assert "Your hand is down" not in stranger.get(page(room)).text


def test_whoever_comes_by_name_can_ask_and_sees_what_they_ask(room, past, ada):
    stranger = come(room)
    form_key = stranger.get(page(room)).text.partition('name="form_key" value="')[2]
    stranger.post(page(room, "requests_app:raise_hand"), {"form_key": form_key.partition('"')[0]})
    assert "You are in line" in stranger.get(page(room)).text
    stranger.post(page(room, "coaching:how_i_get_help"), {"text": "fresh note"})
    mine = stranger.get(page(room, "coaching:how_i_get_help")).text
    assert "fresh note" in mine
    assert "zebra" not in mine


def test_the_next_one_by_name_does_not_read_what_the_last_one_wrote(room, ada):
    first = come(room)
    first.post(page(room, "coaching:how_i_get_help"), {"text": "zebra note"})
    first.post(reverse("classrooms:leave", args=[room.slug]))
    assert "zebra" not in come(room).get(page(room, "coaching:how_i_get_help")).text


def test_what_was_answered_with_a_name_cannot_be_changed_by_the_name_alone(room, past, ada):
    stranger = come(room)
    where = reverse("checkins:answer", args=[room.slug, past.key])
    assert stranger.post(where, {"q0": "other"}).status_code == 409
    assert NamedReply.objects.get().answers == {"0": "zebra answer"}
    decline = reverse("checkins:decline_follow_up", args=[room.slug, past.key])
    assert stranger.post(decline).status_code == 404


def test_an_offer_from_before_is_not_told(room, lesson, ada, grace):
    Contact.objects.create(lesson=lesson, student=ada, by=grace, kind=Contact.Kind.OFFERED)
    assert "can come to you" not in come(room).get(page(room)).text


def test_a_new_name_has_no_past_and_no_seal(room):
    come(room, "Ben")
    assert Membership.objects.get(name="Ben").sealed_before is None


def test_a_name_from_the_list_that_never_came_is_whoever_comes_first(room):
    room.memberships.create(name="Ada", on_roster=True)
    come(room, "Ada")
    assert not Membership.objects.get().is_sealed


def test_it_is_said_to_the_student_and_to_the_teacher(room, past, ada, grace, browser_of):
    stranger = come(room)
    shown = stranger.get(page(room)).text
    assert "stays hidden until your teacher says that it is you" in shown
    assert "stays safe and hidden" in stranger.get(page(room, "checkins:mine")).text
    people = browser_of(grace).get(page(room, "classrooms:people")).text
    assert "In by name alone" in people
    assert "Yes, this is Ada Lovelace" in people


def test_the_teachers_yes_opens_the_past(room, past, ada, grace, browser_of):
    stranger = come(room)
    answer = browser_of(grace).post(reverse("classrooms:vouch", args=[room.slug, ada.pk]))
    assert answer.status_code == 302
    assert read(stranger, room, past) >= EVERYTHING
    assert "In by name alone" not in browser_of(grace).get(page(room, "classrooms:people")).text


def test_the_own_pin_opens_the_past_and_ends_whoever_had_none(room, past, ada):
    stranger = come(room)
    room.pin_mode = Classroom.PinMode.PERSONAL
    actions.save_settings(room, ["pin_mode"])
    ada.refresh_from_db()
    owner = come(room, pin=ada.pin)
    assert read(owner, room, past) >= EVERYTHING
    assert stranger.get(page(room)).status_code == 404


def test_a_yes_at_the_door_is_a_proof(room, past, ada):
    room.approval = True
    room.save()
    client = come(room)
    actions.let_in(Device.objects.get(approved_at=None))
    assert "zebra to myself" in client.get(page(room, "checkins:mine")).text


def test_a_yes_to_all_is_none(room, past, ada):
    room.approval = True
    room.save()
    client = come(room)
    assert not actions.let_all_in(room)
    assert "zebra" not in client.get(page(room, "checkins:mine")).text


def test_a_yes_to_all_lets_no_second_device_in(room, past, ada, browser_of, grace):
    browser_of(ada)
    room.approval = True
    room.save()
    second, new = come(room), come(room, "Somebody New")
    answer = browser_of(grace).post(reverse("classrooms:let_all_in", args=[room.slug]), follow=True)
    assert "Please look at these one by one" in answer.text
    assert new.get(page(room)).status_code == 200
    waiting = reverse("classrooms:waiting", args=[room.slug])
    assert second.get(page(room)).headers["Location"] == waiting


def test_a_second_device_that_was_let_in_beside_one_by_name_opens_nothing(room, past, ada):
    come(room)
    second = come(room)
    actions.let_in(Device.objects.get(approved_at=None))
    assert "zebra" not in second.get(page(room, "checkins:mine")).text


def test_thirty_come_back_in_the_morning_without_a_queue_for_the_teacher(room, lesson):
    names = [f"Pupil {number}" for number in range(30)]
    for name in names:
        come(room, name).post(reverse("classrooms:leave", args=[room.slug]))
    for name in names:
        assert come(room, name).get(page(room)).status_code == 200
    assert not Device.objects.filter(approved_at=None).exists()
    assert Membership.objects.count() == 31  # the teacher


def test_a_page_that_is_open_hears_that_the_past_is_open_again(
    room, past, ada, monkeypatch, django_capture_on_commit_callbacks
):
    from live import hub

    come(room)
    told = []
    monkeypatch.setattr(hub, "tell_all", told.append)
    ada.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        actions.vouch(ada)
    what = [each["what"] for each in told if each["type"] == "live.changed"]
    assert sorted(what) == [[f"beside.{ada.pk}", "line"], [f"hand.{ada.pk}", "line"]]


def test_what_was_looked_up_before_is_not_shown_after(room, past, ada):
    """The class's answers are kept for a moment: a seal makes them be looked up anew."""
    first = Client()
    first.cookies[settings.DEVICE_COOKIE_NAME] = device_cookie(ada)
    assert 'aria-pressed="true"' in first.get(page(room, "requests_app:regions")).text
    first.post(reverse("classrooms:leave", args=[room.slug]))
    stranger = come(room)
    assert 'aria-pressed="true"' not in stranger.get(page(room, "requests_app:regions")).text
    assert SelfCheck.objects.get().going == Going.STUCK
