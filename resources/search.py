"""One search box over the directory and the pathways: plain words, typing mistakes forgiven.

Promises: any text is an answer, never an exception; the work is bounded however long
the text is; operators mean nothing; and nothing about a search is kept or logged. The
words of a text are the same on both databases (``plain``); SQLite finds them with
FTS5, PostgreSQL with its full-text search. Mistakes are mended by difflib on both: PostgreSQL's
trigrams know "lucnh" for "lunch" by two groups of letters in ten, too few to tell it from others.
"""

import re
import unicodedata
from difflib import get_close_matches

from django.db import connection
from django.utils.translation import pgettext

from resources.models import Entry, Pathway, SearchText, today_in

#: Code points and words of a query that are looked at.
MOST_TYPED, MOST_WORDS = 400, 8
#: Entries and pathways in an answer.
MOST_FOUND = 50
#: How alike two words are that differ by a typing mistake (difflib's ratio).
_ALIKE = 0.72
#: Shorter words are not mended: too much is like them.
_MENDED_LENGTH = 4
_WORD = re.compile(r"[^\W_]+")
#: What asks for nothing: operators of other search boxes, alone.
_OPERATORS = re.compile(r"(?:AND|OR|NOT|NEAR|[\W_])*")
#: Chinese and Japanese write no spaces, so each sign is a word.
_SIGN = re.compile("([\u3040-\u30ff\u3400-\u9fff])")

_FOUND = {
    "sqlite": (
        "SELECT t.id FROM resources_words w JOIN resources_searchtext t ON t.id = w.rowid"
        " WHERE resources_words MATCH %s AND t.school_id = %s"
        " ORDER BY bm25(resources_words, 5.0, 1.0), t.id LIMIT 200"
    ),
    "postgresql": (
        "SELECT t.id FROM resources_searchtext t, to_tsquery('simple', %s) q"
        " WHERE to_tsvector('simple', t.title || ' ' || t.body) @@ q AND t.school_id = %s"
        " ORDER BY ts_rank(setweight(to_tsvector('simple', t.title), 'A')"
        " || setweight(to_tsvector('simple', t.body), 'D'), q) DESC, t.id LIMIT 200"
    ),
}
_VOCABULARY = {
    "sqlite": "SELECT term FROM resources_vocabulary WHERE length(term) BETWEEN %s AND %s",
    "postgresql": (
        "SELECT word FROM ts_stat("
        "'SELECT to_tsvector(''simple'', title || '' '' || body) FROM resources_searchtext')"
        " WHERE length(word) BETWEEN %s AND %s"
    ),
}


def plain(text: str) -> str:
    """``text`` as words in small letters without accents, a space between them."""
    loose = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(char for char in loose if not unicodedata.combining(char))
    return " ".join(_WORD.findall(_SIGN.sub(r" \1 ", letters)))


def find(school, classroom, typed: str) -> list[Entry | Pathway]:
    """What fits best comes first; only what may be seen there today.

    ``classroom`` may be None: then the school's own alone.
    """
    words = _words(typed)
    if not words or _OPERATORS.fullmatch(typed[:MOST_TYPED]):
        return []
    found = _matching(school, _all_of([[word] for word in words]))
    if not found:
        mended = [_mended(word) for word in words]
        found = _matching(school, _all_of(mended)) or _matching(school, _any_of(mended))
    return _visible(school, classroom, found)[:MOST_FOUND]


def _words(typed: str) -> list[str]:
    """The words that say something; all of them where none does."""
    words = list(dict.fromkeys(plain(typed[:MOST_TYPED]).split()))
    common = set(
        plain(
            pgettext(
                "words that a search leaves out",
                "a about am an and any are at be can could do does find for from get have help "
                "how i if in is it me my need of on or please should so some somebody someone "
                "that the there this to want we what when where who why will with would you",
            )
        ).split()
    )
    telling = [word for word in words if word not in common]
    return (telling or words)[:MOST_WORDS]


#: For each word that was typed, the words that may be meant.
Meant = list[list[str]]


def _all_of(words: Meant) -> str:
    return " AND ".join(_one_of(meant) for meant in words)


def _any_of(words: Meant) -> str:
    return " OR ".join(_one_of(meant) for meant in words)


def _one_of(meant: list[str]) -> str:
    return "(" + " OR ".join(_starting_with(word) for word in meant) + ")"


def _starting_with(word: str) -> str:
    """Quoted: letters and digits alone come here, and no word of them is an operator.

    One sign alone is a whole word: too much begins with it.
    """
    if len(word) == 1:
        return f'"{word}"' if connection.vendor == "sqlite" else f"'{word}'"
    return f'"{word}"*' if connection.vendor == "sqlite" else f"'{word}':*"


def _matching(school, query: str) -> list[int]:
    """Ids of SearchText, best first."""
    if connection.vendor == "postgresql":
        query = query.replace(" AND ", " & ").replace(" OR ", " | ")
    with connection.cursor() as cursor:
        cursor.execute(_FOUND[connection.vendor], [query, school.pk])
        return [pk for (pk,) in cursor.fetchall()]


def _mended(word: str) -> list[str]:
    """The word itself, without its ending, and up to three written words that look like it."""
    if len(word) < _MENDED_LENGTH or len(word) > 40:
        return [word]
    with connection.cursor() as cursor:
        cursor.execute(_VOCABULARY[connection.vendor], [len(word) - 2, len(word) + 2])
        known = [term for (term,) in cursor.fetchall()]
    return [word, *_stem(word), *get_close_matches(word, known, n=3, cutoff=_ALIKE)]


def _stem(word: str) -> list[str]:
    """What "bullied" and "bullying" begin with, if enough of the word is left."""
    endings = pgettext(
        "endings that a search leaves out, the longer ones first", "ying ied ies ing ed es y s"
    )
    for ending in plain(endings).split():
        if word.endswith(ending) and len(word) - len(ending) >= _MENDED_LENGTH:
            return [word.removesuffix(ending)]
    return []


def _visible(school, classroom, ids: list[int]) -> list[Entry | Pathway]:
    texts = SearchText.objects.in_bulk(ids)
    current = Entry.objects.for_class(school, classroom).current(today_in(school))
    entries = current.in_bulk([text.entry_id for text in texts.values() if text.entry_id])
    shown = Pathway.objects.filter(school=school, published_at__isnull=False)
    pathways = shown.in_bulk([text.pathway_id for text in texts.values() if text.pathway_id])
    found = (
        entries.get(texts[pk].entry_id)
        if texts[pk].entry_id
        else pathways.get(texts[pk].pathway_id)
        for pk in ids
    )
    return [thing for thing in found if thing is not None]


def suggest(school, classroom, words: str, most: int = 3) -> list[Entry]:
    """Entries that may help somebody who waits and whose request is about ``words``."""
    found = [thing for thing in find(school, classroom, words) if isinstance(thing, Entry)]
    return found[:most]
