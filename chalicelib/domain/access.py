"""Who may do what: one table of permissions, and the doors that ask it.

A door reads the account, the credential, the membership and the target in one round trip, so that a
logout, a disabled account, a removal or a change of role counts from the next request on. Deny by
default: whoever is no member is told that the object does not exist.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib.domain import rates
from chalicelib.domain.credentials import Caller, require_live
from chalicelib.domain.rates import Bucket, Kind
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.store import ids, table
from chalicelib.store.api_tokens import ApiToken
from chalicelib.store.members import Member
from chalicelib.store.projects import Project
from chalicelib.store.receipts import Once
from chalicelib.store.table import Key, Rows
from chalicelib.store.tasks import Task, TrashedTask
from chalicelib.store.users import User


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What an API token may be good for."""

    READ_ACCOUNT = "account:read"
    READ_PROJECTS = "projects:read"
    WRITE_PROJECTS = "projects:write"
    READ_TASKS = "tasks:read"
    WRITE_TASKS = "tasks:write"


class Action(StrEnum):
    """What a route lets a caller do; every route declares one."""

    ENTER = "enter"  # without a token: register, log in
    READ_ACCOUNT = "read account"
    USE_ACCOUNT = "use account"
    MANAGE_USERS = "manage users"
    READ_PROJECTS = "read projects"
    CREATE_PROJECT = "create project"
    EDIT_PROJECT = "edit project"
    ARCHIVE_PROJECT = "archive project"
    DELETE_PROJECT = "delete project"
    RESTORE_PROJECT = "restore project"
    TRANSFER_PROJECT = "transfer project"
    LEAVE_PROJECT = "leave project"
    MANAGE_MEMBERS = "manage members"
    READ_INVITATIONS = "read invitations"
    READ_TASKS = "read tasks"
    WRITE_TASKS = "write tasks"
    RESTORE_TASK = "restore task"
    WATCH_TASKS = "watch tasks"
    READ_COMMENTS = "read comments"
    WRITE_COMMENTS = "write comments"
    MODERATE_COMMENTS = "moderate comments"
    EXPORT_PROJECT = "export project"
    REPORT_ON_PROJECT = "report on project"


class Rule(NamedTuple):
    """Which roles may (none: the action stands in no project), which scope an API token needs
    (None: a token never may), whether it is for site staff alone, and whether it may be done to a
    project that is archived, to one in the trash, or to a task in the trash."""

    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None
    staff: bool = False
    archived: bool = False
    trashed_project: bool = False
    trashed_task: bool = False


EVERY_ROLE = frozenset(Role)
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
OWNER = frozenset({Role.OWNER})

PERMISSIONS: dict[Action, Rule] = {
    Action.ENTER: Rule(),
    Action.READ_ACCOUNT: Rule(scope=Scope.READ_ACCOUNT),
    Action.USE_ACCOUNT: Rule(),
    Action.MANAGE_USERS: Rule(staff=True),
    Action.CREATE_PROJECT: Rule(scope=Scope.WRITE_PROJECTS),
    Action.READ_PROJECTS: Rule(EVERY_ROLE, Scope.READ_PROJECTS, archived=True),
    Action.EDIT_PROJECT: Rule(MANAGERS, Scope.WRITE_PROJECTS),
    Action.ARCHIVE_PROJECT: Rule(MANAGERS, Scope.WRITE_PROJECTS, archived=True),
    Action.DELETE_PROJECT: Rule(OWNER, Scope.WRITE_PROJECTS, archived=True),
    Action.RESTORE_PROJECT: Rule(OWNER, Scope.WRITE_PROJECTS, archived=True, trashed_project=True),
    Action.TRANSFER_PROJECT: Rule(OWNER, archived=True),
    Action.LEAVE_PROJECT: Rule(EVERY_ROLE, archived=True),
    Action.MANAGE_MEMBERS: Rule(MANAGERS, Scope.WRITE_PROJECTS),
    Action.READ_INVITATIONS: Rule(MANAGERS, Scope.READ_PROJECTS, archived=True),
    Action.READ_TASKS: Rule(EVERY_ROLE, Scope.READ_TASKS, archived=True),
    Action.WRITE_TASKS: Rule(WRITERS, Scope.WRITE_TASKS),
    Action.RESTORE_TASK: Rule(WRITERS, Scope.WRITE_TASKS, trashed_task=True),
    Action.WATCH_TASKS: Rule(EVERY_ROLE, Scope.WRITE_TASKS, archived=True),
    Action.READ_COMMENTS: Rule(EVERY_ROLE, Scope.READ_TASKS, archived=True),
    Action.WRITE_COMMENTS: Rule(WRITERS, Scope.WRITE_TASKS),
    Action.MODERATE_COMMENTS: Rule(MANAGERS, Scope.WRITE_TASKS),
    Action.EXPORT_PROJECT: Rule(EVERY_ROLE, Scope.READ_TASKS, archived=True),
    Action.REPORT_ON_PROJECT: Rule(EVERY_ROLE, Scope.READ_TASKS, archived=True),
}


