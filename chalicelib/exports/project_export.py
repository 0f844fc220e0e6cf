"""The export of a project: everything that its members can read, as JSON and as CSV.

The job reads the tasks once. Each step appends one page of them to all files, so no whole file is
ever in memory. A change during the job may or may not be in the export; each task is
exported as it was when it was read.
"""

from datetime import datetime

from chalicelib.accounts.models import get_users
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.exports.csv_files import csv_file
from chalicelib.exports.task_files import (
    PAGE_SIZE,
    Record,
    append_tasks,
    export_task,
    select_fields,
    start_task_files,
)
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
from chalicelib.members.models import list_members
from chalicelib.projects.models import Project
from chalicelib.tasks.models import list_project_tasks

LABELS_MAX = 1000
PROJECT_JSON, MEMBERS = "project.json", "members.csv"
MEMBER_COLUMNS = ("user_id", "username", "display_name", "role", "joined_at")
PROJECT_FIELDS = (
    "id",
    "name",
    "prefix",
    "description",
    "owner_id",
    "created_at",
    "updated_at",
    "archived_at",
)


def _step(job: Job, now: datetime) -> JobStep:
    """Start the files, or append a page of tasks.

    The position is the `start` key of the next page and the number of tasks `written` so far.
    """
    if job.position == BEGINNING:
        return JobStep(_start_files(job.subject, now), {"start": None, "written": 0})

    page = list_project_tasks(job.subject, limit=PAGE_SIZE, start=job.position["start"])
    tasks = [export_task(task) for task in page.items]
    pieces = append_tasks(PROJECT_JSON, tasks, is_first=not job.position["written"])
    if page.last_key is None:
        pieces[PROJECT_JSON] += b"]}"
        return JobStep(pieces, END)
    written = job.position["written"] + len(tasks)
    return JobStep(pieces, {"start": page.last_key, "written": written})


def _start_files(project_id: str, now: datetime) -> Pieces:
    """Return the first piece of each file; the members are few enough to be written at once."""
    project = get_item(Project.key(project_id))
    members = _export_members(project_id)
    labels = list_labels(project_id, limit=LABELS_MAX, start=None).items
    content = {
        "exported_at": format_timestamp(now),
        "project": {name.removesuffix("_id"): getattr(project, name) for name in PROJECT_FIELDS},
        "labels": [select_fields(label, ("id", "name", "color")) for label in labels],
        "members": members,
    }
    pieces = start_task_files(PROJECT_JSON, content)
    return {**pieces, MEMBERS: csv_file(MEMBER_COLUMNS, members)}


def _export_members(project_id: str) -> list[Record]:
    members = list(list_members(project_id))
    users = get_users(member.user_id for member in members)
    return [
        {
            "user_id": member.user_id,
            "username": users[member.user_id].username,
            "display_name": users[member.user_id].display_name,
            "role": member.role,
            "joined_at": member.joined_at,
        }
        for member in members
        if member.user_id in users
    ]


PROJECT_EXPORT_HANDLER = JobHandler(
    is_allowed=can_requester_read, step=_step, final_writes=no_writes
)
