"""Check and repair of the counts that are stored on tasks and projects, and of the storage usage.

A task stores the numbers of its comments, files, subtasks, relations and open blockers, a project
the number of its members.
These counts change in the transaction that changes what they count, so no difference is expected.

A wrong count is corrected on the condition that it is still as it was read. Because it may have
changed and changed back in between, the item is checked again until no difference is found.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from chalicelib.attachments.models import GONE, READY
from chalicelib.attachments.quota_models import (
    StorageUsage,
    get_usage_item,
    new_usage,
    read_usage,
)
from chalicelib.copies.location_models import is_move_incomplete
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.optimistic_locking import correct_counter_write
from chalicelib.dynamodb.table import Item, Key, query_raw
from chalicelib.dynamodb.transactions import (
    ConditionFailed,
    Update,
    transact,
)
from chalicelib.members.models import list_members
from chalicelib.observability import logger
from chalicelib.projects import models
from chalicelib.relations.models import BLOCKED_BY, Relation, count_open_blockers
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks.models import COUNT_ATTRIBUTES, Task, get_task_or_trashed, set_counts_write

REPAIR_ATTEMPTS = 5
# The child items of this many tasks are read at a time.
BATCH_SIZE = 200


class ChildCounts(NamedTuple):
    """The totals of the child items of a task.

    `counts` has the numbers of comments, ready files, relations and open blockers, by attribute of
    the task. `storage` is the `bytes` and `files` that its attachments use, `stored_usage` what its
    StorageUsage says. Child items of `unknown_kinds` are not counted.
    """

    counts: Counter[str]
    storage: Counter[str]
    stored_usage: Counter[str]
    unknown_kinds: set[str]


class Drift(NamedTuple):
    """The wrong counts of an item (stored minus true, by name) and the write that corrects them."""

    differences: dict[str, int]
    correction: Update


class RepairedTasks(NamedTuple):
    """The number of wrong counts of some tasks (`drift`), and the storage that their files use."""

    drift: int
    storage: Counter[str]


def repair_task_counts(tasks: Sequence[Task], subtask_counts: Counter[str]) -> RepairedTasks:
    """Correct the counts and the storage usage of these tasks, which may be in the trash.

    `subtask_counts` has the number of subtasks by task id. Only a task that seems wrong is read
    again; its subtasks are then counted anew.
    """
    storage, unknown_kinds = new_usage(), Counter[str]()
    suspects: list[Callable[[], Drift | None]] = []
    children = run_concurrently(_count_children, [task.original_id for task in tasks])
    for task, found in zip(tasks, children, strict=True):
        storage.update(found.storage)
        unknown_kinds.update(found.unknown_kinds)
        expected = found.counts | Counter(subtasks_count=subtask_counts[task.id])
        if _find_differences(_stored_counts(task), expected):
            suspects.append(partial(_check_task, task.id))
        if found.stored_usage != found.storage:
            usage_key = StorageUsage.of_task(task.original_id)
            task_ids = partial(iter, [task.original_id])
            suspects.append(partial(_check_usage, usage_key, task_ids))
    if unknown_kinds:
        logger.warning("child items of unknown kinds were not counted", kinds=unknown_kinds)
    return RepairedTasks(sum(_repair(check) for check in suspects), storage)


def repair_storage_usage(
    project_id: str, storage: Counter[str], list_all_task_ids: Callable[[], Iterable[str]]
) -> int:
    """Correct the project's storage usage. Returns how many of its counts were wrong.

    `storage` is what the files of the project's tasks seemed to use. If it differs from the stored
    usage, the files of all tasks are counted again; `list_all_task_ids` returns the
    original ids of all tasks of the project, in the trash or not.
    """
    key = StorageUsage.of_project(project_id)
    if get_usage_item(key).counts == storage:
        return 0
    return _repair(partial(_check_usage, key, list_all_task_ids))


def repair_members_count(project_id: str) -> int:
    """Correct the project's number of members. Returns 1 if it was wrong, else 0."""

    def check() -> Drift | None:
        project = models.get_project(project_id)
        if project is None or project.deleted_at is not None:
            return None
        count = sum(1 for _ in list_members(project_id))
        difference = int(project.members_count) - count
        if not difference:
            return None
        correction = models.set_members_count_write(project, count)
        return Drift({"members_count": difference}, correction)

    return _repair(check)


def _count_children(task_id: str) -> ChildCounts:
    found = ChildCounts(Counter(), new_usage(), new_usage(), set())
    blocker_ids = []
    for raw in query_raw(f"TASK#{task_id}", Item.SK.between("COMMENT#", "USAGE")):
        kind = raw["SK"]["S"].partition("#")[0]
        if kind == "COMMENT":
            found.counts["comments_count"] += 1
        elif kind == "USAGE":
            found.stored_usage.update(read_usage(raw))
        elif kind == "REL":
            relation = Relation.from_raw_data(raw)
            found.counts["relations_count"] += 1
            if relation.kind == BLOCKED_BY:
                blocker_ids.append(relation.other_id)
        elif kind == "FILE":
            _count_attachment(found, raw)
        else:  # a newer release wrote it
            found.unknown_kinds.add(kind)
    if blocker_ids:
        found.counts["open_blockers_count"] = count_open_blockers(blocker_ids)
    return found


def _count_attachment(found: ChildCounts, raw: dict[str, Any]) -> None:
    if raw["status"]["S"] != GONE:
        found.counts["attachments_count"] += raw["status"]["S"] == READY
        found.storage.update(bytes=int(raw["size"]["N"]), files=1)


def _check_task(task_id: str) -> Drift | None:
    task = get_task_or_trashed(task_id)
    if task is None:
        return None
    expected = _count_children(task.original_id).counts
    subtask_ids = list_task_ids(project_id_of(task_id), f"parent:{task_id}")
    expected["subtasks_count"] = sum(1 for _ in subtask_ids)
    differences = _find_differences(_stored_counts(task), expected)
    # The number of subtasks is right as soon as all have followed their parent.
    if not differences or is_move_incomplete(task):
        return None
    correction = set_counts_write(task, {name: expected[name] for name in differences})
    return Drift(differences, correction)


def _check_usage(
    key: Key[StorageUsage], list_counted_task_ids: Callable[[], Iterable[str]]
) -> Drift | None:
    usage = get_usage_item(key)
    expected, task_ids = new_usage(), iter(list_counted_task_ids())
    while batch := list(islice(task_ids, BATCH_SIZE)):
        for found in run_concurrently(_count_children, batch):
            expected.update(found.storage)
    differences = _find_differences(usage.counts, expected)
    return Drift(differences, correct_counter_write(usage, expected)) if differences else None


def _stored_counts(task: Task) -> dict[str, int]:
    return {name: int(getattr(task, name) or 0) for name in COUNT_ATTRIBUTES}


def _find_differences(stored: Mapping[str, int], expected: Counter[str]) -> dict[str, int]:
    """Return stored minus expected, for each count that is wrong."""
    return {
        name: count - expected[name] for name, count in stored.items() if count != expected[name]
    }


def _repair(check: Callable[[], Drift | None]) -> int:
    """Check one item and correct it until `check` finds no drift. Returns how many counts were
    wrong."""
    wrong: set[str] = set()
    for _ in range(REPAIR_ATTEMPTS):
        drift = check()
        if drift is None:
            break
        try:
            transact(drift.correction)
        except ConditionFailed:  # the item changed after it was read
            continue
        key = drift.correction.key
        logger.error("counter drift repaired", place=f"{key.pk} {key.sk}", by=drift.differences)
        wrong |= drift.differences.keys()
    return len(wrong)
