"""The pictures of lucide that pages use, all in one file: a browser fetches it once.

Drawn into each page they were two fifths of a row of the queue, which every helper is sent.
"""

from functools import cache

from lucide.templatetags import lucide as library

#: The file, as ``static`` knows it; helpdesk/static.py makes it.
SPRITE = "img/icons.svg"
#: Every picture that a page shows. A new one is added here, by lucide's name.
NAMES = (
    "apple", "arrow-down", "arrow-up", "bird", "book-open", "calendar", "calendar-clock",
    "car", "cat", "check", "check-check", "chevron-right", "circle-dashed",
    "circle-question-mark", "clipboard-list", "clock", "door-open", "ear", "ellipsis",
    "external-link", "eye", "feather", "fish", "flower", "footprints", "hand", "history",
    "hourglass", "house", "lightbulb", "list-checks", "lock", "log-in", "message-circle",
    "message-circle-heart", "messages-square", "moon", "notebook-pen", "octagon-pause",
    "pause", "pencil", "phone", "play", "plus", "presentation", "printer", "school",
    "search", "sparkles", "sprout", "star", "sun", "tree-pine", "turtle", "undo-2",
    "user-round", "users", "wind", "wrench",
)  # fmt: skip
#: What an icon looks like unless a style says otherwise; its stroke is the page's own.
_LOOK = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'


@cache
def sprite() -> str:
    """Every picture as a symbol, under its name."""
    symbols = (
        f'<symbol id="{name}" viewBox="0 0 24 24" {_LOOK}>{_lines(name)}</symbol>' for name in NAMES
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def _lines(name: str) -> str:
    """What stands inside lucide's own ``<svg>``."""
    return library.lucide(name).partition(">")[2].rpartition("</svg>")[0].replace("\n", "").strip()
