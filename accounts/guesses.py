"""Wrong passwords wait in line; the right one always gets in.

Tries at one address from browsers that never signed in to it stand in one line: five at once,
then one after 10, 20, 40, 80 and 160 seconds, and from there one every five minutes. However many
browsers somebody brings, that is at most `AT_MOST` wrong tries in an hour. No network address is
ever refused: a school has one for all.

* A browser that signed in to the account before (a signed cookie) has a line of its own, so that
  strangers do not hold it up.
* A new browser gets a place in the line and may use it when its time has come, whatever the others
  do. One network holds two places at most, so that one stranger does not fill the line. Whoever
  brings many networks can: then a new browser comes in by a mailed code or a passkey.
* A right password gives its place back.

Letters are counted in the same two ways: six an hour to one address from browsers that it does not
know, and six from each that it knows.
"""

import ipaddress
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from classrooms import keys, limits

#: Seconds for which a wrong try counts.
WINDOW = 3600
#: Wrong tries at one address from unknown browsers in any hour; what the pauses come to.
AT_MOST = 20
FREE = 5
SHORTEST, LONGEST = 10, 300
#: Seconds for which somebody may be late for their turn.
LATE = 900
#: Places in a line that one network holds, and all of them together.
PLACES, ALL_PLACES = 2, 30
#: Seconds until a line that nobody stands in is forgotten: the last place's turn, and an hour.
KEPT = ALL_PLACES * LONGEST + LATE + WINDOW
#: Accounts that one browser is known to; the oldest is forgotten first.
REMEMBERED = 8
LETTERS = limits.Budget("letters", tries=6, seconds=WINDOW)
_SALT = keys.signs(settings.KNOWN_COOKIE_NAME, "accounts.known")


def pause(tries: int) -> int:
    """Seconds between the newest of ``tries`` within the hour and the next one."""
    return 0 if tries < FREE else min(LONGEST, SHORTEST * 2 ** min(tries - FREE, 10))


def take_turn(request: HttpRequest, address: str) -> int:
    """0: the password may be looked at, and counts as wrong until `was_right`. Else the seconds
    until this browser's turn comes."""
    line = _line(request, address)
    browser, network = _browser(request), _digest(_network(request))
    try:
        with _alone(line):
            state = cache.get(line) or {"tries": [], "places": {}}
            wait = _wait(state, browser, network, time.time())
            cache.set(line, state, KEPT)
    except limits.AWAY:  # nobody can be counted: who is known comes in, the others wait
        return 0 if is_known(request, address) else SHORTEST
    return wait


def was_right(request: HttpRequest, address: str) -> None:
    """The try that was just counted was none."""
    line = _line(request, address)
    try:
        with _alone(line):
            state = cache.get(line)
            if state and state["tries"]:
                state["tries"].pop()
                cache.set(line, state, KEPT)
    except limits.AWAY:
        return  # it counts as a wrong one for an hour


def may_write(request: HttpRequest, address: str) -> bool:
    """Count one letter that this browser wants sent; False when there were enough."""
    return limits.spend(LETTERS, _line(request, address), when_cache_is_away=True)


def is_known(request: HttpRequest, address: str) -> bool:
    """Whether this browser has signed in to the account of this address before."""
    mine = _known(request)["of"]
    return any(each in mine for each in _digests(address.lower()))


def remember(request: HttpRequest, response: HttpResponse, address: str) -> None:
    """This browser has signed in to the account of this address."""
    known, target = _known(request), _digest(address.lower())
    known["of"] = [*(each for each in known["of"] if each != target), target][-REMEMBERED:]
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        signing.dumps(known, salt=_SALT),
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _wait(state: dict, browser: str, network: str, now: float) -> int:
    """Seconds until this browser's turn; 0 takes it. Changes ``state``."""
    tries = state["tries"] = [each for each in state["tries"] if each > now - WINDOW]
    places = state["places"] = {
        name: place for name, place in state["places"].items() if place["at"] > now - LATE
    }
    mine = places.get(browser)
    if mine is None:
        count = len(tries) + len(places)
        newest = max([*tries, *(place["at"] for place in places.values())], default=0)
        turn = newest + pause(count)
        theirs = [place["at"] for place in places.values() if place["network"] == network]
        if turn > now and (len(theirs) >= PLACES or len(places) >= ALL_PLACES):
            return max(SHORTEST, round(min(theirs, default=now) - now))
        mine = places[browser] = {"at": max(now, turn), "network": network}
    if mine["at"] > now:
        return max(1, round(mine["at"] - now))
    del places[browser]
    tries.append(now)
    return 0


@contextmanager
def _alone(line: str) -> Iterator[None]:
    """One try at a time: many at once must not all see the line as it was."""
    lock = f"{line}:lock"
    patience = time.monotonic() + 2
    while not (is_mine := cache.add(lock, 1, timeout=5)) and time.monotonic() < patience:
        time.sleep(0.01)
    try:
        yield
    finally:
        if is_mine:  # whoever lost patience must not open somebody else's
            cache.delete(lock)


def _line(request: HttpRequest, address: str) -> str:
    target = _digest(address.lower())
    browser = _known(request)["id"] if is_known(request, address) else ""
    return f"signing-in:{target}:{browser}"


def _browser(request: HttpRequest) -> str:
    """What tells one browser from another before anybody has signed in: its CSRF cookie."""
    return _digest(request.META.get("CSRF_COOKIE") or request.META.get("REMOTE_ADDR", ""))


def _network(request: HttpRequest) -> str:
    """The network that somebody comes from: with IPv6 one machine has countless addresses."""
    address = request.META.get("REMOTE_ADDR", "")
    if ":" in address:
        return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return address


def _known(request: HttpRequest) -> dict:
    try:
        return signing.loads(
            request.COOKIES.get(settings.KNOWN_COOKIE_NAME, ""),
            salt=_SALT,
            max_age=settings.DEVICE_COOKIE_AGE,
        )
    except signing.BadSignature:
        return {"id": secrets.token_urlsafe(9), "of": []}


def _digest(text: str) -> str:
    return _digests(text)[0]


def _digests(text: str) -> list[str]:
    # Keyed: neither the cache nor a cookie tells an address.
    return [each[:24] for each in keys.digests(_SALT, text)]
