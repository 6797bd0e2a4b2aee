"""The made-up school: its people, its classes and their last week, the same each time.

Everything is done by the verbs that serve the pages, at the times at which it would have
happened, so that rows, events and history agree.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from classrooms import actions, invitations
from classrooms.models import Classroom, Lesson, Membership, Role, School
from classrooms.roster import read_paste
from demo import lessons
from demo.cast import ACCOUNTS, CLASSES, FRANKLIN, HOPPER, RAMANUJAN, SCHOOL, TURING, ClassPlan
from demo.checkins import add_checkins
from demo.clock import settable_clock
from demo.coaching import add_coaching
from demo.resources import add_resources
from requests_app.actions import close_help
from requests_app.models import ACTIVE

#: Lessons that each class has behind it, one a school day.
DAYS = 5
#: After this long without anything the class begins a new lesson: no visitor finds hands
#: that have been up since yesterday.
QUIET = timedelta(hours=1)
_SEED = 1906


# --- Making it ---------------------------------------------------------------


def seed() -> bool:
    """Make the school, or wake it if nothing has happened for an hour.

    True if something was made. A school in which one of the demo's ways in leads nowhere (a
    visitor put its classes away, say) is made anew. Passwords of its people open nothing.
    """
    is_made = _seed()
    if is_made:
        add_checkins(class_now())  # not in one transaction with anything: names stay apart
    return is_made


@transaction.atomic
def _seed() -> bool:
    # Two first visitors at once: the second waits here and finds the school, or is asked to
    # try again where the database waits only a moment.
    User.objects.get_or_create(email=HOPPER.email, defaults={"name": HOPPER.name})
    now = timezone.now()
    with settable_clock() as set_clock:
        if not _is_whole():
            _clear()
            _build(now, set_clock)
            return True
        classroom = class_now()
        if not lessons.is_quiet(classroom, now - QUIET):
            return False
        close_help(classroom, by=None)
        lessons.lesson_now(lessons.Stage(classroom, Random(_SEED), set_clock), now)
        return True


def _is_whole() -> bool:
    """Whether each way in leads somewhere, and the week before is there."""
    people = User.objects.filter(email__in=[account.email for account in ACCOUNTS.values()])
    classroom = _classes_of_teacher().first()
    return (
        people.count() == len(ACCOUNTS)
        and School.objects.filter(admins__user__email=FRANKLIN.email).exists()
        and classroom is not None
        and classroom.lessons.count() >= DAYS
        and classroom.memberships.present().students().exists()
        and classroom.memberships.present().filter(user__email=TURING.email).exists()
    )


def _clear() -> None:
    """Take away what is there of the made-up school."""
    people = User.objects.filter(email__in=[*_emails()])
    schools = list(School.objects.filter(classrooms__memberships__user__in=people).distinct())
    for school in [*schools, *School.objects.filter(admins__user__in=people).distinct()]:
        school.classrooms.all().delete()
        School.objects.filter(pk=school.pk).delete()
    people.delete()


def _emails() -> Iterator[str]:
    yield from (account.email for account in (HOPPER, TURING, RAMANUJAN, FRANKLIN))


def _build(now: datetime, set_clock: Callable[[datetime], object]) -> None:
    rng = Random(_SEED)
    set_clock(now - timedelta(days=21))
    people = {
        account.email: User.objects.create_user(account.email, name=account.name)
        for account in (HOPPER, TURING, RAMANUJAN, FRANKLIN)
    }
    school = _found_school(people)
    add_resources(school)
    for plan in CLASSES[1:]:
        actions.add_classroom(school, name=plan.name, teacher=people[plan.teacher.email])
    classrooms = list(school.classrooms.order_by("pk"))
    for classroom, plan in zip(classrooms, CLASSES, strict=True):
        _fill(classroom, plan, people)
        _week(lessons.Stage(classroom, rng, set_clock), plan, now)
    teacher = classrooms[0].memberships.get(user__email=HOPPER.email)
    add_coaching(classrooms[0], teacher)
    lessons.lesson_now(lessons.Stage(classrooms[0], rng, set_clock), now)


def _found_school(people: dict[str, User]) -> School:
    """As it is done by hand: a teacher starts a class, and hands the school over to an admin."""
    teacher, admin = people[HOPPER.email], people[FRANKLIN.email]
    school = actions.start_classroom(teacher, name=CLASSES[0].name, school_name=SCHOOL).school
    _invite(teacher, admin, Role.SCHOOL_ADMIN, school)
    actions.remove_school_admin(school.admins.get(user=teacher))
    return school


def _invite(
    by: User, colleague: User, role: Role, school: School, classroom: Classroom | None = None
) -> None:
    key = invitations.invite(by=by, role=role, classroom=classroom, school=school)
    found = invitations.find(key)
    assert found is not None
    invitations.accept(found, colleague)


def _fill(classroom: Classroom, plan: ClassPlan, people: dict[str, User]) -> None:
    """Assistant, tasks, and the students from a pasted list, who then join."""
    teacher, assistant = people[plan.teacher.email], people[TURING.email]
    _invite(teacher, assistant, Role.ASSISTANT, classroom.school, classroom)
    actions.add_tasks(classroom, plan.tasks)
    for student in actions.add_students(classroom, read_paste("\n".join(plan.students)).lines):
        actions.join(classroom, name=student.name)


def _week(stage: lessons.Stage, plan: ClassPlan, now: datetime) -> None:
    zone = stage.classroom.zone
    least, most = plan.asks
    for number, day in enumerate(school_days_before(now.astimezone(zone).date(), DAYS)):
        opened_at = datetime.combine(day, time(*plan.starts), tzinfo=zone)
        count = stage.rng.randint(least, most)
        lessons.past_lesson(stage, opened_at, count, missed=1 if number % 3 == 1 else 0)


def school_days_before(today: date, count: int) -> list[date]:
    """The last ``count`` days from Monday to Friday before ``today``, oldest first."""
    before = (today - timedelta(days=back) for back in range(1, 2 * count + 3))
    return sorted([day for day in before if day.weekday() < 5][:count])


# --- Finding one's way in it -------------------------------------------------


def class_now() -> Classroom:
    """The class of Ms Hopper that has a lesson; her first class where none has."""
    return _classes_of_teacher()[0]


def _classes_of_teacher():
    open_lessons = Lesson.objects.open().filter(classroom=OuterRef("pk"))
    return (
        Classroom.objects.in_use()
        .filter(memberships__user__email=HOPPER.email, memberships__removed_at=None)
        .filter(school__admins__user__email=FRANKLIN.email)
        .select_related("school")
        .annotate(is_open=Exists(open_lessons))
        .order_by("-is_open", "pk")
    )


def spare_student(classroom: Classroom) -> Membership:
    """A student whose hand is down, whom the fewest browsers are, and who has asked least:
    the page begins without an answer from before."""
    students = classroom.memberships.present().students()
    busy = classroom.queue.help_requests.filter(status__in=ACTIVE).values("student")
    has_answered = [pk for each in classroom.check_ins.open() for pk in each.replied]
    ordered = students.annotate(
        browsers=Count("devices", distinct=True), hands=Count("help_requests", distinct=True)
    ).order_by("browsers", "hands", "pk")
    free = ordered.exclude(pk__in=busy)
    return free.exclude(pk__in=has_answered).first() or free.first() or ordered[0]


def come_in(student: Membership) -> str:
    """Join as this student, let in at once; the key for the browser's cookie."""
    classroom = student.classroom
    by_class = classroom.pin_mode == Classroom.PinMode.CLASS
    pin = classroom.pin if by_class else student.pin
    joined = actions.join(classroom, name=student.name, pin=pin)
    actions.let_in(joined.device)
    return joined.key
