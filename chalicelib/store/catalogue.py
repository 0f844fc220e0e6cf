"""The catalogue of a project: what lists ask of all its tasks, in one object of the bucket.

It costs one request to read, however many tasks there are; ten thousand are half a megabyte. It is
as old as it says: what changed since then, `by_updated` knows.
"""

import zlib

import msgspec

from chalicelib.store import files
from chalicelib.store.tasks import OPEN, Card

# The number counts the forms that a line ever had: one that is read is of ours.
PREFIX = "catalogue/1/"
# Speed is worth more than size: within AWS only requests cost.
LEVEL = 1


class Line(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A task's card, without what is only shown."""

    id: str
    status: str
    priority: str
    assigned_to: str | None
    created_by: str
    labels: list[str] | None
    parent: str | None
    due_date: str | None
    due_at: str | None
    updated_at: str

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class Catalogue(msgspec.Struct, frozen=True):
    """All tasks as they were at `until`, a time as text; some of the lines may be younger."""

    until: str
    lines: list[Line]


def line_of(task: Card) -> Line:
    labels = None if task.labels is None else list(task.labels)
    return Line(
        task.id,
        task.status,
        task.priority,
        task.assigned_to,
        task.created_by,
        labels,
        task.parent,
        task.due_date,
        task.due_at,
        task.updated_at,
    )


def read(project_id: str) -> Catalogue | None:
    body = files.read(PREFIX + project_id)
    return None if body is None else _DECODER.decode(zlib.decompress(body))


def write(project_id: str, catalogue: Catalogue) -> None:
    files.put(PREFIX + project_id, zlib.compress(_ENCODER.encode(catalogue), LEVEL))


def drop(project_id: str) -> None:
    """Remove the catalogue; one that is not there is fine."""
    files.delete(PREFIX + project_id)


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Catalogue)
