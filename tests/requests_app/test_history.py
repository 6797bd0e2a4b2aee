"""What is asked is shown to those who may read it, and why a hand was lowered in totals only."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from requests_app import actions, history
from requests_app.models import HelpRequest, Queue, Reason
from requests_app.said import NextOne

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}
WHY = "It felt awkward"


def words_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def hands(room):
    return f"/c/{room.slug}/manage/history/hands/"


@pytest.fixture
def helped(raise_hand, ada, grace, room):
    """A hand of Ada's that went all the way."""
    mine = raise_hand(ada, kind="explain", task=room.tasks.create(title="Loops"))
    actions.start(mine, by=grace)
    actions.resolve(mine, by=grace)
    actions.note_given(mine, by=grace, given="example")
    actions.reflect(mine, by=ada, reflection="partly")
    actions.look_ahead(mine, by=ada, next_one=NextOne.MAYBE)
    return mine


def end_with_reason(room, lesson, reason, student, *, number=0):
    now = timezone.now() + timedelta(seconds=number)
    return HelpRequest.objects.create(
        queue=Queue.objects.of(room),
        lesson=lesson,
        student=student,
        status="withdrawn",
        reason=reason,
        raised_at=now,
        sort_at=now,
        ended_at=now,
        form_key=f"hand-{number}",
    )


def students(room, count):
    return [room.memberships.create(name=f"Student {n}") for n in range(count)]


# --- Each hand ------------------------------------------------------------------


def test_helpers_read_what_was_asked_for_what_was_given_and_how_it_went(
    helped, room, grace, alan, browser_of
):
    """What was given, and what the student answered, was shown to nobody."""
    for who in (grace, alan):
        page = words_of(browser_of(who).get(hands(room)))
        for told in ("Ada Lovelace", "Loops", "Explain it to me", "An example, then they did one"):
            assert told in page
        assert "Partly · The next one: Maybe" in page
    lessons = browser_of(grace).get(f"/c/{room.slug}/manage/history/").text
    assert hands(room) in lessons


def test_a_student_reads_their_own_and_nobody_else_s(helped, room, ada, ben, browser_of):
    own = f"/c/{room.slug}/my/how-i-get-help/"
    page = words_of(browser_of(ada).get(own))
    assert "Loops" in page
    assert "Asked for: Explain it to me" in page
    assert "Given: An example, then they did one" in page
    assert "Loops" not in words_of(browser_of(ben).get(own))


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda mine, ada, grace: actions.lower(mine, by=ada, reason="awkward"), "was lowered"),
        (lambda mine, ada, grace: actions.solve(mine, by=ada), "I can carry on"),
        (lambda mine, ada, grace: actions.close_help(ada.classroom, by=grace), "Help closed first"),
    ],
    ids=["lowered", "solved", "closed"],
)
def test_every_end_has_its_words_and_no_reason(end, told, raise_hand, ada, grace, room, browser_of):
    end(raise_hand(ada), ada, grace)
    page = words_of(browser_of(grace).get(hands(room)))
    assert told in page
    assert WHY not in page


def test_not_yet_is_told_although_the_second_visit_went_well(
    raise_hand, ada, grace, room, browser_of
):
    mine = raise_hand(ada)
    actions.start(mine, by=grace)
    actions.resolve(mine, by=grace)
    actions.reopen(mine, by=ada)
    actions.solve(mine, by=ada)
    assert "Not yet at first · I can carry on" in words_of(browser_of(grace).get(hands(room)))


def test_a_hand_that_is_up_and_a_student_who_left_are_not_listed(
    helped, raise_hand, ada, ben, room, grace, browser_of
):
    raise_hand(ben)
    page = words_of(browser_of(grace).get(hands(room)))
    assert "Ben Okri" not in page
    ada.removed_at = timezone.now()
    ada.save()
    page = words_of(browser_of(grace).get(hands(room)))
    assert "Ada Lovelace" not in page
    assert "Nothing yet." in page


def test_the_page_asks_as_much_for_one_hand_as_for_a_hundred(lesson, room, ada, grace, browser_of):
    client = browser_of(grace)

    def asked():
        with CaptureQueriesContext(
            connection,
        ) as found:
            page = client.get(hands(room))
        assert page.status_code == 200
        return len(found), page.text.count('<tr role="row" hx-disable>')

    end_with_reason(room, lesson, "wait", ada)
    asked()  # the first one of a process prepares
    one, rows = asked()
    assert rows == 1
    for number, who in enumerate(students(room, 99), start=1):
        end_with_reason(room, lesson, "wait", who, number=number)
    many, rows = asked()
    assert (many, rows) == (one, 25)
    assert "Older" in client.get(hands(room)).text
    assert client.get(hands(room) + "?page=999999999999999999999").status_code == 200


# --- Reasons --------------------------------------------------------------------


