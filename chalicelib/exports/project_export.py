"""The export of a project: everything that its members may read, as JSON and as CSV.

One walk through the tasks, a page a step, writes all files side by side, so nothing is ever held
whole. What changes during the walk may be in it or not; each task is as it was when it was read.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.accounts.models import User, get_users
from chalicelib.attachments.models import READY, Attachment, list_attachments
from chalicelib.comments.models import Comment, list_all_comments
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.exports import csv_files
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    Pieces,
    can_requester_read,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.labels.models import list_labels
from chalicelib.members.models import Member, list_members
from chalicelib.projects.models import Project
from chalicelib.tasks.models import Task, list_project_tasks

PAGE = 100
LABELS_MAX = 1000
PROJECT_JSON = "project.json"
MEMBERS, TASKS = "members.csv", "tasks.csv"
COMMENTS, FILES = "comments.csv", "attachments.csv"
COLUMNS = {
    MEMBERS: ("user_id", "username", "display_name", "role", "joined_at"),
    TASKS: (
        "id",
        "number",
        "title",
        "description",
        "status",
        "priority",
        "assigned_to",
        "due_date",
        "labels",
        "parent",
        "created_by",
        "created_at",
        "updated_at",
        "completed_at",
    ),
    COMMENTS: ("id", "task", "author", "body", "created_at", "edited_at"),
    FILES: (
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


def _step(job: Job, now: datetime) -> JobStep:
    if job.position == BEGINNING:
        return JobStep(_opening(job, now), {"start": None, "written": 0})
    page = list_project_tasks(job.subject, limit=PAGE, start=job.position["start"])
    pieces = _walked(page.rows, first=not job.position["written"])
    if page.last_key is None:
        pieces[PROJECT_JSON] += b"]}"
        return JobStep(pieces, END)
    written = job.position["written"] + len(page.rows)
    return JobStep(pieces, {"start": page.last_key, "written": written})


def _opening(job: Job, now: datetime) -> Pieces:
    """The beginning of each file; the members are few enough to be written whole."""
    project = get_item(Project.key(job.subject))
    people = list(_members(job.subject))
    about = {
        "exported_at": format_timestamp(now),
        "project": _project(project),
        "labels": _labels(job.subject),
        "members": people,
    }
    return {
        PROJECT_JSON: open_json_list(about, "tasks"),
        MEMBERS: csv_files.csv_header(COLUMNS[MEMBERS])
        + csv_files.csv_lines(COLUMNS[MEMBERS], people),
        **csv_file_headers(),
    }


def csv_file_headers() -> Pieces:
    """The beginnings of the files that grow with the tasks."""
    return {name: csv_files.csv_header(COLUMNS[name]) for name in (TASKS, COMMENTS, FILES)}


def open_json_list(about: Record, last: str) -> bytes:
    """The JSON object `about`, open at its end for the list called `last`."""
    return msgspec.json.encode(about)[:-1] + f',"{last}":['.encode()


def _walked(page: list[Task], *, first: bool) -> Pieces:
    return build_pieces(PROJECT_JSON, [export_task(task) for task in page], first=first)


def export_task(task: Task) -> Record:
    """A task with what hangs on it."""
    said = [_comment(comment) for comment in _comments(task)]
    files = [_attachment(file) for file in _files(task.id)]
    return _task(task) | {"comments": said, "attachments": files}


def build_pieces(document: str, found: list[Record], *, first: bool) -> Pieces:
    """What a page of whole tasks adds to the files."""
    said = (comment for task in found for comment in task["comments"])
    files = (file for task in found for file in task["attachments"])
    return {
        document: append_json_items(found, first=first),
        TASKS: csv_files.csv_lines(COLUMNS[TASKS], found),
        COMMENTS: csv_files.csv_lines(COLUMNS[COMMENTS], said),
        FILES: csv_files.csv_lines(COLUMNS[FILES], files),
    }


def append_json_items(records: list[Record], *, first: bool) -> bytes:
    """`records` as further items of a JSON list that was opened."""
    text = msgspec.json.encode(records)[1:-1]
    return text if first or not text else b"," + text


def _comments(task: Task) -> Iterator[Comment]:
    """Oldest first; a task without any costs no query."""
    return list_all_comments(task.id) if task.comments_count else iter(())


def _files(task_id: str) -> Iterator[Attachment]:
    return (file for file in list_attachments(task_id) if file.status == READY)


def _members(project_id: str) -> Iterator[Record]:
    found = list(list_members(project_id))
    known = get_users(member.user_id for member in found)
    return (_member(m, known[m.user_id]) for m in found if m.user_id in known)


def _project(project: Project | None) -> Record:
    names = (
        "id",
        "name",
        "prefix",
        "description",
        "owner_id",
        "created_at",
        "updated_at",
        "archived_at",
    )
    return {name.removesuffix("_id"): getattr(project, name) for name in names}


def _labels(project_id: str) -> list[Record]:
    page = list_labels(project_id, limit=LABELS_MAX, start=None)
    return [{"id": label.id, "name": label.name, "color": label.color} for label in page.rows]


def _member(member: Member, person: User) -> Record:
    facts = {name: getattr(person, name) for name in ("username", "display_name")}
    return {"user_id": person.id, **facts, "role": member.role, "joined_at": member.joined_at}


def _task(task: Task) -> Record:
    facts = {name: getattr(task, name) for name in COLUMNS[TASKS]}
    number = task.number and int(task.number)
    derived = {"number": number, "labels": list(task.labels or ()), "project": task.project_id}
    return {**facts, **derived}


def _comment(comment: Comment) -> Record:
    facts = {name: getattr(comment, name) for name in COLUMNS[COMMENTS] if name != "task"}
    return {**facts, "task": comment.task_id}


def _attachment(file: Attachment) -> Record:
    facts = {name: getattr(file, name) for name in COLUMNS[FILES] if name not in ("task", "size")}
    return {**facts, "task": file.task_id, "size": int(file.size)}


PROJECT_EXPORT_HANDLER = JobHandler(may=can_requester_read, step=_step, causes=no_writes)
