"""The score that Mozilla's HTTP Observatory gives a site, computed from live answers.

``python -m tests.operate.headers https://help.example.org`` tells a site's score and what took
points from it.

The rules are those of https://github.com/mdn/mdn-http-observatory (src/grader/charts.js, 2026): 100
points; what is missing or wrong takes some; whoever has 90 or more then gets what is added. 100 is
A+. Only what this product can be in is told apart: no site of it loads scripts of others, and none
opens its pages to other origins. Whether a browser has the site in its list of HTTPS sites (5
points) cannot be told from an answer.
"""

import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from http.cookies import SimpleCookie

HALF_A_YEAR = 15_768_000
NEEDED_FOR_MORE = 90
#: The least of each grade.
GRADES = {100: "A+", 90: "A", 85: "A-", 80: "B+", 70: "B", 65: "B-", 60: "C+", 50: "C", 0: "D or F"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


@dataclass(frozen=True)
class Score:
    """``points``: by rule, what was added or taken."""

    points: dict[str, int]

    @property
    def total(self) -> int:
        taken = 100 + sum(each for each in self.points.values() if each < 0)
        added = sum(each for each in self.points.values() if each > 0)
        return max(0, taken + (added if taken >= NEEDED_FOR_MORE else 0))

    @property
    def grade(self) -> str:
        return next(name for least, name in GRADES.items() if self.total >= least)


def score(headers: Message, *, sends_on_to: str) -> Score:
    """``headers`` of a page over HTTPS; ``sends_on_to``: where the same address leads over HTTP."""
    return Score(
        {
            "content-security-policy": _policy(_directives(headers)),
            "cookies": _cookies(headers),
            "cross-origin-resource-sharing": -50 if "Access-Control-Allow-Origin" in headers else 0,
            "redirection": 0 if sends_on_to.startswith("https://") else -20,
            "referrer-policy": _referrer(headers.get("Referrer-Policy", "")),
            "strict-transport-security": _hsts(headers.get("Strict-Transport-Security", "")),
            "x-content-type-options": 0 if _sniffs_not(headers) else -5,
            "x-frame-options": _frames(headers),
            "cross-origin-resource-policy": _resources(headers),
        }
    )


def _directives(headers: Message) -> dict[str, list[str]]:
    parts = headers.get("Content-Security-Policy", "").split(";")
    return {words[0]: words[1:] for words in (part.split() for part in parts) if words}


def _policy(told: dict[str, list[str]]) -> int:
    if not told:
        return -25
    default = told.get("default-src", ["*"])
    scripts, styles = told.get("script-src", default), told.get("style-src", default)
    objects = told.get("object-src", default)
    if _is_open(scripts) or _is_open(objects):
        return -20
    if "'unsafe-eval'" in scripts:
        return -10
    if any(each.startswith("http:") for each in (*scripts, *styles, *objects)):
        return -20
    pictures = [*told.get("img-src", default), *told.get("media-src", default)]
    if any(each.startswith("http:") for each in pictures):
        return -10
    if _is_open(styles):
        return 0
    is_closed = default == ["'none'"] and told.get("form-action") in (["'none'"], ["'self'"])
    return 10 if is_closed else 5


def _is_open(sources: list[str]) -> bool:
    return bool({"'unsafe-inline'", "data:", "*", "https:", "http:"} & set(sources))


def _cookies(headers: Message) -> int:
    told = [SimpleCookie(each) for each in headers.get_all("Set-Cookie", [])]
    found = [morsel for each in told for morsel in each.values()]
    if not found:
        return 0
    if not all(each["secure"] for each in found):
        return -40
    if not all(each["httponly"] for each in found):
        return -30
    return 5 if all(each["samesite"] in ("Lax", "Strict") for each in found) else 0


def _sniffs_not(headers: Message) -> bool:
    return headers.get("X-Content-Type-Options", "").lower() == "nosniff"


def _referrer(told: str) -> int:
    return 0 if not told else 5 if told in PRIVATE else -5


def _hsts(told: str) -> int:
    words = [each.strip().lower() for each in told.split(";")]
    ages = [each.removeprefix("max-age=") for each in words if each.startswith("max-age=")]
    if not ages or not ages[0].isdigit():
        return -20
    return 0 if int(ages[0]) >= HALF_A_YEAR else -10


def _frames(headers: Message) -> int:
    ancestors = _directives(headers).get("frame-ancestors")
    if ancestors is not None and not _is_open(ancestors):
        return 5
    return 0 if headers.get("X-Frame-Options", "").upper() in ("DENY", "SAMEORIGIN") else -20


def _resources(headers: Message) -> int:
    told = headers.get("Cross-Origin-Resource-Policy", "cross-origin")
    points = {"same-origin": 10, "same-site": 10, "cross-origin": 0}
    return points.get(told, -5)


class _StaysHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def ask(address: str, **headers: str) -> tuple[int, Message]:
    """The status and the headers at this address; it is not left for another one."""
    asked = urllib.request.Request(address, headers=headers)
    opener = urllib.request.build_opener(_StaysHere)
    try:
        with opener.open(asked, timeout=30) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


def main() -> None:
    site = sys.argv[1].rstrip("/")
    _, plain = ask(site.replace("https://", "http://", 1) + "/")
    found = score(ask(site + "/")[1], sends_on_to=plain.get("Location", ""))
    print(f"{found.grade} ({found.total})", *found.points.items(), sep="\n")


if __name__ == "__main__":
    main()
