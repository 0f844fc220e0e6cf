"""What hangs on a task, counted row by row: what the counts on the task should say."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chalicelib.store import edges, table
from chalicelib.store.ids import project_of
from chalicelib.store.table import Row
from chalicelib.store.uploads import READY


def below(task_id: str) -> Counter[str]:
    """How many comments and ready files the task has."""
    ours = Row.SK.between("COMMENT#", "FILE#~")
    return Counter(name for raw in table.raw(f"TASK#{task_id}", ours) for name in _counted(raw))


def children(task_id: str) -> int:
    """How many sub-tasks the task has."""
    return sum(1 for _ in edges.task_ids(project_of(task_id), f"parent:{task_id}"))


def _counted(raw: dict[str, Any]) -> Iterator[str]:
    if raw["SK"]["S"].startswith("COMMENT#"):
        yield "comments_count"
    elif raw["status"]["S"] == READY:
        yield "attachments_count"
