"""The export of a user's own data.

It holds the account, its sessions, API tokens, calendar feeds, linked identities, memberships,
saved views and notifications, and the user's tasks, comments and attachments in every project that
the user can still read. It holds no secret and no digest of one.
"""

from datetime import datetime

from chalicelib.accounts.models import get_user
from chalicelib.calendar_feeds.models import list_user_feeds
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.exports.columns import Record
from chalicelib.exports.task_files import (
    PAGE_SIZE,
    VIEW_FIELDS,
    append_tasks,
    export_task,
    select_fields,
    start_task_files,
)
from chalicelib.exports.workbook import BUILD_MILLISECONDS, build_workbook_file
from chalicelib.identity_providers.models import list_user_identities
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    Position,
    can_read_project,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.members.models import list_memberships, list_memberships_page
from chalicelib.notifications.models import list_inbox
from chalicelib.projects.counter_models import count_tasks
from chalicelib.projects.models import Project
from chalicelib.sessions.models import list_user_api_tokens, list_user_sessions
from chalicelib.tasks.models import Task, list_project_tasks
from chalicelib.views.models import list_user_views

ACCOUNT_JSON = "account.json"
PROFILE_FIELDS = (
    "id",
    "username",
    "email",
    "display_name",
    "time_zone",
    "notifications",
    "inbox",
    "digest_hour",
    "quiet_start",
    "quiet_end",
    "is_verified",
    "is_staff",
    "created_at",
)
SESSION_FIELDS = ("id", "created_at", "idle_until", "absolute_until", "revoked_at", "device")
FEED_FIELDS = ("id", "name", "show_as", "project_id", "created_at", "last_used_at")
IDENTITY_FIELDS = (
    "id",
    "provider",
    "issuer",
    "subject",
    "email",
    "created_at",
    "last_used_at",
)
NOTIFICATION_FIELDS = (
    "id",
    "kind",
    "created_at",
    "actor",
    "task_id",
    "comment_id",
    "project_id",
    "job_id",
)
TOKEN_FIELDS = ("id", "name", "created_at", "valid_until", "last_used_at")


def _can_run(job: Job) -> bool:
    user = get_user(job.asked_by)
    return user is not None and user.is_active


def _step(job: Job, now: datetime) -> JobStep:
    """Start the files, append a page of one project's tasks, or end the JSON file.

    The position is the current `project` (None after the last one), the membership key `after`
    which the next project follows, the `start` key of the next page of tasks, the number of tasks
    `written` so far, and the time `zone` of the CSV files. How many tasks are `read`, and their
    `total`, show the progress.
    """
    user_id, position = job.asked_by, job.position
    if position == BEGINNING:
        return _start(user_id, now)
    if "zone" not in position:  # started by an earlier version, with other columns
        return JobStep({}, BEGINNING)
    project_id = position["project"]
    if project_id is None:
        return JobStep({ACCOUNT_JSON: b"]}"}, END)
    if not can_read_project(user_id, project_id):
        return JobStep({}, position | _next_project(user_id, position["after"]))

    page = list_project_tasks(project_id, limit=PAGE_SIZE, start=position["start"])
    tasks = [record for task in page.items if (record := _export_own_part(task, user_id))]
    zone, written = position["zone"], position["written"]
    pieces = append_tasks(ACCOUNT_JSON, project_id, tasks, zone=zone, is_first=not written)
    following: Position = {
        "start": page.last_key,
        "written": written + len(tasks),
        "read": position.get("read", 0) + len(page.items),
    }
    if page.last_key is None:
        following |= _next_project(user_id, position["after"])
    return JobStep(pieces, position | following)


def _start(user_id: str, now: datetime) -> JobStep:
    """Return the first piece of each file, with everything except the tasks."""
    user = get_user(user_id)
    zone = user.time_zone if user else "UTC"
    memberships = _export_memberships(user_id)
    content = {
        "exported_at": format_timestamp(now),
        "time_zone": zone,
        "profile": select_fields(user, PROFILE_FIELDS),
        "sessions": [
            select_fields(session, SESSION_FIELDS) for session in list_user_sessions(user_id)
        ],
        "api_tokens": [
            select_fields(
                token,
                TOKEN_FIELDS,
                scopes=sorted(token.scopes or ()),
                projects=sorted(token.projects or ()),
            )
            for token in list_user_api_tokens(user_id)
        ],
        "calendar_feeds": [select_fields(feed, FEED_FIELDS) for feed in list_user_feeds(user_id)],
        "identities": [
            select_fields(each, IDENTITY_FIELDS) for each in list_user_identities(user_id)
        ],
        "memberships": memberships,
        "views": [select_fields(view, VIEW_FIELDS) for view in list_user_views(user_id)],
        "notifications": [
            select_fields(each, NOTIFICATION_FIELDS, is_read=is_read)
            for each, is_read in list_inbox(user_id, now)
        ],
    }
    total = count_tasks(membership["project"] for membership in memberships)
    numbers = {"written": 0, "read": 0, "total": total}
    position = _next_project(user_id, None) | {"zone": zone} | numbers
    return JobStep(start_task_files(ACCOUNT_JSON, content), position)


def _export_memberships(user_id: str) -> list[Record]:
    """Return the user's projects, except deleted ones, with the user's role in each."""
    memberships = list(list_memberships(user_id))
    projects = batch_get(*(Project.key(membership.project_id) for membership in memberships))
    records: list[Record] = []
    for membership in memberships:
        project = projects.get(Project.key(membership.project_id))
        if project is not None and project.deleted_at is None:
            records.append({"project": project.id, "name": project.name, "role": membership.role})
    return records


def _next_project(user_id: str, after: Position | None) -> Position:
    """Return where the user's next project begins; its `project` is None after the last one."""
    page = list_memberships_page(user_id, limit=1, start=after) if after != END else None
    return {
        "project": page.items[0].project_id if page and page.items else None,
        "after": (page and page.last_key) or END,
        "start": None,
    }


def _export_own_part(task: Task, user_id: str) -> Record | None:
    """Return the task with the user's own comments and attachments only.

    Returns None if the task is neither assigned to the user nor created by them and has no comment
    or attachment of theirs.
    """
    record = export_task(task, user_id)
    comments = [comment for comment in record["comments"] if comment["author"] == user_id]
    attachments = [file for file in record["attachments"] if file["uploaded_by"] == user_id]
    is_own = user_id in (task.assigned_to, task.created_by)
    if not (is_own or comments or attachments):
        return None
    return record | {"comments": comments, "attachments": attachments}


ACCOUNT_EXPORT_HANDLER = JobHandler(
    is_allowed=_can_run,
    step=_step,
    final_writes=no_writes,
    build_files=build_workbook_file,
    build_milliseconds=BUILD_MILLISECONDS,
)
