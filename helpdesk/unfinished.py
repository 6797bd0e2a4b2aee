"""What is still arriving, counted by address and over all.

Promises: whoever sends a whole request at once is never counted for long and never refused. Where
an address, or everybody together, holds more than it may, what has been silent the longest is
given up: a school behind one address sends its taps in a moment, and what waits on purpose goes
first.
"""

import ipaddress
from collections import Counter
from typing import Protocol


class Arrival(Protocol):
    """A request of which a part is missing."""

    address: str

    def give_up(self) -> None:
        """Stop waiting for the rest. What gives up also leaves what counts it, at once or later."""


class Unfinished:
    """Arrivals and what each holds; ``most`` is for all, ``most_each`` for one address."""

    def __init__(self, most: int, most_each: int) -> None:
        self.most, self.most_each = most, most_each
        #: Address → its arrivals and what they hold; the longest silent come first.
        self._of: dict[str, dict[Arrival, int]] = {}
        self._held: Counter[str] = Counter()
        self.total = 0

    def hold(self, arrival: Arrival, size: int) -> None:
        """It has just spoken, and holds ``size`` now; who is silent makes room for it."""
        self.leave(arrival)
        self._of.setdefault(arrival.address, {})[arrival] = size
        self._held[arrival.address] += size
        self.total += size
        while self._held[arrival.address] > self.most_each:
            self._give_up_one_of(arrival.address)
        while self.total > self.most:
            self._give_up_one_of(self._held.most_common(1)[0][0])

    def leave(self, arrival: Arrival) -> None:
        """It has arrived or has gone."""
        own = self._of.get(arrival.address, {})
        if arrival not in own:
            return
        size = own.pop(arrival)
        self.total -= size
        self._held[arrival.address] -= size
        if not own:
            del self._of[arrival.address], self._held[arrival.address]

    def _give_up_one_of(self, address: str) -> None:
        silent = next(iter(self._of[address]))
        self.leave(silent)
        silent.give_up()


def group_of(address: str) -> str:
    """Whom an address belongs to: one household or school has a whole /64 of the newer kind."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)))
