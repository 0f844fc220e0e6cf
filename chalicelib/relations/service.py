"""Relations: create, list, remove.

A relation changes both tasks, so the caller needs the edit right in both projects. To remove one,
the edit right on either side suffices: members of one project can always get rid of a blocker that
they cannot see.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from chalicelib.access.service import TaskAccess, authorize_named_task
from chalicelib.activity.service import record_relation_writes
from chalicelib.copies.location_models import find_tasks_anywhere
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Put, Write, transact
from chalicelib.errors import (
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    Unavailable,
    require_found,
)
from chalicelib.relations import models
from chalicelib.relations.blockers import RelatedTask, read_related_tasks
from chalicelib.relations.cycles import find_cycle_checks
from chalicelib.relations.models import BLOCKS, RELATIONS_MAX, Relation
from chalicelib.tasks.keys import resolve_task_id
from chalicelib.tasks.models import Task, get_tasks

MAX_ATTEMPTS = 10


class ListedRelation(NamedTuple):
    """A relation and its other task; None if the caller may not see it or it is in the trash."""

    relation: Relation
    other: RelatedTask | None


def create_relation(access: TaskAccess, *, kind: str, target: str) -> ListedRelation:
    """Relate the task to `target`, the id or key of another task.

    A repeated idempotency key returns the first relation. Raises `Invalid` when the caller cannot
    access the target or it is the task itself, `Forbidden` when the caller may not edit it, and
    `Conflict` when the relation exists, one of the tasks has too many, or tasks would block each
    other in a cycle.
    """
    other = _authorize_target(access, target)
    tasks = _by_original_id(access.task, other.task)
    ends = (access.task.original_id, other.task.original_id)
    relation = models.new_relation(*ends, kind, access.user_id, access.now)
    for _ in range(MAX_ATTEMPTS):
        writes = (
            *_cycle_checks(relation, tasks),
            *models.add_relation_writes(relation, tasks),
            *_activity_writes(access, relation, tasks, is_new=True),
        )
        try:
            stored = create_once(
                relation, *writes, idempotency_key=access.idempotency_key, now=access.now
            )
            return ListedRelation(stored, RelatedTask(other.task, other.project, is_visible=True))
        except ConditionFailed as failed:
            _raise_conflict(failed)
        tasks = _by_original_id(*get_tasks(task.id for task in tasks.values()))
        if len(tasks) < 2:  # a concurrent request moved one to the trash or to another project
            raise NotFound()
    raise Unavailable()


def relate_copies(task_id: str, other_id: str, kind: str, *, user_id: str, now: datetime) -> None:
    """Relate two copies of tasks as their sources are related. Idempotent, without activity.

    Does nothing when one of the two is missing, when they have the relation or one has too many,
    and when tasks would block each other in a cycle.
    """
    relation = models.new_relation(task_id, other_id, kind, user_id, now)
    with suppress(Conflict):
        for _ in range(MAX_ATTEMPTS):
            tasks = _by_original_id(*get_tasks((task_id, other_id)))
            if tasks.keys() != {task_id, other_id}:
                return
            checks = _cycle_checks(relation, tasks)
            try:
                transact(*checks, *models.add_relation_writes(relation, tasks))
                return
            except ConditionFailed as failed:
                _raise_conflict(failed)
        raise Unavailable()


def _by_original_id(*tasks: Task) -> dict[str, Task]:
    return {task.original_id: task for task in tasks}


def _authorize_target(access: TaskAccess, target: str) -> TaskAccess:
    """Return the access to the other task, which the same permission is needed for."""
    try:
        context = access.context.for_further_check()
        other = authorize_named_task(context, resolve_task_id(context, target))
    except NotFound as failure:
        raise _invalid_target("must be a task that you have access to") from failure
    if other.task.id == access.task.id:
        raise _invalid_target("must be another task")
    return other


def _invalid_target(message: str) -> Invalid:
    return Invalid(errors=(FieldError("task", message),))


def _cycle_checks(relation: Relation, tasks: Mapping[str, Task]) -> tuple[Write, ...]:
    for side in (relation, relation.inverse):
        if side.kind == BLOCKS:
            return tuple(find_cycle_checks(tasks[side.task_id], tasks[side.other_id]))
    return ()


def _raise_conflict(failed: ConditionFailed) -> None:
    """Raise the `Conflict` that another attempt could not avoid."""
    if isinstance(failed.write, Put):
        raise Conflict("The tasks already have this relation", code="already_related") from failed
    counts = (failed.item or {}).get("relations_count", {"N": "0"})
    if int(counts["N"]) >= RELATIONS_MAX:
        raise Conflict(
            f"A task has at most {RELATIONS_MAX} relations; remove one of them first",
            code="too_many_relations",
        ) from failed


def list_relations(access: TaskAccess) -> list[ListedRelation]:
    """Return all relations of the task, sorted by kind, then in the order of the other tasks."""
    if not access.task.relations_count:
        return []
    relations = access.read_list(models.list_relations, access.task.original_id)
    related = read_related_tasks(access, {relation.other_id for relation in relations})
    return [ListedRelation(each, _find_visible(related, each)) for each in relations]


def get_relation(access: TaskAccess, relation_id: str) -> ListedRelation:
    """Return the relation. Raises `NotFound` if the task has no such relation."""
    relation = _get_relation(access, relation_id)
    related = read_related_tasks(access, {relation.other_id})
    return ListedRelation(relation, _find_visible(related, relation))


def _get_relation(access: TaskAccess, relation_id: str) -> Relation:
    relations = access.read_list(models.list_relations, access.task.original_id)
    return require_found(
        next((each for each in relations if each.relation_id == relation_id), None)
    )


def _find_visible(related: Mapping[str, RelatedTask], relation: Relation) -> RelatedTask | None:
    other = related.get(relation.other_id)
    return other if other is not None and other.is_visible else None


def delete_relation(access: TaskAccess, relation_id: str) -> None:
    """Remove the relation from both tasks. Raises `NotFound` if the task has no such relation."""
    relation = _get_relation(access, relation_id)
    for _ in range(MAX_ATTEMPTS):
        tasks = find_tasks_anywhere((relation.task_id, relation.other_id))
        try:
            transact(
                *models.remove_relation_writes(relation, tasks),
                *_activity_writes(access, relation, tasks, is_new=False),
            )
            return
        except ConditionFailed as failed:
            if isinstance(failed.write, Delete):
                raise NotFound() from failed
    raise Unavailable()


def _activity_writes(
    access: TaskAccess, relation: Relation, tasks: Mapping[str, Task], *, is_new: bool
) -> tuple[Write, ...]:
    """Return the writes of the activity of both tasks."""
    writes: list[Write] = []
    for side in (relation, relation.inverse):
        task, other = tasks.get(side.task_id), tasks.get(side.other_id)
        if task is not None:
            writes += record_relation_writes(access, task, other, kind=side.kind, is_new=is_new)
    return tuple(writes)
