"""Every address, as each role, with hostile input: answered, in time, with all headers.

A round is one role's walk through a fresh world. Its pages are read first, so that what is sent is
what their forms send, with one to three fields that nobody would type.
"""

from collections import Counter
from random import Random

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import User
from helpdesk import http, slow
from tests.fuzz import ROUNDS, SEED, forms, hostile
from tests.fuzz.answers import CLOSED, faults_of
from tests.fuzz.hostile import Asked
from tests.world import routes, thing_of

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = (
    "anonymous", "stranger", "other teacher", "student", "assistant", "teacher", "admin",
    "operator",
)  # fmt: skip
TOKEN = "c" * 32
#: What ends a class, a membership or a sign-in comes last, or the rest would be a walk of nobody.
ENDINGS = (
    "leave", "archive", "remove", "erase", "logout", "password", "sign_out", "renew", "take_back",
    "forget", "close", "email", "2fa", "withdraw", "turn-away", "turn_away",
)  # fmt: skip
#: Routes that are a pattern, not a path; and addresses that are no route.
PATTERNS = ("account_confirm_email", "account_reset_password_from_key")
OTHERS = (
    "/static/js/live.js", "/static/nothing.js", "/nowhere/", "/favicon.ico",
    "/accounts/confirm-email/a:b/",
    "/accounts/password/reset/key/1-set-password/", "/accounts/password/reset/key/zz-1-1/",
    "/ws/en/",
)  # fmt: skip
#: One of so many addresses is walked by a role in one round; other rounds walk others. No more than
#: there are roles, so that each address is walked by one of them.
SHARE = 6


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Wrong guesses are answered at once, and bodies that do not come are given up soon."""
    monkeypatch.setattr(slow, "MOST_HELD", 0)
    monkeypatch.setattr(http, "PATIENCE", 0.5)


class Walk:
    """One role's; ``send`` keeps what was wrong."""

    def __init__(self, server, cookies: dict[str, str], rng: Random) -> None:
        self.server, self.rng = server, rng
        cookies = {settings.CSRF_COOKIE_NAME: TOKEN, **cookies}
        self.cookie = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
        #: Address → a form that a page of this role sends there.
        self.forms: dict[str, forms.Form] = {}
        self.faults: list[str] = []
        self.statuses: list[int] = []

    def asked(self, method: bytes, path: str) -> Asked:
        headers = [(b"Host", b"testserver"), (b"Cookie", self.cookie)]
        path, _, query = path.partition("?")
        return Asked(method, path.encode(), query.encode(), headers)

    def send(self, asked: Asked):
        """The answer; with what it says of the server's log, too."""
        raw = asked.as_bytes()
        answer = self.server.ask(
            raw, method=asked.method.decode("latin-1"), ends=not asked.is_framed
        )
        self.statuses.append(answer.status)
        wrong = self.server.complaints.take()
        if answer.status != CLOSED or asked.is_framed:
            wrong += faults_of(answer, asked.path.decode("latin-1"), settings.ORIGINS.__contains__)
        if wrong:
            self.faults.append(f"{wrong}\n    {hostile.shown(raw)[:6000]}")
        return answer

    def read(self, path: str) -> list[str]:
        """Look at a page, and know its forms; where its links lead."""
        answer = self.send(self.asked(b"GET", path))
        if answer.status != 200 or "html" not in answer.get("content-type"):
            return []
        found, links = forms.read(answer.text, path)
        for form in found:
            if form.method == "post":
                self.forms.setdefault(form.action.partition("?")[0], form)
        return [link for link in links if link.startswith("/")]

    def form_to(self, path: str, *, odd: int) -> Asked:
        """What a form there sends, with ``odd`` hostile fields."""
        form = self.forms.get(path) or forms.Form(path, "post", [("name", "x"), ("next", "/")])
        fields = [(name.encode(), text.encode()) for name, text in form.fields
                  if name != "csrfmiddlewaretoken"]  # fmt: skip
        for _each in range(odd if fields else 0):
            place, kind = self.rng.randrange(len(fields)), self.rng.random()
            name, _text = fields[place]
            if kind < 0.8:
                fields[place] = (name, hostile.value(self.rng))
            elif kind < 0.9:
                fields.append((name, hostile.value(self.rng)))
            else:
                del fields[place]
                fields = fields or [(name, b"")]
        asked = self.asked(b"POST", path)
        asked.headers.append((b"X-CSRFToken", TOKEN.encode()))
        asked.headers.append((b"Origin", b"http://testserver"))
        files = {name.encode() for name in form.files}
        if self.rng.random() < 0.1:
            files = {name for name, _text in fields if self.rng.random() < 0.5} ^ files
        if files:
            asked.headers.append((b"Content-Type", b"multipart/form-data; boundary=edge"))
            asked.body = hostile.multipart(fields, files)
        else:
            asked.headers.append((b"Content-Type", b"application/x-www-form-urlencoded"))
            asked.body = hostile.urlencoded(fields)
        if self.rng.random() < 0.3:
            asked.headers.append((b"HX-Request", b"true"))
        return asked

    def shoot(self, path: str) -> None:
        """At one address: its form with odd fields, and a request that is spoilt."""
        self.send(self.form_to(path, odd=self.rng.choice((1, 1, 2, 3))))
        asked = self.form_to(path, odd=0) if self.rng.random() < 0.5 else self.asked(b"GET", path)
        hostile.spoil(asked, self.rng)
        self.send(asked)


def addresses(world) -> list[str]:
    """One of each route."""
    found = list(OTHERS)
    for name, parameters in routes():
        if name in PATTERNS:
            continue
        known = dict(world["parameters"])
        if name.endswith("accept_invite"):
            known["key"] = world["invitation"]
        if "pk" in parameters:
            known["pk"] = 1 if name.startswith("mfa_") else thing_of(name, world).pk
        found.append(reverse(name, kwargs={each: known[each] for each in parameters}))
    return sorted(set(found))


@pytest.fixture
def cookies_of(world, browser_of):
    """``cookies_of(role)``: what their browser holds."""

    def cookies(role) -> dict[str, str]:
        if role == "anonymous":
            return {}
        who = world["people"].get(role) or User.objects.create_superuser("op@example.org", "pw")
        return {name: each.value for name, each in browser_of(who).cookies.items()}

    return cookies


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_hostile_input_breaks_no_answer(number, role, world, cookies_of, server):
    rng = Random(f"{SEED}:{number}:{role}")
    walk = Walk(server, cookies_of(role), rng)
    there = addresses(world)[(ROLES.index(role) + number) % SHARE :: SHARE]
    links = [link for path in dict.fromkeys(("/join/", *there)) for link in walk.read(path)]
    if role == "operator":
        of_admin = sorted({each.partition("?")[0] for each in links if each.startswith("/admin/")})
        of_admin += [link for path in of_admin for link in walk.read(path) if "/admin/" in link]
        there = sorted({*there[::4], *of_admin})
    rng.shuffle(there)
    there.sort(key=lambda path: any(word in path for word in ENDINGS))
    for path in there:
        walk.shoot(path)
    print(f"{role}: {len(walk.statuses)} requests, {Counter(walk.statuses).most_common(9)}")
    assert 200 in walk.statuses, "they saw no page"
    assert walk.forms
    assert not walk.faults, (
        f"FUZZ_SEED={SEED}, round {number}, {len(walk.faults)} of {len(walk.statuses)}:\n  "
        + "\n  ".join(walk.faults[:20])
    )
