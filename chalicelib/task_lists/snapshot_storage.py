"""The catalogue of a project: what lists ask of all its tasks, in one object of the bucket.

It costs one request to read, however many tasks there are; ten thousand are half a megabyte. It is
as old as it says: what changed since then, `by_updated` knows.
"""

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from chalicelib.aws import s3
from chalicelib.tasks.cards import SnapshotEntry
from chalicelib.tasks.models import Task

# The number counts the forms that a line ever had: one that is read is of ours.
PREFIX = "catalogue/1/"
# Speed is worth more than size: within AWS only requests cost.
COMPRESSION_LEVEL = 1
BLOCK_SIZE = 1_000


class ListSnapshot(msgspec.Struct, frozen=True):
    """All tasks as they were at `until`, a position by last change: a time, and perhaps a task's
    id. Some of the lines may be younger. They stand in blocks, so that of a hundred thousand there
    are never many in memory."""

    until: str
    blocks: list[bytes]

    @property
    def lines(self) -> Iterator[SnapshotEntry]:
        for block in self.blocks:
            yield from _ENTRIES_DECODER.decode(zlib.decompress(block))


def to_entry(task: Task) -> SnapshotEntry:
    return msgspec.convert(task, SnapshotEntry, from_attributes=True)


def build_snapshot(until: str, lines: Iterable[SnapshotEntry]) -> ListSnapshot:
    remaining, blocks = iter(lines), []
    while some := list(islice(remaining, BLOCK_SIZE)):
        blocks.append(zlib.compress(_ENCODER.encode(some), COMPRESSION_LEVEL))
    return ListSnapshot(until, blocks)


def read_snapshot(project_id: str) -> ListSnapshot | None:
    body = s3.read_object(PREFIX + project_id)
    return None if body is None else _SNAPSHOT_DECODER.decode(body)


def write_snapshot(project_id: str, catalogue: ListSnapshot) -> None:
    s3.put_object(PREFIX + project_id, _ENCODER.encode(catalogue))


def delete_snapshot(project_id: str) -> None:
    """Remove the catalogue; one that is not there is fine."""
    s3.delete_object(PREFIX + project_id)


_ENCODER = msgspec.msgpack.Encoder()
_SNAPSHOT_DECODER, _ENTRIES_DECODER = (
    msgspec.msgpack.Decoder(ListSnapshot),
    msgspec.msgpack.Decoder(list[SnapshotEntry]),
)
