"""Bodies and answers of relations."""

from enum import StrEnum

from msgspec import Struct

from chalicelib.http.fields import Id, Time
from chalicelib.newer_releases import as_stored
from chalicelib.relations.service import ListedRelation
from chalicelib.tasks.schemas import TaskKey, TaskStatus


class RelationKind(StrEnum):
    """The kind of a relation as seen from the task that lists it."""

    BLOCKS = "blocks"
    BLOCKED_BY = "blocked_by"
    RELATES_TO = "relates_to"
    DUPLICATES = "duplicates"
    DUPLICATED_BY = "duplicated_by"


class NewRelation(Struct, forbid_unknown_fields=True):
    """`task` is the id or the key of the other task."""

    kind: RelationKind
    task: str


class RelatedTask(Struct):
    """The other task of a relation."""

    id: Id
    key: TaskKey
    project: Id
    title: str
    status: TaskStatus


class Relation(Struct):
    """A relation of a task; `task` is null if you have no access to it or it is in the trash."""

    id: Id
    kind: RelationKind
    task: RelatedTask | None
    created_by: Id
    created_at: Time


def present_relation(listed: ListedRelation) -> Relation:
    relation, other = listed
    related = None
    if other is not None:
        task, project = other.task, other.project
        related = RelatedTask(
            id=task.id,
            key=f"{project.prefix}-{int(task.number or 0)}",
            project=project.id,
            title=task.title,
            status=as_stored(TaskStatus, task.status),
        )
    return Relation(
        id=relation.id,
        kind=RelationKind(relation.kind),
        task=related,
        created_by=relation.created_by,
        created_at=relation.created_at,
    )
