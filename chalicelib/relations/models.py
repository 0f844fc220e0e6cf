"""Relations. Each is two items that are written together, one below each of its tasks.

They name the tasks by their original ids, which stay the same when a task moves to another project
(docs/decisions/0040-child-items-of-a-moved-task-stay.md).

Both tasks count their relations (`relations_count`), and a task counts the open tasks that block it
(`open_blockers_count`). These counts change in the transaction that changes what they count.
`relations_version` increases with each relation that a task gets or loses. A transaction whose
writes depend on the relations that were read requires that it is unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.copies.location_models import find_tasks_anywhere
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.table import Item, Key, query_all
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionCheck, Delete, Increment, Put, Write
from chalicelib.tasks.models import Task, TrashedTask

BLOCKS, BLOCKED_BY = "blocks", "blocked_by"
# Each kind of relation, and the kind of the same relation as seen from the other task.
INVERSE_KINDS = {
    BLOCKS: BLOCKED_BY,
    BLOCKED_BY: BLOCKS,
    "relates_to": "relates_to",
    "duplicates": "duplicated_by",
    "duplicated_by": "duplicates",
}
# A change of status writes to each task that the task blocks, all in one transaction.
RELATIONS_MAX = 25


class Relation(Item):
    """A relation as seen from one of its tasks; both items have the same `relation_id`."""

    relation_id = UnicodeAttribute()
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()

    @staticmethod
    def key(task_id: str, kind: str, other_id: str) -> "Key[Relation]":
        return Key(Relation, f"TASK#{task_id}", f"REL#{kind}#{other_id}")

    @property
    def id(self) -> str:
        return self.relation_id

    @property
    def task_id(self) -> str:
        """The original id of the task."""
        return self.PK.removeprefix("TASK#")

    @property
    def kind(self) -> str:
        return self.SK.split("#")[1]

    @property
    def other_id(self) -> str:
        """The original id of the other task."""
        return self.SK.split("#")[2]

    @property
    def inverse(self) -> "Relation":
        """The same relation as seen from the other task."""
        key = Relation.key(self.other_id, INVERSE_KINDS[self.kind], self.task_id)
        return Relation(
            key.pk,
            key.sk,
            relation_id=self.relation_id,
            created_by=self.created_by,
            created_at=self.created_at,
        )


def new_relation(task_id: str, other_id: str, kind: str, user_id: str, now: datetime) -> Relation:
    """Return a new relation between the tasks with these original ids, which is not stored yet."""
    key = Relation.key(task_id, kind, other_id)
    return Relation(
        key.pk,
        key.sk,
        relation_id=new_id(now),
        created_by=user_id,
        created_at=format_timestamp(now),
    )


def add_relation_writes(relation: Relation, tasks: Mapping[str, Task]) -> tuple[Write, ...]:
    """Return the writes that store a relation and count it on both tasks.

    `tasks` has both tasks by original id. The writes require that no task has got or lost a
    relation or changed its status since it was read, and that each has fewer than `RELATIONS_MAX`
    relations.
    """
    count = Task.relations_count
    has_room = count.does_not_exist() | (count < RELATIONS_MAX)
    counts = _count_writes(relation, tasks, added=1, condition=has_room)
    return Put(relation), Put(relation.inverse), *counts


def remove_relation_writes(relation: Relation, tasks: Mapping[str, Task]) -> tuple[Write, ...]:
    """Return the writes that delete a relation and subtract it from the counts of its tasks.

    `tasks` has those of its tasks that exist, in the trash or not, by original id. The writes
    require that the relation exists, and that no task has got or lost a relation or changed its
    status since it was read.
    """
    sides = (relation, relation.inverse)
    keys = [Key(Relation, side.PK, side.SK) for side in sides]
    deletions = (Delete(key, Item.PK.exists()) for key in keys)
    return *deletions, *_count_writes(relation, tasks, added=-1)


def _count_writes(
    relation: Relation,
    tasks: Mapping[str, Task],
    *,
    added: int,
    condition: Condition | None = None,
) -> Iterator[Increment]:
    """Yield a write for each task that adds to its counts, under the additional `condition`."""
    for side in (relation, relation.inverse):
        task, other = tasks.get(side.task_id), tasks.get(side.other_id)
        if task is None:
            continue
        counts = {"relations_count": added, "relations_version": 1}
        if side.kind == BLOCKED_BY and is_blocking(other):
            counts["open_blockers_count"] = added
        is_as_read = has_relations_as_read(task) & is_unchanged(task, "status")
        if condition is not None:
            is_as_read &= condition
        yield Increment(type(task).key(task.id), counts, is_as_read)


def move_open_blockers_writes(before: Task | None, after: Task | None) -> tuple[Increment, ...]:
    """Return the writes that change the number of open blockers of the tasks that a task blocks.

    Pass None as `before` or `after` for a task that does not exist or is in the trash. Reads
    nothing unless the task has relations and begins or stops to block. The caller's transaction
    must require that `relations_version` of the task is as it was read.
    """
    task = after or before
    added = int(is_blocking(after)) - int(is_blocking(before))
    if task is None or not task.relations_count or not added:
        return ()
    relations = list_relations(task.original_id, BLOCKS)
    blocked = find_tasks_anywhere(relation.other_id for relation in relations)
    return tuple(
        Increment(type(each).key(each.id), {"open_blockers_count": added}, Item.PK.exists())
        for each in blocked.values()
    )


def has_relations_as_read(task: Task) -> Condition:
    """Return the condition that the task is where it was read, with the same relations."""
    condition: Condition = Item.PK.exists() & is_unchanged(task, "relations_version")
    return condition


def unchanged_relations_check(task: Task) -> ConditionCheck:
    """Return the check that the task is where it was read, with the same relations."""
    return ConditionCheck(type(task).key(task.id), has_relations_as_read(task))


def is_blocking(task: Task | None) -> bool:
    """Return whether tasks that this one blocks wait for it: it is open and not in the trash."""
    return task is not None and task.is_open and not isinstance(task, TrashedTask)


def is_blocked(task: Task) -> bool:
    """Return whether the task is open and an open task blocks it."""
    return task.is_open and bool(task.open_blockers_count)


def list_relations(task_id: str, kind: str = "") -> list[Relation]:
    """Return the relations of the task with this original id, also of one in the trash.

    With `kind`, returns only those of this kind.
    """
    prefix = f"REL#{kind}#" if kind else "REL#"
    return list(query_all(Relation, f"TASK#{task_id}", Relation.SK.startswith(prefix)))


def count_open_blockers(blocker_ids: Iterable[str]) -> int:
    """Return how many of the tasks with these original ids are open and not in the trash."""
    return sum(map(is_blocking, find_tasks_anywhere(blocker_ids).values()))
