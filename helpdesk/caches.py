"""The cache in Redis, and what takes its place while Redis is away."""

import logging
import time
from collections.abc import Callable
from functools import wraps

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

#: Seconds until a Redis that did not answer is asked again; meanwhile nobody waits for it.
AGAIN = 5


def _lasting(name: str) -> Callable:
    """The method ``name``, of this worker's own memory while Redis is away."""
    ask_redis = getattr(RedisCache, name)

    @wraps(ask_redis)
    def ask(self: "LastingRedisCache", *args, **kwargs):
        if time.monotonic() >= self.ask_again_at:
            try:
                answer = ask_redis(self, *args, **kwargs)
            except (RedisError, OSError) as error:
                self.note_away(error)
            else:
                self.note_back()
                return answer
        return getattr(self.memory, name)(*args, **kwargs)

    return ask


class LastingRedisCache(RedisCache):
    """Redis; while it is away each worker counts guesses by itself, and sign-in goes on.

    It holds limits only, so nothing is lost but that they are counted anew.
    """

    memory = LocMemCache("while Redis is away", {"OPTIONS": {"MAX_ENTRIES": 100_000}})
    #: When Redis may be asked again (seconds, monotonic); of all threads together.
    ask_again_at = 0.0

    def note_away(self, error: Exception) -> None:
        cls = type(self)
        if not cls.ask_again_at:
            logger.warning("Redis is away (%s); limits are counted here", type(error).__name__)
        cls.ask_again_at = time.monotonic() + AGAIN

    def note_back(self) -> None:
        cls = type(self)
        if cls.ask_again_at:
            cls.ask_again_at = 0.0
            self.memory.clear()
            logger.warning("Redis is back")

    add = _lasting("add")
    get = _lasting("get")
    set = _lasting("set")
    touch = _lasting("touch")
    delete = _lasting("delete")
    get_many = _lasting("get_many")
    has_key = _lasting("has_key")
    incr = _lasting("incr")
    set_many = _lasting("set_many")
    delete_many = _lasting("delete_many")
    clear = _lasting("clear")
