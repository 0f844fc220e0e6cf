"""The stored form of a snapshot's index and of its blocks of entries."""

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, overload

import msgspec

from chalicelib.task_lists.filters import NO_VALUE
from chalicelib.task_lists.sources import (
    DUE,
    PRIORITY,
    RANK,
    UPDATED,
)
from chalicelib.tasks.cards import SnapshotEntry

# The orders besides that of creation.
SORTED = (DUE, UPDATED, PRIORITY, RANK)
# So few that a page of tasks from all over the project decodes little else.
BLOCK_SIZE = 64
# Fast rather than small: within AWS only requests cost, whatever the size of the object.
COMPRESSION_LEVEL = 1
NUMBERS: Final = "I"
# A value of at least this share of the entries has a mask, any other one a list of numbers.
_MASK_SHARE = 1 / 32

_ENCODER = msgspec.msgpack.Encoder()
_BLOCK_DECODER = msgspec.msgpack.Decoder(list[SnapshotEntry])


class SnapshotIndex(msgspec.Struct, frozen=True):
    """The index of a snapshot. Its entries are in blocks of `BLOCK_SIZE`; the last may have fewer.

    `orders` has the numbers of all entries in each order, `values` the compressed `Values` of each
    filter.
    """

    count: int
    orders: dict[str, memoryview]
    values: dict[str, memoryview]


class Values(msgspec.Struct, frozen=True):
    """Which entries have a value of a filter: by value a mask, or the numbers of the entries."""

    masks: dict[str, memoryview]
    numbers: dict[str, memoryview]


_VALUES_DECODER = msgspec.msgpack.Decoder(Values)


class Entries(Sequence[SnapshotEntry]):
    """The entries of a snapshot in the order of creation; a block is decoded when it is needed."""

    def __init__(self, blocks: Sequence[memoryview], count: int) -> None:
        self._blocks, self._count = blocks, count
        self._decoded: dict[int, list[SnapshotEntry]] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> SnapshotEntry: ...
    @overload
    def __getitem__(self, number: slice) -> list[SnapshotEntry]: ...
    def __getitem__(self, number: int | slice) -> SnapshotEntry | list[SnapshotEntry]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(self._count))]
        if not 0 <= number < self._count:
            raise IndexError(number)
        block, place = divmod(number, BLOCK_SIZE)
        if block not in self._decoded:
            self._decoded[block] = decode_block(self._blocks[block])
        return self._decoded[block][place]


def encode_block(entries: Sequence[SnapshotEntry]) -> memoryview:
    """Return a block of entries as it is stored."""
    return _compress(entries)


def decode_block(block: memoryview) -> list[SnapshotEntry]:
    """Return the entries of a block."""
    return _BLOCK_DECODER.decode(zlib.decompress(block))


def build_index(entries: Sequence[SnapshotEntry]) -> SnapshotIndex:
    """Return the index of these entries, which are in the order of creation."""
    orders = {}
    for ordering in SORTED:
        keys = [ordering.sort_key(entry) for entry in entries]
        numbers = sorted(range(len(entries)), key=keys.__getitem__)
        orders[ordering.name] = memoryview(array(NUMBERS, numbers).tobytes())

    values: dict[str, defaultdict[str, array[int]]]
    names = ("status", "priority", "assigned_to", "created_by", "parent", "label")
    values = {name: defaultdict(lambda: array(NUMBERS)) for name in names}
    for number, entry in enumerate(entries):
        values["status"][entry.status].append(number)
        values["priority"][entry.priority].append(number)
        values["assigned_to"][entry.assigned_to or NO_VALUE].append(number)
        values["created_by"][entry.created_by].append(number)
        values["parent"][entry.parent or NO_VALUE].append(number)
        for label in entry.labels or [NO_VALUE]:
            values["label"][label].append(number)
    encoded = {name: _encode_values(each, len(entries)) for name, each in values.items()}
    return SnapshotIndex(len(entries), orders, encoded)


def _encode_values(numbers: dict[str, "array[int]"], count: int) -> memoryview:
    values = Values({}, {})
    for value, each in numbers.items():
        if len(each) >= count * _MASK_SHARE:
            values.masks[value] = memoryview(mark(each, count))
        else:
            values.numbers[value] = memoryview(each.tobytes())
    return _compress(values)


def _compress(value: object) -> memoryview:
    return memoryview(zlib.compress(_ENCODER.encode(value), COMPRESSION_LEVEL))


def mark(numbers: Iterable[int], count: int) -> bytearray:
    marks = bytearray(count)
    for number in numbers:
        marks[number] = 1
    return marks


def to_mask(marks: bytearray | memoryview) -> int:
    return int.from_bytes(marks, "little")


def decode_values(stored: memoryview) -> Values:
    """Return which entries have the values of a filter."""
    return _VALUES_DECODER.decode(zlib.decompress(stored))
