"""Class codes, slugs and PINs: made at random, read kindly.

Promises: what is made comes from ``secrets``; what is read is never guessed. A code
is found in whatever way people pass it on (small letters, dashes, quotes, a whole
link), but a letter that only looks like another is not taken for it.
"""

import re
import secrets
import unicodedata
from urllib.parse import unquote_plus

from django.utils.text import slugify

#: 31 signs that nobody confuses when read from a board: no I, L, O, 0 and 1.
#: Eight of them are 39.6 bits (reliability.md T1).
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8
PIN_LENGTH = 4
#: Code points of the name that a slug keeps.
SLUG_NAME_LENGTH = 30
#: Longer than any join link (code points); more is not looked at.
_LONGEST = 500
_LINK = re.compile(r"[?&]code=([^&#\s]*)|/join/([^/?#\s]+)", re.IGNORECASE)
_AROUND = " \t\r\n\"'`´‘’‚‛“”„‟«»‹›「」『』()[]<>.,:;!"
#: Dashes beside Unicode's own kind: minus, small minus, hyphen bullet, soft hyphen, and the
#: long-vowel sign that a Japanese keyboard types in place of a dash.
_OTHER_DASHES = "\u2212\u02d7\u2043\u00ad\u30fc"


def new_code() -> str:
    return _random(CODE_LENGTH)


def show_code(code: str) -> str:
    """The code as people read it: ``K7QM-4XRD``."""
    return f"{code[:4]}-{code[4:]}"


def normalise_code(text: str) -> str | None:
    """The class code in what somebody typed or pasted; None if there cannot be one."""
    if len(text) > _LONGEST:
        return None
    text = unicodedata.normalize("NFKC", text.strip(_AROUND))
    links = [found[1] or found[2] or "" for found in _LINK.finditer(text)]
    code = _bare(unquote_plus(links[0]) if links else text)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else None


def new_slug(name: str) -> str:
    """An address for a class: ``year-9-computing-k7qm4x``, or ten random signs.

    A name without Latin letters (数学) leaves nothing an address could show.
    """
    words = slugify(name)[:SLUG_NAME_LENGTH].strip("-_")
    if not any("a" <= char <= "z" for char in words):
        return _random(10).lower()
    return f"{words}-{_random(6).lower()}"


def new_pin() -> str:
    return f"{secrets.randbelow(10**PIN_LENGTH):0{PIN_LENGTH}d}"


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _each in range(length))


def _bare(text: str) -> str:
    """Without white space, dashes, invisible signs and what surrounds it; large if ASCII."""
    bare = "".join(char for char in text if not _is_between(char)).strip(_AROUND)
    return bare.upper() if bare.isascii() else ""  # "ß".upper() would make up letters


def _is_between(char: str) -> bool:
    return char.isspace() or char in _OTHER_DASHES or unicodedata.category(char) in ("Pd", "Cf")
