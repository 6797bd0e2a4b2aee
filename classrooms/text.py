"""Cleaning of what people type: names, titles and longer texts.

Promises: what comes out is NFC, holds nothing invisible that could hide or turn
text around, no piles of accents, no stray white space, and cleaning it again
changes nothing. The work grows with the length of the text and no faster. What
cannot be kept is refused with a ValidationError of one sentence that says what to
change; nothing else is ever raised. Lengths are in code points unless a name says
bytes.
"""

import hashlib
import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: Code points of a name, and of the form in which it is compared (Membership.name_key).
NAME_LENGTH = 60
KEY_LENGTH = 180
#: Marks above or below one letter (Tibetan needs three), and marks of all kinds after one
#: (Burmese needs five).
STACKED_MARKS = 3
MARKS_IN_A_ROW = 8
#: Python sorts a run of marks in quadratic time, so runs are cut before they are normalised.
#: 30 is what Unicode's own Stream-Safe Text Format allows.
_SORTABLE_MARKS = 30

#: U+200C keeps letters apart, U+200D ties letters or emoji together.
_JOINERS = frozenset("\u200c\u200d")
#: Variation selectors: Mongolian, standard, and the ones of Chinese characters in names.
_SELECTORS = frozenset(
    map(chr, (*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
_LOOSE = _JOINERS | _SELECTORS
#: Letters and signs that look like nothing: a name made of them could not be seen.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufffc")
_BLANK_SIGN = "\u2800"
#: Format characters that are drawn: number and verse signs that reach around their digits.
_DRAWN_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd"
)
#: Emoji of a Unicode version younger than this Python; the whole range is set aside for them.
_PICTURES = ("\U0001f300", "\U0001faff")
_TAGS = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)"
    "|[\U000e0020-\U000e007f]"
)
_KEYCAP = "\u20e3"
_PICTURE_PUNCTUATION = "\u203c\u2049\u3030"
#: Scripts whose letters change shape beside a joiner: Arabic to Myanmar, Khmer to Vedic signs,
#: later Indic blocks, Arabic forms, historic Semitic to Indic, Adlam.
_SHAPED_RANGES = (
    ("\u0600", "\u109f"),
    ("\u1700", "\u1cff"),
    ("\ua800", "\uaaff"),
    ("\ufb50", "\ufdff"),
    ("\U00010a00", "\U00011fff"),
    ("\U0001e900", "\U0001e95f"),
)
_VIRAMA_CLASS = 9
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
#: Phones type curly apostrophes and long dashes where a roster has straight and short ones.
_SAME_SIGN = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u02bb\u02bc\u00b4`", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)


def clean_line(value: str, *, limit: int) -> str:
    """``value`` as one clean line of at most ``limit`` code points; it may be empty."""
    line = _tidy(value, keep_lines=False)
    if len(line) > limit:
        raise ValidationError(
            _("Please make this shorter: %(limit)d characters at most.") % {"limit": limit},
            code="too_long",
        )
    return line


def clean_text(value: str, *, limit: int = 2000, byte_limit: int = 8192) -> str:
    """``value`` clean, with its line breaks, and never more than two blank lines in a row.

    ``limit`` counts code points, ``byte_limit`` bytes of UTF-8.
    """
    text = _tidy(value, keep_lines=True)
    if len(text) > limit:
        raise ValidationError(
            _("Please make this shorter: %(limit)d characters at most.") % {"limit": limit},
            code="too_long",
        )
    if len(text.encode()) > byte_limit:
        raise ValidationError(
            _("Please make this a bit shorter: emoji and special letters take more room."),
            code="too_many_bytes",
        )
    return text


def clean_name(value: str, *, limit: int = NAME_LENGTH) -> str:
    """``value`` as a name: one line, with a letter or digit of any script in it."""
    name = _tidy(value, keep_lines=False)
    if not any(unicodedata.category(char)[0] in "LN" for char in name):
        raise ValidationError(_("Please write a name with at least one letter."), code="no_letter")
    if len(name) > limit:
        raise ValidationError(
            _("Please use a shorter name: %(limit)d characters at most.") % {"limit": limit},
            code="too_long",
        )
    return name


def name_key(name: str) -> str:
    """The form in which two names are the same name; at most KEY_LENGTH code points.

    Width, case, white space, joiners, and the kind of apostrophe and dash do not count.
    """
    key = _tidy(name, keep_lines=False)
    for _round in range(2):  # one letter may only show its small form after the first
        key = unicodedata.normalize("NFD", key.translate(_SAME_SIGN)).casefold()
        key = unicodedata.normalize("NFKC", key)
    key = " ".join("".join(char for char in key if char not in _LOOSE).split())
    if len(key) <= KEY_LENGTH:
        return key
    # A single letter may unfold to eighteen; what the column cannot hold is kept as a digest.
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"{key[: KEY_LENGTH - 33]}#{digest}"


def _tidy(text: str, *, keep_lines: bool) -> str:
    if keep_lines:
        text = _LINE_ENDS.sub("\n", text)
    text = "".join(_seen(char, keep_lines) for char in text)
    if not text.isascii():
        text = _tidy_marks(text)
    if keep_lines:
        text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
        text = re.sub("\n{4,}", "\n\n\n", text).strip("\n")
    else:
        text = " ".join(text.split())
    return text


def _tidy_marks(text: str) -> str:
    """``text`` as NFC, with the marks, joiners and selectors that have work to do."""
    text = _TAGS.sub(lambda found: found[1] or "", text)
    text = _without_piles(text, stacked=_SORTABLE_MARKS, in_a_row=_SORTABLE_MARKS)
    text = unicodedata.normalize("NFC", text)
    text = _without_piles(text, stacked=STACKED_MARKS, in_a_row=MARKS_IN_A_ROW)
    # What is taken out may have kept marks apart, which then join or change places. Marks are
    # few in a row by now, so that this comes to rest after a few rounds.
    while (tidier := unicodedata.normalize("NFC", _without_loose(text))) != text:
        text = tidier
    return text


def _seen(char: str, keep_lines: bool) -> str:
    """``char`` if it can be seen or shapes what can; a space for any white space; else nothing."""
    if " " <= char <= "~":
        return char
    if char.isspace() or char == _BLANK_SIGN:
        return "\n" if keep_lines and char == "\n" else " "
    category = unicodedata.category(char)
    if category == "Cn":
        return char if _PICTURES[0] <= char <= _PICTURES[1] else ""
    if category == "Cf":
        kept = char in _JOINERS or char in _DRAWN_FORMATS or _TAGS.match(char)
        return char if kept else ""
    if category[0] == "C" or char in _BLANK_LETTERS:
        return ""
    return char


def _without_piles(text: str, *, stacked: int, in_a_row: int) -> str:
    """At most ``stacked`` marks above and below a letter, and ``in_a_row`` of all kinds."""
    kept = []
    piled = row = 0
    for char in text:
        if char in _LOOSE:  # cannot be seen, so does not start a new letter either
            kept.append(char)
            continue
        category = unicodedata.category(char)
        if category[0] != "M":
            piled = row = 0
        else:
            row += 1
            piled += category != "Mc"
            if piled > stacked or row > in_a_row:
                continue
        kept.append(char)
    return "".join(kept)


def _without_loose(text: str) -> str:
    """Joiners and variation selectors only where they shape what is beside them."""
    if _LOOSE.isdisjoint(text):
        return text
    kept: list[str] = []
    for index, char in enumerate(text):
        if char in _LOOSE:
            before = kept[-1] if kept else ""
            after = text[index + 1 : index + 2]
            works = _joins if char in _JOINERS else _selects
            if not works(before, after):
                continue
        kept.append(char)
    return "".join(kept)


def _joins(before: str, after: str) -> bool:
    """Whether a joiner between these two has work to do."""
    if after in _LOOSE:
        after = ""  # a selector or joiner behind a joiner does nothing and is taken out next
    if before and unicodedata.combining(before) == _VIRAMA_CLASS:
        return True  # also at the end of a word: older Malayalam writes its final n this way
    if _is_shaped(before) and _is_shaped(after):
        return True
    is_picture_before = _is_picture(before) or before in _SELECTORS
    return is_picture_before and _is_picture(after)


def _selects(before: str, after: str) -> bool:
    """Whether a variation selector between these two has work to do."""
    if not before:
        return False
    if before.isascii():
        return before in "0123456789#*" and after == _KEYCAP
    is_caseless = unicodedata.category(before) == "Lo"  # Chinese, Mongolian, …: variant forms
    return is_caseless or before in _PICTURE_PUNCTUATION or _is_picture(before)


def _is_picture(char: str) -> bool:
    """An emoji, or a sign that can be one (so can ©, ↔ and skin tones)."""
    return bool(char) and not char.isascii() and unicodedata.category(char) in _PICTURE_KINDS


_PICTURE_KINDS = frozenset({"So", "Sm", "Sk", "Cn"})


def _is_shaped(char: str) -> bool:
    return (
        bool(char)
        and unicodedata.category(char)[0] in "LM"
        and any(first <= char <= last for first, last in _SHAPED_RANGES)
    )
