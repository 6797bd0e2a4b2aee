"""What a check-in asks: kinds of question, the templates that come with the product. Pure.

A question is a small dictionary, so that a check-in can keep the very words it was opened
with: ``{"kind", "text", "options"}``, and for a scale ``{"low", "high"}`` as well.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: Questions in a check-in, options of a question, steps of a scale.
QUESTIONS_AT_MOST = 5
OPTIONS = (2, 12)
STEPS = (2, 10)
#: Code points of a question, an option, a short answer.
TEXT_LENGTH, OPTION_LENGTH, ANSWER_LENGTH = 160, 80, 300

Question = dict


class Kind(TextChoices):
    """How a question is answered. The builder offers the first four."""

    SINGLE = "single", gettext_lazy("Choose one")
    SEVERAL = "several", gettext_lazy("Choose any that fit")
    SCALE = "scale", gettext_lazy("A scale")
    TEXT = "text", gettext_lazy("A short text")
    #: "One thing you want help with": a planned-help note with a name, never counted.
    HELP = "help", gettext_lazy("One thing to get help with")
    #: "Would you like an adult to check in with you?": a follow-up for one adult.
    CONTACT = "contact", gettext_lazy("An adult to check in with")
    #: What got in the way of asking: a tally without anybody's name.
    REASONS = "reasons", gettext_lazy("What got in the way")
    #: A note that only the student reads.
    NOTE = "note", gettext_lazy("A note to self")


BUILDER_KINDS = (Kind.SINGLE, Kind.SEVERAL, Kind.SCALE, Kind.TEXT)
#: Kinds whose answers are kept in a reply and counted.
COUNTED = frozenset({Kind.SINGLE, Kind.SEVERAL, Kind.SCALE})
IN_REPLY = frozenset({*COUNTED, Kind.TEXT})
#: For one person's eyes: left out where others on the network could read along (LAN mode).
PRIVATE = frozenset({Kind.CONTACT, Kind.NOTE})


class Soon(TextChoices):
    """When an adult should check in."""

    TODAY = "today", gettext_lazy("Today")
    WEEK = "week", gettext_lazy("This week")


class InTheWay(TextChoices):
    """What got in the way of asking: fixed choices, so that no words tell who it was."""

    NO_NEED = "no_need", gettext_lazy("I asked, or had no need to")
    NOTICED = "noticed", gettext_lazy("I did not want others to notice")
    UNSURE = "unsure", gettext_lazy("I did not know how to say it")
    BUSY = "busy", gettext_lazy("Everybody was busy")
    ALONE = "alone", gettext_lazy("I wanted to find out alone")
    OTHER = "other", gettext_lazy("Something else")


def options_of(question: Question) -> list[str]:
    """The answers that are counted, in order."""
    return list(question.get("options", ()))


def scale(text: str, steps: int, low: str = "", high: str = "") -> Question:
    numbers = [str(step) for step in range(1, steps + 1)]
    return {"kind": Kind.SCALE, "text": text, "options": numbers, "low": low, "high": high}


def in_words(preset: str, kept: list[Question]) -> list[Question]:
    """What a check-in asks, in the active language where the product has words for it.

    One that was opened when a preset asked something else keeps what it asked.
    """
    made = PRESETS[preset]() if preset in PRESETS else []
    return made if [*map(_shape, made)] == [*map(_shape, kept)] else kept


def _shape(question: Question) -> tuple[str, int]:
    return question["kind"], len(options_of(question))


def ready() -> list[Question]:
    """Ready to start: about twelve seconds (C10)."""
    return [
        {
            "kind": Kind.SINGLE,
            "text": _("How ready do you feel for today's work?"),
            "options": [_("Ready"), _("Nearly"), _("Not yet")],
        },
        {"kind": Kind.HELP, "text": _("Is there one thing you want help with today?")},
        {"kind": Kind.CONTACT, "text": _("Would you like an adult to check in with you?")},
    ]


def leaving() -> list[Question]:
    """Exit: what the lesson left over (C10)."""
    return [
        {
            "kind": Kind.SINGLE,
            "text": _("Did you get the help you needed?"),
            "options": [_("Yes"), _("Partly"), _("Not yet"), _("I needed none")],
        },
        {
            "kind": Kind.REASONS,
            "text": _("Did you need help and not ask? What got in the way?"),
        },
        {"kind": Kind.NOTE, "text": _("What worked for you today?")},
    ]


def well_being() -> list[Question]:
    """How things are, in plain words; each answer can lead to an adult. Off until an admin
    has recorded the rules for it (B5, B7)."""
    return [
        {
            "kind": Kind.SINGLE,
            "text": _("How are things for you this week?"),
            "options": [_("Good"), _("All right"), _("A bit much"), _("Hard")],
        },
        {"kind": Kind.CONTACT, "text": _("Would you like an adult to check in with you?")},
    ]


def about_work() -> list[Question]:
    """In the place of ``well_being`` for those whose families do not agree to it: as many
    questions and the same answers, so that nobody beside them sees a difference."""
    return [
        {
            "kind": Kind.SINGLE,
            "text": _("How is your work going this week?"),
            "options": [_("Good"), _("All right"), _("A bit much"), _("Hard")],
        },
        {"kind": Kind.CONTACT, "text": _("Would you like an adult to check in with you?")},
    ]


#: The templates that come with the product, by name.
PRESETS = {"ready": ready, "exit": leaving, "wellbeing": well_being}
