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

from chalicelib.observability import logger
from chalicelib.store import hanging, members, projects, quotas, sums, tasks
from chalicelib.store.hanging import Below
from chalicelib.store.quotas import Usage
from chalicelib.store.side_by_side import side_by_side
from chalicelib.store.sums import Sums
from chalicelib.store.tasks import COUNTS, Task
from chalicelib.store.transaction import ConditionFailed, Update, transact

TRIES = 5
# Of so many tasks at once is read what hangs on them.
AT_ONCE = 200


class Wrong(NamedTuple):
    """By how much each of a row's counts is off, and the write that sets them right."""

    by: dict[str, int]
    mend: Update


Look = Callable[[], Wrong | None]


class Tallied(NamedTuple):
    """How many counts of some tasks were wrong, and the room that their files take."""

    drift: int
    room: Counter[str]


def of_tasks(some: Sequence[Task], children: Counter[str]) -> Tallied:
    """Set the counts of these tasks right, wherever they are. `children` are the numbers of their
    sub-tasks, for a first look."""
    below = side_by_side(hanging.below, [task.id for task in some])
    looks = [
        look
        for task, found in zip(some, below, strict=True)
        for look in _doubts(task, found, children)
    ]
    return Tallied(sum(_set_right(look) for look in looks), _room(below))


def of_files(project_id: str, room: Counter[str], task_ids: Callable[[], Iterator[str]]) -> int:
    """How many of the sums of a project's files were wrong; they are right now. `room` is what they
    seemed to take, `task_ids` are of all tasks that the project has anywhere."""
    if quotas.as_it_stands(Usage.of_project(project_id)).counts == room:
        return 0
    return _set_right(partial(_look_at_files, project_id, task_ids))


def of_project(project_id: str) -> int:
    """1 if the number of the project's members was wrong; it is right now."""
    return _set_right(partial(_look_at_project, project_id))


def _doubts(task: Task, found: Below, children: Counter[str]) -> Iterator[Look]:
    """What of a task deserves a second look."""
    if _off(task, found.counts | Counter(subtasks_count=children[task.id])):
        yield partial(_look_at_task, task.id)
    if found.said != found.room:
        yield partial(_look_at_room, task.id)


def _look_at_task(task_id: str) -> Wrong | None:
    task = tasks.anywhere(task_id)
    if task is None:
        return None
    truth = hanging.below(task_id).counts + Counter(subtasks_count=hanging.children(task_id))
    off = _off(task, truth)
    return Wrong(off, tasks.recounted(task, {name: truth[name] for name in off})) if off else None


def _off(task: Task, truth: Counter[str]) -> dict[str, int]:
    return _differences({name: int(getattr(task, name) or 0) for name in COUNTS}, truth)


def _differences(said: Mapping[str, int], truth: Counter[str]) -> dict[str, int]:
    return {name: count - truth[name] for name, count in said.items() if count != truth[name]}


def _look_at_room(task_id: str) -> Wrong | None:
    row = quotas.as_it_stands(Usage.of_task(task_id))
    return _off_in(row, hanging.below(task_id).room)


def _look_at_files(project_id: str, task_ids: Callable[[], Iterator[str]]) -> Wrong | None:
    row = quotas.as_it_stands(Usage.of_project(project_id))
    truth, ids = quotas.room(), task_ids()
    while some := list(islice(ids, AT_ONCE)):
        truth.update(_room(side_by_side(hanging.below, some)))
    return _off_in(row, truth)


def _off_in(row: Sums, truth: Counter[str]) -> Wrong | None:
    off = _differences(row.counts, truth)
    return Wrong(off, sums.corrected(row, truth)) if off else None


def _room(below: Iterable[Below]) -> Counter[str]:
    """What all of it takes together."""
    total = quotas.room()
    for each in below:
        total.update(each.room)
    return total


def _look_at_project(project_id: str) -> Wrong | None:
    project = projects.by_id(project_id)
    if project is None or project.deleted_at is not None:
        return None
    count = sum(1 for _ in members.of_project(project_id))
    by = int(project.members_count) - count
    return Wrong({"members_count": by}, projects.recounted(project, count)) if by else None


def _set_right(look: Look) -> int:
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
