"""The cards over HTTP: what they save, what they refuse, and what they never cost."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coaching.models import Coaching, Suggestion
from requests_app import actions, regions
from requests_app.models import HelpRequest, Outcome, Queue, Status
from requests_app.present import Present
from requests_app.said import Kind
from resources import actions as resources
from tests.resources.conftest import complete
from tests.shown import queue_of

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}


def coach(room):
    return f"/c/{room.slug}/coach/"


def card(room, name):
    return f"/c/{room.slug}/describe/{name}/"


@pytest.fixture
def task(room):
    return room.tasks.create(title="Loops")


@pytest.fixture
def page(room, ada, browser_of):
    """``page()``: the cards on Ada's page; ``page.say(card, **fields)`` answers one."""
    client = browser_of(ada)

    class Page:
        def __call__(self, query=""):
            return client.get(coach(room) + query, **HTMX).text

        def say(self, name, *, script=True, **fields):
            return client.post(card(room, name), fields, **(HTMX if script else {}))

        def post(self, path, **fields):
            return client.post(f"/c/{room.slug}/{path}", fields, **HTMX)

    return Page()


def settle(room, **settings):
    Coaching.objects.update_or_create(classroom=room, defaults=settings)


def stored(ada):
    return ada.help_requests.latest("pk")


def test_the_cards_come_one_after_another_and_each_answer_is_saved(raise_hand, ada, task, page):
    raise_hand(ada)
    assert "What are you working on?" in page()
    assert "What would help most?" in page.say("task", task=task.pk).text
    assert "Can you carry on meanwhile?" in page.say("kind", kind="hint").text
    assert "What have you tried?" in page.say("carry_on", carry_on="no").text
    assert "Finish a sentence" in page.say("tried", tried=["read", "way"], next="1").text
    last = page.say("text", text="It never ends.", starter="stuck-1", next="1").text
    assert "coach-card" not in last
    mine = stored(ada)
    assert (mine.task, mine.kind, mine.carry_on) == (task, "hint", "no")
    assert (mine.tried, mine.text, mine.starter) == (["read", "way"], "It never ends.", "stuck-1")
    assert mine.status == Status.WAITING
    assert set(mine.cards) == {"task", "kind", "carry_on", "tried", "text", "starter"}


def test_everything_can_be_skipped_and_nobody_is_scolded(raise_hand, ada, task, page, room):
    """Scenario 3."""
    raise_hand(ada)
    for name in ("task", "kind", "carry_on", "tried"):
        assert page.say(name, skip="1").status_code == 200
    page.say("text", skip="1")
    assert "coach-card" in page()  # the lesson has just begun: "take a first look" (R2)
    assert "coach-card" not in page.say("R2", skip="1").text
    mine = stored(ada)
    assert set(mine.cards.values()) == {"skipped"}
    assert (mine.kind, mine.tried, mine.text, mine.task) == ("", [], "", None)
    row = queue_of(room)
    assert "nothing added yet" in row


def test_going_back_is_possible_and_the_last_answer_counts(raise_hand, ada, task, page):
    raise_hand(ada)
    page.say("task", skip="1")
    page.say("kind", kind="hint")
    assert "What are you working on?" in page("?card=task")
    page.say("task", task=task.pk)
    page.say("kind", kind="explain")
    assert (stored(ada).task, stored(ada).kind) == (task, "explain")


def test_skipping_a_card_that_was_answered_takes_nothing_back(raise_hand, ada, page):
    raise_hand(ada)
    page.say("kind", kind="hint")
    page.say("kind", skip="1")
    assert (stored(ada).kind, stored(ada).cards["kind"]) == ("hint", "answered")


def test_while_somebody_types_nothing_on_the_page_is_replaced(raise_hand, ada, page):
    raise_hand(ada)
    answer = page.say("text", text="I am typing")
    assert stored(ada).text == "I am typing"
    assert "Saved. Your place is the same." in answer.text
    assert "<textarea" not in answer.text
    assert "coach-card" not in answer.text


