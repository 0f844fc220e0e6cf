"""The export of one's own data: the account, its sessions, tokens and memberships, and one's tasks,
comments and files in every project that one may still read. No secret is in it, nor a digest of
one."""

from datetime import datetime

from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.exports import project_export
from chalicelib.exports.project_export import PAGE, Record
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    Pieces,
    Position,
    can_read_project,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.members.models import list_memberships, list_memberships_page
from chalicelib.projects.models import Project
from chalicelib.sessions.models import ApiToken, list_user_api_tokens, list_user_sessions
from chalicelib.tasks.models import Task, list_project_tasks

ACCOUNT_JSON = "account.json"
PROFILE = (
    "id",
    "username",
    "email",
    "display_name",
    "time_zone",
    "notifications",
    "is_verified",
    "is_staff",
    "created_at",
)
SESSION = ("id", "created_at", "idle_until", "absolute_until", "revoked_at", "device")
TOKEN = ("id", "name", "created_at", "valid_until", "last_used_at")


def _may(job: Job) -> bool:
    user = get_user(job.asked_by)
    return user is not None and user.is_active


def _step(job: Job, now: datetime) -> JobStep:
    if job.position == BEGINNING:
        return JobStep(_opening(job.asked_by, now), _next_project(job.asked_by, None, 0))
    place = job.position
    if place["project"] is None:
        return JobStep({ACCOUNT_JSON: b"]}"}, END)
    if not can_read_project(job.asked_by, place["project"]):
        return JobStep({}, _next_project(job.asked_by, place["after"], place["written"]))
    return _walk(job.asked_by, place)


def _walk(user_id: str, place: Position) -> JobStep:
    """A page of one project's tasks."""
    page = list_project_tasks(place["project"], limit=PAGE, start=place["start"])
    found = [record for task in page.rows if (record := _own(task, user_id))]
    pieces = project_export.build_pieces(ACCOUNT_JSON, found, first=not place["written"])
    written = place["written"] + len(found)
    if page.last_key is None:
        return JobStep(pieces, _next_project(user_id, place["after"], written))
    return JobStep(pieces, {**place, "start": page.last_key, "written": written})


def _next_project(user_id: str, after: Position | None, written: int) -> Position:
    """The beginning of the next project that the person belongs to; none behind the last."""
    page = list_memberships_page(user_id, limit=1, start=after) if after != END else None
    project = page.rows[0].project_id if page and page.rows else None
    last_key = (page and page.last_key) or END
    return {"project": project, "after": last_key, "start": None, "written": written}


def _own(task: Task, user_id: str) -> Record | None:
    """The task with what one said to it and added to it, if it is assigned to one, was made by one,
    or has anything of that."""
    record = project_export.export_task(task)
    said = [each for each in record["comments"] if each["author"] == user_id]
    files = [each for each in record["attachments"] if each["uploaded_by"] == user_id]
    mine = user_id in (task.assigned_to, task.created_by) or said or files
    return record | {"comments": said, "attachments": files} if mine else None


def _opening(user_id: str, now: datetime) -> Pieces:
    user = get_user(user_id)
    about = {
        "exported_at": format_timestamp(now),
        "profile": _facts(user, PROFILE),
        "sessions": [_facts(session, SESSION) for session in list_user_sessions(user_id)],
        "api_tokens": [_token(token) for token in list_user_api_tokens(user_id)],
        "memberships": _memberships(user_id),
    }
    return {
        ACCOUNT_JSON: project_export.open_json_list(about, "tasks"),
        **project_export.csv_file_headers(),
    }


def _memberships(user_id: str) -> list[Record]:
    edges = list(list_memberships(user_id))
    rows = batch_get(*(Project.key(edge.project_id) for edge in edges))
    found: list[Record] = []
    for edge in edges:
        project = rows.get(Project.key(edge.project_id))
        if project is not None and project.deleted_at is None:
            found.append({"project": project.id, "name": project.name, "role": edge.role})
    return found


def _token(token: ApiToken) -> Record:
    limits = {name: sorted(getattr(token, name) or ()) for name in ("scopes", "projects")}
    return _facts(token, TOKEN) | limits


def _facts(row: object, names: tuple[str, ...]) -> Record:
    return {name: getattr(row, name) for name in names}


ACCOUNT_EXPORT_HANDLER = JobHandler(may=_may, step=_step, causes=no_writes)
