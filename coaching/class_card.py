""" "How we ask for help" (A14): the card that a class has, and who has still to be shown it."""

from typing import NamedTuple

from classrooms.models import Classroom, Membership
from coaching.catalogue import CLASS_CARD, FORMER_WORDS
from coaching.models import ClassCard, StudentView


class Card(NamedTuple):
    """Version 0 is the catalogue's, in the language at hand; later ones are as typed."""

    version: int
    text: str

    @property
    def lines(self) -> list[str]:
        lines = [line.strip() for line in self.text.splitlines()]
        return [line for line in lines if line and line != FORMER_WORDS]


def current(classroom: Classroom) -> Card:
    """The card that counts now. One query."""
    own = ClassCard.objects.filter(classroom=classroom).order_by("-version")
    newest = own.values_list("version", "text").first()
    return Card(*newest) if newest is not None else Card(0, str(CLASS_CARD))


def unseen_by(student: Membership) -> Card | None:
    """The card, if this student has not put this version away with "Got it". Two queries."""
    card = current(student.classroom)
    views = StudentView.objects.filter(student=student)
    seen = views.values_list("class_card_seen", flat=True).first()
    return card if seen is None or seen < card.version else None
