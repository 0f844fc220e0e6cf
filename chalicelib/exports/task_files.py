"""The tasks in an export, with their comments and attachments, as JSON and as CSV.

Both exports use it. An export grows page by page: each step adds a piece to every file.
"""

from typing import Any

import msgspec

from chalicelib.attachments.models import READY, list_attachments
from chalicelib.comments.models import list_all_comments
from chalicelib.exports.csv_files import csv_file, csv_lines
from chalicelib.jobs.handlers import Pieces
from chalicelib.tasks.models import Task

# Tasks in one step.
PAGE_SIZE = 100
TASKS, COMMENTS, ATTACHMENTS = "tasks.csv", "comments.csv", "attachments.csv"
COLUMNS = {
    TASKS: (
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
    ),
    COMMENTS: ("id", "task", "author", "body", "created_at", "edited_at"),
    ATTACHMENTS: (
        "id",
        "task",
        "filename",
        "content_type",
        "size",
        "sha256",
        "uploaded_by",
        "uploaded_at",
    ),
}

Record = dict[str, Any]


def start_task_files(document: str, content: Record) -> Pieces:
    """Return the first piece of each file.

    `document` is the name of the JSON file. It begins with the members of `content` and an open
    list `tasks`; append "]}" after the last page.
    """
    headers = {name: csv_file(columns) for name, columns in COLUMNS.items()}
    return {document: msgspec.json.encode(content)[:-1] + b',"tasks":[', **headers}


def append_tasks(document: str, tasks: list[Record], *, is_first: bool) -> Pieces:
    """Return what a page of tasks (as `export_task` returns them) adds to each file.

    `is_first` is true while the JSON list in `document` is empty.
    """
    comments = [comment for task in tasks for comment in task["comments"]]
    attachments = [attachment for task in tasks for attachment in task["attachments"]]
    items = msgspec.json.encode(tasks)[1:-1]
    return {
        document: items if is_first or not items else b"," + items,
        TASKS: csv_lines(COLUMNS[TASKS], tasks),
        COMMENTS: csv_lines(COLUMNS[COMMENTS], comments),
        ATTACHMENTS: csv_lines(COLUMNS[ATTACHMENTS], attachments),
    }


def export_task(task: Task) -> Record:
    """Return a task with its comments, oldest first, and its ready attachments."""
    record = select_fields(task, COLUMNS[TASKS])
    record["number"] = task.number and int(task.number)
    record["labels"] = list(task.labels or ())
    record["project"] = task.project_id

    # A task without comments costs no query.
    comments = list_all_comments(task.id) if task.comments_count else ()
    record["comments"] = [
        select_fields(comment, COLUMNS[COMMENTS], task=comment.task_id) for comment in comments
    ]
    record["attachments"] = [
        select_fields(
            attachment,
            COLUMNS[ATTACHMENTS],
            task=attachment.task_id,
            size=int(attachment.size),
        )
        for attachment in list_attachments(task.id)
        if attachment.status == READY
    ]
    return record


def select_fields(source: object, names: tuple[str, ...], **values: Any) -> Record:
    """Return the attributes `names` of `source`; `values` replace or add to them."""
    return {name: getattr(source, name) for name in names if name not in values} | values
