"""The counts that stand on a task, of its comments, files and sub-tasks, and on a project, of its
members; and the room that the files of either are said to take: whether they are right.

They are added to in the transaction of what they count, so there should be nothing to mend. One
that is wrong is set right while it is as it was read. As it may have moved there and back since,
the row is looked at again until it is right.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

from chalicelib.attachments.quota_models import StorageUsage, get_usage_item, new_usage
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.counter_items import CounterItem, correct_counter_write
from chalicelib.dynamodb.transactions import ConditionFailed, Update, transact
from chalicelib.members.models import list_members
from chalicelib.observability import logger
from chalicelib.projects import child_counts, models
from chalicelib.projects.child_counts import ChildCounts
from chalicelib.tasks.models import COUNT_ATTRIBUTES, Task, get_task_or_trashed, set_counts_write

REPAIR_ATTEMPTS = 5
# Of so many tasks at once is read what hangs on them.
BATCH_SIZE = 200


class Drift(NamedTuple):
    """By how much each of a row's counts is off, and the write that sets them right."""

    by: dict[str, int]
    mend: Update


DriftCheck = Callable[[], Drift | None]


class RepairedTasks(NamedTuple):
    """How many counts of some tasks were wrong, and the room that their files take."""

    drift: int
    room: Counter[str]


def repair_task_counts(some: Sequence[Task], children: Counter[str]) -> RepairedTasks:
    """Set the counts of these tasks right, wherever they are. `children` are the numbers of their
    sub-tasks, for a first look."""
    below = run_concurrently(child_counts.count_children, [task.id for task in some])
    looks = [
        look
        for task, found in zip(some, below, strict=True)
        for look in _find_suspects(task, found, children)
    ]
    return RepairedTasks(sum(_repair(look) for look in looks), _room(below))


def repair_storage_usage(
    project_id: str, room: Counter[str], task_ids: Callable[[], Iterator[str]]
) -> int:
    """How many of the sums of a project's files were wrong; they are right now. `room` is what they
    seemed to take, `task_ids` are of all tasks that the project has anywhere."""
    if get_usage_item(StorageUsage.of_project(project_id)).counts == room:
        return 0
    return _repair(partial(_look_at_files, project_id, task_ids))


def repair_members_count(project_id: str) -> int:
    """1 if the number of the project's members was wrong; it is right now."""
    return _repair(partial(_look_at_project, project_id))


def _find_suspects(task: Task, found: ChildCounts, children: Counter[str]) -> Iterator[DriftCheck]:
    """What of a task deserves a second look."""
    if _off(task, found.counts | Counter(subtasks_count=children[task.id])):
        yield partial(_look_at_task, task.id)
    if found.said != found.room:
        yield partial(_look_at_room, task.id)


def _look_at_task(task_id: str) -> Drift | None:
    task = get_task_or_trashed(task_id)
    if task is None:
        return None
    truth = child_counts.count_children(task_id).counts + Counter(
        subtasks_count=child_counts.count_subtasks(task_id)
    )
    off = _off(task, truth)
    return Drift(off, set_counts_write(task, {name: truth[name] for name in off})) if off else None


def _off(task: Task, truth: Counter[str]) -> dict[str, int]:
    return _differences({name: int(getattr(task, name) or 0) for name in COUNT_ATTRIBUTES}, truth)


def _differences(said: Mapping[str, int], truth: Counter[str]) -> dict[str, int]:
    return {name: count - truth[name] for name, count in said.items() if count != truth[name]}


def _look_at_room(task_id: str) -> Drift | None:
    row = get_usage_item(StorageUsage.of_task(task_id))
    return _off_in(row, child_counts.count_children(task_id).room)


def _look_at_files(project_id: str, task_ids: Callable[[], Iterator[str]]) -> Drift | None:
    row = get_usage_item(StorageUsage.of_project(project_id))
    truth, ids = new_usage(), task_ids()
    while some := list(islice(ids, BATCH_SIZE)):
        truth.update(_room(run_concurrently(child_counts.count_children, some)))
    return _off_in(row, truth)


def _off_in(row: CounterItem, truth: Counter[str]) -> Drift | None:
    off = _differences(row.counts, truth)
    return Drift(off, correct_counter_write(row, truth)) if off else None


def _room(below: Iterable[ChildCounts]) -> Counter[str]:
    """What all of it takes together."""
    total = new_usage()
    for each in below:
        total.update(each.room)
    return total


def _look_at_project(project_id: str) -> Drift | None:
    project = models.get_project(project_id)
    if project is None or project.deleted_at is not None:
        return None
    count = sum(1 for _ in list_members(project_id))
    by = int(project.members_count) - count
    return (
        Drift({"members_count": by}, models.set_members_count_write(project, count)) if by else None
    )


def _repair(look: DriftCheck) -> int:
    wrong: set[str] = set()
    for _ in range(REPAIR_ATTEMPTS):
        found = look()
        if found is None:
            break
        try:
            transact(found.mend)
        except ConditionFailed:  # it has just moved
            continue
        key = found.mend.key
        logger.error("counter drift repaired", place=f"{key.pk} {key.sk}", by=found.by)
        wrong |= found.by.keys()
    return len(wrong)
