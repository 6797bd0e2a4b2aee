"""The measures of coaching on one small class, beside the same numbers worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from classrooms.actions import attend
from coaching import measures
from coaching.measures import AskAgain, LearningHelp, Middle, Share
from requests_app import actions
from requests_app.models import Queue
from tests.conftest import student

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ON_MONDAY = (MONDAY, MONDAY + DAY)
ALL = (
    measures.solved_it,
    measures.learning_help,
    measures.match,
    measures.tried_first,
    measures.specificity,
    measures.ask_again,
    measures.did_not_hold,
    measures.coaching_cost,
)


class Week:
    """A class whose clock stands still between two lines of its story."""

    def __init__(self, room, teacher):
        self.room, self.teacher = room, teacher
        self.queue = Queue.objects.of(room)
        self.raised = 0

    def at(self, minutes, seconds=0, day=0):
        moment = MONDAY + day * DAY + timedelta(minutes=minutes, seconds=seconds)
        return time_machine.travel(moment, tick=False)

    def ask(self, who, minutes, **said):
        """A hand up; ``said`` is seconds → what the student says then."""
        with self.at(minutes):
            self.raised += 1
            asked = actions.raise_hand(self.queue, student=who, form_key=f"form-{self.raised}")
        for after, facts in said.items():
            with self.at(minutes, int(after.removeprefix("after_"))):
                actions.describe(asked, by=who, **facts)
        return asked

    def help(self, asked, minutes, given=""):
        with self.at(minutes):
            actions.start(asked, by=self.teacher)
        with self.at(minutes + 2):
            actions.resolve(asked, by=self.teacher)
            if given:
                actions.note_given(asked, by=self.teacher, given=given)


@pytest.fixture
def week(room, grace):
    return Week(room, grace)


@pytest.fixture
def monday(week, room, grace):
    """Seven hands on Monday; on Tuesday and Wednesday some of them are back."""
    loops, lists = room.tasks.create(title="Loops"), room.tasks.create(title="Lists")
    ada, ben, cy, dee, eve, fay = (
        student(room, name) for name in ("Ada", "Ben", "Cy", "Dee", "Eve", "Fay")
    )
    with week.at(0):
        actions.open_help(room, by=grace)
    # Ada: everything said; last card 60 s after the raise; a hint asked for and given.
    first = week.ask(
        ada,
        0,
        after_20={"kind": "hint", "task": loops},
        after_60={"tried": ["read"], "text": "I expected 4 but I got 5"},
    )
    week.help(first, 5, given="hint")
    with week.at(8):
        actions.reflect(first, by=ada, reflection="carry_on")
    # Ben: nothing tried yet; was told the answer; not yet, and no word after the second time.
    second = week.ask(ben, 1, after_30={"kind": "show", "tried": ["nothing"]})
    week.help(second, 9, given="told")
    with week.at(12):
        actions.reopen(second, by=ben)
    with week.at(13):
        actions.describe(second, by=ben, text="It is like before")  # of the second round
    week.help(second, 14)
    # Cy: solved alone, and 8 minutes later the same task again; that hand was lowered.
    third = week.ask(cy, 20, after_40={"task": lists, "kind": "check", "tried": ["way", "notes"]})
    with week.at(22):
        actions.solve(third, by=cy)
    fourth = week.ask(cy, 30, after_25={"task": lists, "kind": "begin"})
    with week.at(31):
        actions.lower(fourth, by=cy)
    # Dee: three words; an example instead of an explanation.
    fifth = week.ask(dee, 32, after_50={"kind": "explain", "text": "Why is it?"})
    week.help(fifth, 34, given="example")
    with week.at(37):
        actions.reflect(fifth, by=dee, reflection="partly")
    # Eve: a tap alone, and help closed on it. Fay: solved it without a word.
    week.ask(eve, 38)
    sixth = week.ask(fay, 39)
    with week.at(40):
        actions.solve(sixth, by=fay)
    with week.at(45):
        actions.close_help(room, by=grace)
    # Tuesday: Ben asks. Wednesday: Ada asks. Both, and Fay, were there on both days.
    for day, asks in ((1, ben), (2, ada)):
        with week.at(0, day=day):
            lesson = actions.open_help(room, by=grace)
            attend(lesson, [who.pk for who in (ada, ben, fay)])
        with week.at(1, day=day):
            asked = actions.raise_hand(week.queue, student=asks, form_key=f"day-{day}")
            actions.solve(asked, by=asks)
            actions.close_help(room, by=grace)
    return room


def test_seven_hands_counted_by_hand(monday):
    # Ended: all 7. Solved: Cy's first and Fay.
    assert measures.solved_it(monday, *ON_MONDAY) == Share(2, 7)
    # Asked: hint, begin, explain / those and Ben's "show me". Given: hint, example / and told.
    assert measures.learning_help(monday, *ON_MONDAY) == LearningHelp(Share(3, 4), Share(2, 3))
    # Both known of Ada (hint, hint), Ben (show, told) and Dee (explain, example).
    assert measures.match(monday, *ON_MONDAY) == Share(1, 3)
    # The card was answered by Ada, by Ben with "nothing yet", and by Cy.
    assert measures.tried_first(monday, *ON_MONDAY) == Share(2, 3)
    # Ada 4, Ben 1, Cy 3 and 2, Dee 1, Eve 0, Fay 0; Ben's later four words add nothing.
    assert measures.specificity(monday, *ON_MONDAY) == Middle(pytest.approx(11 / 7), 7)
    # Ends: Ada, Ben twice, Cy, Dee, Fay. Ben's first and Cy's did not hold.
    assert measures.did_not_hold(monday, *ON_MONDAY) == Share(2, 6)
    # 60, 30, 40, 25 and 50 seconds.
    assert measures.coaching_cost(monday, *ON_MONDAY) == Middle(40, 5)


def test_asking_again_by_what_was_said_last(monday):
    # "I can carry on": Ada asked on Wednesday, Fay did not. "Not yet": Ben asked on Tuesday.
    # Dee said "partly", Cy's last hand was lowered, Eve's was missed.
    told = measures.ask_again(monday, *ON_MONDAY)
    assert told == AskAgain(after_carry_on=Share(1, 2), after_not_yet=Share(1, 1))
    assert told.difference == pytest.approx(-0.5)


def test_who_was_in_one_more_lesson_alone_does_not_count_yet(monday):
    """Ben's Tuesday ended well, and only Wednesday has come since."""
    tuesday = measures.ask_again(monday, MONDAY + DAY, MONDAY + 2 * DAY)
    assert tuesday == AskAgain(Share(0, 0), Share(0, 0))
    assert tuesday.difference is None


