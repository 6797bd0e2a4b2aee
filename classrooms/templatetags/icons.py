"""The pictures of lucide, each of which the browser takes from one file."""

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from classrooms.icons import NAMES, SPRITE

register = template.Library()


@register.simple_tag
def lucide(name: str, *, size: int | None = None, **look: str) -> SafeString:
    """The picture of that name; ``look``: attributes. ``size``: pixels, where no style says it.

    Raises KeyError for one that is not in ``classrooms.icons.NAMES``.
    """
    if size is not None:
        look |= {"width": str(size), "height": str(size)}
    return _drawn(static(SPRITE), name, **look)


@lru_cache(maxsize=512)
def _drawn(sprite: str, name: str, **look: str) -> SafeString:
    if name not in NAMES:
        raise KeyError(f"{name}: add it to classrooms/icons.py")
    named = ((key.replace("_", "-"), value) for key, value in look.items())
    attributes = format_html_join("", ' {}="{}"', named)
    return format_html('<svg{}><use href="{}#{}"/></svg>', attributes, sprite, name)
