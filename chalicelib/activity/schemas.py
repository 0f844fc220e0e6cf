"""Queries and responses of the activity log and the changes feed."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import asdict

from chalicelib.activity import changes_feed, models
from chalicelib.activity.changes_feed import Entry, Tombstone
from chalicelib.http.fields import Id, Limit, Time
from chalicelib.projects.schemas import Project, present_project
from chalicelib.tasks.schemas import Task, present_task

ACTIONS = ["created", "changed", "deleted", "restored", "moved"]
ActivityAction = Annotated[str, Meta(extra_json_schema={"enum": ACTIONS})]


class Activity(Struct):
    """One event of a task; `old` and `new` contain only the beginning of a long text."""

    id: Id
    task: Id
    title: str
    action: ActivityAction
    field: str | None
    old: Any
    new: Any
    actor: Id | None
    at: Time
    request_id: str | None


def present_activity(entry: models.Activity) -> Activity:
    return Activity(
        id=entry.id,
        task=entry.task_id,
        title=entry.title,
        action=entry.action,
        field=entry.field,
        old=entry.old,
        new=entry.new,
        actor=entry.actor,
        at=entry.at,
        request_id=entry.request_id,
    )


class ChangesStart(StrEnum):
    NOW = "now"


class ChangesQuery(Struct, forbid_unknown_fields=True):
    cursor: str | None = None
    limit: Limit = 100
    project: str | None = None
    start: ChangesStart | None = None


class ChangedProject(Project, tag_field="kind", tag="project"):
    """A project that is new or has changed."""


class ChangedTask(Task, tag_field="kind", tag="task"):
    """A task that is new or has changed."""


class Deleted(Struct, tag_field="kind", tag="deleted"):
    """A project or task that the caller no longer has. With a project, all its content is gone."""

    what: Literal["project", "task"]
    id: Id
    at: Time


class Changes(Struct):
    """Keep `next_cursor` for the next request; if `has_more` is true, send it at once."""

    items: list[ChangedProject | ChangedTask | Deleted]
    next_cursor: str
    has_more: bool


def present_change(entry: Entry) -> ChangedProject | ChangedTask | Deleted:
    if isinstance(entry, Tombstone):
        return Deleted("project" if entry.kind == "project" else "task", entry.id, entry.at)
    if isinstance(entry, changes_feed.ChangedProject):
        return ChangedProject(**asdict(present_project(entry.project, entry.role)))
    return ChangedTask(**asdict(present_task(entry.task, entry.project)))
