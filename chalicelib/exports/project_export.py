"""The export of a project: everything that its members can read, as JSON and as CSV.

The job reads the tasks once: all of them, or those that match the filter of the request. Each step
appends one page of them to all files, so no whole file is ever in memory; only the workbook is
written at the end. A change during the job may or may not be in the export; each task is exported
as it was when it was read.
"""

from datetime import datetime

from chalicelib.accounts.models import get_user, get_users
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.exports.columns import Record, format_time
from chalicelib.exports.csv_files import csv_file
from chalicelib.exports.filtered_tasks import list_filtered_tasks
from chalicelib.exports.task_files import (
    PAGE_SIZE,
    VIEW_FIELDS,
    append_tasks,
    export_task,
    select_fields,
    start_task_files,
)
from chalicelib.exports.workbook import BUILD_MILLISECONDS, build_workbook_file
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
from chalicelib.projects.counter_models import count_tasks
from chalicelib.projects.models import Project
from chalicelib.tasks.models import Task, list_project_tasks
from chalicelib.views.models import list_project_views

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

    The position is the `start` key of the next page, the number of tasks `written` so far, and the
    time `zone` of the CSV files. An export without a filter also has the numbers that show its
    progress: how many tasks are `read`, and the `total`.
    """
    if job.position == BEGINNING:
        user = get_user(job.asked_by)
        zone = user.time_zone if user else "UTC"
        pieces = _start_files(job.subject, zone, now)
        return JobStep(pieces, {"start": None, "written": 0, "zone": zone, **_start_count(job)})
    if "zone" not in job.position:  # started by an earlier version, with other columns
        return JobStep({}, BEGINNING)

    zone, written = job.position["zone"], job.position["written"]
    page = _list_tasks(job, now)
    tasks = [export_task(task) for task in page.items]
    pieces = append_tasks(PROJECT_JSON, job.subject, tasks, zone=zone, is_first=not written)
    if page.last_key is None:
        pieces[PROJECT_JSON] += b"]}"
        return JobStep(pieces, END)
    written += len(tasks)
    position = {**job.position, "start": page.last_key, "written": written, "read": written}
    return JobStep(pieces, position)


def _start_count(job: Job) -> dict[str, int]:
    """Return the numbers that show the progress: none with a filter, whose tasks nobody counts."""
    return {} if "query" in job.about else {"read": 0, "total": count_tasks([job.subject])}


def _list_tasks(job: Job, now: datetime) -> Page[Task]:
    """Return the next page of tasks."""
    start = job.position["start"]
    if "query" in job.about:
        return list_filtered_tasks(job, limit=PAGE_SIZE, start=start, now=now)
    return list_project_tasks(job.subject, limit=PAGE_SIZE, start=start)


def _start_files(project_id: str, zone: str, now: datetime) -> Pieces:
    """Return the first piece of each file; the members are few enough to be written at once."""
    project = get_item(Project.key(project_id))
    members = _export_members(project_id)
    labels = list_labels(project_id, limit=LABELS_MAX, start=None).items
    content = {
        "exported_at": format_timestamp(now),
        "time_zone": zone,
        "project": {name.removesuffix("_id"): getattr(project, name) for name in PROJECT_FIELDS},
        "labels": [select_fields(label, ("id", "name", "color")) for label in labels],
        "members": members,
        "views": [select_fields(view, VIEW_FIELDS) for view in list_project_views(project_id)],
    }
    pieces = start_task_files(PROJECT_JSON, content)
    lines = [member | {"joined_at": format_time(member["joined_at"], zone)} for member in members]
    return {**pieces, MEMBERS: csv_file(MEMBER_COLUMNS, lines)}


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
    is_allowed=can_requester_read,
    step=_step,
    final_writes=no_writes,
    build_files=build_workbook_file,
    build_milliseconds=BUILD_MILLISECONDS,
)
