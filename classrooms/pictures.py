"""Four pictures in an order, for those who cannot keep numbers: what there is, and what is kept.

Four different ones of twelve are 11,880 codes: as few as a PIN has, so guesses are counted the
same way (``classrooms.guesses``), and only a digest with the site's secret is kept. A page works
by taps: each is a button that sends the form, so that it needs no script, and a screen reader
reads words.
"""

from collections.abc import Sequence

from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from classrooms import keys
from classrooms.models import Membership

#: Picture (of lucide) → its word.
PICTURES = {
    "cat": _("Cat"),
    "fish": _("Fish"),
    "bird": _("Bird"),
    "turtle": _("Turtle"),
    "sun": _("Sun"),
    "moon": _("Moon"),
    "star": _("Star"),
    "flower": _("Flower"),
    "apple": _("Apple"),
    "house": _("House"),
    "car": _("Car"),
    "tree-pine": _("Tree"),
}
LENGTH = 4


def read(typed: str, tap: str = "") -> tuple[str, ...]:
    """What was chosen so far, and the picture that was tapped now; each counts once."""
    chosen = dict.fromkeys(each for each in [*typed[:200].split(","), tap] if each in PICTURES)
    return tuple(chosen)[:LENGTH]


def kept(student: Membership, chosen: Sequence[str]) -> str:
    """What the database keeps of a student's pictures."""
    return _kept(student, chosen)[0]


def fit(student: Membership, chosen: Sequence[str]) -> bool:
    """Whether these are the student's own; what a former key kept is kept by the present one."""
    if not any(constant_time_compare(each, student.pictures) for each in _kept(student, chosen)):
        return False
    if student.pictures != kept(student, chosen):
        of_student = Membership.objects.filter(pk=student.pk, pictures=student.pictures)
        of_student.update(pictures=kept(student, chosen))
    return True


def _kept(student: Membership, chosen: Sequence[str]) -> list[str]:
    return keys.digests("classrooms.pictures", f"{student.pk}:{','.join(chosen)}")


def shown(chosen: Sequence[str]) -> dict:
    """For ``classrooms/_pictures.html``."""
    return {
        "pictures": [(name, word, name in chosen) for name, word in PICTURES.items()],
        "chosen": [(name, PICTURES[name]) for name in chosen],
        "so_far": ",".join(chosen),
        "tapped": chosen[-1] if chosen else "",
        "is_whole": len(chosen) == LENGTH,
        "length": LENGTH,
    }
