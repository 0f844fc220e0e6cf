"""The request body of `PATCH /api/tasks/{task_id}/position`."""

from msgspec import UNSET, Struct, UnsetType


class TaskPosition(Struct, forbid_unknown_fields=True):
    """The new position of a task. A client sends either `after` or `before`, the id of another
    task."""

    after: str | UnsetType = UNSET
    before: str | UnsetType = UNSET
