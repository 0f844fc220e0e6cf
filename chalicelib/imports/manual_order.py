"""The manual order of imported tasks.

A task that was never moved by hand stores no rank: its place is that of its id. So only the tasks
that are out of order get a rank: one in the slot of the task before them
(docs/decisions/0041-only-moved-tasks-store-a-rank.md).
"""

from bisect import bisect_left
from collections.abc import Sequence

from chalicelib.ranks.fractional_index import previous_slot, spread_fractions


def find_moved_ranks(ranks: Sequence[str], slots: Sequence[str]) -> dict[int, str]:
    """Return the ranks of the tasks that need one, by their index.

    `ranks` are the places of the tasks in the file, in the order of creation. `slots` are the first
    parts of their new ids, in ascending order.
    """
    wanted = sorted(range(len(ranks)), key=lambda index: (ranks[index], index))
    kept = _find_longest_ascending(wanted)
    found: dict[int, str] = {}
    slot, moved = previous_slot(slots[0]) if slots else "", list[int]()
    for index in (*wanted, None):
        if index is not None and index not in kept:
            moved.append(index)
            continue
        fractions = spread_fractions(len(moved))
        found |= {each: slot + part for each, part in zip(moved, fractions, strict=True)}
        moved, slot = [], slot if index is None else slots[index]
    return found


def _find_longest_ascending(numbers: Sequence[int]) -> set[int]:
    """Return the members of a longest ascending subsequence (patience sorting)."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(tails, number)
        before[number] = tails[place - 1] if place else None
        tails[place : place + 1] = [number]
    kept: set[int] = set()
    last = tails[-1] if tails else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept
