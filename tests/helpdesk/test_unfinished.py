"""What is still arriving: who has to make room, and that nobody is forgotten in it."""

import random
from collections import Counter

import pytest

from helpdesk.unfinished import Unfinished, group_of


class Slow:
    def __init__(self, name, address="school"):
        self.name, self.address, self.given_up = name, address, 0

    def give_up(self):
        self.given_up += 1


def test_the_longest_silent_of_an_address_makes_room():
    counted = Unfinished(most=100, most_each=30)
    first, second, third = (Slow(name) for name in "abc")
    for each in (first, second, third):
        counted.hold(each, 10)
    counted.hold(first, 12)  # it speaks: now the second is the longest silent
    assert [each.given_up for each in (first, second, third)] == [0, 1, 0]
    assert counted.total == 22


def test_one_address_does_not_push_out_another():
    counted = Unfinished(most=100, most_each=60)
    pupil = Slow("pupil", "school")
    counted.hold(pupil, 5)
    rude = [Slow(number, "rude") for number in range(50)]
    for each in rude:
        counted.hold(each, 10)
    assert pupil.given_up == 0
    assert sum(each.given_up for each in rude) == 44


def test_when_all_hold_too_much_the_greatest_makes_room():
    counted = Unfinished(most=100, most_each=60)
    pupil = Slow("pupil", "school")
    counted.hold(pupil, 5)
    many = [Slow(number, f"address {number % 4}") for number in range(40)]
    for each in many:
        counted.hold(each, 10)
    assert pupil.given_up == 0
    assert counted.total <= 100


def test_what_is_larger_than_everything_goes_itself():
    counted = Unfinished(most=100, most_each=30)
    huge = Slow("huge")
    counted.hold(huge, 31)
    assert huge.given_up == 1
    assert counted.total == 0


def test_leaving_twice_or_without_having_come_is_no_matter():
    counted = Unfinished(most=100, most_each=30)
    one = Slow("one")
    counted.leave(one)
    counted.hold(one, 10)
    counted.leave(one)
    counted.leave(one)
    assert counted.total == 0


@pytest.mark.parametrize("seed", range(20))
def test_the_sums_are_right_whatever_happens(seed):
    chance = random.Random(seed)
    counted = Unfinished(most=80, most_each=40)
    known = [Slow(number, f"address {number % 3}") for number in range(12)]
    for _step in range(300):
        one = chance.choice(known)
        if chance.random() < 0.7:
            counted.hold(one, chance.randrange(1, 30))
        else:
            counted.leave(one)
        held = Counter()
        for address, own in counted._of.items():
            held[address] += sum(own.values())
        assert +counted._held == +held
        assert counted.total == held.total() <= 80
        assert max(held.values(), default=0) <= 40


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense:", "nonsense:"),
        ("", ""),
    ],
)
def test_whom_an_address_belongs_to(address, group):
    assert group_of(address) == group