def test_without_javascript_each_answer_leads_to_the_next_page(raise_hand, ada, task, browser_of):
    raise_hand(ada)
    client = browser_of(ada)
    room = ada.classroom
    assert 'type="hidden" name="csrfmiddlewaretoken"' in client.get(coach(room)).text
    answer = client.post(card(room, "kind"), {"kind": "hint"}, follow=True)
    assert answer.redirect_chain == [(coach(room), 302)]
    assert "<html" in answer.text
    assert "What are you working on?" in answer.text  # not passed yet
    assert stored(ada).kind == "hint"


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("kind", {"kind": "nonsense"}, "Your class does not use this one"),
        ("kind", {}, "Your class does not use this one"),
        ("carry_on", {"carry_on": "later"}, "Please choose one of the answers"),
        ("tried", {"tried": ["read", "magic"]}, "Please choose one of the answers"),
        ("task", {"task": "99999"}, "not on the list any more"),
        ("task", {"task": "x; DROP"}, "not on the list any more"),
        ("text", {"text": "x" * 2001}, "2000 characters at most"),
        ("repair", {"repair": "magic"}, "Please choose one of the answers"),
    ],
)
def test_bad_answers_are_refused_with_a_sentence_and_change_nothing(
    name, fields, sentence, raise_hand, ada, page
):
    raise_hand(ada)
    before = HelpRequest.objects.values().get()
    for script in (True, False):
        answer = page.say(name, script=script, **fields)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert HelpRequest.objects.values().get() == before


def test_a_text_that_is_too_long_stays_in_its_field(raise_hand, ada, page):
    raise_hand(ada)
    text = "é" * 2001
    assert text in page.say("text", script=False, text=text).text
    assert page.say("text", text="é" * 2000).status_code == 200


def test_a_task_of_another_class_is_no_answer(raise_hand, ada, school, page):
    from classrooms.models import Classroom

    raise_hand(ada)
    other = Classroom.objects.create(school=school, name="Other", slug="other", code="AAAABBBB")
    secret = other.tasks.create(title="Secret task")
    answer = page.say("task", task=secret.pk)
    assert answer.status_code == 422
    assert "Secret" not in answer.text


@pytest.mark.parametrize("kind", [*Kind, "private"])
def test_a_kind_that_is_switched_off_cannot_be_sent_by_hand(kind, raise_hand, ada, room, page):
    settle(room, kinds_off=[kind])
    raise_hand(ada)
    label = "Talk privately" if kind == "private" else str(Kind(kind).label)
    assert f'value="{kind}"' not in page("?card=kind"), label
    assert page.say("kind", kind=kind).status_code == 422
    assert (stored(ada).kind, stored(ada).cards) == ("", {})


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_chosen(kind, raise_hand, ada, page):
    raise_hand(ada)
    assert f'value="{kind}"' in page("?card=kind")
    assert page.say("kind", kind=kind).status_code == 200
    assert stored(ada).kind == kind


def test_two_windows_keep_the_last_answer_and_say_so(raise_hand, ada, page):
    raise_hand(ada)
    page.say("kind", kind="hint", was="")
    told = page.say("kind", kind="explain", was="").text
    assert "another window" in told
    assert stored(ada).kind == "explain"
    assert "another window" not in page.say("kind", kind="check", was="explain").text


def test_an_answer_after_the_end_is_kept_as_history(raise_hand, ada, grace, page):
    help_request = raise_hand(ada)
    actions.start(help_request, by=grace)
    actions.resolve(help_request, by=grace)
    answer = page.say("kind", kind="hint")
    assert answer.status_code == 200
    assert "Kept." in answer.text
    mine = stored(ada)
    assert (mine.kind, mine.status) == ("hint", Status.RESOLVED)
    assert mine.events.last().verb == "describe_late"


def test_cards_never_move_anybody(raise_hand, ada, ben, room, page, grace):
    """Scenario 2: Ada takes five minutes over her cards, Ben skips all of them."""
    task = room.tasks.create(title="Loops")
    start = timezone.now()
    with time_machine.travel(start) as clock:
        first = raise_hand(ada)
        clock.shift(timedelta(seconds=20))
        raise_hand(ben)
        for name, fields in (
            ("task", {"task": task.pk}),
            ("kind", {"kind": "hint"}),
            ("carry_on", {"carry_on": "slowly"}),
            ("tried", {"tried": ["read"]}),
            ("text", {"text": "why?"}),
        ):
            clock.shift(timedelta(minutes=1))
            page.say(name, **fields)
    queue = Queue.objects.of(room)
    assert [each.student for each in Present(queue.pk).waiting] == [ada, ben]
    assert stored(ada).raised_at == first.raised_at


