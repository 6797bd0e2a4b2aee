"""What the cards say in a class: its own words where it wrote some, else the catalogue's.

Each function asks the database once, however many texts it gives back. ``language`` is a code
of ``settings.LANGUAGES``; the catalogue's texts come back in it, as ``str``.
"""

from collections.abc import Iterable

from django.utils import translation

from classrooms.models import Classroom
from coaching.catalogue import PICTURES, QUESTIONS, STARTERS
from coaching.models import CardText, Starter


def questions(classroom: Classroom, language: str) -> dict[str, str]:
    """Card → the question above it, for every card of ``catalogue.QUESTIONS``."""
    own = CardText.objects.filter(classroom=classroom, language=language, card__in=QUESTIONS)
    return our_questions(language) | dict(own.order_by("pk").values_list("card", "text"))


def question(classroom: Classroom, card: str, language: str) -> str:
    """The question above one card: the newest of the class's own, else the catalogue's."""
    own = CardText.objects.filter(classroom=classroom, language=language, card=card)
    text = own.order_by("-pk").values_list("text", flat=True).first()
    return text or our_questions(language)[card]


def all_starters(classroom: Classroom, language: str) -> dict[str, list[tuple[str, str]]]:
    """Group → its starters as ``(key, text)``, for every group of ``catalogue.GROUPS``.

    A key such as "stuck-1" names the place in the group, from 1; ``HelpRequest.starter``
    keeps it. A class's own starters take the place of the whole group.
    """
    own: dict[str, list[str]] = {}
    rows = Starter.objects.filter(classroom=classroom, language=language)
    for group, text in rows.values_list("group", "text"):
        own.setdefault(group, []).append(text)
    ours = our_starters(language)
    return {group: _keyed(group, own.get(group) or ours[group]) for group in ours}


def starters(classroom: Classroom, group: str, language: str) -> list[tuple[str, str]]:
    """One group's starters as ``(key, text)``; see ``all_starters``."""
    own = Starter.objects.filter(classroom=classroom, language=language, group=group)
    texts = list(own.values_list("text", flat=True))
    return _keyed(group, texts or our_starters(language)[group])


def our_questions(language: str) -> dict[str, str]:
    """The catalogue's questions by card, without a look at the database."""
    with translation.override(language):
        return {card: str(text) for card, text in QUESTIONS.items()}


def our_starters(language: str) -> dict[str, list[str]]:
    """The catalogue's starters by group, without a look at the database."""
    with translation.override(language):
        return {group: [str(text) for text in texts] for group, texts in STARTERS.items()}


def _keyed(group: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    return [(f"{group}-{place}", text) for place, text in enumerate(texts, start=1)]


def starter(classroom: Classroom, language: str, key: str) -> str:
    """The sentence that a key names, with pictures too; "" where there is none any more."""
    with translation.override(language):
        pictures = {each: str(sentence) for each, _picture, sentence in PICTURES}
    listed = all_starters(classroom, language).values()
    return (pictures | dict(pair for group in listed for pair in group)).get(key, "")
