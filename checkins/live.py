"""What the class pages show of this (``requests_app.beside``): three regions.

* ``class-now``: the check-in that is open and the help moment that is on, one text for the whole
  class and the projector; no name, count or place of anybody.
* ``my-check-in``: one student's own self-check, nudge and offer, for that student alone.
* ``class-tools``: what helpers start here, and how many replied; never an answer or a name.

Follow-ups appear in none of them.
"""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from django.db.models import F, Q
from django.utils import timezone, translation

from checkins import reach
from checkins.models import CheckIn, Contact, Going, HelpMoment, SelfCheck
from checkins.suppress import FLOOR
from classrooms.models import Classroom, Lesson
from coaching import rules, texts
from coaching.models import coaching_of
from live.shown import Piece, mark_of
from requests_app.beside import Beside
from requests_app.labels import label_of
from requests_app.present import Present
from requests_app.regions import draw, remembered


class Now(NamedTuple):
    """What is going on in a class."""

    check_in: CheckIn | None
    moment: HelpMoment | None
    #: Whether anybody says that they are stuck, whoever raised a hand since.
    stuck: bool


class Own(NamedTuple):
    """What one student's region is rendered from. ``offer``: the name of who can come, or ""
    where they have left since; None is no offer."""

    label: int
    going: str = ""
    is_nudged: bool = False
    offer: str | None = None


def open_check_in(classroom: Classroom) -> CheckIn | None:
    return CheckIn.objects.open().filter(classroom=classroom).first()


def moment_on(classroom: Classroom) -> HelpMoment | None:
    """The help moment that is on right now."""
    return HelpMoment.objects.filter(classroom=classroom, ends_at__gt=timezone.now()).first()


def now_in(present: Present) -> Now:
    """Found once until something of it changes; a moment ends by itself."""
    classroom, lesson = present.queue.classroom, present.lesson

    def find() -> Now:
        if not present.is_open:
            return Now(open_check_in(classroom), None, stuck=False)
        stuck = SelfCheck.objects.filter(lesson=lesson, going=Going.STUCK)
        return Now(open_check_in(classroom), moment_on(classroom), stuck.exists())

    now = present.keep("checkins.now", find)
    is_over = now.moment is not None and not now.moment.is_on(timezone.now())
    return now._replace(moment=None) if is_over else now


def moment_starters(classroom: Classroom) -> list[str]:
    """Ways to begin a sentence in a help moment (coaching rule R9), in the active language."""
    off = coaching_of(classroom).rules_off
    listed = texts.starters(classroom, "stuck", translation.get_language())
    return rules.starters_of_a_moment([text for _key, text in listed], off)


def own_of(present: Present, students: Collection[int]) -> Mapping[int, Own]:
    """Each student's own words of the newest lesson, and an offer that waits for an answer."""
    lesson = present.lesson
    nothing = Own(present.lesson_label)
    if lesson is None:
        return dict.fromkeys(students, nothing)
    found = present.keep("checkins.own", lambda: _all_own(lesson, nothing))
    return {student: found.get(student, nothing) for student in students}


def _all_own(lesson: Lesson, nothing: Own) -> dict[int, Own]:
    """Of all who said something or were offered help in this lesson."""
    found: dict[int, Own] = {}
    # What was said before somebody came in by the name alone is not theirs to see.
    seen = Q(student__sealed_before=None) | Q(changed_at__gte=F("student__sealed_before"))
    for mine in SelfCheck.objects.filter(seen, lesson=lesson):
        is_nudged = mine.nudged_at is not None and mine.nudge_ended_at is None
        label = max(nothing.label, label_of(mine.changed_at))
        found[mine.student_id] = Own(label, mine.going, is_nudged)
    offers = Contact.objects.filter(lesson=lesson, kind=Contact.Kind.OFFERED)
    for offer in offers.select_related("by", "student"):
        if not offer.student.sees(offer.at):
            continue
        own = found.get(offer.student_id, nothing)
        waits = not offer.answer and lesson.closed_at is None
        found[offer.student_id] = own._replace(
            label=max(own.label, label_of(offer.answered_at or offer.at)),
            offer=getattr(offer.by, "name", "") if waits else None,
        )
    return found


class CheckInsBeside(Beside):
    """The three regions of check-ins and help moments."""

    name = "checkins"

    def of_class(self, present: Present) -> dict[str, Piece]:
        now, classroom = now_in(present), present.queue.classroom
        starters = moment_starters(classroom) if now.moment else []
        context = {
            "classroom": classroom,
            "check_in": now.check_in,
            "moment": now.moment,
            "starters": starters,
            "now": timezone.now(),
        }
        facts = (*_facts_of(now), *starters)
        return {"class-now": Piece(mark_of(facts), _drawing("checkins/_class_now.html", context))}

    def of_helpers(self, present: Present) -> dict[str, Piece]:
        now = now_in(present)
        context = {
            "classroom": present.queue.classroom,
            "check_in": now.check_in,
            "floor": FLOOR,
            "moment": now.moment,
            "raised": now.moment.requests().count() if now.moment else 0,
            "stuck": reach.stuck_not_asked(present.lesson) if now.stuck else 0,
            "is_open": present.is_open,
            "now": timezone.now(),
        }
        replies = now.check_in.reply_count if now.check_in else 0
        shown_replies = replies if replies >= FLOOR else 0
        facts = (
            *_facts_of(now), shown_replies, context["raised"], context["stuck"], present.is_open
        )  # fmt: skip
        draws = _drawing("checkins/_class_tools.html", context)
        return {"class-tools": Piece(mark_of(facts), draws)}

    def facts_of(self, present: Present, students: Collection[int]) -> Mapping[int, Own]:
        return own_of(present, students)

    def of_student(self, present: Present, own: Own) -> dict[str, Piece]:
        def draws() -> str:
            context = {"classroom": present.queue.classroom, "own": own, "going": Going.choices}
            return draw("checkins/_my_check_in.html", context)

        key = ("my-check-in", present.queue.classroom_id, own)
        return {"my-check-in": Piece(mark_of(own), lambda: remembered(key, draws))}

    def label_of(self, own: Own) -> int:
        return own.label


def _facts_of(now: Now) -> tuple:
    """What the class's regions say of what is going on."""
    check_in, moment = now.check_in, now.moment
    return (
        check_in and (check_in.pk, check_in.name, len(check_in.questions)),
        moment and (moment.pk, moment.ends_at),
    )


def _drawing(template: str, context: dict) -> Callable[[], str]:
    return lambda: draw(template, context)