def test_the_same_task_after_a_quarter_of_an_hour_is_a_new_matter(week, room, grace, ada):
    with week.at(0):
        actions.open_help(room, by=grace)
    loops = room.tasks.create(title="Loops")
    for minutes in (0, 16):
        asked = week.ask(ada, minutes, after_10={"task": loops})
        with week.at(minutes, 30):
            actions.solve(asked, by=ada)
    assert measures.did_not_hold(room, *ON_MONDAY) == Share(0, 2)


def test_another_class_and_another_day_are_left_out(monday, school):
    other = type(monday).objects.create(school=school, name="O", slug="o-222", code="THRTHRTH")
    nothing = (Share(0, 0), LearningHelp(Share(0, 0), Share(0, 0)), Middle(None, 0))
    for measure in ALL:
        for told in (
            measure(other, *ON_MONDAY),
            measure(monday, MONDAY - 7 * DAY, MONDAY - 6 * DAY),
        ):
            assert told in (*nothing, AskAgain(Share(0, 0), Share(0, 0)))
    assert Share(0, 0).value is None
    assert Share(1, 4).value == 0.25


@pytest.mark.parametrize("measure", ALL)
def test_each_asks_as_often_whatever_there_is(measure, monday, django_assert_num_queries):
    asks = 2 if measure is measures.ask_again else 1
    for period in ((MONDAY - 7 * DAY, MONDAY - 6 * DAY), (MONDAY, MONDAY + 7 * DAY)):
        with django_assert_num_queries(asks):
            measure(monday, *period)
