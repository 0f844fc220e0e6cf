"""Live events: what a record of the table's stream tells the clients that watch a project.

An event names what changed and carries no texts, so it is small and tells nothing that a reader of
the project may not read.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from chalicelib.access.permissions import Action
from chalicelib.activity.service import FIELDS
from chalicelib.comments.models import Comment
from chalicelib.copies.location_models import find_current_id
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.labels.models import Label
from chalicelib.members.models import Member
from chalicelib.observability import logger
from chalicelib.tasks.jobs import TaskChange, parse_task_change
from chalicelib.tasks.models import COUNT_ATTRIBUTES, TrashedTask

# What a reader must be allowed to do to get an event, by the first part of its type.
ACTIONS = {
    "task": Action.READ_TASKS,
    "comment": Action.READ_COMMENTS,
    "label": Action.READ_TASKS,
    "member": Action.READ_PROJECTS,
}
TASK_FIELDS = (*FIELDS, "rank", "reminders", "next_task", *COUNT_ATTRIBUTES)
_VERBS = {"INSERT": "created", "MODIFY": "changed", "REMOVE": "deleted"}


class LiveEvent(Struct, frozen=True):
    """An event in a project. `details` name the object, such as `task_id` and `version`; `actor` is
    the user who made the change, None where the table does not say."""

    project_id: str
    type: str
    actor: str | None
    details: dict[str, Any]


class RecordEvents(Struct, frozen=True):
    """A record of the stream and its events; None if they could not be made."""

    record: dict[str, Any]
    events: list[dict[str, Any]] | None


def build_all_events(records: list[dict[str, Any]]) -> list[RecordEvents]:
    """Return the events of each record. A failure is logged, and none of the others fails."""
    built = []
    for record in records:
        try:
            built.append(RecordEvents(record, build_events(record)))
        except Exception:
            logger.exception("the events of a record were not made", record_id=record["eventID"])
            built.append(RecordEvents(record, None))
    return built


def build_events(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a stream record as JSON objects, each with its `project_id`.

    A task that moves to another project is an event in both projects. The comments of a moved task
    are under its first id, so one read finds its project.
    """
    change = record["dynamodb"]
    at = datetime.fromtimestamp(float(change["ApproximateCreationDateTime"]), UTC)
    return [
        {
            "project_id": event.project_id,
            "id": f"{record['eventID']}-{number}",
            "type": event.type,
            "at": format_timestamp(at),
            "actor": event.actor,
            **event.details,
        }
        for number, event in enumerate(_list_events(record))
    ]


def _list_events(record: dict[str, Any]) -> Iterator[LiveEvent]:
    change, verb = record["dynamodb"], _VERBS[record["eventName"]]
    partition, kind = change["Keys"]["PK"]["S"], change["Keys"]["SK"]["S"].partition("#")[0]
    image = change.get("NewImage") or change["OldImage"]
    if kind in {"TASK", "TRASH"}:
        yield from _list_task_events(parse_task_change(record))
    elif kind == "COMMENT":
        yield _build_comment_event(Comment.from_raw_data(image), verb)
    elif kind == "MEMBER" and partition.startswith("PROJECT#"):
        member = Member.from_raw_data(image)
        details: dict[str, Any] = {"user_id": member.user_id, "role": member.role}
        verb = {"created": "added", "deleted": "removed"}.get(verb, verb)
        yield LiveEvent(member.project_id, f"member.{verb}", None, details)
    elif kind == "LABEL":
        label = Label.from_raw_data(image)
        details = {"label_id": label.id, "version": int(label.version)}
        yield LiveEvent(label.project_id, f"label.{verb}", None, details)


def _list_task_events(change: TaskChange) -> Iterator[LiveEvent]:
    """Yield the events of a task's item. A task that is deleted or moved causes its event by the
    item that takes its place: the item in the trash, or in the other project."""
    before, task = change.before, change.after
    if task is None:
        return
    details: dict[str, Any] = {"task_id": task.id, "version": int(task.version)}
    if before is not None:
        fields = [name for name in TASK_FIELDS if getattr(before, name) != getattr(task, name)]
        if fields and not isinstance(task, TrashedTask):
            details |= {"fields": fields}
            yield LiveEvent(task.project_id, "task.changed", task.changed_by, details)
        return
    if isinstance(task, TrashedTask):
        yield LiveEvent(task.project_id, "task.deleted", task.changed_by, details)
    elif task.moved_from is not None and task.moved_at == task.updated_at:
        left = details | {"task_id": task.moved_from, "moved_to": task.id}
        yield LiveEvent(project_id_of(task.moved_from), "task.deleted", task.changed_by, left)
        yield LiveEvent(task.project_id, "task.created", task.changed_by, details)
    else:
        verb = "created" if task.version == 1 else "restored"
        yield LiveEvent(task.project_id, f"task.{verb}", task.changed_by, details)


def _build_comment_event(comment: Comment, verb: str) -> LiveEvent:
    """Return the event of a comment. Its author wrote and changed it; others may delete it."""
    task_id = find_current_id(comment.original_task_id) or comment.original_task_id
    version = int(comment.version)
    details = {"task_id": task_id, "comment_id": comment.id, "version": version}
    actor = None if verb == "deleted" else comment.author
    return LiveEvent(project_id_of(task_id), f"comment.{verb}", actor, details)
