"""The manual order of tasks that are copied together.

A rank is a slot and a fraction. The slot is the ULID of another task, or the one before it
(docs/decisions/0041-only-moved-tasks-store-a-rank.md). The slot of the copy is derived in the same
way from the ULID of that task's copy; the fraction stays.
"""

from collections.abc import Callable, Iterable, Sequence

from chalicelib.dynamodb.ids import ID_LENGTH
from chalicelib.dynamodb.table import batch_get
from chalicelib.ranks.fractional_index import next_slot, previous_slot, split_rank
from chalicelib.tasks.models import Task, TrashedTask


def map_ranks(tasks: Sequence[Task], get_copy_id: Callable[[str], str]) -> dict[str, str]:
    """Return the ranks of the copies, by the ids of those of the `tasks` that have a rank.

    `get_copy_id` returns the id of a task's copy. The tasks belong to one project.
    """
    ranked = {task.id: split_rank(task.rank) for task in tasks if task.rank is not None}
    if not ranked:
        return {}
    project_id = tasks[0].project_id
    following = {slot: next_slot(slot) for slot, _ in ranked.values()}
    followed_by_task = _find_existing(following.values(), project_id)

    def map_slot(slot: str) -> str:
        if following[slot] in followed_by_task:
            return previous_slot(get_copy_id(following[slot] + project_id)[:ID_LENGTH])
        return get_copy_id(slot + project_id)[:ID_LENGTH]

    return {task_id: map_slot(slot) + fraction for task_id, (slot, fraction) in ranked.items()}


def _find_existing(own_ids: Iterable[str], project_id: str) -> set[str]:
    """Return those of the ULIDs that belong to tasks of the project, in the trash or not."""
    keys = {
        own_id: (Task.key(own_id + project_id), TrashedTask.key(own_id + project_id))
        for own_id in own_ids
    }
    result = batch_get(*(key for pair in keys.values() for key in pair))
    return {own_id for own_id, pair in keys.items() if any(result.raw(key) for key in pair)}
