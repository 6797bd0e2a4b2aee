"""The pictures: lucide's own tag, with each picture drawn once.

Drawing copies and writes an XML tree, 30 µs; a row of the queue has up to a dozen of them.
"""

from functools import lru_cache

from django import template
from lucide.templatetags import lucide as library

register = template.Library()
_drawn = lru_cache(maxsize=512)(library.lucide)


@register.simple_tag
def lucide(name: str, **look: object) -> str:
    """The picture of that name as inline SVG; ``look``: ``size`` and SVG attributes."""
    return _drawn(name, **look)
