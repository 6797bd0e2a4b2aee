import threading

import pytest
import time_machine
from django.core.cache import cache as real_cache
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import ConnectionError as RedisAway

from classrooms import limits
from classrooms.limits import Budget, give_back, is_spent, left, spend

THREE = Budget("three", tries=3, seconds=600)


@pytest.fixture
def cache_with_our_clock(monkeypatch):
    """A cache whose time a test can move; Redis goes by its own."""
    cache = LocMemCache("limits", {})
    cache.clear()
    monkeypatch.setattr(limits, "cache", cache)
    return cache


class Away:
    """A cache that is not there."""

    def __init__(self, error):
        self.error = error

    def _fail(self, *args, **kwargs):
        raise self.error

    add = incr = decr = get = touch = _fail


def test_a_budget_is_spent_after_its_tries():
    assert [spend(THREE, "ada") for _try in range(5)] == [True, True, True, False, False]


def test_what_is_left_counts_down_and_looking_costs_nothing():
    assert left(THREE, "ada") == 3
    spend(THREE, "ada")
    assert left(THREE, "ada") == left(THREE, "ada") == 2
    assert not is_spent(THREE, "ada")
    for _try in range(5):
        spend(THREE, "ada")
    assert left(THREE, "ada") == 0
    assert is_spent(THREE, "ada")


def test_each_key_and_each_budget_counts_for_itself():
    for _try in range(3):
        spend(THREE, "ada")
    assert spend(THREE, "ben")
    assert spend(Budget("other", tries=1, seconds=600), "ada")


def test_the_time_starts_with_the_first_try_and_then_ends(cache_with_our_clock):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        for _try in range(3):
            assert spend(THREE, "ada")
        clock.shift(599)
        assert not spend(THREE, "ada")  # a try too many does not make it longer
        clock.shift(2)
        assert left(THREE, "ada") == 3
        assert spend(THREE, "ada")


def test_a_right_try_is_given_back_but_never_more_than_that():
    for _try in range(3):
        spend(THREE, "ada")
    give_back(THREE, "ada")
    assert left(THREE, "ada") == 1
    for _try in range(9):
        give_back(THREE, "ada")
    assert left(THREE, "ada") == 3
    give_back(THREE, "somebody who never tried")
    assert left(THREE, "somebody who never tried") == 3


def test_many_tries_at_once_are_all_counted():
    budget = Budget("crowd", tries=50, seconds=600)
    answers = []

    def try_often():
        answers.extend(spend(budget, "door") for _try in range(25))

    threads = [threading.Thread(target=try_often) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 200
    assert answers.count(True) == 50


def test_a_counter_that_ends_between_looking_and_counting_starts_anew(monkeypatch):
    incr, calls = real_cache.incr, []

    def ended_once(key, *args):
        calls.append(key)
        if len(calls) == 1:
            real_cache.delete(key)
        return incr(key, *args)

    monkeypatch.setattr(real_cache, "incr", ended_once)
    assert spend(THREE, "ada")
    assert len(calls) == 2
    assert left(THREE, "ada") == 2


def test_a_counter_that_lost_its_end_gets_one_again(cache_with_our_clock):
    counter = limits._cache_key(THREE, "ada")
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        cache_with_our_clock.set(counter, 0, timeout=None)
        for _try in range(4):
            spend(THREE, "ada")
        assert is_spent(THREE, "ada")
        clock.shift(601)
        assert spend(THREE, "ada")


@pytest.mark.parametrize("error", [RedisAway("gone"), ConnectionRefusedError(), TimeoutError()])
def test_without_a_cache_nobody_guesses_unless_told_otherwise(monkeypatch, caplog, error):
    monkeypatch.setattr(limits, "cache", Away(error))
    assert not spend(THREE, "ada@example.org")
    assert spend(THREE, "ada@example.org", when_cache_is_away=True)
    assert is_spent(THREE, "ada@example.org")
    assert left(THREE, "ada@example.org", when_cache_is_away=True) == 3
    give_back(THREE, "ada@example.org")
    assert "ada" not in caplog.text


def test_a_cache_that_forgets_at_once_counts_as_away(monkeypatch):
    class Forgets(Away):
        add = staticmethod(lambda *args, **kwargs: True)

    monkeypatch.setattr(limits, "cache", Forgets(ValueError("not found")))
    assert not spend(THREE, "ada")


def test_no_personal_data_and_nothing_that_can_be_looked_up_is_in_the_cache(settings):
    keys = {limits._cache_key(THREE, "192.0.2.7")}
    assert not any("192" in key for key in keys)
    settings.SECRET_KEY = "another secret of another site" * 3
    keys.add(limits._cache_key(THREE, "192.0.2.7"))
    assert len(keys) == 2


def test_a_school_behind_one_address_can_join_and_a_guesser_is_stopped():
    assert limits.CODE_PER_DEVICE.tries == limits.PIN_PER_MEMBER.tries == 10
    assert all(spend(limits.CODE_PER_ADDRESS, "192.0.2.7") for _pupil in range(3000))
    assert not spend(limits.CODE_PER_ADDRESS, "192.0.2.7")
