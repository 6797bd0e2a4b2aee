"""How work grows with what it is given: a ratio, so that no busy machine can make it fail."""

import time
from collections.abc import Callable

#: So many times more is given the second time.
TIMES = 4
#: So much longer than evenly is let pass; what grows with the square needs TIMES as long again.
SLACK = 2.5
#: Under this many processor seconds a ratio says more about the clock than about the work.
LEAST = 0.02
#: A busy machine can make one measurement wrong, hardly so many.
ROUNDS = 3


def assert_growth(
    work: Callable[[], object], larger: Callable[[], object], times: float = TIMES
) -> None:
    """``larger``, with so many times as much, needs that many times as long, not its square."""
    measured: list[float] = []
    while not measured or min(measured) > times * SLACK:
        assert len(measured) < ROUNDS, f"{times} times as much took {measured} times as long"
        measured.append(_spent(larger) / max(_spent(work), LEAST))


def assert_even(work: Callable[[str], object], text: Callable[[int], str], size: int) -> None:
    """``work`` on a text of ``size`` characters grows evenly: no part of it goes over each
    character once for each other. ``text(n)`` makes one of about n characters."""
    small, large = text(size // TIMES), text(size)
    assert_growth(lambda: work(small), lambda: work(large))


def _spent(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
