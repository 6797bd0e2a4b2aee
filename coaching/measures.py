"""What coaching is measured by (queue-and-measures.md D4): M4 to M8, M11, M12 and M22.

Each function takes a class and a period and asks the database a fixed number of times. A request
belongs to the period in which its hand went up: ``since <= raised_at < until``. What comes back
says how many cases it rests on (``n``) and is None where there are none. Nothing is hidden here:
whoever shows a measure hides it where ``n`` is small (fewer than 5 for a teacher, than 10 where
groups are compared), and shows none of a single student.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean, median

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from classrooms.models import Attendance, Classroom
from requests_app.models import ENDED, Event, HelpRequest, Outcome, Reflection, Status
from requests_app.said import Given, Kind
from resources.search import plain

#: M4: ends that a student reached without a helper.
SOLVED = (Outcome.ALONE, Outcome.RESOURCE, Outcome.PEER)
#: M5: help that leads on to doing it oneself, beside what M5 sets against it.
ASKED_TO_LEARN, ASKED_TO_FINISH = (Kind.HINT, Kind.EXPLAIN, Kind.BEGIN), Kind.SHOW
GAVE_TO_LEARN, GAVE_TO_FINISH = (Given.HINT, Given.EXPLAINED, Given.EXAMPLE), Given.TOLD
#: M6: what was asked for → what gives it. A first step is a hint at where to begin. "Something
#: else" has no counterpart, so nothing is known about it.
FITTING = {
    Kind.HINT: Given.HINT,
    Kind.EXPLAIN: Given.EXPLAINED,
    Kind.BEGIN: Given.HINT,
    Kind.CHECK: Given.CHECKED,
    Kind.SHOW: Given.EXAMPLE,
    Kind.BROKEN: Given.PRACTICAL,
}
#: M8: a text of so many words is specific.
WORDS_AT_LEAST = 5
#: M11: what was said last, and the lessons that a student was in afterwards.
CARRY_ON, NOT_YET = Reflection.CARRY_ON.value, "not_yet"
LESSONS_AHEAD = 2
#: M12: the same task again this soon did not hold.
HOLDS_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Share:
    """``part`` of ``n`` cases."""

    part: int
    n: int

    @property
    def value(self) -> float | None:
        """From 0 to 1."""
        return self.part / self.n if self.n else None


@dataclass(frozen=True)
class Middle:
    """A mean or a median over ``n`` cases."""

    value: float | None
    n: int


@dataclass(frozen=True)
class LearningHelp:
    """M5, as it was asked for and as it was given."""

    asked: Share
    given: Share


@dataclass(frozen=True)
class AskAgain:
    """M11, by what the student said last."""

    after_carry_on: Share
    after_not_yet: Share

    @property
    def difference(self) -> float | None:
        """After "can carry on" minus after "not yet", from -1 to 1."""
        first, second = self.after_carry_on.value, self.after_not_yet.value
        return None if first is None or second is None else first - second


def asked_in(classroom: Classroom, since: datetime, until: datetime) -> QuerySet[HelpRequest]:
    """The requests of the period."""
    return HelpRequest.objects.filter(
        queue__classroom=classroom, raised_at__gte=since, raised_at__lt=until
    )


def solved_it(classroom: Classroom, since: datetime, until: datetime) -> Share:
    """M4, the solved-it share: (solved alone + with a resource + with a peer) / all ended.

    Ended is resolved, withdrawn or expired, as it stands now. One query.
    """
    found = asked_in(classroom, since, until).aggregate(
        part=Count("pk", filter=Q(status=Status.RESOLVED, outcome__in=SOLVED)),
        n=Count("pk", filter=Q(status__in=ENDED)),
    )
    return Share(**found)


def learning_help(classroom: Classroom, since: datetime, until: datetime) -> LearningHelp:
    """M5, the learning-help share, never of one student.

    Asked: (hint + explain + get started) / (those + show me how). Given: (hint + explained +
    an example, then they did one) / (those + told the answer). ``n`` leaves out requests of
    other kinds, and those of which nothing is known. One query.
    """
    found = asked_in(classroom, since, until).aggregate(
        asked=Count("pk", filter=Q(kind__in=ASKED_TO_LEARN)),
        of_asked=Count("pk", filter=Q(kind__in=[*ASKED_TO_LEARN, ASKED_TO_FINISH])),
        gave=Count("pk", filter=Q(given__in=GAVE_TO_LEARN)),
        of_given=Count("pk", filter=Q(given__in=[*GAVE_TO_LEARN, GAVE_TO_FINISH])),
    )
    return LearningHelp(
        asked=Share(found["asked"], found["of_asked"]),
        given=Share(found["gave"], found["of_given"]),
    )


def match(classroom: Classroom, since: datetime, until: datetime) -> Share:
    """M6, match: requests where the kind given is the kind asked for (``FITTING``) / both known.

    A mismatch can be wise. One query.
    """
    fits = Q()
    for kind, given in FITTING.items():
        fits |= Q(kind=kind, given=given)
    known = Q(kind__in=FITTING) & ~Q(given="")
    found = asked_in(classroom, since, until).aggregate(
        part=Count("pk", filter=fits), n=Count("pk", filter=known)
    )
    return Share(**found)


def tried_first(classroom: Classroom, since: datetime, until: datetime) -> Share:
    """M7, the tried-first share: requests with something tried other than "nothing yet" /
    requests where the card "What have you tried?" was answered. One query."""
    asked = asked_in(classroom, since, until).only("tried", "cards")
    answered = [each for each in asked if each.cards.get("tried") == "answered"]
    return Share(sum(each.tried_count > 0 for each in answered), len(answered))


def specificity(classroom: Classroom, since: datetime, until: datetime) -> Middle:
    """M8, specificity: one each for a task, a kind, something tried, and a text of five or more
    words; the mean over all requests, from 0 to 4.

    As in M7, "nothing yet" is not something tried. A word is what the directory's search takes
    for one, so each sign of Chinese or Japanese is. One query.
    """
    asked = asked_in(classroom, since, until).only("task_id", "kind", "tried", "text")
    said = [_said_of(each) for each in asked]
    return Middle(mean(said) if said else None, len(said))


def _said_of(asked: HelpRequest) -> int:
    is_long = len(plain(asked.text).split()) >= WORDS_AT_LEAST
    return sum([asked.task_id is not None, bool(asked.kind), asked.tried_count > 0, is_long])


def ask_again(classroom: Classroom, since: datetime, until: datetime) -> AskAgain:
    """M11, ask-again: how many ask again within the next two lessons in which they could, by
    what they said last, and the difference of the two.

    A case is one student in one lesson that was opened in the period, if the last request there
    ended with "I can carry on" (solving it oneself says so too) or with "not yet" and nothing
    after it. It counts once the student has been in two more lessons, whenever these are; asking
    there is raising a hand in one of them. Needs 20 cases on each side to mean much. Two queries.
    """
    attended = _lessons_attended(classroom, since)
    last = _last_words(classroom, since)
    asked: dict[str, list[bool]] = {CARRY_ON: [], NOT_YET: []}
    for (student, lesson), word in last.items():
        opened_at = attended[student].get(lesson)
        if word not in asked or opened_at is None or opened_at >= until:
            continue
        ahead = [pk for pk, later in attended[student].items() if later > opened_at]
        if len(ahead) >= LESSONS_AHEAD:
            asked[word].append(any((student, pk) in last for pk in ahead[:LESSONS_AHEAD]))
    return AskAgain(*(Share(sum(each), len(each)) for each in asked.values()))


def _last_words(classroom: Classroom, since: datetime) -> dict[tuple[int, int], str]:
    """Student and lesson, of those opened from ``since`` on → what was said about the last
    request there; "" is nothing."""
    rows = HelpRequest.objects.filter(
        queue__classroom=classroom, lesson__opened_at__gte=since
    ).order_by("pk")
    fields = ("student_id", "lesson_id", "reflection", "reopened")
    return {
        (student, lesson): reflection or (NOT_YET if reopened else "")
        for student, lesson, reflection, reopened in rows.values_list(*fields)
    }


def _lessons_attended(classroom: Classroom, since: datetime) -> dict[int, dict[int, datetime]]:
    """Student → the lessons opened from ``since`` on that they were in, and when these were
    opened; oldest first."""
    rows = Attendance.objects.filter(
        lesson__classroom=classroom, lesson__opened_at__gte=since
    ).order_by("lesson__opened_at", "lesson_id")
    attended: dict[int, dict[int, datetime]] = defaultdict(dict)
    for student, lesson, opened_at in rows.values_list(
        "membership_id", "lesson_id", "lesson__opened_at"
    ):
        attended[student][lesson] = opened_at
    return attended


def did_not_hold(classroom: Classroom, since: datetime, until: datetime) -> Share:
    """M12, help that did not hold: the same student with the same task, new or reopened within 15
    minutes / resolved.

    ``n`` counts ends: a request that was resolved, reopened and resolved again ended twice, and
    held once. One query.
    """
    again = HelpRequest.objects.filter(
        student=OuterRef("student"),
        task=OuterRef("task"),
        raised_at__gte=OuterRef("ended_at"),
        raised_at__lte=OuterRef("ended_at") + HOLDS_FOR,
    )
    resolved = Q(status=Status.RESOLVED)
    found = (
        asked_in(classroom, since, until)
        .annotate(came_again=Exists(again.exclude(pk=OuterRef("pk"))))
        .aggregate(
            reopened=Sum(F("reopened"), default=0),
            resolved=Count("pk", filter=resolved),
            repeated=Count("pk", filter=resolved & Q(came_again=True)),
        )
    )
    reopened = found["reopened"]
    return Share(reopened + found["repeated"], reopened + found["resolved"])


def coaching_cost(classroom: Classroom, since: datetime, until: datetime) -> Middle:
    """M22, coaching cost: the median of (last card saved - hand raised), in seconds, over the
    requests of which a card was saved. Cards after a "not yet" are of another round and are left
    out, and so are those that came while or after somebody helped.

    The other half of M22, from the page's load to the raise, cannot be told from what is stored:
    no row says when a page was loaded, and attendance has no time. That coaching leaves it as
    it is, is shown by a test of the raise itself. One query.
    """
    rows = (
        Event.objects.filter(
            help_request__in=asked_in(classroom, since, until), verb__in=["describe", "reopen"]
        )
        .order_by("pk")
        .values_list("help_request_id", "verb", "happened_at", "help_request__raised_at")
    )
    seconds = list(_first_rounds(rows).values())
    return Middle(median(seconds) if seconds else None, len(seconds))


def _first_rounds(rows: Iterable[tuple[int, str, datetime, datetime]]) -> dict[int, float]:
    """Request → seconds from the raise to the last card saved before any "not yet"."""
    seconds: dict[int, float] = {}
    over: set[int] = set()
    for pk, verb, happened_at, raised_at in rows:
        if verb == "reopen":
            over.add(pk)
        elif pk not in over:
            seconds[pk] = (happened_at - raised_at).total_seconds()
    return seconds
