"""What the live regions are drawn with."""

from typing import Any

from django import template
from django.utils.html import format_html

from classrooms.templatetags.icons import lucide

register = template.Library()
ICON: Any = {"class": "icon", "aria_hidden": "true"}


@register.simple_tag
def button(
    label: str, url: str, *, id: str = "", icon: str = "", look: str = "", name: str = "", value=""
) -> str:
    """The one way to draw "do this".

    It submits the page's one form from wherever it stands, so a region needs no token, a region
    that is replaced takes no answer with it, and it works without JavaScript. ``look``: more
    classes; ``icon``: the name of a picture. Not a template: a row has four of these, and as
    included templates they took half of its time.
    """
    return format_html(
        '<button type="submit"{} class="btn {}" form="move" formaction="{}"{}>{}{}</button>',
        format_html(' id="{}"', id) if id else "",
        look,
        url,
        format_html(' name="{}" value="{}"', name, value) if name else "",
        lucide(icon, **ICON) if icon else "",
        label,
    )
