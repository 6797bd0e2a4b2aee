"""Names that look the same: the skeleton of Unicode's UTS 39, with the table of a kept library.

``look_key`` of two names is the same if nobody could tell them apart on a screen: a Cyrillic "а"
for a Latin one, a digit one for a small L, "rn" for "m". It compares and is never shown.
"""

import unicodedata
from functools import cache

from confusable_homoglyphs.confusables import confusables_data

from classrooms.text import name_key

#: The table wraps letters of scripts that run from right to left in this mark.
_MARK = "\u200e"


@cache
def _prototypes() -> dict[str, str]:
    """Each sign that looks like another → the one that stands for all that look so.

    The table is a star of both directions, without saying which sign is its middle: all that
    hang together are one group. A group's sequence ("rn") stands for it, as in UTS 39.
    """
    group: dict[str, set[str]] = {}
    for sign, others in confusables_data.items():
        together = {sign.strip(_MARK), *(each["c"].strip(_MARK) for each in others)} - {""}
        merged = set().union(together, *(group.get(each, set()) for each in together))
        group |= dict.fromkeys(merged, merged)
    found: dict[str, str] = {}
    for signs in {id(each): each for each in group.values()}.values():
        middle = min(signs, key=lambda sign: (-len(sign), not sign.isascii(), sign))
        found |= {sign: middle for sign in signs if len(sign) == 1}
    return found


def look_key(name: str) -> str:
    """The form in which two names look the same; at most KEY_LENGTH code points.

    Letters are compared as they look, so before they are made small: "Ian" is "lan".
    """
    prototypes = _prototypes()
    tidy = unicodedata.normalize("NFKD", name)
    looks = "".join(prototypes.get(sign, sign) for sign in tidy)
    return name_key(looks)
