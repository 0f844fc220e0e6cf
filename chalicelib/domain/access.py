"""Who may do what: one table of permissions, and the doors that ask it.

A door reads the session, the membership and the target in one round trip, so that a logout, a
removal or a change of role counts from the next request on. Deny by default: whoever is no member
is told that the object does not exist.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.tokens import Claims
from chalicelib.errors import Forbidden, NotFound, Unauthenticated
from chalicelib.store import ids, table
from chalicelib.store.projects import Member, Project
from chalicelib.store.receipts import Once
from chalicelib.store.sessions import Session
from chalicelib.store.table import Key, Rows
from chalicelib.store.tasks import Task


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Action(StrEnum):
    """What a route lets a caller do; every route declares one."""

    ENTER = "enter"  # without a token: register, log in
    USE_ACCOUNT = "account:use"
    READ_PROJECTS = "projects:read"
    CREATE_PROJECT = "projects:create"
    MANAGE_MEMBERS = "members:write"
    READ_TASKS = "tasks:read"
    WRITE_TASKS = "tasks:write"


EVERY_ROLE = frozenset(Role)
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})

# Actions that stand in no project need a session and no role.
PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.ENTER: frozenset(),
    Action.USE_ACCOUNT: frozenset(),
    Action.CREATE_PROJECT: frozenset(),
    Action.READ_PROJECTS: EVERY_ROLE,
    Action.MANAGE_MEMBERS: MANAGERS,
    Action.READ_TASKS: EVERY_ROLE,
    Action.WRITE_TASKS: WRITERS,
}


@dataclass(frozen=True, kw_only=True)
class Access:
    """A caller who was let in, and when."""

    user_id: str
    session_id: str
    now: datetime
    once: Once | None = None


@dataclass(frozen=True, kw_only=True)
class ProjectAccess(Access):
    """... into one project, with a role that allows the action."""

    project: Project
    role: Role


@dataclass(frozen=True, kw_only=True)
class TaskAccess(ProjectAccess):
    """... to one task of it."""

    task: Task


def may(role: str, action: Action) -> bool:
    """Whether `role` allows `action`: the one place that asks the table."""
    return role in PERMISSIONS[action]


def enter_account(claims: Claims, *, now: datetime, once: Once | None = None) -> Access:
    """Let in whoever has a live session."""
    _require_live(table.read(_session_key(claims)), claims, now)
    return Access(user_id=claims.user_id, session_id=claims.session_id, now=now, once=once)


def enter_project(
    claims: Claims,
    action: Action,
    project_id: str,
    *,
    now: datetime,
    once: Once | None = None,
) -> ProjectAccess:
    """Let in a member whose role allows `action`. Raises `NotFound` for anybody else."""
    rows = table.read(*_project_keys(claims, project_id))
    return ProjectAccess(**_project_access(rows, claims, action, project_id, now, once))


def enter_task(
    claims: Claims, action: Action, task_id: str, *, now: datetime, once: Once | None = None
) -> TaskAccess:
    """Let in a member of the task's project. Raises `NotFound` for anybody else."""
    project_id = ids.project_of(task_id)
    key = Task.key(task_id)
    rows = table.read(key, *_project_keys(claims, project_id))
    entered = _project_access(rows, claims, action, project_id, now, once)
    task = rows.get(key) if ids.is_task_id(task_id) else None
    if task is None or task.deleted_at is not None:
        raise NotFound()
    return TaskAccess(task=task, **entered)


def _session_key(claims: Claims) -> Key[Session]:
    return Session.key(claims.user_id, claims.session_id)


def _project_keys(claims: Claims, project_id: str) -> tuple[Key[Any], ...]:
    return (
        _session_key(claims),
        Member.key(project_id, claims.user_id),
        Project.key(project_id),
    )


def _project_access(
    rows: Rows,
    claims: Claims,
    action: Action,
    project_id: str,
    now: datetime,
    once: Once | None,
) -> dict[str, Any]:
    _require_live(rows, claims, now)
    member = rows.get(Member.key(project_id, claims.user_id))
    project = rows.get(Project.key(project_id))
    if member is None or project is None or project.deleted_at is not None:
        raise NotFound()
    if not may(member.role, action):
        raise Forbidden()
    return {
        "user_id": claims.user_id,
        "session_id": claims.session_id,
        "now": now,
        "once": once,
        "project": project,
        "role": Role(member.role),
    }


def _require_live(rows: Rows, claims: Claims, now: datetime) -> None:
    session = rows.get(_session_key(claims))
    if session is None or not session.is_live(now):
        raise Unauthenticated()