# --- Overwhelmed, private, feelings -------------------------------------------


def test_overwhelmed_ends_all_coaching_and_shows_three_things(raise_hand, ada, grace, room, page):
    raise_hand(ada)
    shown = page.post("coach/feel/", feeling="overwhelmed").text
    for words in ("Your hand stays up", "come quietly", "A pause", "Talk privately"):
        assert words in shown
    assert "coach-card" not in shown
    assert "coach-card" not in page("?card=kind")
    actions.lower(stored(ada), by=ada)
    raise_hand(ada)
    assert "Your hand stays up" in page()  # for the rest of the lesson
    actions.close_help(room, by=grace)
    actions.open_help(room, by=grace)
    actions.raise_hand(Queue.objects.of(room), student=ada, form_key="next lesson")
    assert "Your hand stays up" not in page()


def test_who_wants_to_talk_privately_leaves_no_trace_of_it(raise_hand, ada, ben, page, browser_of):
    raise_hand(ada)
    raise_hand(ben)
    page.say("kind", kind="private")
    page.post("coach/feel/", feeling="fine")
    browser_of(ben).post(f"/c/{ben.classroom.slug}/coach/feel/", {"feeling": "overwhelmed"})
    ignored = {"id", "key", "student_id", "form_key", "raised_at", "sort_at", "changed_at"}
    ignored |= {"version", "feeling", "cards", "longer_look"}
    mine, other = (
        {k: v for k, v in row.items() if k not in ignored}
        for row in HelpRequest.objects.order_by("pk").values()
    )
    assert mine == other
    assert stored(ben).cards == {"quiet": "answered"}
    assert "private" not in str(list(stored(ada).events.values_list("facts", "before")))


def test_a_feeling_leads_to_something_to_do_and_staff_never_see_it(
    raise_hand, ada, grace, room, page, browser_of
):
    raise_hand(ada)
    assert "Which word or step" in page.post("coach/feel/", feeling="confused").text
    teacher = browser_of(grace)
    for path in ("", "regions/", "manage/", "manage/history/"):
        assert "onfus" not in teacher.get(f"/c/{room.slug}/{path}").text


# --- Rules on the page --------------------------------------------------------


def test_a_class_without_coaching_shows_no_card(raise_hand, ada, room, page):
    settle(room, is_on=False)
    raise_hand(ada)
    assert "coach-card" not in page()


def test_the_same_task_again_leads_with_kinds_not_used_yet(raise_hand, ada, grace, task, page):
    """R4."""
    first = raise_hand(ada, task=task, kind="hint")
    actions.start(first, by=grace)
    actions.resolve(first, by=grace)
    raise_hand(ada, task=task)
    shown = page()
    assert "try a different kind of help" in shown
    assert shown.index('value="explain"') < shown.index('value="hint"')


def test_the_third_hand_in_a_quarter_says_that_a_longer_visit_may_help(raise_hand, ada, room, page):
    """R5, both sides."""
    for _each in range(2):
        actions.lower(raise_hand(ada), by=ada)
    raise_hand(ada)
    assert "A longer visit may help" in page()
    row = queue_of(room)
    assert "needs a longer look" in row
    settle(room, rules_off=["R5"])
    assert "A longer visit may help" not in page()


def test_not_yet_offers_another_way_and_tells_the_helper(raise_hand, ada, grace, room, page):
    """Scenario 5, eight minutes after the end."""
    help_request = raise_hand(ada, kind="hint")
    with time_machine.travel(timezone.now()) as clock:
        actions.start(help_request, by=grace)
        actions.resolve(help_request, by=grace)
        clock.shift(timedelta(minutes=8))
        actions.reopen(help_request, by=ada)
        shown = page()
        for words in ("The same helper again", "A different kind of help", "A different person"):
            assert words in shown
        page.say("repair", repair="person")
        row = queue_of(room)
        assert "would like somebody else" in row
        assert "back again" in row
        page.say("repair", repair="kind")
        shown = page("?card=kind")
        assert shown.index('value="explain"') < shown.index('value="hint"')
    assert stored(ada).raised_at == help_request.raised_at


