"""The counts that stand on a task, of its comments, files and sub-tasks, and on a project, of its
members: whether they are right.

They are added to in the transaction of what they count, so there should be nothing to mend. One
that is wrong is set right while it is as it was read. As it may have moved there and back since,
the row is looked at again until it is right.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from chalicelib.observability import logger
from chalicelib.store import hanging, members, projects, tasks
from chalicelib.store.side_by_side import side_by_side
from chalicelib.store.tasks import COUNTS, Task
from chalicelib.store.transaction import ConditionFailed, Update, transact

TRIES = 5


class Wrong(NamedTuple):
    """By how much each of a row's counts is off, and the write that sets them right."""

    by: dict[str, int]
    mend: Update


def of_tasks(some: Sequence[Task], children: Counter[str]) -> int:
    """How many counts on these tasks were wrong; they are right now. `children` are the numbers of
    their sub-tasks, for a first look."""
    below = side_by_side(hanging.below, [task.id for task in some])
    suspects = [
        task.id
        for task, found in zip(some, below, strict=True)
        if _off(task, found | Counter(subtasks_count=children[task.id]))
    ]
    return sum(_set_right(partial(_look_at_task, task_id)) for task_id in suspects)


def of_project(project_id: str) -> int:
    """1 if the number of the project's members was wrong; it is right now."""
    return _set_right(partial(_look_at_project, project_id))


def _look_at_task(task_id: str) -> Wrong | None:
    task = tasks.by_id(task_id)
    if task is None:
        return None
    truth = hanging.below(task_id) + Counter(subtasks_count=hanging.children(task_id))
    off = _off(task, truth)
    return Wrong(off, tasks.recounted(task, {name: truth[name] for name in off})) if off else None


def _off(task: Task, truth: Counter[str]) -> dict[str, int]:
    differences = {name: int(getattr(task, name) or 0) - truth[name] for name in COUNTS}
    return {name: by for name, by in differences.items() if by}


def _look_at_project(project_id: str) -> Wrong | None:
    project = projects.by_id(project_id)
    if project is None or project.deleted_at is not None:
        return None
    count = sum(1 for _ in members.of_project(project_id))
    by = int(project.members_count) - count
    return Wrong({"members_count": by}, projects.recounted(project, count)) if by else None


def _set_right(look: Callable[[], Wrong | None]) -> int:
    wrong: set[str] = set()
    for _ in range(TRIES):
        found = look()
        if found is None:
            break
        try:
            transact(found.mend)
        except ConditionFailed:  # it has just moved
            continue
        key = found.mend.key
        logger.error("counters had drifted", place=f"{key.pk} {key.sk}", by=found.by)
        wrong |= found.by.keys()
    return len(wrong)
