"""Reindex: make the filter entries and search terms of a project agree with its tasks.

The transaction of a task change writes the filter entries, and the stream handler the search terms.
If a defect, a write from outside or lost stream records made them differ from the tasks, they are
repaired here: missing ones are added, and wrong ones removed.

All entries of the project are read once, at half the price of a consistent read, and compared with
the tasks by a fingerprint for each task. Only if tasks differ, the entries are read again.

An entry is written only while the task has the version that the entries were computed from. A
concurrent change of the task either comes first, so that the task is read again; or it comes later,
so that its transaction and its stream record write what it changes. Stream records that are still
on their way do no harm: they end with the words of the task's present version.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.jobs.time_budget import OutOfTime, TimeBudget
from chalicelib.observability import logger
from chalicelib.task_lists.models import (
    entry_sort_keys,
    list_entry_sort_keys,
    replace_entries_writes,
    unchanged_task_check,
)
from chalicelib.task_lists.search import task_terms
from chalicelib.task_lists.sources import task_id_at
from chalicelib.tasks.models import Task, get_task

MEND_ATTEMPTS = 5
# The entries of this many tasks are in memory at a time.
BATCH_SIZE = 1_000
# A transaction has at most 100 writes; one of them checks the task.
WRITES_MAX = 99
# Entries that are read between two checks of the time.
CHECK_TIME_EVERY = 5_000


class Reindexed(NamedTuple):
    """The number of entries that were added or removed, and of tasks of the project.

    `is_complete` is False if the time was used up, or if a task changed too often.
    """

    mended: int
    tasks_count: int
    is_complete: bool


def reindex_project(project_id: str, tasks: Iterable[Task], budget: TimeBudget) -> Reindexed:
    """Add the missing filter entries and search terms of a project, and remove wrong ones.

    `tasks` are all tasks of the project that are not in the trash. What was repaired when the time
    is used up stays repaired, so the next call continues.
    """
    mended, tasks_count, is_complete = 0, 0, True
    try:
        fingerprints: defaultdict[str, int] = defaultdict(int)
        for task in tasks:
            tasks_count += 1
            for sort_key in _expected_sort_keys(task):
                fingerprints[task.id] ^= hash(sort_key)
        for task_id, sort_key in _list_stored(project_id, budget, consistent=False):
            fingerprints[task_id] ^= hash(sort_key)
        suspects = [task_id for task_id, fingerprint in fingerprints.items() if fingerprint]
        for count in _mend_tasks(project_id, suspects, budget):
            mended += count or 0
            is_complete = is_complete and count is not None
    except OutOfTime:
        is_complete = False
    return Reindexed(mended, tasks_count, is_complete)


def _mend_tasks(
    project_id: str, task_ids: Iterable[str], budget: TimeBudget
) -> Iterator[int | None]:
    """Repair the entries of these tasks, and yield the result of `_mend_task` for each."""
    remaining = iter(task_ids)
    while batch := list(islice(remaining, BATCH_SIZE)):
        stored: dict[str, set[str]] = {task_id: set() for task_id in batch}
        for task_id, sort_key in _list_stored(project_id, budget, consistent=True):
            if task_id in stored:
                stored[task_id].add(sort_key)
        for task_id in budget.each(batch):
            yield _mend_task(project_id, task_id, stored[task_id])


def _expected_sort_keys(task: Task | None) -> set[str]:
    return set() if task is None else entry_sort_keys(task, task_terms(task))


def _list_stored(
    project_id: str, budget: TimeBudget, *, consistent: bool
) -> Iterator[tuple[str, str]]:
    """Yield the task id and the sort key of each entry. Raises `OutOfTime` when no time is left."""
    stored = list_entry_sort_keys(project_id, consistent=consistent)
    for number, sort_key in enumerate(stored):
        if number % CHECK_TIME_EVERY == 0 and not budget.has(0):
            raise OutOfTime
        yield task_id_at(sort_key), sort_key


def _mend_task(project_id: str, task_id: str, stored: set[str]) -> int | None:
    """Replace the entries of one task, which were `stored` when they were read.

    Returns how many were wrong or missing, or None if the task changed too often.
    """
    # No task of another project has entries here.
    is_own = project_id_of(task_id) == project_id
    for _ in range(MEND_ATTEMPTS):
        task = get_task(task_id) if is_own else None
        expected = _expected_sort_keys(task)
        removed, added = stored - expected, expected - stored
        writes = replace_entries_writes(project_id, removed=removed, added=added)
        checks = [unchanged_task_check(task_id, task)] if is_own else []
        try:
            for start in range(0, len(writes), WRITES_MAX):
                transact(*checks, *writes[start : start + WRITES_MAX])
        except ConditionFailed:
            continue
        if writes:
            logger.warning(
                "index repaired", task_id=task_id, removed=len(removed), added=len(added)
            )
        return len(writes)
    logger.warning("task changes too often for reindex", task_id=task_id)
    return None
