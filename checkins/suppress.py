"""What may be shown of a count, so that nobody stands out in it. Pure: lists of numbers only.

Promises, to somebody who sees everything that is shown, knows how many replied and knows
these rules: no cell of one to four can be worked out, and neither can the rest that a shown
cell leaves over. Of two tables shown one after the other, no group of cells has changed by
one to four either. A cell is how many gave one answer; not answering is a cell too.
"""

from collections.abc import Iterable, Mapping, Sequence

#: Fewer than this many are not shown.
FLOOR = 5

#: Cells in the order of the answers; None is hidden.
Shown = list[int | None]


def shown(cells: Sequence[int]) -> Shown:
    """``cells`` with those hidden that are small, and what would give them away.

    The hiding treats equal cells alike, so that several answers fit every hidden cell.
    """
    hidden = {index for index, count in enumerate(cells) if count < FLOOR}
    rest = sum(cells[index] for index in hidden)
    if sum(cells) < FLOOR:
        return [None] * len(cells)
    # One cell, few people, or all of them at the most they can be: the rest speaks for itself.
    if rest and (len(hidden) == 1 or rest < FLOOR or rest == (FLOOR - 1) * len(hidden)):
        smallest = min((count for count in cells if count >= FLOOR), default=0)
        hidden |= {index for index, count in enumerate(cells) if count == smallest}
        rest = sum(cells[index] for index in hidden)
    left = [count for index, count in enumerate(cells) if index not in hidden]
    if rest and left == [FLOOR]:
        # "All are hidden" has to be true of more tables than the one with fours alone.
        return [None] * len(cells)
    return [None if index in hidden else count for index, count in enumerate(cells)]


def may_follow(old: Sequence[int], new: Sequence[int]) -> bool:
    """Whether ``new`` may be shown to somebody who was shown ``old``: both the true cells.

    Each group of cells whose sum can be read from both has to have changed by five or more,
    or not at all.
    """
    groups = _readable_in_both(shown(old), shown(new))
    changes = (sum(new[index] - old[index] for index in group) for group in groups)
    return all(change == 0 or abs(change) >= FLOOR for change in changes)


def _readable_in_both(old: Shown, new: Shown) -> Iterable[set[int]]:
    """The smallest groups of cells whose sum stands in both tables."""
    old_hidden = {index for index, count in enumerate(old) if count is None}
    new_hidden = {index for index, count in enumerate(new) if count is None}
    blocks = [old_hidden | new_hidden] if old_hidden & new_hidden else [old_hidden, new_hidden]
    yield from (block for block in blocks if block)
    yield from ({index} for index in range(len(old)) if index not in old_hidden | new_hidden)


def says_something(cells: Shown) -> bool:
    return any(count is not None for count in cells)


def next_to_show(history: Sequence[Sequence[int]], cells: Sequence[int]) -> bool:
    """Whether ``cells`` may be shown now, after everything in ``history`` was shown."""
    return says_something(shown(cells)) and all(may_follow(old, cells) for old in history)


def count(answers: Iterable[int | None], size: int) -> list[int]:
    """Cells of a question with ``size`` answers; the last one counts who gave none."""
    cells = [0] * (size + 1)
    for answer in answers:
        cells[size if answer is None else answer] += 1
    return cells


def unless_all_alike(cells: Sequence[int]) -> Shown:
    """As ``shown``, but nothing where all gave one answer: it would tell what each one said."""
    told = shown(cells)
    return [None] * len(told) if sum(cells) in told else told


def fits_in(tables: Mapping[str, Sequence[int]], more: Mapping[str, Sequence[int]]) -> bool:
    """Whether ``more`` adds to nothing but cells of five or more."""
    return all(
        cell >= FLOOR
        for name, added in more.items()
        for cell, count in zip(tables[name], added, strict=True)
        if count
    )
