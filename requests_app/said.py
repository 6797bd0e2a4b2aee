"""What students and helpers can say about a request with one tap: the choices and their words.

Pure. What follows from an answer stands elsewhere: the order in ``requests_app.order``, the
next card in ``coaching.rules``.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """ "What would help most?" (help-request.md C3). Empty: nothing chosen, just come over.

    Talk privately, the ninth, is not a value: it is not about the work, so a request of the
    class keeps no trace of it.
    """

    HINT = "hint", _("Give me a hint")
    EXPLAIN = "explain", _("Explain it to me")
    BEGIN = "begin", _("Help me get started")
    CHECK = "check", _("Check my work")
    SHOW = "show", _("Show me how")
    BROKEN = "broken", _("Something is broken")
    OTHER = "other", pgettext_lazy("kind of help", "Something else")


#: Kind → its picture (lucide).
KIND_ICONS = {
    Kind.HINT: "lightbulb",
    Kind.EXPLAIN: "message-circle",
    Kind.BEGIN: "play",
    Kind.CHECK: "check-check",
    Kind.SHOW: "eye",
    Kind.BROKEN: "wrench",
    Kind.OTHER: "ellipsis",
}
#: Kind of help asked for → one line for the helper when the visit starts (C3, last column).
TIPS = {
    "": _("Ask: what would help most?"),
    Kind.HINT: _("The smallest useful clue, then leave them to it for two or three minutes."),
    Kind.EXPLAIN: _("A new example or a picture. Then let them say it back in their words."),
    Kind.BEGIN: _("Ask what the task wants, and agree on the first step."),
    Kind.CHECK: _("Before you tell: how sure are you, and why?"),
    Kind.SHOW: _("Show one, do the next one together, then they do one alone."),
    Kind.BROKEN: _("Fix it or swap it."),
    Kind.OTHER: _("Listen first."),
}
#: For every kind (A65).
TIP_FOR_ALL = _("Ask what they tried, wait three seconds, and leave them with a next step.")
#: "Talk privately" among the kinds that a class can switch off.
PRIVATE = "private"


class Tried(models.TextChoices):
    """ "What have you tried?" (C2, step 6)."""

    READ = "read", _("Read it again")
    EXAMPLE = "example", _("Looked at an example")
    WAY = "way", _("Tried another way")
    ASKED = "asked", _("Asked someone")
    NOTES = "notes", _("Checked my notes")
    DREW = "drew", _("Drew or wrote it out")
    NOTHING = "nothing", _("Nothing yet")


class Feeling(models.TextChoices):
    """ "What is this like?" (A51): leads to something to do, never to a number. Staff are not
    shown it (D1), and nothing looks at more than the request at hand."""

    CONFUSED = "confused", _("Confusing")
    WORRIED = "worried", _("Worrying")
    BORED = "bored", _("Boring")
    TIRED = "tired", _("Tiring")
    FINE = "fine", pgettext_lazy("feeling", "Fine")
    OVERWHELMED = "overwhelmed", _("I feel overwhelmed")


class Manner(models.TextChoices):
    """How a helper is asked to come, if the student wants it said. Never why."""

    QUIETLY = "quietly", _("Come quietly")


class Given(models.TextChoices):
    """What a helper actually gave (C3)."""

    HINT = "hint", _("A hint")
    EXPLAINED = "explained", _("Explained it")
    EXAMPLE = "example", _("An example, then they did one")
    CHECKED = "checked", _("Checked it")
    TOLD = "told", _("Told the answer")
    PRACTICAL = "practical", _("Fixed something")
    ELSEWHERE = "elsewhere", _("Sent elsewhere")


class NextOne(models.TextChoices):
    """ "Could you do the next one?" (C2, step 10)."""

    YES = "yes", _("Yes, I think so")
    MAYBE = "maybe", _("Maybe")
    NO = "no", _("Not on my own")


class Repair(models.TextChoices):
    """After "not yet" (C7): another way to go on."""

    SAME = "same", _("The same helper again")
    KIND = "kind", _("A different kind of help")
    PERSON = "person", _("A different person")
    LATER = "later", _("Later")
    RESOURCE = "resource", _("Something to look at")


class Thanks(models.TextChoices):
    """What a helper can say to the student, privately and with one tap (A16). Never counted."""

    TIME = "time", _("Good time to ask")
    CLEAR = "clear", _("Clear question")
    TRIED = "tried", _("You tried first")
    STUCK = "stuck", _("You stuck with it")
    SOLVED = "solved", _("You solved it")
