"""The texts that coaching starts with: starters, the helper's card, the cards' questions.

A class can have its own starters and questions (``coaching.models``); these are what it falls
back to. ``___`` (three underscores) is where the student goes on.
"""

from django.utils.translation import gettext_lazy as _

from requests_app.said import Kind

#: Where a student goes on in a starter.
GAP = "___"

#: Group → starters (help-request.md C4).
STARTERS = {
    "stuck": (
        _("I am trying to ___ and what happens is ___."),
        _("I follow it up to ___, then I lose it."),
        _("I am not sure what the question wants."),
        _("I expected ___ but I got ___."),
    ),
    "hint": (
        _("Can I have a clue about ___, not the whole thing?"),
        _("Which should I try first, ___ or ___?"),
    ),
    "explain": (
        _("Can you say ___ another way?"),
        _("What does the word ___ mean here?"),
        _("Why does ___ come before ___?"),
    ),
    "check": (
        _("My first step is ___. Is that a good start?"),
        _("I think it is ___ because ___."),
    ),
    "again": (
        _("I had help with this before and I still cannot do it alone."),
        _("It worked last time, but now ___ is different."),
    ),
    "words": (_("I cannot put it into words. Can you look with me?"),),
}
#: What the teacher reads above each group.
GROUPS = {
    "stuck": _("Stuck"),
    "hint": _("Asking for a hint"),
    "explain": _("Asking for an explanation"),
    "check": _("Asking to check"),
    "again": _("Asking again"),
    "words": _("When words are hard to find"),
}
#: Kind of help → the group that fits it; everything else takes "stuck".
GROUP_OF = {Kind.HINT: "hint", Kind.EXPLAIN: "explain", Kind.CHECK: "check"}

#: The six with pictures (lucide), for younger classes: (key, picture, sentence).
PICTURES = (
    ("picture-1", "circle-question-mark", _("I do not know what to do.")),
    ("picture-2", "footprints", _("I am stuck here.")),
    ("picture-3", "book-open", _("I cannot read this.")),
    ("picture-4", "check-check", _("Is this right?")),
    ("picture-5", "wrench", _("Something is broken.")),
    ("picture-6", "eye", _("Please show me.")),
)

#: Card → the question above it. A class can say it in its own words.
QUESTIONS = {
    "task": _("What are you working on?"),
    "kind": _("What would help most?"),
    "carry_on": _("Can you carry on meanwhile?"),
    "tried": _("What have you tried?"),
    "text": _("Finish a sentence"),
    "R2": _("Take a first look: which part is new to you?"),
    "R4": _("Let's try a different kind of help"),
    "repair": _("Not yet is useful to know. Let's try another way."),
}

#: What every class starts with. How the line works is not in it: below the card stands the
#: sentence of the rule that the class really has (requests_app.order).
CLASS_CARD = _(
    "Stuck? Try one thing first: read it again, look at an example, or ask your neighbour.\n"
    "Still stuck? Raise your hand. You do not have to wait until it gets bad.\n"
    "Only the people who help see your name and what you write. Classmates never do.\n"
    "Solved it while you waited? Say so. That counts just as much."
)

#: What the card once said of the line, whatever the rule; not shown where a class began with it.
FORMER_WORDS = _(
    "We help in the order you asked. People who have not had help yet get a small head start."
)
