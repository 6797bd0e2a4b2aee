"""What is true of every answer, whatever was asked: its headers, its time, and what it never holds.

The parser's refusals, those of a socket's handshake and the pages of Django are held to one list.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

#: Seconds of work that one answer may take, and seconds until one that does not come is missed: on
#: a busy machine an answer waits for others' work.
WORK, PATIENCE = 2.0, 30.0
#: Typed by nobody: an answer that has it as it stands would run it.
MARK = "<svg onload=fuzz()>"
#: A header that somebody tries to smuggle into an answer.
SMUGGLED = "x-smuggled"
#: They say so while a part is away, and in tests there is no clock.
MAY_SAY_503 = ("/readyz",)

#: In place of a status: the line was closed without a word, or kept open without one.
CLOSED, OPEN = 0, -1

_OFF = r"\(\)"
#: Header → what it must match.
REQUIRED = {
    "content-security-policy": (
        r"(?=.*default-src 'none')(?=.*base-uri 'none')(?=.*frame-ancestors 'none')(?!.*unsafe)"
    ),
    "permissions-policy": rf"(?=.*camera={_OFF})(?=.*geolocation={_OFF})(?=.*microphone={_OFF})",
    "cross-origin-opener-policy": "^same-origin$",
    "cross-origin-resource-policy": "^same-origin$",
    "x-content-type-options": "^nosniff$",
    "x-frame-options": "^DENY$",
    "referrer-policy": "^same-origin$",
    "cache-control": "no-store|max-age",
}
#: Told to nobody: what answers, and in which version; and no other website reads an answer.
FORBIDDEN = ("server", "x-powered-by", "access-control-allow-origin", SMUGGLED)


@dataclass(frozen=True)
class Answer:
    """One answer; names of headers are small letters."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float = 0

    def get(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key == name)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def missing_headers(answer: Answer, path: str = "/") -> list[str]:
    """What is wrong with its headers."""
    found = [
        f"{name}: {answer.get(name) or 'missing'}"
        for name, wanted in REQUIRED.items()
        if not re.search(wanted, answer.get(name))
    ]
    found += [f"{name} is told" for name in FORBIDDEN if answer.get(name)]
    if not path.startswith("/static/") and "no-store" not in answer.get("cache-control"):
        found.append(f"may be kept: {answer.get('cache-control')}")
    if answer.body and not answer.get("content-type"):
        found.append("content-type: missing")
    kind = answer.get("content-type").lower().replace('"', "")
    if kind.startswith("text/") and "charset=utf-8" not in kind:
        found.append(f"no character set: {kind}")
    cookies = [value.lower() for name, value in answer.headers if name == "set-cookie"]
    set_now = [each for each in cookies if "max-age=0" not in each]
    found += [f"a script may read {each.partition('=')[0]}, or other sites send it"
              for each in set_now if "httponly" not in each or "samesite=" not in each]  # fmt: skip
    return found


def faults_of(answer: Answer, path: str, is_our_own: Callable[[str], bool]) -> list[str]:
    """Whatever no answer may be; ``is_our_own`` tells an origin of ours."""
    if answer.status in (CLOSED, OPEN):
        return ["no answer" + (", and the line stays open" if answer.status == OPEN else "")]
    found = missing_headers(answer, path)
    if answer.status >= 500 and not path.startswith(MAY_SAY_503):
        found.append(f"status {answer.status}")
    if answer.seconds > WORK:
        found.append(f"{answer.seconds:.1f} s of work")
    if MARK in answer.text and "html" in answer.get("content-type"):
        found.append("what was sent stands in the page as markup")
    if "Traceback (most recent" in answer.text:
        found.append("a traceback")
    for name in ("location", "hx-redirect"):
        if (there := answer.get(name)) and not _stays_here(there, is_our_own):
            found.append(f"sends on to {there[:200]}")
    return found


def _stays_here(there: str, is_our_own: Callable[[str], bool]) -> bool:
    if "\\" in there or there.startswith("//"):
        return False
    try:
        parts = urlsplit(there)
    except ValueError:
        return False
    return not parts.netloc or is_our_own(f"{parts.scheme}://{parts.netloc}")
