"""What has to be true before a class can be asked about well-being, and whom it is asked of.

Promise: behind every question about how somebody feels stand two people who said yes themselves,
hours in which they look, and a number to call; a hard answer leads to them at once. A child whose
family said no is asked about work in its place: as many questions, as many answers, on the same
page, so that nobody beside them sees a difference.
"""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from checkins import kernel
from checkins.care import Carer, FamilyAnswer
from checkins.models import Change, CheckIn, SchoolRules
from checkins.questions import Question, about_work
from classrooms.actions import NotPossible
from classrooms.models import Classroom, Membership, School
from resources import hours
from resources.models import Contact


def rules_of(school: School) -> SchoolRules:
    """What the school decided; the defaults, not saved, if nobody has."""
    return SchoolRules.objects.filter(school=school).first() or SchoolRules(school=school)


def hours_of(rules: SchoolRules) -> str:
    """The hours in which somebody looks, as ``resources.hours`` keeps them; "" if nobody can tell
    from them when that is."""
    try:
        stored = hours.tidy(rules.hours)
    except ValidationError:
        return ""
    return stored if says_when(stored) else ""


def says_when(stored: str) -> bool:
    """Whether hours tell when somebody is there; "by arrangement" does not."""
    return stored == hours.ALWAYS or bool(hours.spans(stored))


def carer(school: School, part: Carer.Part) -> Carer | None:
    """Who said yes to this part and is still there."""
    return Carer.objects.agreed().select_related("user").filter(school=school, part=part).first()


def contacts_of(school: School):
    """Numbers to call when it cannot wait: the school's own, else the server's."""
    own = Contact.objects.filter(school=school)
    return own if own.exists() else Contact.objects.filter(school=None)


def missing(school: School) -> list[str]:
    """What is still to be done before well-being can be asked about."""
    rules = rules_of(school)
    wanted = {
        _("how families agree"): bool(rules.consent),
        _("hours in which somebody looks, such as Mon-Fri 08:00-15:00"): bool(hours_of(rules)),
        _("a yes of whoever looks after it"): carer(school, Carer.Part.OWNER) is not None,
        _("a yes of whoever stands in"): carer(school, Carer.Part.BACKUP) is not None,
        _("a crisis contact to call"): contacts_of(school).exists(),
    }
    return [words for words, is_there in wanted.items() if not is_there]


def check(school: School) -> None:
    """Raise NotPossible with what is missing."""
    if still := missing(school):
        raise NotPossible(
            _("Questions about well-being wait for: %(what)s.") % {"what": "; ".join(still)}
        )


# --- Two people who said yes --------------------------------------------------


def people_of(school: School):
    """Accounts that can be asked: staff of its classes, and its admins."""
    staff = (
        Membership.objects.present()
        .staff()
        .filter(classroom__school=school, classroom__archived_at=None)
    )
    there = Q(pk__in=staff.values("user")) | Q(school_admins__school=school)
    return User.objects.filter(there, is_active=True).distinct().order_by("name", "pk")


@transaction.atomic
def ask(school: School, chosen: dict[Carer.Part, User | None], *, by: User | None) -> None:
    """Ask these two. Whoever is asked anew has not agreed yet; who stays keeps their yes."""
    known = {each.part: each for each in Carer.objects.filter(school=school)}
    changed = {
        part: user
        for part, user in chosen.items()
        if (known[part].user_id if part in known else None) != (user.pk if user else None)
    }
    Carer.objects.filter(school=school, part__in=changed).delete()
    for part, user in changed.items():
        if user is not None:
            Carer.objects.create(school=school, user=user, part=part)
        title = _("Who looks after well-being: %(who)s") % {"who": user or "–"}
        kernel.record(Change.Verb.CHANGED, title[:120], school=school, by=by)


@transaction.atomic
def agree(asked: Carer) -> None:
    """The person's own yes."""
    Carer.objects.filter(pk=asked.pk, agreed_at=None).update(agreed_at=timezone.now())


@transaction.atomic
def refuse(asked: Carer) -> None:
    """The person's no, before or after they agreed: the school has to ask somebody else."""
    title = _("Said no to looking after well-being: %(who)s") % {"who": asked.name}
    kernel.record(Change.Verb.CHANGED, title[:120], school=asked.school, by=asked.user)
    asked.delete()


def end_for_who_left(_now: datetime | None = None) -> int:
    """The clock's: a yes ends when its person leaves the school, and does not come back alone."""
    there = list(Carer.objects.still_there().values_list("pk", flat=True))
    return Carer.objects.exclude(pk__in=there).delete()[0]


# --- What families said -------------------------------------------------------


def asks_families_first(school: School) -> bool:
    """Whether a family has to say yes; else it may say no."""
    return rules_of(school).consent == SchoolRules.Consent.OPT_IN


def ticked(classroom: Classroom) -> set[int]:
    """Students (ids) whose box in the register is ticked: the family said yes where the school
    asks families first, else it said no."""
    asks_first = asks_families_first(classroom.school)
    answers = FamilyAnswer.objects.filter(student__classroom=classroom, says_yes=asks_first)
    return set(answers.values_list("student", flat=True))


@transaction.atomic
def note_families(classroom: Classroom, students: Collection[int]) -> None:
    """What the boxes of the register say now; see ``ticked``."""
    asks_first = asks_families_first(classroom.school)
    listed = classroom.memberships.present().students()
    FamilyAnswer.objects.filter(student__in=listed, says_yes=asks_first).exclude(
        student__in=students
    ).delete()
    for student in listed.filter(pk__in=students):
        FamilyAnswer.objects.update_or_create(student=student, defaults={"says_yes": asks_first})


def asked_about_work(check_in: CheckIn, students: Collection[int]) -> set[int]:
    """Of these students (ids), those who are asked about work in place of well-being."""
    if not check_in.is_about_well_being:
        return set()
    asks_first = rules_of(check_in.classroom.school).consent != SchoolRules.Consent.OPT_OUT
    said = FamilyAnswer.objects.filter(student__in=students)
    if asks_first:
        return set(students) - set(said.filter(says_yes=True).values_list("student", flat=True))
    return set(said.filter(says_yes=False).values_list("student", flat=True))


def questions_for(check_in: CheckIn, student: Membership) -> list[Question]:
    """What this student is asked, in the active language."""
    if not asked_about_work(check_in, [student.pk]):
        return check_in.asked
    return about_work()