def test_cards_fade_to_one_line_and_can_be_opened(raise_hand, ada, page):
    """R7."""
    for _each in range(5):
        actions.lower(raise_hand(ada, kind="hint", tried=["read"]), by=ada)
    raise_hand(ada)
    assert "the cards are one line" in page()
    assert "coach-card" not in page()
    assert "coach-card" in page("?open=1")


# --- While you wait -----------------------------------------------------------


@pytest.fixture
def entry(room, grace):
    def publish(**values):
        made = resources.add_entry(room.school, None, complete(**values), by=grace.user)
        resources.publish_entry(made, by=grace.user)
        return made

    return publish


def test_what_fits_the_task_comes_before_its_words_and_the_kind(
    raise_hand, ada, room, task, page, entry
):
    kind = entry(title="How to ask for a hint", topics=["feelings"])
    words = entry(title="Recursion club", use="Everything about recursion", topics=["schoolwork"])
    tied = entry(title="Loops in pictures", topics=["schoolwork"])
    entry(title="Food bank", use="recursion", topics=["money"])
    Suggestion.objects.create(classroom=room, entry=kind, kind="hint")
    Suggestion.objects.create(classroom=room, entry=tied, task=task)
    assert "this may help" not in page()
    raise_hand(ada, task=task, kind="hint", text="recursion never ends")
    shown = page()
    places = [shown.index(each.title) for each in (tied, words, kind)]
    assert places == sorted(places)
    assert "Food bank" not in shown


def test_a_resource_that_solved_it_ends_the_request_as_a_success(
    raise_hand, ada, room, task, page, entry
):
    tied = entry(title="Loops in pictures")
    Suggestion.objects.create(classroom=room, entry=tied, task=task)
    raise_hand(ada, task=task)
    answer = page.post(f"coach/resources/{tied.pk}/", what="solved")
    assert "You solved it" in answer.text
    mine = stored(ada)
    assert (mine.status, mine.outcome) == (Status.RESOLVED, Outcome.RESOURCE)
    assert mine.cards[f"resource-{tied.pk}"] == "solved"
    tied.refresh_from_db()
    assert (tied.helped, tied.did_not_help) == (1, 0)


def test_a_resource_that_was_put_aside_is_shown_no_more(raise_hand, ada, room, task, page, entry):
    tied = entry(title="Loops in pictures")
    Suggestion.objects.create(classroom=room, entry=tied, task=task)
    raise_hand(ada, task=task)
    for _twice in range(2):
        page.post(f"coach/resources/{tied.pk}/", what="not")
    assert "Loops in pictures" not in page()
    tied.refresh_from_db()
    assert (tied.helped, tied.did_not_help) == (0, 1)
    assert stored(ada).status == Status.WAITING
    assert page.post(f"coach/resources/{tied.pk}/", what="magic").status_code == 422


# --- After help, and the helper's side ----------------------------------------


def test_could_you_do_the_next_one_is_asked_after_i_can_carry_on(raise_hand, ada, grace, page):
    help_request = raise_hand(ada)
    actions.start(help_request, by=grace)
    actions.resolve(help_request, by=grace)
    assert "Could you do the next one?" not in page()
    actions.reflect(help_request, by=ada, reflection="carry_on")
    assert "Could you do the next one?" in page()
    assert "Could you do the next one?" not in page.post("coach/next-one/", next_one="maybe").text
    assert stored(ada).next_one == "maybe"
    assert page.post("coach/next-one/", next_one="10 of 10").status_code == 422


