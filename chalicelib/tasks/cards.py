"""The card of a task: the attributes that lists filter and sort by."""

import msgspec

OPEN_STATUSES = frozenset({"todo", "in_progress", "review"})


class SnapshotEntry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A task's card in a list snapshot, without the attributes that are only displayed.

    The entries are stored as arrays: a new field is added at the end, with a default, and older
    entries have that default. `completed_at` came later, so None may also stand for a done task
    whose entry is older.
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

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES
