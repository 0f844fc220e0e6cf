"""The catalogue of a project: what lists ask of all its tasks, in one object of the bucket.

It costs one request to read, however many tasks there are; ten thousand are half a megabyte. It is
as old as it says: what changed since then, `by_updated` knows.
"""

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from chalicelib.store import files
from chalicelib.store.cards import Line
from chalicelib.store.tasks import Task

# The number counts the forms that a line ever had: one that is read is of ours.
PREFIX = "catalogue/1/"
# Speed is worth more than size: within AWS only requests cost.
LEVEL = 1
BLOCK = 1_000


class Catalogue(msgspec.Struct, frozen=True):
    """All tasks as they were at `until`, a position by last change: a time, and perhaps a task's
    id. Some of the lines may be younger. They stand in blocks, so that of a hundred thousand there
    are never many in memory."""

    until: str
    blocks: list[bytes]

    @property
    def lines(self) -> Iterator[Line]:
        for block in self.blocks:
            yield from _LINES.decode(zlib.decompress(block))


def line_of(task: Task) -> Line:
    return msgspec.convert(task, Line, from_attributes=True)


def made(until: str, lines: Iterable[Line]) -> Catalogue:
    remaining, blocks = iter(lines), []
    while some := list(islice(remaining, BLOCK)):
        blocks.append(zlib.compress(_ENCODER.encode(some), LEVEL))
    return Catalogue(until, blocks)


def read(project_id: str) -> Catalogue | None:
    body = files.read(PREFIX + project_id)
    return None if body is None else _CATALOGUE.decode(body)


def write(project_id: str, catalogue: Catalogue) -> None:
    files.put(PREFIX + project_id, _ENCODER.encode(catalogue))


def drop(project_id: str) -> None:
    """Remove the catalogue; one that is not there is fine."""
    files.delete(PREFIX + project_id)


_ENCODER = msgspec.msgpack.Encoder()
_CATALOGUE, _LINES = msgspec.msgpack.Decoder(Catalogue), msgspec.msgpack.Decoder(list[Line])
