"""The file `project.json` of this product's own project export.

It holds everything but files, members, reminders and saved views, whose ids belong to the project
that was exported.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Raw, Struct

from chalicelib.imports.formats.files import read_elements, read_json
from chalicelib.imports.formats.records import (
    CommentRecord,
    ParsedFile,
    ReadingContext,
    TaskRecord,
)
from chalicelib.labels.models import DEFAULT_COLOR, NAME_MAX
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.models import PRIORITY_RANKS
from chalicelib.text import to_line

_COLOR = re.compile("#[0-9a-f]{6}")


class _Project(Struct):
    description: str | None = None


class _Label(Struct):
    id: str
    name: str
    color: str


class _Member(Struct):
    user_id: str
    username: str


class _Comment(Struct):
    body: str
    author: str | None = None
    created_at: str | None = None
    edited_at: str | None = None


class _Relation(Struct):
    kind: str
    task: str | None = None


class _Task(Struct):
    id: str
    title: str
    description: str | None = None
    status: str = "todo"
    priority: str = "medium"
    assigned_to: str | None = None
    start_date: str | None = None
    due_date: str | None = None
    labels: list[str] = []
    parent: str | None = None
    completed_at: str | None = None
    rrule: str | None = None
    repeat_from: str | None = None
    next_task: str | None = None
    rank: str | None = None
    comments: list[_Comment] = []
    attachments: list[Raw] = []
    relations: list[_Relation] = []


class _Export(Struct):
    project: _Project
    tasks: list[Raw]
    labels: list[_Label] = []
    members: list[_Member] = []
    views: list[Any] = []


def parse_project_export(raw: bytes, context: ReadingContext) -> ParsedFile:
    """Return the tasks of a project export in the order of their creation."""
    export = read_json(raw, _Export)
    parsed = ParsedFile(description=export.project.description or "")
    labels = {label.id: label.name for label in export.labels}
    parsed.colors = {
        name: label.color if _COLOR.fullmatch(label.color) else DEFAULT_COLOR
        for label in export.labels
        if (name := to_line(label.name)) and len(name) <= NAME_MAX
    }
    people = {each.user_id: (each.username,) for each in export.members}
    found = read_elements(export.tasks, _Task, parsed)
    for line, task in sorted(found, key=lambda each: each[1].id):
        parsed.tasks.append(_read_task(line, task, labels, people, parsed))
    if export.views:
        parsed.report(1, "views", "value_left_out", f"{len(export.views)} saved views")
    return parsed


def _read_task(
    line: int,
    task: _Task,
    labels: dict[str, str],
    people: Mapping[str, tuple[str, ...]],
    parsed: ParsedFile,
) -> TaskRecord:
    status, priority = task.status, task.priority
    if status not in OPEN_STATUSES | {"done"}:
        parsed.report(line, "status", "status_unknown", status)
        status = "todo"
    if priority not in PRIORITY_RANKS:
        parsed.report(line, "priority", "priority_unknown", priority)
        priority = "medium"
    if task.attachments:
        parsed.report(line, "attachments", "attachments_left_out", len(task.attachments))
    relations = [(each.kind, each.task or "") for each in task.relations]
    return TaskRecord(
        line,
        task.id,
        task.title,
        description=task.description or "",
        status=status,
        priority=priority,
        assignees=[_name(task.assigned_to, people)] if task.assigned_to else [],
        start_date=task.start_date,
        due_date=task.due_date,
        labels=[labels[label] for label in task.labels if label in labels],
        parent=task.parent,
        completed_at=task.completed_at,
        rrule=task.rrule,
        repeat_from=task.repeat_from,
        next_task=task.next_task,
        rank=task.rank,
        comments=[
            CommentRecord(
                each.body,
                _name(each.author, people) if each.author else (),
                each.created_at,
                each.edited_at,
            )
            for each in task.comments
        ],
        relations=relations,
    )


def _name(user_id: str, people: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the username of a user; the id of one who was no member at the export."""
    return people.get(user_id, (user_id,))