def test_the_helper_says_what_was_given_and_the_student_alone_reads_the_word(
    raise_hand, ada, ben, grace, room, browser_of
):
    help_request = raise_hand(ada)
    teacher, url = browser_of(grace), f"/c/{room.slug}/requests/{help_request.key}/"
    teacher.post(url + "start/", **HTMX)
    answer = teacher.post(url + "resolve/", **HTMX)
    assert "What did you give?" in answer.text
    plain = teacher.post(url + "given/", {"given": "hint", "next_step": "Draw it first"})
    assert plain.status_code == 302
    assert "What did you give?" in teacher.get(plain["Location"]).text
    teacher.post(url + "thank/", {"thanks": "tried"}, **HTMX)
    mine = stored(ada)
    assert (mine.given, mine.next_step, mine.thanks) == ("hint", "Draw it first", "tried")
    shown = browser_of(ada).get(f"/c/{room.slug}/").text
    assert "You tried first" in shown
    assert "Draw it first" in shown
    assert "You tried first" not in browser_of(ben).get(f"/c/{room.slug}/").text
    too_long = teacher.post(url + "given/", {"next_step": "x" * 201}, **HTMX)
    assert too_long.status_code == 422
    assert "x" * 201 in too_long.text
    assert teacher.post(url + "thank/", {"thanks": "gold star"}, **HTMX).status_code == 422


def test_the_helpers_card_fits_the_kind_and_can_be_hidden_for_good(
    raise_hand, ada, grace, alan, room, browser_of
):
    actions.start(raise_hand(ada, kind="check"), by=grace)
    teacher = browser_of(grace)
    assert "how sure are you, and why?" in teacher.get(f"/c/{room.slug}/").text
    assert 'data-hides="false"' in teacher.get(f"/c/{room.slug}/").text
    assert 'data-hides="true"' in teacher.post(f"/c/{room.slug}/tips/hide/", **HTMX).text
    assert 'data-hides="true"' in teacher.get(f"/c/{room.slug}/").text
    assert 'data-hides="false"' in browser_of(alan).get(f"/c/{room.slug}/").text


def test_the_teacher_pauses_the_class_for_one_task(raise_hand, ada, grace, room, task, browser_of):
    raise_hand(ada, task=task)
    teacher, student = browser_of(grace), browser_of(ada)
    label = Present(Queue.objects.of(room).pk).label
    answer = teacher.post(f"/c/{room.slug}/pause-class/", {"task": task.pk}, **HTMX)
    assert "The class is looking up" in answer.text
    shown = student.get(f"/c/{room.slug}/").text
    assert "Please look up" in shown
    assert "Loops" in shown
    assert "Please look up" in browser_of(grace).get(f"/c/{room.slug}/board/").text
    teacher.post(f"/c/{room.slug}/resume-class/", **HTMX)
    assert "Please look up" not in student.get(f"/c/{room.slug}/").text
    assert Present(Queue.objects.of(room).pk).label > label
    assert stored(ada).status == Status.WAITING
    teacher.post(f"/c/{room.slug}/pause-class/", **HTMX)
    actions.close_help(room, by=grace)
    assert "Please look up" not in student.get(f"/c/{room.slug}/").text


# --- What coaching costs ------------------------------------------------------


def queries_of(call):
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    assert answer.status_code in (200, 302)
    return len(queries), answer


def test_raising_is_the_same_one_post_with_coaching_on_and_off(
    lesson, ada, ben, room, task, browser_of, entry
):
    """From opening the page to a standing raise: one GET, one POST, the same queries."""
    Suggestion.objects.create(classroom=room, entry=entry(title="Loops"), task=task)
    counts = []
    for who, is_on in ((ada, True), (ben, False)):
        settle(room, is_on=is_on)
        regions.forget_all()
        client = browser_of(who)
        opened, _page = queries_of(lambda client=client: client.get(f"/c/{room.slug}/"))
        raised, answer = queries_of(
            lambda client=client: client.post(
                f"/c/{room.slug}/raise/", {"form_key": "first"}, **HTMX
            )
        )
        assert "You are in line" in answer.text
        counts.append((opened, raised))
    assert counts[0] == counts[1]


def test_the_cards_ask_as_much_for_many_as_for_one(raise_hand, ada, room, page, entry):
    counts = []
    for number in range(9):
        task = room.tasks.create(title=f"Task {number}")
        Suggestion.objects.create(classroom=room, entry=entry(title=f"E{number}"), task=task)
        actions.lower(raise_hand(ada, kind="hint", task=task, text="recursion"), by=ada)
        raise_hand(ada, kind="hint", task=task, text="recursion")
        if number in (1, 8):
            with CaptureQueriesContext(connection) as queries:
                page("?open=1")
            counts.append(len(queries))
        actions.lower(stored(ada), by=ada)
    assert counts[1] <= counts[0]
