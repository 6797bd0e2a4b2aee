"""Every text that the product shows, taken from its sources, and a made-up language of them.

The pseudo-language is written in Arabic letters, right to left: a page in it that still
shows Latin words has a text that nobody marked for translation.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from django.conf import settings
from django.utils.translation.reloader import translation_file_changed
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = (
    "accounts",
    "checkins",
    "classrooms",
    "coaching",
    "demo",
    "helpdesk",
    "live",
    "records",
    "requests_app",
    "resources",
)
SOURCES = (*APPS, "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_HOLES = re.compile(r"%\([a-z_]+\)[sd]|%[sd%]|<[^>]+>|&[a-z]+;")
#: No word that is added is longer: a line can break between them, as in any language.
LONGEST = 10
_LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابچدهفگحیجکلمنوپقرستثوشخیز")


def messages() -> Iterator[tuple[str | tuple, str | None, str]]:
    """``(message or plural forms, context, file)`` for every marked text."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                source = path.read_bytes()
            elif path.suffix in (".html", ".txt"):
                # Not quite Python: what stands for markup must not look indented.
                lines = templatize(path.read_text(encoding="utf-8")).splitlines()
                source = "\n".join(line.strip() for line in lines).encode()
            else:
                continue
            found = extract("python", io.BytesIO(source), KEYWORDS, options={"encoding": "utf-8"})
            for _line, message, _comments, context in found:
                if message:
                    yield message, context, str(path.relative_to(ROOT))


def pseudo(text: str) -> str:
    """The text in made-up words: letters changed, holes and tags kept, a third longer."""
    kept = _HOLES.findall(text)
    parts = [part.lower().translate(_LETTERS) for part in _HOLES.split(text)]
    made = "".join(part + hole for part, hole in zip(parts, [*kept, ""], strict=True))
    longer = len(text) // 3
    words = ["ـ" * min(LONGEST, longer - start) for start in range(0, longer, LONGEST)]
    return " ".join([made, *words]).strip()


def write_pseudo_language(language: str = "ar") -> None:
    """Compile the made-up language into the first of ``settings.LOCALE_PATHS``."""
    catalog = Catalog(locale=language)
    for message, context, _path in messages():
        forms = message if isinstance(message, tuple) else (message,)
        plural = len([form for form in forms if form]) > 1
        made = (
            tuple(pseudo(forms[1]) for _ in range(catalog.num_plurals))
            if plural
            else pseudo(forms[0])
        )
        catalog.add(tuple(forms[:2]) if plural else forms[0], made, context=context)
    folder = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "django.mo.new"
    with unfinished.open("wb") as file:
        write_mo(file, catalog)
    written = unfinished.replace(folder / "django.mo")
    translation_file_changed(None, written)  # whoever read the language before reads it again
