"""What hangs on a task, counted row by row: what the counts on the task, and those of the room that
its files take, should say."""

from collections import Counter
from typing import Any, NamedTuple

from chalicelib.attachments.models import GONE, READY
from chalicelib.attachments.quota_models import new_usage, read_usage
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import Item, query_raw
from chalicelib.task_lists.models import list_task_ids


class ChildCounts(NamedTuple):
    """How many comments and ready files a task has; the room that its files take, and the room that
    they are said to take."""

    counts: Counter[str]
    room: Counter[str]
    said: Counter[str]


def count_children(task_id: str) -> ChildCounts:
    found = ChildCounts(Counter(), new_usage(), new_usage())
    for raw in query_raw(f"TASK#{task_id}", Item.SK.between("COMMENT#", "USAGE")):
        _count_item(raw, found)
    return found


def count_subtasks(task_id: str) -> int:
    """How many sub-tasks the task has."""
    return sum(1 for _ in list_task_ids(project_id_of(task_id), f"parent:{task_id}"))


def _count_item(raw: dict[str, Any], found: ChildCounts) -> None:
    kind = raw["SK"]["S"].partition("#")[0]
    if kind == "COMMENT":
        found.counts["comments_count"] += 1
    elif kind == "USAGE":
        found.said.update(read_usage(raw))
    elif raw["status"]["S"] != GONE:
        found.counts["attachments_count"] += raw["status"]["S"] == READY
        found.room.update(bytes=int(raw["size"]["N"]), files=1)
