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
    UnchangedFields,
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


class _Task(UnchangedFields):
    id: str
    title: str
    description: str | None = None
    status: str = "todo"
    priority: str = "medium"
    assigned_to: str | None = None
    labels: list[str] = []
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
    return TaskRecord(
        line,
        task.id,
        task.title,
        description=task.description or "",
        status=status,
        priority=priority,
        assignees=[_name(task.assigned_to, people)] if task.assigned_to else [],
        labels=[labels[label] for label in task.labels if label in labels],
        comments=[_read_comment(each, people) for each in task.comments],
        relations=[(each.kind, each.task or "") for each in task.relations],
        **{name: getattr(task, name) for name in UnchangedFields.__struct_fields__},
    )


def _read_comment(comment: _Comment, people: Mapping[str, tuple[str, ...]]) -> CommentRecord:
    author = _name(comment.author, people) if comment.author else ()
    return CommentRecord(comment.body, author, comment.created_at, comment.edited_at)


def _name(user_id: str, people: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the username of a user; the id of one who was no member at the export."""
    return people.get(user_id, (user_id,))
