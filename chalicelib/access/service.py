"""Who may do what: one table of permissions, and the doors that ask it.

A door reads the account, the credential, the membership and the target in one round trip, so that a
logout, a disabled account, a removal or a change of role counts from the next request on. Deny by
default: whoever is no member is told that the object does not exist.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.access import permissions, rate_limits
from chalicelib.access.permissions import PERMISSIONS, Action, Role, Scope
from chalicelib.access.rate_limits import RequestKind, TokenBucket
from chalicelib.accounts.models import User
from chalicelib.dynamodb.idempotency import IdempotencyKey
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import BatchResult, Key, batch_get
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.sessions.credentials import Caller, require_valid_credential
from chalicelib.sessions.models import ApiToken
from chalicelib.tasks.models import Task, TrashedTask


@dataclass(frozen=True)
class RequestContext:
    """Somebody at a door: who, to do what, when, what makes the request repeatable, its id, and
    which of their requests it counts among."""

    caller: Caller
    action: Action
    now: datetime
    idempotency_key: IdempotencyKey | None = None
    request_id: str | None = None
    kind: RequestKind = "write"

    @property
    def bucket(self) -> TokenBucket:
        """What the caller's requests of this kind are taken from."""
        return rate_limits.get_caller_bucket(self.caller.principal, self.kind)


@dataclass(frozen=True, kw_only=True)
class Access:
    """A caller who was let in; an API token let them in if there is one, else a session."""

    context: RequestContext
    user: User
    token: ApiToken | None

    @property
    def now(self) -> datetime:
        return self.context.now

    @property
    def idempotency_key(self) -> IdempotencyKey | None:
        return self.context.idempotency_key

    @property
    def request_id(self) -> str | None:
        return self.context.request_id

    @property
    def session_id(self) -> str | None:
        return self.context.caller.session_id

    @property
    def user_id(self) -> str:
        return self.user.id

    def can_access(self, project_id: str) -> bool:
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


def require_permission(access: ProjectAccess, action: Action) -> None:
    """Ask the table once more, for what the route's own action does not cover. Raises `Forbidden`,
    or `Conflict` if the project is archived."""
    _require(access.project, access.role, action)


def _require(project: Project, role: str, action: Action) -> None:
    if not permissions.is_allowed(role, action):
        raise Forbidden()
    if project.archived_at is not None and not PERMISSIONS[action].archived:
        raise Conflict("The project is archived; unarchive it first", code="archived")


def authorize_account(context: RequestContext) -> Access:
    """Let in whoever has a live credential that is good for the action.

    Raises `Unauthenticated`, or `Forbidden` naming the scope that is missing.
    """
    return Access(**_authorize(context, _read(context)))


def authorize_project(context: RequestContext, project_id: str) -> ProjectAccess:
    """Let in a member whose role allows the action. Raises `NotFound` for anybody else."""
    return ProjectAccess(**_authorize_in_project(context, project_id, _read(context, project_id)))


def authorize_task(context: RequestContext, task_id: str) -> TaskAccess:
    """Let in a member of the task's project. Raises `NotFound` for anybody else."""
    project_id = project_id_of(task_id)
    keys: list[Key[Any]] = [Task.key(task_id)]
    if PERMISSIONS[context.action].trashed_task:
        keys.append(TrashedTask.key(task_id))
    rows = _read(context, project_id, *keys)
    entered = _authorize_in_project(context, project_id, rows)
    task = next((task for key in keys if (task := rows.get(key))), None)
    if task is None:
        raise NotFound()
    return TaskAccess(task=task, **entered)


def _read(
    context: RequestContext, project_id: str | None = None, *targets: Key[Any]
) -> BatchResult:
    keys = [User.key(context.caller.user_id), context.caller.key, *targets]
    if project_id is not None:
        keys += [Member.key(project_id, context.caller.user_id), Project.key(project_id)]
    return batch_get(*keys)


def _authorize(context: RequestContext, rows: BatchResult) -> dict[str, Any]:
    user, token = require_valid_credential(context.caller, rows, context.now)
    context.bucket.meet(token or user, context.now)
    rule = PERMISSIONS[context.action]
    if token is not None and (rule.scope is None or rule.scope not in token.scopes):
        raise _scope_missing(rule.scope)
    if rule.staff and not user.is_staff:
        raise Forbidden("This is for site staff")
    return {"context": context, "user": user, "token": token}


def _scope_missing(scope: Scope | None) -> Forbidden:
    detail = f"The API token needs the scope {scope}" if scope else "API tokens may not do this"
    return Forbidden(detail, code="scope_missing")


def _authorize_in_project(
    context: RequestContext, project_id: str, rows: BatchResult
) -> dict[str, Any]:
    entered = _authorize(context, rows)
    member = rows.get(Member.key(project_id, context.caller.user_id))
    project = rows.get(Project.key(project_id))
    rule = PERMISSIONS[context.action]
    if member is None or project is None or (project.deleted_at and not rule.trashed_project):
        raise NotFound()
    if not Access(**entered).can_access(project_id):
        raise NotFound()
    _require(project, member.role, context.action)
    return {**entered, "project": project, "role": Role(member.role)}
