"""The index of a list snapshot: which entries have a value of a filter, and the orders of entries.

A page of a list decodes only the blocks of the tasks that it shows. The number of an entry is its
place in the order of creation. A mask has a byte for each entry, 1 or 0, and is used as an integer,
so filters are combined with `&` and `|`. Filters by time are ranges of an order.
All of this only chooses candidates, and `Filters.matches` then decides (decision 0052).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from functools import reduce
from itertools import chain, compress
from operator import and_

from chalicelib.task_lists.filters import Filters
from chalicelib.task_lists.snapshot_index.storage import (
    NUMBERS,
    SnapshotIndex,
    Values,
    decode_values,
    mark,
    to_mask,
)
from chalicelib.task_lists.sources import (
    CREATED,
    DUE,
    FIRST_POSITION,
    LAST_POSITION,
    UPDATED,
    Ordering,
)
from chalicelib.tasks.cards import OPEN_STATUSES, SnapshotEntry


class EntryLookup:
    """Finds the entries of a snapshot that match filters, in an order."""

    def __init__(self, entries: Sequence[SnapshotEntry], index: SnapshotIndex) -> None:
        self._entries, self._index = entries, index

    def find(
        self,
        filters: Filters,
        ids: Set[str] | None,
        ordering: Ordering,
        after: str | None,
        *,
        descending: bool,
    ) -> Iterator[SnapshotEntry]:
        """Yield the entries that match, behind the position `after`.

        With `ids`, only entries with one of these ids are found.
        """
        low, high = FIRST_POSITION, LAST_POSITION
        if after is not None:
            low, high = (low, after) if descending else (after, high)
        numbers = self._find_range(ordering, low, high)
        if descending:
            numbers = numbers[::-1]
        masks = list(self._list_masks(filters))
        if ids is not None:
            masks.append(self._mask(self._find_ids(ids)))
        chosen: Iterable[int] = numbers
        if masks:
            candidates = reduce(and_, masks).to_bytes(self._index.count, "little")
            chosen = compress(numbers, map(candidates.__getitem__, numbers))
        entries = map(self._entries.__getitem__, chosen)
        return (
            entry
            for entry in entries
            if filters.matches(entry) and (after is None or ordering.sort_key(entry) != after)
        )

    def _list_masks(self, filters: Filters) -> Iterator[int]:
        """Yield for each filter that is set the mask of all entries that match it.

        That of a filter by time may have some others.
        """
        for name in ("status", "priority", "assigned_to", "created_by", "label"):
            values: Collection[str] | None = getattr(filters, name)
            if values is not None:
                yield self._find_values(name, values)
        for label in filters.label_all or ():
            yield self._find_values("label", [label])
        if filters.parent is not None:
            yield self._find_values("parent", [filters.parent])
        if filters.updated_since is not None:
            yield self._mask(self._find_range(UPDATED, filters.updated_since, LAST_POSITION))
        if filters.due is not None or filters.overdue:
            ranges = filters.due_ranges(is_open=True)
            yield self._mask(chain.from_iterable(self._find_range(DUE, *each) for each in ranges))
        if filters.overdue is False:
            status = self._read_values("status")
            done = {*status.masks, *status.numbers} - OPEN_STATUSES
            later = self._find_range(DUE, filters.now, LAST_POSITION)
            yield self._find_values("status", done) | self._mask(later)

    def _find_values(self, name: str, values: Collection[str]) -> int:
        """Return the mask of the entries that have one of the values."""
        found, mask = self._read_values(name), 0
        for value in values:
            if value in found.masks:
                mask |= to_mask(found.masks[value])
            elif value in found.numbers:
                mask |= self._mask(found.numbers[value].cast(NUMBERS))
        return mask

    def _read_values(self, name: str) -> Values:
        return decode_values(self._index.values[name])

    def _mask(self, numbers: Iterable[int]) -> int:
        return to_mask(mark(numbers, self._index.count))

    def _find_range(self, ordering: Ordering, low: str, high: str) -> Sequence[int]:
        """Return the numbers of the entries from the position `low` to `high`, in the order."""
        numbers: Sequence[int] = range(self._index.count)
        if ordering is not CREATED:
            numbers = self._index.orders[ordering.name].cast(NUMBERS)

        def position(number: int) -> str:
            return ordering.sort_key(self._entries[number])

        start = 0 if low == FIRST_POSITION else bisect_left(numbers, low, key=position)
        end = None if high == LAST_POSITION else bisect_right(numbers, high, key=position)
        return numbers[start:end]

    def _find_ids(self, ids: Iterable[str]) -> Iterator[int]:
        for task_id in ids:
            number = bisect_left(self._entries, task_id, key=lambda entry: entry.id)
            if number < len(self._entries) and self._entries[number].id == task_id:
                yield number
