"""The tasks in an export, with their comments and attachments, as JSON and as CSV.

Relations are only in the JSON. Both exports use this module. An export grows page by page: each
step adds a piece to every file.
"""

from typing import Any

import msgspec

from chalicelib.attachments.models import READY, list_attachments
from chalicelib.comments.models import list_all_comments
from chalicelib.copies.location_models import find_current_ids
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.exports.columns import COLUMNS, Record, describe_tasks
from chalicelib.exports.csv_files import csv_file, csv_lines
from chalicelib.exports.workbook import ROWS
from chalicelib.jobs.handlers import Pieces, can_read_project
from chalicelib.relations.models import list_relations
from chalicelib.tasks.cards import get_rank
from chalicelib.tasks.models import Task

# Tasks in one step.
PAGE_SIZE = 100
TASK_FIELDS = (
    "id",
    "number",
    "title",
    "description",
    "status",
    "priority",
    "assigned_to",
    "start_date",
    "due_date",
    "labels",
    "parent",
    "created_by",
    "created_at",
    "updated_at",
    "completed_at",
    "rrule",
    "repeat_from",
    "next_task",
)
COMMENT_FIELDS = ("id", "task", "author", "body", "created_at", "edited_at")
ATTACHMENT_FIELDS = (
    "id",
    "task",
    "filename",
    "content_type",
    "size",
    "sha256",
    "uploaded_by",
    "uploaded_at",
)
# Of a saved view; the exports list views beside the tasks.
VIEW_FIELDS = ("id", "name", "filter", "ordering", "created_by", "created_at", "updated_at")


def start_task_files(document: str, content: Record) -> Pieces:
    """Return the first piece of each file.

    `document` is the name of the JSON file. It begins with the members of `content` and an open
    list `tasks`; append "]}" after the last page. `content` has the `time_zone` of the CSV files.
    """
    headers = {name: csv_file(columns) for name, columns in COLUMNS.items()}
    rows = msgspec.json.encode({"time_zone": content["time_zone"]}) + b"\n"
    opened = msgspec.json.encode(content)[:-1] + b',"tasks":['
    return {document: opened, ROWS: rows, **headers}


def append_tasks(
    document: str, project_id: str, tasks: list[Record], *, zone: str, is_first: bool
) -> Pieces:
    """Return what a page of a project's tasks (as `export_task` returns them) adds to each file.

    `is_first` is true while the JSON list in `document` is empty.
    """
    if not tasks:
        return {document: b""}
    items = msgspec.json.encode(tasks)[1:-1]
    lines = describe_tasks(project_id, tasks, zone)
    return {
        document: items if is_first else b"," + items,
        ROWS: msgspec.json.encode(lines) + b"\n",
        **{name: csv_lines(COLUMNS[name], each) for name, each in lines.items()},
    }


def export_task(task: Task, reader: str | None = None) -> Record:
    """Return a task with its comments, oldest first, its ready attachments, and its relations.

    A relation to a task of another project has the task's id only if the user `reader` can read it.
    """
    record = select_fields(task, TASK_FIELDS)
    record["number"] = task.number and int(task.number)
    record["labels"] = list(task.labels or ())
    record["project"] = task.project_id
    record["rank"] = get_rank(task)

    # A task without comments costs no query.
    comments = list_all_comments(task.original_id) if task.comments_count else ()
    record["comments"] = [
        select_fields(comment, COMMENT_FIELDS, task=task.id) for comment in comments
    ]
    record["attachments"] = [
        select_fields(
            attachment,
            ATTACHMENT_FIELDS,
            task=task.id,
            size=int(attachment.size),
        )
        for attachment in list_attachments(task.original_id)
        if attachment.status == READY
    ]
    record["relations"] = _export_relations(task, reader) if task.relations_count else []
    return record


def _export_relations(task: Task, reader: str | None) -> list[Record]:
    relations = list_relations(task.original_id)
    moved_ids = find_current_ids(relation.other_id for relation in relations)
    other_ids = [moved_ids.get(each.other_id, each.other_id) for each in relations]
    readable = {task.project_id}
    if reader is not None:
        projects = set(map(project_id_of, other_ids)) - readable
        readable |= {each for each in projects if can_read_project(reader, each)}
    return [
        select_fields(
            relation,
            ("id", "kind", "created_by", "created_at"),
            task=other_id if project_id_of(other_id) in readable else None,
        )
        for relation, other_id in zip(relations, other_ids, strict=True)
    ]


def select_fields(source: object, names: tuple[str, ...], **values: Any) -> Record:
    """Return the attributes `names` of `source`; `values` replace or add to them."""
    return {name: getattr(source, name) for name in names if name not in values} | values
