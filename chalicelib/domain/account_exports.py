"""The export of one's own data: the account, its sessions, tokens and memberships, and one's tasks,
comments and files in every project that one may still read. No secret is in it, nor a digest of
one."""

from datetime import datetime

from chalicelib.domain import exports
from chalicelib.domain.exports import Record
from chalicelib.domain.making import (
    BEGINNING,
    END,
    Maker,
    Pieces,
    Position,
    Step,
    nothing_more,
    reads,
)
from chalicelib.store import api_tokens, members, sessions, table, tasks, users
from chalicelib.store.api_tokens import ApiToken
from chalicelib.store.jobs import Job
from chalicelib.store.projects import Project
from chalicelib.store.tasks import Task
from chalicelib.store.times import stamp

JSON = "account.json"
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
    user = users.by_id(job.asked_by)
    return user is not None and user.may_enter


def _step(job: Job, now: datetime) -> Step:
    if job.position == BEGINNING:
        return Step(_opening(job.asked_by, now), _next_project(job.asked_by, None, 0))
    place = job.position
    if place["project"] is None:
        return Step({JSON: b"]}"}, END)
    if not reads(job.asked_by, place["project"]):
        return Step({}, _next_project(job.asked_by, place["after"], place["written"]))
    return _walk(job.asked_by, place)


def _walk(user_id: str, place: Position) -> Step:
    """A page of one project's tasks."""
    page = tasks.in_project(place["project"], limit=exports.PAGE, start=place["start"])
    found = [record for task in page.rows if (record := _own(task, user_id))]
    pieces = exports.pieces(JSON, found, first=not place["written"])
    written = place["written"] + len(found)
    if page.last_key is None:
        return Step(pieces, _next_project(user_id, place["after"], written))
    return Step(pieces, {**place, "start": page.last_key, "written": written})


def _next_project(user_id: str, after: Position | None, written: int) -> Position:
    """The beginning of the next project that the person belongs to; none behind the last."""
    page = members.page_of_user(user_id, limit=1, start=after) if after != END else None
    project = page.rows[0].project_id if page and page.rows else None
    last_key = (page and page.last_key) or END
    return {"project": project, "after": last_key, "start": None, "written": written}


def _own(task: Task, user_id: str) -> Record | None:
    """The task with what one said to it and added to it, if it is assigned to one, was made by one,
    or has anything of that."""
    record = exports.whole(task)
    said = [each for each in record["comments"] if each["author"] == user_id]
    files = [each for each in record["attachments"] if each["uploaded_by"] == user_id]
    mine = user_id in (task.assigned_to, task.created_by) or said or files
    return record | {"comments": said, "attachments": files} if mine else None


def _opening(user_id: str, now: datetime) -> Pieces:
    user = users.by_id(user_id)
    about = {
        "exported_at": stamp(now),
        "profile": _facts(user, PROFILE),
        "sessions": [_facts(session, SESSION) for session in sessions.of_user(user_id)],
        "api_tokens": [_token(token) for token in api_tokens.of_user(user_id)],
        "memberships": _memberships(user_id),
    }
    return {
        JSON: exports.opened(about, "tasks"),
        **exports.sheets_of_tasks(),
    }


def _memberships(user_id: str) -> list[Record]:
    edges = list(members.of_user(user_id))
    rows = table.read(*(Project.key(edge.project_id) for edge in edges))
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


MAKER = Maker(may=_may, step=_step, causes=nothing_more)
