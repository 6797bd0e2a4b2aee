"""What the class pages show of this: three regions, each the whole present state.

* ``class_region``: the check-in that is open and the help moment that is on, one text for the
  whole class and the projector; no name, count or place of anybody.
* ``student_region``: one student's own self-check, nudge and offer, for that student alone.
* ``helpers_region``: what helpers start here, and how many replied; never an answer or a name.

Follow-ups appear in none of them.
"""

from collections.abc import Iterable

from django.template.loader import render_to_string
from django.utils import timezone

from checkins import reach
from checkins.models import CheckIn, Contact, Going, HelpMoment, SelfCheck
from checkins.suppress import FLOOR
from classrooms.models import Classroom, Membership
from requests_app import live
from requests_app.models import ACTIVE, HelpRequest, Queue


def open_check_in(classroom: Classroom) -> CheckIn | None:
    return CheckIn.objects.open().filter(classroom=classroom).first()


def moment_on(classroom: Classroom) -> HelpMoment | None:
    """The help moment that is on right now."""
    now = timezone.now()
    return HelpMoment.objects.filter(classroom=classroom, ends_at__gt=now).first()


def class_region(classroom: Classroom) -> str:
    context = {
        "classroom": classroom,
        "check_in": open_check_in(classroom),
        "moment": moment_on(classroom),
        "now": timezone.now(),
    }
    return render_to_string("checkins/_class_now.html", context)


def student_region(student: Membership) -> str:
    return render_to_string("checkins/_my_check_in.html", student_context(student))


def student_context(student: Membership) -> dict:
    """The student's own words of the newest lesson, and an offer that waits for an answer."""
    classroom = student.classroom
    lesson = classroom.lessons.order_by("-opened_at", "-pk").first()
    mine = SelfCheck.objects.filter(lesson=lesson, student=student).first() if lesson else None
    offer = None
    if lesson is not None and lesson.closed_at is None:
        offer = (
            Contact.objects.filter(
                student=student, lesson=lesson, kind=Contact.Kind.OFFERED, answer=""
            )
            .select_related("by")
            .first()
        )
    return {
        "classroom": classroom,
        "mine": mine,
        "offer": offer,
        "going": Going.choices,
        "is_asking": HelpRequest.objects.filter(
            student=student, queue__classroom=classroom, status__in=ACTIVE
        ).exists(),
        "nudge": mine is not None and mine.nudged_at is not None and mine.nudge_ended_at is None,
    }


def helpers_region(classroom: Classroom) -> str:
    moment = moment_on(classroom)
    lesson = classroom.open_lesson()
    context = {
        "classroom": classroom,
        "check_in": open_check_in(classroom),
        "floor": FLOOR,
        "moment": moment,
        "raised": moment.requests().count() if moment else 0,
        "stuck": reach.stuck_not_asked(lesson),
        "is_open": lesson is not None,
        "now": timezone.now(),
    }
    return render_to_string("checkins/_class_tools.html", context)


def announce(
    classroom: Classroom, *, students: Iterable[int] = (), class_wide: bool = False
) -> None:
    """Once the change is committed, everybody whom it concerns is shown what is true.

    To be called inside a transaction: it counts the queue's version up.
    """
    queue = Queue.objects.locked(Queue.objects.of(classroom).pk)
    live.announce(queue, students=students, class_wide=class_wide)