@dataclass(frozen=True)
class Visit:
    """Somebody at a door: who, to do what, when, what makes the request repeatable, its id, and
    which of their requests it counts among."""

    caller: Caller
    action: Action
    now: datetime
    once: Once | None = None
    request_id: str | None = None
    kind: Kind = "write"

    @property
    def bucket(self) -> Bucket:
        """What the caller's requests of this kind are taken from."""
        return rates.bucket_of(self.caller.principal, self.kind)


@dataclass(frozen=True, kw_only=True)
class Access:
    """A caller who was let in; an API token let them in if there is one, else a session."""

    visit: Visit
    user: User
    token: ApiToken | None

    @property
    def now(self) -> datetime:
        return self.visit.now

    @property
    def once(self) -> Once | None:
        return self.visit.once

    @property
    def request_id(self) -> str | None:
        return self.visit.request_id

    @property
    def session_id(self) -> str | None:
        return self.visit.caller.session_id

    @property
    def user_id(self) -> str:
        return self.user.id

    def reaches(self, project_id: str) -> bool:
        """Whether the caller's API token, if that is what they have, is good for the project."""
        limits = self.token.projects if self.token else None
        return limits is None or project_id in limits


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
    return role in PERMISSIONS[action].roles


def require(access: ProjectAccess, action: Action) -> None:
    """Ask the table once more, for what the route's own action does not cover. Raises `Forbidden`,
    or `Conflict` if the project is archived."""
    _require(access.project, access.role, action)


def _require(project: Project, role: str, action: Action) -> None:
    if not may(role, action):
        raise Forbidden()
    if project.archived_at is not None and not PERMISSIONS[action].archived:
        raise Conflict("The project is archived; unarchive it first", code="archived")


def enter_account(visit: Visit) -> Access:
    """Let in whoever has a live credential that is good for the action.

    Raises `Unauthenticated`, or `Forbidden` naming the scope that is missing.
    """
    return Access(**_entered(visit, _read(visit)))


def enter_project(visit: Visit, project_id: str) -> ProjectAccess:
    """Let in a member whose role allows the action. Raises `NotFound` for anybody else."""
    return ProjectAccess(**_entered_project(visit, project_id, _read(visit, project_id)))


def enter_task(visit: Visit, task_id: str) -> TaskAccess:
    """Let in a member of the task's project. Raises `NotFound` for anybody else."""
    project_id = ids.project_of(task_id)
    keys: list[Key[Any]] = [Task.key(task_id)]
    if PERMISSIONS[visit.action].trashed_task:
        keys.append(TrashedTask.key(task_id))
    rows = _read(visit, project_id, *keys)
    entered = _entered_project(visit, project_id, rows)
    task = next((task for key in keys if (task := rows.get(key))), None)
    if task is None:
        raise NotFound()
    return TaskAccess(task=task, **entered)


def _read(visit: Visit, project_id: str | None = None, *targets: Key[Any]) -> Rows:
    keys = [User.key(visit.caller.user_id), visit.caller.key, *targets]
    if project_id is not None:
        keys += [Member.key(project_id, visit.caller.user_id), Project.key(project_id)]
    return table.read(*keys)


def _entered(visit: Visit, rows: Rows) -> dict[str, Any]:
    user, token = require_live(visit.caller, rows, visit.now)
    visit.bucket.meet(token or user, visit.now)
    rule = PERMISSIONS[visit.action]
    if token is not None and (rule.scope is None or rule.scope not in token.scopes):
        raise _scope_missing(rule.scope)
    if rule.staff and not user.is_staff:
        raise Forbidden("This is for site staff")
    return {"visit": visit, "user": user, "token": token}


def _scope_missing(scope: Scope | None) -> Forbidden:
    detail = f"The API token needs the scope {scope}" if scope else "API tokens may not do this"
    return Forbidden(detail, code="scope_missing")


def _entered_project(visit: Visit, project_id: str, rows: Rows) -> dict[str, Any]:
    entered = _entered(visit, rows)
    member = rows.get(Member.key(project_id, visit.caller.user_id))
    project = rows.get(Project.key(project_id))
    rule = PERMISSIONS[visit.action]
    if member is None or project is None or (project.deleted_at and not rule.trashed_project):
        raise NotFound()
    if not Access(**entered).reaches(project_id):
        raise NotFound()
    _require(project, member.role, visit.action)
    return {**entered, "project": project, "role": Role(member.role)}
