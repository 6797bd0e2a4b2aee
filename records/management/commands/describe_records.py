"""Prints what is kept about people, or writes it into docs/privacy.md (``--write``)."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation

from records import registry

BEGIN, END = "<!-- what is kept: begin -->", "<!-- what is kept: end -->"


def privacy_page() -> Path:
    return Path(settings.BASE_DIR, "docs", "privacy.md")


def table() -> str:
    with translation.override("en"):
        return registry.described()


class Command(BaseCommand):
    help = "Prints what is kept about people, why, who sees it and how long."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="Write it into docs/privacy.md.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(table())
            return
        page = privacy_page()
        before, _begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        _old, _end, after = rest.partition(END)
        written = f"{before}{BEGIN}\n{table()}\n{END}{after}"
        page.write_text(written, encoding="utf-8")
