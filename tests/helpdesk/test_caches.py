"""While Redis is away each worker counts by itself, and nobody waits for it."""

import pytest
from redis.exceptions import ConnectionError as NoConnection

from helpdesk import caches
from tests import services


@pytest.fixture
def cache():
    """A cache whose Redis is not there."""

    class Fresh(caches.LastingRedisCache):
        memory = caches.LocMemCache("test of caches", {})

    yield Fresh(f"redis://127.0.0.1:{services._free_port()}/0", {})
    Fresh.memory.clear()


def test_it_counts_on(cache):
    assert cache.add("tries", 0, timeout=60)
    assert not cache.add("tries", 0, timeout=60)
    assert cache.incr("tries") == 1
    assert cache.decr("tries") == 0
    assert cache.get("tries") == 0
    cache.set_many({"a": 1, "b": 2})
    assert cache.get_many(["a", "b"]) == {"a": 1, "b": 2}
    assert "a" in cache
    cache.delete("a")
    assert cache.get("a", "gone") == "gone"


def test_it_is_said_once_and_not_asked_again_for_a_while(cache, caplog, monkeypatch):
    asked = []

    def no_answer(*args, **kwargs):
        asked.append(args)
        raise NoConnection

    monkeypatch.setattr(type(cache), "get", caches._lasting("get"))
    monkeypatch.setattr(cache._cache, "get", no_answer)
    now = [1000.0]
    monkeypatch.setattr(caches.time, "monotonic", lambda: now[0])
    for _ in range(20):
        cache.get("x")
    assert len(asked) == 1
    now[0] += caches.AGAIN
    cache.get("x")
    assert len(asked) == 2
    assert [record.message.partition(" (")[0] for record in caplog.records] == ["Redis is away"]


def test_it_comes_back_with_redis(cache, caplog, monkeypatch):
    cache.set("x", "mine")
    monkeypatch.setattr(cache._cache, "get", lambda key, default: "of Redis")
    type(cache).ask_again_at = 1e-9
    assert cache.get("x") == "of Redis"
    assert "Redis is back" in caplog.text
    assert cache.memory.get("x") is None
