"""The card of a task: the attributes that lists filter and sort by."""

from typing import Protocol

import msgspec

from chalicelib.dynamodb.ids import ID_LENGTH

OPEN_STATUSES = frozenset({"todo", "in_progress", "review"})


class SnapshotEntry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A task's card in a list snapshot, without the attributes that are only displayed.

    The entries are stored as arrays: a new field is added at the end, with a default, and older
    entries have that default. `completed_at` came later, so None may also stand for a done task
    whose entry is older. `rank` is None for a task that was not moved by hand.
    """

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
    completed_at: str | None = None
    rank: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class RankedTask(Protocol):
    """A task or an entry, with the rank that is stored for it."""

    @property
    def id(self) -> str: ...

    @property
    def rank(self) -> str | None: ...


def get_rank(task: RankedTask) -> str:
    """Return the task's rank, the sort key of the manual order.

    A task that was never moved has no stored rank. Its rank is its ULID, so such tasks are in the
    order of creation.
    """
    return task.rank or task.id[:ID_LENGTH]


def rank_sort_key(task: RankedTask) -> str:
    """Return the sort key of the manual order, unique in a project."""
    return f"{get_rank(task)}#{task.id}"
