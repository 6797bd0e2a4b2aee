"""What somebody at a browser sees and can do on a page, read from its HTML alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form to fill in. ``fields`` are values as they stand, ``choices`` what radio buttons
    and buttons with a name offer: name → (value, words)."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Button:
    """A button that sends the page's one empty form (``#move``) to an address of its own."""

    url: str
    fields: dict[str, str]


@dataclass
class Row:
    """A hand in the helpers' line; ``helper`` is the id of who has it, or empty."""

    key: str
    status: str
    helper: str
    name: str = ""


@dataclass
class Page:
    """One page. ``status`` is what a student reads of their own request, ``me`` one's id."""

    forms: list[Form] = field(default_factory=list)
    buttons: dict[str, Button] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    status: str = ""
    me: str = ""
    class_code: str = ""
    address: str = ""
    http_status: int = 200

    @property
    def token(self) -> str:
        """What every form of the page carries against forged requests."""
        tokens = (form.fields.get("csrfmiddlewaretoken", "") for form in self.forms)
        return next(filter(None, tokens), "")

    def form_with(self, name: str) -> Form | None:
        """The form that asks for ``name``."""
        asking = (form for form in self.forms if name in form.fields or name in form.choices)
        return next(asking, None)

    def waiting(self) -> list[Row]:
        return [row for row in self.rows if row.status == "waiting"]


def read_page(html: str, address: str = "", http_status: int = 200) -> Page:
    reader = _Reader(Page(address=address, http_status=http_status))
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.form: Form | None = None
        self.choice: tuple[str, str] | None = None
        self.words: list[str] = []
        #: The tag whose end we wait for, and who is told the words before it.
        self.catching: tuple[str, Callable[[str], None]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        classes = known.get("class", "").split()
        if tag == "form":
            self.form = Form(known.get("action", ""))
            self.page.forms.append(self.form)
        elif tag in ("input", "textarea", "select"):
            self._field(known)
        elif tag == "button" and "formaction" in known:
            named = {known["name"]: known.get("value", "")} if known.get("name") else {}
            self.page.buttons[known.get("id", "")] = Button(known["formaction"], named)
        elif tag == "button" and self.form is not None and known.get("name"):
            self.choice = (known["name"], known.get("value", ""))
            self._catch(tag, self._choice)
        elif tag == "li" and "queue-item" in classes:
            self._row(known, classes)
        elif tag == "main":
            self.page.me = known.get("data-me", "")
        elif known.get("id") == "my-request":
            self.page.status = known.get("data-status", "")
        elif tag == "label" and "choice" in classes:
            self._catch(tag, self._choice)
        elif "queue-item__name" in classes:
            self._catch(tag, self._name)
        elif "board__letters" in classes:
            self._catch(tag, self._code)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        if self.catching is not None and tag == self.catching[0]:
            tell, self.catching = self.catching[1], None
            tell(" ".join("".join(self.words).split()))

    def handle_data(self, data: str) -> None:
        if self.catching is not None:
            self.words.append(data)

    def _catch(self, tag: str, tell: Callable[[str], None]) -> None:
        self.catching, self.words = (tag, tell), []

    def _field(self, known: dict[str, str]) -> None:
        if self.form is None or not known.get("name"):
            return
        name, value = known["name"], known.get("value", "")
        if known.get("type") in ("radio", "checkbox"):
            self.choice = (name, value)
        else:
            self.form.fields[name] = value

    def _row(self, known: dict[str, str], classes: list[str]) -> None:
        status = next((c.removeprefix("queue-item--") for c in classes if "--" in c), "")
        key = known.get("id", "").removeprefix("request-")
        self.page.rows.append(Row(key, status, known.get("data-helper", "")))

    def _choice(self, words: str) -> None:
        if self.form is not None and self.choice is not None:
            name, value = self.choice
            self.form.choices.setdefault(name, []).append((value, words))
        self.choice = None

    def _name(self, words: str) -> None:
        if self.page.rows:
            self.page.rows[-1].name = words

    def _code(self, words: str) -> None:
        self.page.class_code = words
