"""The columns of the files for people: CSV files and the workbook.

They have names, task keys and links beside the ids, and times in the requester's time zone. The
JSON files have the fields of the API instead.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from chalicelib import settings
from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import BatchResult, Key, batch_get
from chalicelib.labels.models import Label
from chalicelib.projects.models import Project
from chalicelib.tasks.due_dates import is_date, localize
from chalicelib.tasks.models import Task

Record = dict[str, Any]
TASKS, COMMENTS, ATTACHMENTS = "tasks.csv", "comments.csv", "attachments.csv"
COLUMNS = {
    TASKS: (
        "id",
        "number",
        "key",
        "title",
        "description",
        "status",
        "priority",
        "assigned_to",
        "assigned_to_name",
        "start_date",
        "due_date",
        "labels",
        "label_names",
        "parent",
        "parent_key",
        "created_by",
        "created_by_name",
        "created_at",
        "updated_at",
        "completed_at",
        "rrule",
        "repeat_from",
        "next_task",
        "project",
        "project_name",
        "link",
    ),
    COMMENTS: (
        "id",
        "task",
        "task_key",
        "author",
        "author_name",
        "body",
        "created_at",
        "edited_at",
        "link",
    ),
    ATTACHMENTS: (
        "id",
        "task",
        "task_key",
        "filename",
        "content_type",
        "size",
        "sha256",
        "uploaded_by",
        "uploaded_by_name",
        "uploaded_at",
        "link",
    ),
}
_TIMES = (
    *("start_date", "due_date", "created_at", "updated_at", "completed_at"),
    *("edited_at", "uploaded_at"),
)


def describe_tasks(project_id: str, tasks: list[Record], zone: str) -> dict[str, list[Record]]:
    """Return the lines of each CSV file for a page of a project's tasks, with all columns.

    `tasks` are as `export_task` returns them. Reads the names that the ids stand for.
    """
    names = _load_names(project_id, tasks)
    lines: dict[str, list[Record]] = {TASKS: [], COMMENTS: [], ATTACHMENTS: []}
    for task in tasks:
        key, link = names.key(task["number"]), f"{settings.APP_URL}/tasks/{task['id']}"
        lines[TASKS].append(_localize(task, zone) | _describe_task(task, names, key, link))
        about_task = {"task_key": key, "link": link}
        for comment in task["comments"]:
            people = {"author_name": names.person(comment["author"])}
            lines[COMMENTS].append(_localize(comment, zone) | about_task | people)
        for attachment in task["attachments"]:
            people = {"uploaded_by_name": names.person(attachment["uploaded_by"])}
            lines[ATTACHMENTS].append(_localize(attachment, zone) | about_task | people)
    return {
        name: [{column: line[column] for column in COLUMNS[name]} for line in each]
        for name, each in lines.items()
    }


def format_time(text: str | None, zone: str) -> str | None:
    """Return a time as spreadsheets recognize it: `2026-12-01 17:00:00` in `zone`.

    A day remains as it is.
    """
    if text is None or is_date(text):
        return text
    return localize(text, zone).replace(tzinfo=None).isoformat(" ", "seconds")


class _Names(Struct, frozen=True):
    """The people, labels and parents that a page of tasks refers to."""

    project_id: str
    items: BatchResult

    @property
    def project(self) -> Project | None:
        return self.items.get(Project.key(self.project_id))

    def key(self, number: int | None) -> str | None:
        """Return the key of the project's task with this number."""
        return f"{self.project.prefix}-{number}" if self.project and number else None

    def person(self, user_id: str | None) -> str | None:
        user = self.items.get(User.key(user_id)) if user_id else None
        return (user.display_name or user.username) if user else None

    def label(self, label_id: str) -> str | None:
        label = self.items.get(Label.key(self.project_id, label_id))
        return label.name if label else None

    def parent_key(self, task_id: str | None) -> str | None:
        parent = self.items.get(Task.key(task_id)) if task_id else None
        return self.key(int(parent.number)) if parent and parent.number else None


def _load_names(project_id: str, tasks: list[Record]) -> _Names:
    keys: list[Key[Any]] = [Project.key(project_id)]
    keys += [User.key(user_id) for user_id in _list_people(tasks)]
    keys += [Label.key(project_id, label) for task in tasks for label in task["labels"]]
    keys += [Task.key(task["parent"]) for task in tasks if task["parent"]]
    return _Names(project_id, batch_get(*keys))


def _list_people(tasks: Iterable[Record]) -> Iterator[str]:
    """Yield the user ids in a page of tasks."""
    for task in tasks:
        yield task["created_by"]
        if task["assigned_to"]:
            yield task["assigned_to"]
        yield from (comment["author"] for comment in task["comments"])
        yield from (attachment["uploaded_by"] for attachment in task["attachments"])


def _describe_task(task: Record, names: _Names, key: str | None, link: str) -> Record:
    return {
        "key": key,
        "assigned_to_name": names.person(task["assigned_to"]),
        "label_names": [name for label in task["labels"] if (name := names.label(label))],
        "parent_key": names.parent_key(task["parent"]),
        "created_by_name": names.person(task["created_by"]),
        "project_name": names.project.name if names.project else None,
        "link": link,
    }


def _localize(record: Record, zone: str) -> Record:
    return record | {name: format_time(record[name], zone) for name in _TIMES if name in record}
