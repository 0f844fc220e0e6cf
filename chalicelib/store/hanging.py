"""What hangs on a task, counted row by row: what the counts on the task, and those of the room that
its files take, should say."""

from collections import Counter
from typing import Any, NamedTuple

from chalicelib.store import edges, quotas, table
from chalicelib.store.ids import project_of
from chalicelib.store.table import Row
from chalicelib.store.uploads import GONE, READY


class Below(NamedTuple):
    """How many comments and ready files a task has; the room that its files take, and the room that
    they are said to take."""

    counts: Counter[str]
    room: Counter[str]
    said: Counter[str]


def below(task_id: str) -> Below:
    found = Below(Counter(), quotas.room(), quotas.room())
    for raw in table.raw(f"TASK#{task_id}", Row.SK.between("COMMENT#", "USAGE")):
        _add(raw, found)
    return found


def children(task_id: str) -> int:
    """How many sub-tasks the task has."""
    return sum(1 for _ in edges.task_ids(project_of(task_id), f"parent:{task_id}"))


def _add(raw: dict[str, Any], found: Below) -> None:
    kind = raw["SK"]["S"].partition("#")[0]
    if kind == "COMMENT":
        found.counts["comments_count"] += 1
    elif kind == "USAGE":
        found.said.update(quotas.said(raw))
    elif raw["status"]["S"] != GONE:
        found.counts["attachments_count"] += raw["status"]["S"] == READY
        found.room.update(bytes=int(raw["size"]["N"]), files=1)
