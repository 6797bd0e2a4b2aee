"""Four pictures in an order, for those who cannot keep numbers: what there is, and what is kept.

Four different ones of twelve are 11,880 codes: as few as a PIN has, so guesses are counted the
same way (``classrooms.guesses``), and only a digest with the site's secret is kept. A page works
by taps: each is a button that sends the form, so that it needs no script, and a screen reader
reads words.
"""

from collections.abc import Sequence

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

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
    text = f"{student.pk}:{','.join(chosen)}"
    return salted_hmac("classrooms.pictures", text, algorithm="sha256").hexdigest()


def fit(student: Membership, chosen: Sequence[str]) -> bool:
    return bool(student.pictures) and constant_time_compare(kept(student, chosen), student.pictures)


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
