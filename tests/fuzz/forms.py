"""The forms of a page, as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """Where it goes, and what is in it; ``files``: fields that take one."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.named: dict[str, Form] = {}
        self.open: Form | None = None
        self.links: list[str] = []
        #: Fields that belong to a form elsewhere on the page, by its id.
        self.strays: list[tuple[str, str, str, str | None]] = []

    def handle_starttag(self, tag, attrs) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(told.get("action") or self.address, told.get("method", "get").lower())
            self.forms.append(self.open)
            self.named[told.get("id", "")] = self.open
        elif tag == "a":
            self.links.append(told.get("href", ""))
        elif tag in ("input", "textarea", "select", "button") and told.get("name"):
            self._add(told)
        elif tag == "option" and self.open and self.open.fields and "value" in told:
            name, value = self.open.fields[-1]
            if not value or "selected" in told:
                self.open.fields[-1] = (name, told["value"])
        if told.get("formaction") or told.get("hx-post"):
            extra = {told["name"]: told.get("value", "")} if told.get("name") else {}
            there = told.get("formaction") or told["hx-post"]
            self.forms.append(Form(there, "post", list(extra.items())))

    def _add(self, told: dict[str, str]) -> None:
        form = self.named.get(told["form"]) if told.get("form") else self.open
        if form is None:
            return
        if told.get("type") == "file":
            form.files.add(told["name"])
        form.fields.append((told["name"], told.get("value", "")))

    def handle_endtag(self, tag) -> None:
        if tag == "form":
            self.open = None


def read(page: str, address: str) -> tuple[list[Form], list[str]]:
    """Its forms, and where its links lead."""
    reader = _Reader(address)
    reader.feed(page)
    return reader.forms, reader.links
