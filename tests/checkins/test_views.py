"""The pages over HTTP: what they say, what they refuse, and that refusing keeps nothing."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from checkins import actions, questions, replies
from checkins.live import moment_on
from checkins.models import (
    CheckIn,
    FollowUp,
    HelpMoment,
    NamedReply,
    Preset,
    SelfCheck,
    Template,
    UnnamedReply,
)
from checkins.replies import Given
from classrooms import actions as people
from requests_app import actions as asking
from requests_app.models import HelpRequest
from tests.checkins.conftest import waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(room, grace):
    return actions.open_check_in(room, actions.preset(Preset.READY), by=grace)


@pytest.fixture
def as_ada(browser_of, ada):
    return browser_of(ada)


@pytest.fixture
def as_grace(browser_of, grace):
    return browser_of(grace)


def text(answer):
    return answer.content.decode()


def edit_key(page):
    return re.search(r'name="edit_key" value="([^"]+)"', text(page))[1]


# --- The student -------------------------------------------------------------


def test_looking_at_a_check_in_keeps_nothing(as_ada, ready, url):
    page = as_ada.get(url("answer", ready.key))
    assert page.status_code == 200
    assert "No name is kept" in text(page)
    ready.refresh_from_db()
    assert (ready.replied, UnnamedReply.objects.count(), len(page.cookies)) == ([], 0, 1)  # csrf


def test_the_first_line_says_who_sees_the_answers(as_ada, open_one, url):
    named = open_one(named=True)
    page = text(as_ada.get(url("answer", named.key)))
    assert page.index("with your name") < page.index('<form class="reply"')


def test_a_reply_is_sent_shown_and_changed(as_ada, ready, url):
    where = url("answer", ready.key)
    key = edit_key(as_ada.get(where))
    assert as_ada.post(where, {"q0": "1", "edit_key": key}).status_code == 302
    assert "Change my answers" in text(as_ada.get(where))
    form = as_ada.get(where + "?change=1")
    assert edit_key(form) == key
    assert re.search(r'name="q0" value="1"[^>]*checked', text(form))
    as_ada.post(where, {"q0": "2", "edit_key": key})
    assert waiting(ready) == [{"0": 2}]


def test_a_preset_asks_in_the_language_of_the_reader(as_ada, ready, url, monkeypatch):
    monkeypatch.setattr(questions, "_", lambda words: f"«{words}»")
    where = url("answer", ready.key)
    assert "«Nearly»" in text(as_ada.get(where))
    ready.questions[0]["options"] = ["It", "was", "different", "then"]
    ready.save()
    page = text(as_ada.get(where))
    assert "«Nearly»" not in page
    assert "different" in page


def test_a_double_tap_is_one_reply(as_ada, ready, url):
    where = url("answer", ready.key)
    key = edit_key(as_ada.get(where))
    for _tap in range(2):
        assert as_ada.post(where, {"q0": "1", "edit_key": key}).status_code == 302
    assert waiting(ready) == [{"0": 1}]


def test_another_browser_is_told_kindly_that_the_answers_are_in(browser_of, ada, ready, url):
    where = url("answer", ready.key)
    browser_of(ada).post(where, {"q0": "1"})
    other = browser_of(ada)
    assert "nobody can find them to change them" in text(other.get(where))
    answer = other.post(where, {"q0": "2"})
    assert answer.status_code == 409
    assert "Your answers are in already" in text(answer)
    assert waiting(ready) == [{"0": 1}]


def test_an_answer_after_closing_is_409_and_kept_nowhere(as_ada, ready, url):
    actions.close(ready)
    answer = as_ada.post(url("answer", ready.key), {"q0": "1"})
    assert answer.status_code == 409
    assert "closed now" in text(answer)
    assert not UnnamedReply.objects.exists()


def test_a_removed_student_finds_nothing(as_ada, ready, url, ada):
    people.remove(ada)
    assert as_ada.post(url("answer", ready.key), {"q0": "1"}).status_code in (302, 404)
    assert not UnnamedReply.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [{"q0": "3"}, {"q0": "-1"}, {"q0": "x" * 400}, {"q2": "tomorrow"}, {"edit_key": "k" * 41}],
)
def test_an_answer_that_is_none_of_the_choices_is_422(as_ada, ready, url, typed):
    answer = as_ada.post(url("answer", ready.key), typed)
    assert answer.status_code == 422
    assert not UnnamedReply.objects.exists()


def test_words_that_are_too_long_are_kept_on_the_page(as_ada, open_one, url):
    check_in = open_one({"kind": "text", "text": "Say more"}, named=True)
    answer = as_ada.post(url("answer", check_in.key), {"q0": "so long " * 60})
    assert answer.status_code == 422
    assert "300 characters at most" in text(answer)
    assert "so long so long" in text(answer)
    assert not NamedReply.objects.exists()


def test_hostile_words_stay_words(as_ada, as_grace, open_one, url):
    words = '<script>alert(1)</script><b hx-get="/">'
    check_in = open_one({"kind": "text", "text": words}, named=True)
    as_ada.post(url("answer", check_in.key), {"q0": words})
    for page in (
        as_ada.get(url("answer", check_in.key)),
        as_grace.get(url("results", check_in.key)),
    ):
        assert words not in text(page)
        assert escape(words) in text(page)


def test_an_adult_is_chosen_by_name(as_ada, ready, url, grace, alan):
    where = url("answer", ready.key)
    assert "choose who" in text(as_ada.post(where, {"q2": "today"}))
    as_ada.post(where, {"q2": "today", "adult": alan.pk})
    assert FollowUp.objects.get().adult == alan
    assert "You asked Alan Turing to talk with you" in text(as_ada.get(where))
    as_ada.post(url("decline_follow_up", ready.key))
    assert FollowUp.objects.get().status == "declined"


def test_the_planned_help_becomes_a_hand_by_a_tap(as_ada, ready, url, room, lesson):
    task = room.tasks.create(title="Loops")
    as_ada.post(url("answer", ready.key), {"q1": task.pk})
    assert "Help with Loops" in text(as_ada.get(url("answer", ready.key)))
    as_ada.post(url("raise_for_plan", ready.key))
    assert HelpRequest.objects.get().task == task


def test_a_lowered_hand_can_be_raised_for_the_plan_again(as_ada, ready, url, room, lesson, ada):
    task = room.tasks.create(title="Loops")
    as_ada.post(url("answer", ready.key), {"q1": task.pk})
    for hands in (1, 2):
        as_ada.post(url("raise_for_plan", ready.key))
        assert HelpRequest.objects.filter(status="waiting").count() == 1
        assert HelpRequest.objects.count() == hands
        asking.lower(HelpRequest.objects.get(status="waiting"), by=ada)


def test_a_wish_and_a_note_outlive_the_day(as_ada, ready, url, room, grace, lesson):
    as_ada.post(url("answer", ready.key), {"q2": "week", "adult": grace.pk})
    actions.close(ready)
    exit_ = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    as_ada.post(url("answer", exit_.key), {"q2": "I drew it first"})
    actions.close(exit_)
    CheckIn.objects.update(closed_at=timezone.now() - timedelta(hours=25))
    page = text(as_ada.get(url("mine")))
    assert "You asked Grace Hopper to talk with you" in page
    assert "I drew it first" in page
    as_ada.post(url("decline_follow_up", ready.key))
    assert FollowUp.objects.get().status == "declined"
    assert "You asked" not in text(as_ada.get(url("mine")))


def test_two_tabs_of_one_browser_send_the_same_answers(as_ada, open_one, url):
    check_in = open_one()
    first, second = (key_in(as_ada.get(url("answer", check_in.key))) for _ in range(2))
    as_ada.post(url("answer", check_in.key), {"q0": "0", "edit_key": first})
    told = as_ada.post(url("answer", check_in.key), {"q0": "1", "edit_key": second})
    assert told.status_code == 302
    assert waiting(check_in) == [{"0": 1}]


def key_in(page):
    return re.search(r'name="edit_key" value="([^"]+)"', text(page))[1]


def test_who_was_removed_meanwhile_reads_that_nothing_was_saved(as_ada, open_one, url, ada):
    check_in = open_one()
    people.remove(ada)
    told = as_ada.post(url("answer", check_in.key), {"q0": "0"})
    assert told.status_code == 404
    assert "ask your teacher to let you in again" in text(told)


def test_a_note_to_self_is_read_by_nobody_else(as_ada, as_grace, room, lesson, grace, url):
    check_in = actions.open_check_in(room, actions.preset(Preset.EXIT), by=grace)
    as_ada.post(url("answer", check_in.key), {"q2": "I drew it first"})
    assert "I drew it first" in text(as_ada.get(url("answer", check_in.key)))
    assert "I drew it first" not in text(as_grace.get(url("results", check_in.key)))


def test_how_it_goes_is_said_by_one_tap(as_ada, lesson, url):
    assert as_ada.post(url("say_how"), {"going": "stuck"}).status_code == 302
    assert SelfCheck.objects.get().going == "stuck"
    assert as_ada.post(url("say_how"), {"going": "nonsense"}).status_code == 409
    assert SelfCheck.objects.get().going == "stuck"


# --- The helpers -------------------------------------------------------------


def test_an_admin_sees_totals_and_no_name(
    browser_of, edsger, as_ada, ready, open_one, room, url, class_answers
):
    as_ada.post(url("answer", ready.key), {"q1": room.tasks.create(title="Loops").pk})
    class_answers(ready, [7, 6])
    actions.close(ready)
    named = open_one(named=True)
    admin = browser_of(edsger)
    listed = text(admin.get(url("check_ins")))
    assert url("results", ready.key) in listed
    assert url("results", named.key) not in listed
    page = text(admin.get(url("results", ready.key)))
    assert re.search(r"Of \d+ replies", page)
    assert "Ada" not in page
    assert "Close check-in" not in page
    for name in ("results", "results_region"):
        assert admin.get(url(name, named.key)).status_code == 404


def test_two_taps_open_a_check_in(as_grace, url):
    assert "Open now" in text(as_grace.get(url("check_ins")))
    answer = as_grace.post(url("open_check_in"), {"template": "ready"})
    made = CheckIn.objects.get()
    assert answer["Location"] == url("results", made.key)
    assert not made.is_named
    again = as_grace.post(url("open_check_in"), {"template": "ready"})
    assert again.status_code == 409
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize("name", ["", "nothing", "999999", "9" * 40, "٣", "-1"])
def test_a_template_that_is_not_there_is_404(as_grace, url, name):
    assert as_grace.post(url("open_check_in"), {"template": name}).status_code == 404


def test_the_page_shows_no_small_total_and_no_name(as_grace, ready, url, pupils):
    everybody = pupils(12)
    for number, who in enumerate(everybody):
        given = Given(answers={"0": 0 if number < 7 else 1})
        replies.reply(ready, given, by=who, edit_key="k")
    actions.close(ready)
    page = text(as_grace.get(url("results_region", ready.key)))
    assert "<td>" in page
    assert not re.search(r'bar-cell--\d+">[1-4]<', page)
    assert not any(who.name in page for who in everybody)


def test_names_show_where_the_students_were_told_so(as_grace, open_one, url, ada):
    check_in = open_one(named=True)
    replies.reply(check_in, Given(answers={"0": 1}), by=ada, edit_key="")
    page = text(as_grace.get(url("results", check_in.key)))
    assert "Ada Lovelace" in page
    assert "Green" in page


def test_well_being_is_refused_with_what_is_missing(as_grace, url):
    refused = as_grace.post(url("open_check_in"), {"template": "wellbeing"})
    assert refused.status_code == 409
    assert "a yes of whoever stands in" in text(refused)


def typed(**questions):
    """What the builder sends: ``q0_text="…"`` and so on."""
    fields = {"head-title": "Mine", "head-visibility": "totals"}
    for number in range(5):
        fields |= {f"q{number}-kind": "single", f"q{number}-steps": "5"}
    return fields | {name.replace("_", "-"): value for name, value in questions.items()}


def test_a_check_in_is_written_opened_and_answered(as_grace, as_ada, url):
    sent = typed(
        q0_text="Which?",
        q0_options="Red\r\n\r\n  Green ",
        q1_text="How sure?",
        q1_kind="scale",
        q1_steps="4",
        q1_low="guessing",
    )
    assert as_grace.post(url("write"), sent).status_code == 302
    template = Template.objects.get()
    assert [each["options"] for each in template.questions] == [
        ["Red", "Green"],
        ["1", "2", "3", "4"],
    ]
    as_grace.post(url("open_check_in"), {"template": template.pk})
    made = CheckIn.objects.get()
    as_ada.post(url("answer", made.key), {"q0": "1", "q1": "3"})
    assert waiting(made) == [{"0": 1, "1": 3}]
    as_grace.post(url("drop_template", template.pk))
    made.refresh_from_db()
    assert len(made.questions) == 2


@pytest.mark.parametrize(
    ("sent", "place", "says"),
    [
        (typed(), None, "at least one question"),
        (
            typed(q2_text="Which?", q2_options="\n".join(f"a{n}" for n in range(200))),
            "q2-options",
            "here are 200",
        ),
        (typed(q1_text="?", q1_kind="scale", q1_steps="1"), "q1-steps", "2 to 10 steps"),
        (typed(q1_text="?", q1_kind="scale", q1_steps="11"), "q1-steps", "2 to 10 steps"),
        (typed(q1_text="?", q1_kind="scale", q1_steps="many"), "q1-steps", "a number"),
        (typed(q0_text="?", q0_options="one"), "q0-options", "here are 1"),
        (typed(q0_text="?", q0_options="One\none"), "q0-options", "the same"),
        (typed(q0_options="a\nb"), "q0-text", "write the question"),
        (typed(q0_text="?", q0_kind="text"), "q0-kind", "With names"),
        (typed(q0_text="x" * 161, q0_options="a\nb"), "q0-text", "160 characters"),
        (typed(q0_text="?", q0_kind="contact"), "q0-kind", "choose one"),
        (typed(q0_text="?", q0_options="a\nb") | {"head-title": ""}, "head-title", "a name"),
        (typed(q0_text="?", q0_options="a\nb") | {"head-visibility": "all"}, None, "choose one"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(as_grace, url, sent, place, says):
    answer = as_grace.post(url("write"), sent)
    page = text(answer)
    assert answer.status_code == 422
    assert says in page
    if place is not None:
        assert re.search(f'id="id_{place}_error"[^>]*>[^§]{{0,80}}', page)
    assert escape(sent.get("q0-text", "Mine")) in page
    assert not Template.objects.exists()


def plan(day, hour):
    return {"template": "ready", "day": day, "hour": hour}


def test_planning_across_a_clock_change_says_what_really_happens(
    as_grace, url, time_machine_at, ada, browser_of
):
    time_machine_at("2026-03-20 10:00:00+01:00")
    answer = as_grace.post(url("schedule"), plan("2026-03-29", "02:30"), follow=True)
    assert "03:00" in text(answer)
    assert "clocks go forward" in text(answer)
    assert "Europe/Berlin" in text(answer)
    time_machine_at("2026-10-20 10:00:00+02:00")
    again = browser_of(CheckIn.objects.get().started_by)
    answer = again.post(url("schedule"), plan("2026-10-25", "02:30"), follow=True)
    assert "clocks go back" in text(answer)


@pytest.fixture
def time_machine_at():
    import time_machine

    stack = []

    def go(moment):
        while stack:
            stack.pop().stop()
        travel = time_machine.travel(moment)
        travel.start()
        stack.append(travel)

    yield go
    while stack:
        stack.pop().stop()


@pytest.mark.parametrize(
    ("day", "hour", "says"),
    [
        ("2020-01-01", "10:00", "passed"),
        ("2020-01-01", "10:00", "Europe/Berlin"),
        ("9999-12-31", "23:59", "next year"),
        ("0001-01-01", "00:00", "next year"),
        ("nonsense", "10:00", "Write a day"),
        ("2030-01-01", "25:00", "Write a time"),
        ("", "", "choose a day"),
    ],
)
def test_a_time_that_cannot_be_is_422_and_plans_nothing(as_grace, url, day, hour, says):
    answer = as_grace.post(url("schedule"), plan(day, hour))
    assert answer.status_code == 422
    assert says in text(answer)
    assert not CheckIn.objects.exists()


def test_a_planned_check_in_is_taken_back(as_grace, url, room):
    tomorrow = (timezone.now() + timedelta(days=1)).astimezone(room.zone)
    as_grace.post(url("schedule"), plan(f"{tomorrow:%Y-%m-%d}", f"{tomorrow:%H:%M}"))
    made = CheckIn.objects.get()
    assert "Planned" in text(as_grace.get(url("check_ins")))
    as_grace.post(url("cancel", made.key))
    assert not CheckIn.objects.exists()


def test_a_follow_up_is_on_the_list_of_its_adult_alone(browser_of, as_grace, url, ready, ada, alan):
    replies.reply(ready, Given(soon="today", adult=alan), by=ada, edit_key="k")
    found = FollowUp.objects.get()
    as_alan = browser_of(alan)
    assert "Ada Lovelace" in text(as_alan.get(url("follow_ups")))
    assert "Ada Lovelace" not in text(as_grace.get(url("follow_ups")))
    assert as_grace.post(url("acknowledge", found.pk)).status_code == 404
    as_alan.post(url("acknowledge", found.pk))
    as_alan.post(url("finish", found.pk))
    assert FollowUp.objects.get().status == "done"
    assert as_alan.post(url("acknowledge", found.pk)).status_code == 409


def test_not_asking_shows_a_count_and_takes_two_kinds_of_step(as_grace, as_ada, url, lesson, ada):
    actions.say_how(by=ada, going="stuck")
    page = text(as_grace.get(url("not_asking")))
    assert "<dd>1</dd>" in page
    as_grace.post(url("offer", ada.pk))
    assert "help offered" in text(as_grace.get(url("not_asking")))
    as_ada.post(url("refuse_offer"))
    as_grace.post(url("checked_in", ada.pk))
    assert "Everybody was reached" in text(as_grace.get(url("not_asking")))


def test_a_help_moment_is_started_planned_and_ended(as_grace, url, room, lesson):
    as_grace.post(url("start_moment"), {"seconds": "30"})
    moment = HelpMoment.objects.get()
    assert moment.seconds == 30
    assert as_grace.post(url("start_moment")).status_code == 409
    as_grace.post(url("end_moment", moment.pk))
    assert not moment_on(room)
    tomorrow = (timezone.now() + timedelta(days=1)).astimezone(room.zone)
    when = {"day": f"{tomorrow:%Y-%m-%d}", "hour": f"{tomorrow:%H:%M}", "seconds": "60"}
    as_grace.post(url("plan_moment"), when)
    planned = HelpMoment.objects.get(started_at=None)
    as_grace.post(url("end_moment", planned.pk))
    assert HelpMoment.objects.count() == 1


@pytest.mark.parametrize("seconds", ["29", "181", "x", "999999999999999999999"])
def test_a_help_moment_of_another_length_is_422(as_grace, url, lesson, seconds):
    assert as_grace.post(url("start_moment"), {"seconds": seconds}).status_code == 422
    assert not HelpMoment.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"nudge_after": "0"}, 302),
        ({"nudge_after": "61"}, 422),
        ({"nudge_after": "-1"}, 422),
        ({"nudge_after": ""}, 422),
        ({"nudge_after": "9" * 40}, 422),
    ],
)
def test_settings_of_the_class(as_grace, url, room, sent, status):
    assert as_grace.post(url("settings"), sent).status_code == status
    kept = actions.settings_of(room)
    assert (kept.pk is not None) == (status == 302)


def test_every_page_answers_helpers_and_is_not_there_for_students(as_grace, as_ada, url, ready):
    for name in ("check_ins", "write", "settings", "follow_ups", "not_asking", "moments"):
        assert as_grace.get(url(name)).status_code == 200
        assert as_ada.get(url(name)).status_code == 404
    assert as_grace.get(url("schedule") + "?template=ready").status_code == 200
    assert as_grace.get(url("answer", ready.key)).status_code == 404
    assert as_ada.get(url("mine")).status_code == 200
