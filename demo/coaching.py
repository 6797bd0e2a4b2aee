"""What the made-up teacher has set up for students who wait."""

from classrooms.models import Classroom, Membership
from coaching import actions
from coaching.models import Suggestion
from requests_app.said import Kind

#: Title, what to use it for, where it is, the number of the task it is for, the kind of help.
_TO_LOOK_AT = (
    (
        "Printing on one line or many",
        "Use this to see when print starts a new line.",
        "Blue folder, page 2",
        0,
        "",
    ),
    (
        "Loops step by step",
        "Use this to draw what a loop does, one turn after another.",
        "Poster beside the door",
        1,
        "",
    ),
    (
        "If, else and capital letters",
        "Use this when the if is never true.",
        "Blue folder, page 7",
        2,
        "",
    ),
    (
        "A worked example of each task",
        "Use this to compare your first two lines with ours.",
        "Green box on the window sill",
        None,
        Kind.SHOW,
    ),
    (
        "When the computer will not start",
        "Use this to swap to a spare laptop.",
        "Trolley at the back",
        None,
        Kind.BROKEN,
    ),
)


def add_coaching(classroom: Classroom, teacher: Membership) -> None:
    """Things to look at while waiting, for its tasks and kinds of help. Twice is once."""
    if Suggestion.objects.filter(classroom=classroom).exists():
        return
    tasks = list(classroom.tasks.filter(archived_at=None))
    for title, use, place, number, kind in _TO_LOOK_AT:
        task = tasks[number % len(tasks)] if number is not None and tasks else None
        actions.add_and_suggest(
            classroom, title=title, use=use, link="", place=place, by=teacher, task=task, kind=kind
        )
