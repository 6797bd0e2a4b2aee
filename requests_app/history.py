"""What was asked and answered about each hand, for those who may read it afterwards.

Helpers of the class read each hand that has ended, and students their own. Why a hand was
lowered is nobody's to read one by one: it comes out in totals (``reasons``).
"""

from collections import Counter, defaultdict

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from classrooms.models import Classroom, Membership
from classrooms.proof import seen_by
from requests_app.models import ENDED, HelpRequest, Reason, Status

#: People who gave the same reason before it is shown, and how many answers come out at a time.
FEWEST = 5


def hands_of(classroom: Classroom) -> QuerySet[HelpRequest]:
    """Each hand of those who are in the class, once it has ended, the newest first."""
    ended = HelpRequest.objects.filter(queue__classroom=classroom, status__in=ENDED)
    return ended.filter(student__removed_at=None).with_people().order_by("-raised_at", "-pk")


def hands_of_student(student: Membership, most: int) -> list[HelpRequest]:
    """A student's own, the newest first; of a sealed past none (``classrooms.proof``)."""
    mine = HelpRequest.objects.filter(
        seen_by(student, "raised_at"), student=student, status__in=ENDED
    )
    return list(mine.select_related("task").order_by("-raised_at", "-pk")[:most])


def how_it_went(hand: HelpRequest) -> str:
    """In the words of the answers that were given, the student's before anybody else's."""
    if hand.status == Status.WITHDRAWN:
        return _("The hand was lowered")
    if hand.status == Status.EXPIRED:
        return _("Help closed first")
    words = [hand.get_reflection_display() or hand.get_outcome_display()]
    if hand.reopened:
        words.insert(0, _("Not yet at first"))
    if hand.next_one:
        words.append(_("The next one: %(answer)s") % {"answer": hand.get_next_one_display()})
    return " · ".join(words)


def reasons(classroom: Classroom) -> list[tuple[str, int]]:
    """Why hands were lowered, ``(reason, how many)``, as far as it points at nobody. One query.

    Only lessons that are over count, and answers come out five at a time: who watches the totals
    while one hand goes down learns nothing. A reason is shown once five people gave it.
    """
    told = HelpRequest.objects.filter(
        queue__classroom=classroom, status=Status.WITHDRAWN, lesson__closed_at__isnull=False
    ).exclude(reason="")
    answers = list(told.order_by("ended_at", "pk").values_list("reason", "student"))
    answers = answers[: len(answers) // FEWEST * FEWEST]
    people = defaultdict(set)
    for reason, student in answers:
        people[reason].add(student)
    counted = Counter(reason for reason, _student in answers if len(people[reason]) >= FEWEST)
    return [(str(Reason(reason).label), count) for reason, count in counted.most_common()]
