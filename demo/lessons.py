"""Made-up lessons: who asks when, who helps, how it ends. Played through the real verbs.

Minutes count from the start of a lesson.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from classrooms.actions import attend
from classrooms.models import Classroom, Membership, Task
from demo.cast import SAID, SAID_ANYWHERE
from requests_app import actions
from requests_app.models import HelpRequest, Queue, Reflection, new_key
from requests_app.order import CarryOn
from requests_app.said import Given, Kind, Thanks

#: Minutes a lesson lasts.
LENGTH = 55
#: Of those who ask at all; one student in four never does, and has a page that begins at the
#: beginning for a visitor.
SHARE_THERE, SHARE_ASKING = 0.85, 0.75
#: A student who has waited longer than this (minutes) finds the way alone.
PATIENCE = 9

#: A step of a lesson: its minute, and what happens.
Step = tuple[float, Callable[[], object]]
SetClock = Callable[[datetime], object]


@dataclass(frozen=True)
class Story:
    """One raised hand from the tap to its end. ``started`` and ``ended`` are None where not
    reached; ``how`` is the verb that ends it, empty if nothing does before help closes."""

    raised: float
    helper: int = 0
    started: float | None = None
    ended: float | None = None
    how: str = ""
    task: int | None = None
    says: bool = False


# --- What happens ------------------------------------------------------------


def imagine(rng: Random, count: int, *, until: float, helpers: int, missed: int = 0) -> list[Story]:
    """``count`` hands from minute 2 on, all ended at ``until``, and ``missed`` that help does
    not reach. Waits are 2 to 9 minutes and visits 2 to 6."""
    free = [0.0] * helpers
    stories = []
    for raised in sorted(rng.uniform(2, until - 11) for _each in range(count)):
        helper = free.index(min(free))
        started = max(raised + rng.uniform(2, 5), free[helper] + rng.uniform(0.2, 0.8))
        whim = rng.random()
        if started - raised > PATIENCE or whim < 0.15:
            story = Story(raised, ended=raised + rng.uniform(1.5, PATIENCE - 1), how="solve")
        elif whim < 0.2:
            story = Story(raised, ended=raised + rng.uniform(1, 4), how="lower")
        else:
            ended = min(started + rng.uniform(2, 6), until - 0.2)
            story = Story(raised, helper, started, ended, "resolve")
            free[helper] = ended
        stories.append(replace(story, says=rng.random() < 0.6))
    return stories + [Story(until - rng.uniform(1, 2.5), says=True) for _each in range(missed)]


#: Minutes ago, for the lesson that is on: three on one task, one who tells more, one with help.
RIGHT_NOW = [
    Story(-8.2, started=-2.1, task=0, says=True),
    Story(-6.1, task=1),
    Story(-4.4, task=1, says=True),
    Story(-3.0, task=2, says=True),
    Story(-1.3, task=1),
]


# --- How it is played --------------------------------------------------------


@dataclass
class Stage:
    """A class with those of its people who take part."""

    classroom: Classroom
    rng: Random
    set_clock: SetClock

    def __post_init__(self) -> None:
        people = self.classroom.memberships.present().order_by("pk")
        self.queue = Queue.objects.of(self.classroom)
        self.helpers = [each for each in people if each.can_help]
        # A request for later outlives its lesson: who has one asks for nothing new.
        busy = set(self.queue.help_requests.active().values_list("student_id", flat=True))
        students = [each for each in people if each.is_student and each.pk not in busy]
        asking = round(len(students) * SHARE_ASKING)
        self.asking, self.shy = students[:asking], students[asking:]
        self.tasks = list(self.classroom.tasks.filter(archived_at=None))

    def play(self, opened_at: datetime, steps: Iterable[Step]) -> None:
        """Do the steps in the order of their minutes, each when the clock says so."""
        for minute, do in sorted(steps, key=lambda step: step[0]):
            self.set_clock(opened_at + timedelta(minutes=minute))
            do()

    def open(self, share: float) -> list[Membership]:
        """Help opens; those who are there and may ask, in a random order."""
        lesson = actions.open_help(self.classroom, by=self.helpers[0])
        there = self.rng.sample(self.asking, round(len(self.asking) * share))
        attend(lesson, [each.pk for each in [*there, *self.shy]])
        return there


def past_lesson(stage: Stage, opened_at: datetime, count: int, *, missed: int) -> None:
    """A whole lesson, from Open help to Close help."""
    stage.set_clock(opened_at)
    there = stage.open(SHARE_THERE)
    stories = imagine(stage.rng, count, until=LENGTH, helpers=len(stage.helpers), missed=missed)
    steps: list[Step] = [(LENGTH, lambda: actions.close_help(stage.classroom, by=stage.helpers[0]))]
    for student, story in zip(there, stories, strict=False):
        steps += tell(stage, student, story)
    stage.play(opened_at, steps)


def lesson_now(stage: Stage, now: datetime) -> None:
    """A lesson that began 26 minutes ago: some had help already, some hands are up."""
    begun = 26
    opened_at = now - timedelta(minutes=begun)
    stage.set_clock(opened_at)
    # Not everybody has the page open yet: three on one task are "the same problem" then.
    there = stage.open(0.6)
    earlier = imagine(stage.rng, 4, until=begun - 9, helpers=len(stage.helpers))
    open_now = [_moved(story, begun) for story in RIGHT_NOW]
    steps: list[Step] = []
    for student, story in zip(there, [*earlier, *open_now], strict=False):
        steps += tell(stage, student, story)
    stage.play(opened_at, steps)


def _moved(story: Story, minutes: float) -> Story:
    """The story with that much added to its times; the last helper has it."""
    started = None if story.started is None else story.started + minutes
    return replace(story, raised=story.raised + minutes, started=started, helper=-1)


def tell(stage: Stage, student: Membership, story: Story) -> Iterator[Step]:
    """The steps of one story."""
    hand = Hand(stage.queue, student)
    helper = stage.helpers[story.helper]
    yield story.raised, hand.go_up
    if story.says or story.task is not None:
        yield story.raised + 0.4, lambda: hand.say(stage.rng, stage.tasks, story)
    if story.started is not None:
        if stage.rng.random() < 0.5:
            yield story.started - 0.7, lambda: hand.do("claim", by=helper)
        yield story.started, lambda: hand.do("start", by=helper)
    if story.ended is not None:
        by = helper if story.how == "resolve" else student
        yield story.ended, lambda: hand.do(story.how, by=by)
        if story.how == "resolve":
            given, thanks = stage.rng.choice(list(Given)), stage.rng.choice(list(Thanks))
            yield story.ended + 0.02, lambda: hand.do("note_given", by=helper, given=given)
            if stage.rng.random() < 0.4:
                yield story.ended + 0.03, lambda: hand.do("thank", by=helper, thanks=thanks)
        if story.how == "resolve" and stage.rng.random() < 0.5:
            answer = stage.rng.choice([Reflection.CARRY_ON] * 3 + [Reflection.PARTLY])
            after = story.ended + stage.rng.uniform(0.05, 0.15)
            yield after, lambda: hand.do("reflect", by=student, reflection=answer)


class Hand:
    """One student's hand in one line."""

    def __init__(self, queue: Queue, student: Membership) -> None:
        self.queue = queue
        self.student = student
        self.request: HelpRequest | None = None

    def go_up(self) -> None:
        self.request = actions.raise_hand(self.queue, student=self.student, form_key=new_key())

    def do(self, verb: str, *, by: Membership, **facts) -> None:
        getattr(actions, verb)(self.request, by=by, **facts)

    def say(self, rng: Random, tasks: Sequence[Task], story: Story) -> None:
        task = tasks[(story.task if story.task is not None else rng.randrange(99)) % len(tasks)]
        said = SAID.get(task.title, SAID_ANYWHERE)
        self.do(
            "describe",
            by=self.student,
            task=task,
            text=rng.choice(said) if story.says else "",
            carry_on=rng.choice([CarryOn.NO, CarryOn.SLOWLY, CarryOn.YES, ""]),
            kind=rng.choice([*Kind, Kind.HINT, Kind.EXPLAIN, ""]),
            tried=rng.choice([[], ["nothing"], ["read"], ["read", "example"], ["notes", "way"]]),
        )


def is_quiet(classroom: Classroom, since: datetime) -> bool:
    """Whether nothing has happened in the class after ``since``."""
    queue = Queue.objects.of(classroom)
    return not (
        queue.help_requests.filter(changed_at__gt=since).exists()
        or classroom.lessons.filter(opened_at__gt=since).exists()
        or classroom.lessons.filter(closed_at__gt=since).exists()
    )