def test_a_reason_that_five_people_gave_is_a_total_once_the_lesson_is_over(
    lesson, room, grace, browser_of
):
    for number, who in enumerate(students(room, 5)):
        end_with_reason(room, lesson, "awkward", who, number=number)
    assert history.reasons(room) == [], "while the lesson lasts the total could be watched"
    actions.close_help(room, by=grace)
    assert history.reasons(room) == [(WHY, 5)]
    assert f"{WHY} 5" in words_of(browser_of(grace).get(hands(room)))


def test_four_people_or_one_person_five_times_are_no_total(lesson, room, ada, grace):
    for number, who in enumerate(students(room, 4)):
        end_with_reason(room, lesson, "awkward", who, number=number)
    for number in range(10, 16):
        end_with_reason(room, lesson, "wait", ada, number=number)
    actions.close_help(room, by=grace)
    assert history.reasons(room) == []


@pytest.mark.parametrize("reason", Reason.values)
def test_whoever_watches_the_totals_while_one_hand_goes_down_learns_nothing(
    reason, lesson, room, grace
):
    for number, who in enumerate(students(room, 7)):
        end_with_reason(room, lesson, reason, who, number=number)
    actions.close_help(room, by=grace)
    before = history.reasons(room)
    assert [count for _reason, count in before] == [5], "in lots of five: two wait"
    next_lesson = actions.open_help(room, by=grace)
    alone = room.memberships.create(name="Alone")
    end_with_reason(room, next_lesson, reason, alone, number=8)
    actions.close_help(room, by=grace)
    assert history.reasons(room) == before


# --- Whatever is asked says who reads it, and is shown there ---------------------

#: What a student is asked about a request → what helpers read in the row of a hand that is up, or
#: behind "More" there.
IN_THE_ROW = {
    "kind": ("hint", "Give me a hint"),
    "tried": (["read"], "Read it again"),
    "text": ("Why is it 43?", "Why is it 43?"),
    "carry_on": ("slowly", "Can carry on meanwhile: Slowly"),
}


@pytest.mark.parametrize("field", IN_THE_ROW)
def test_helpers_read_each_answer_to_a_card(field, raise_hand, ada, grace, room, browser_of):
    """ "Slowly" was asked for, and shown to nobody."""
    value, told = IN_THE_ROW[field]
    asked, teacher = raise_hand(ada, **{field: value}), browser_of(grace)
    pages = (f"/c/{room.slug}/", f"/c/{room.slug}/requests/{asked.key}/more/")
    assert any(told in words_of(teacher.get(page)) for page in pages)


@pytest.mark.parametrize(
    ("repair", "told"),
    [
        ("same", "would like Grace Hopper again"),
        ("kind", "another kind of help"),
        ("person", "would like somebody else"),
        ("later", "would rather have it later"),
        ("resource", "would like something to look at"),
    ],
)
def test_helpers_read_each_way_to_go_on(repair, told, raise_hand, ada, grace, room, browser_of):
    mine = raise_hand(ada)
    actions.start(mine, by=grace)
    actions.resolve(mine, by=grace)
    actions.reopen(mine, by=ada)
    actions.choose_repair(mine, by=ada, repair=repair)
    assert told in words_of(browser_of(grace).get(f"/c/{room.slug}/"))


def test_each_question_says_who_reads_the_answer(raise_hand, ada, grace, room, browser_of):
    student, teacher = browser_of(ada), browser_of(grace)
    mine = raise_hand(ada)
    actions.start(mine, by=grace)
    done = teacher.post(f"/c/{room.slug}/requests/{mine.key}/resolve/", **HTMX)
    assert "for those who help here, and on the student's own page" in done.text
    assert "Your helpers read what you answer." in student.get(f"/c/{room.slug}/").text
    actions.reflect(mine, by=ada, reflection="carry_on")
    assert "Your helpers read it." in student.get(f"/c/{room.slug}/coach/", **HTMX).text
    actions.lower(raise_hand(ada), by=ada)
    told = student.get(f"/c/{room.slug}/").text
    assert "Helpers see a total once five people gave the same one." in told


def test_a_sentence_that_was_only_tapped_reaches_the_helper_without_javascript(
    raise_hand, ada, room, grace, browser_of
):
    """JavaScript puts it into the field; without, its key was kept and nobody read it."""
    raise_hand(ada)
    url = f"/c/{room.slug}/describe/text/"
    browser_of(ada).post(url, {"text": "", "starter": "picture-2", "next": "1"})
    assert "I am stuck here." in browser_of(grace).get(f"/c/{room.slug}/").text
    browser_of(ada).post(url, {"text": "My own words", "starter": "picture-2", "next": "1"})
    assert "My own words" in browser_of(grace).get(f"/c/{room.slug}/").text
    browser_of(ada).post(url, {"text": "", "starter": "made-up-9", "next": "1"})
    assert ada.help_requests.get().text == ""
