"""A check-in that a made-up class answered this lesson, and what comes with it."""

from checkins import actions, replies, unnamed
from checkins.actions import Plan
from checkins.models import CheckIn, Preset, Visibility
from checkins.questions import Kind, scale
from checkins.replies import Given
from classrooms.models import Classroom

#: Of those in the class, how many answer, and what: Ready, Nearly, Not yet.
_READY = [0, 0, 1, 0, 0, 1, 0, 1, 0, 2]
_LEFT_OUT = 3


def add_checkins(classroom: Classroom) -> None:
    """Open "Ready to start" with replies, beside a check-in that the class wrote itself.

    Does nothing where the class has a check-in already.
    """
    if CheckIn.objects.filter(classroom=classroom).exists():
        return
    people = list(classroom.memberships.present().order_by("pk"))
    teacher = next(each for each in people if each.can_help)
    students = [each for each in people if each.is_student]
    actions.save_template(classroom, _own(), by=teacher.user)
    check_in = actions.open_check_in(classroom, actions.preset(Preset.READY), by=teacher)
    tasks = list(classroom.tasks.filter(archived_at=None))
    for number, student in enumerate(students[: len(students) - _LEFT_OUT]):
        wants_help = bool(tasks) and number % 7 == 3
        given = Given(
            answers={"0": _READY[number % len(_READY)]},
            task=tasks[number % len(tasks)] if wants_help else None,
            soon="week" if number == 4 else "",
            adult=teacher if number == 4 else None,
        )
        replies.reply(check_in, given, by=student, edit_key="")
    unnamed.before_the_end()  # the program that makes the class may end now


def _own() -> Plan:
    return Plan(
        title="Working together",
        visibility=Visibility.TOTALS,
        questions=[
            scale("How did the group work go?", 5, "hard going", "very well"),
            {
                "kind": Kind.SEVERAL,
                "text": "What helped?",
                "options": ["Taking turns", "A plan", "Examples", "A helper"],
            },
        ],
    )
