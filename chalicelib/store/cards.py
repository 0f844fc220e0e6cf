"""What lists ask of a task, and how they find it: a line of a project's catalogue has no more."""

import msgspec

OPEN = frozenset({"todo", "in_progress", "review"})


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
