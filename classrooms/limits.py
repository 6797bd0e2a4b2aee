"""How often somebody may guess: counted in the cache, for a fixed time from the first try.

Promises: counting is atomic, so that many tries at once are all counted; no code,
address or name is in the cache, only a keyed digest of it; and when the cache does
not answer, nobody guesses (fail closed), unless the caller says otherwise.
"""

import logging
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from helpdesk import events

logger = logging.getLogger(__name__)

#: What a cache raises that is not there.
AWAY = (RedisError, OSError)


@dataclass(frozen=True)
class Budget:
    """``tries`` in ``seconds``, for each key of its own."""

    name: str
    tries: int
    seconds: int


#: Wrong class codes from one device: a typing error or five are human, a search is not:
#: a guesser is stopped within 10 tries.
CODE_PER_DEVICE = Budget("code-device", tries=10, seconds=600)
#: Wrong codes from one network address. A whole school comes from one, so nobody is refused for
#: it: from here on wrong answers come late.
CODE_PER_ADDRESS = Budget("code-address", tries=3000, seconds=600)
#: Wrong PINs for one student from browsers that were never this student: of 10,000 PINs an hour
#: finds one in 166.
PIN_PER_MEMBER = Budget("pin-member", tries=10, seconds=600)
#: Wrong PINs of one class from browsers that were never in it: a whole class may mistype.
PIN_PER_CLASS = Budget("pin-class", tries=200, seconds=600)
#: Wrong PINs from one browser, where it has tries of its own (classrooms.guesses).
PIN_PER_BROWSER = Budget("pin-browser", tries=10, seconds=600)


def spend(budget: Budget, key: str, *, when_cache_is_away: bool = False) -> bool:
    """Count one try of ``key``; True while it is within the budget."""
    try:
        is_within = _count(budget, _cache_key(budget, key)) <= budget.tries
    except (*AWAY, ValueError):  # a cache that forgets at once cannot count either
        _note_away(budget)
        return when_cache_is_away
    if not is_within:
        events.tried(f"more tries than there are ({budget.name})")
    return is_within


def left(budget: Budget, key: str, *, when_cache_is_away: bool = False) -> int:
    """How many tries ``key`` still has; counts nothing."""
    try:
        spent = cache.get(_cache_key(budget, key), 0)
    except AWAY:
        _note_away(budget)
        return budget.tries if when_cache_is_away else 0
    return min(budget.tries, max(0, budget.tries - spent))


def is_spent(budget: Budget, key: str, *, when_cache_is_away: bool = False) -> bool:
    """Whether ``key`` has no try left; counts nothing."""
    return left(budget, key, when_cache_is_away=when_cache_is_away) == 0


def give_back(budget: Budget, key: str) -> None:
    """Take one try back, because it was right; never makes the budget larger."""
    counter = _cache_key(budget, key)
    try:
        if cache.decr(counter) < 0:
            cache.incr(counter)
    except ValueError:
        return  # the time was over: nothing is counted any more
    except AWAY:
        _note_away(budget)


def _count(budget: Budget, counter: str) -> int:
    cache.add(counter, 0, timeout=budget.seconds)
    try:
        count = cache.incr(counter)
    except ValueError:  # the time ended between the two lines: a new one begins
        cache.add(counter, 0, timeout=budget.seconds)
        count = cache.incr(counter)
    if count <= 1:
        # Redis looks whether a counter exists and then counts: one that ended in between
        # comes back without an end. The first try of a time says again when it ends.
        cache.touch(counter, timeout=budget.seconds)
    return count


def _cache_key(budget: Budget, key: str) -> str:
    # Keyed with the site's secret: all addresses of the internet can be hashed in minutes.
    digest = salted_hmac("classrooms.limits", f"{budget.name}:{key}", algorithm="sha256")
    return f"limit:{budget.name}:{digest.hexdigest()[:32]}"


def _note_away(budget: Budget) -> None:
    logger.warning("The cache does not answer; %s cannot be counted.", budget.name)
