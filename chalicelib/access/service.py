"""Access checks: each authorizes a request for an account, a project or a task.

A check reads account, credential, membership and target in one round trip. So a logout, a disabled
account, a removal or a change of role takes effect with the next request. Access is denied by
default, and to a caller who is not a member, a project or task does not exist.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.access import permissions, rate_limits
from chalicelib.access.permissions import PERMISSIONS, Action, Role
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
    """A request that is not yet authorized: its caller, action, time, idempotency key and id, and
    the rate limit that it counts against."""

    caller: Caller
    action: Action
    now: datetime
    idempotency_key: IdempotencyKey | None = None
    request_id: str | None = None
    kind: RequestKind = "write"

    @property
    def bucket(self) -> TokenBucket:
        """The token bucket that the request counts against."""
        return rate_limits.get_caller_bucket(self.caller.principal, self.kind)


@dataclass(frozen=True, kw_only=True)
class Access:
    """An authorized request. `token` is the API token that it used; None for a session."""

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
        """Return False when the caller uses an API token that is limited to other projects."""
        limits = self.token.projects if self.token else None
        return limits is None or project_id in limits


@dataclass(frozen=True, kw_only=True)
class ProjectAccess(Access):
    """A request authorized for one project; `role` is the caller's role there."""

    project: Project
    role: Role


@dataclass(frozen=True, kw_only=True)
class TaskAccess(ProjectAccess):
    """A request authorized for one task of a project."""

    task: Task


def authorize_account(context: RequestContext) -> Access:
    """Authorize a request that concerns no single project.

    Raises `Unauthenticated` without a valid credential, and `Forbidden` when the API token lacks
    the scope or the action is for site staff.
    """
    return _authorize(context, _read(context))


def authorize_project(context: RequestContext, project_id: str) -> ProjectAccess:
    """Authorize a request for a project.

    Raises what `authorize_account` raises, `NotFound` when the caller is not a member, `Forbidden`
    when their role does not allow the action, and `Conflict` when the project is archived.
    """
    return _authorize_in_project(context, project_id, _read(context, project_id))


def authorize_task(context: RequestContext, task_id: str) -> TaskAccess:
    """Authorize a request for a task.

    Raises what `authorize_project` raises, and `NotFound` when the task does not exist.
    """
    project_id = project_id_of(task_id)
    task_keys: list[Key[Any]] = [Task.key(task_id)]
    if PERMISSIONS[context.action].trashed_task:
        task_keys.append(TrashedTask.key(task_id))
    items = _read(context, project_id, *task_keys)
    access = _authorize_in_project(context, project_id, items)
    task = next((task for key in task_keys if (task := items.get(key))), None)
    if task is None:
        raise NotFound()
    return TaskAccess(**vars(access), task=task)


def require_permission(access: ProjectAccess, action: Action) -> None:
    """Check a further action of an authorized request, beyond the action of its route.

    Raises `Forbidden`, or `Conflict` when the project is archived.
    """
    _require_allowed(access.project, access.role, action)


def _read(
    context: RequestContext, project_id: str | None = None, *targets: Key[Any]
) -> BatchResult:
    """Read account, credential and targets, and with `project_id` the membership and project."""
    keys = [User.key(context.caller.user_id), context.caller.key, *targets]
    if project_id is not None:
        keys += [Member.key(project_id, context.caller.user_id), Project.key(project_id)]
    return batch_get(*keys)


def _authorize(context: RequestContext, items: BatchResult) -> Access:
    """Check credential, rate limit, scope and site staff, in this order."""
    user, token = require_valid_credential(context.caller, items, context.now)
    context.bucket.sync_with_table(token or user, context.now)
    permission = PERMISSIONS[context.action]
    if token is not None and permission.scope is None:
        raise Forbidden("API tokens may not do this", code="scope_missing")
    if token is not None and permission.scope not in token.scopes:
        raise Forbidden(f"The API token needs the scope {permission.scope}", code="scope_missing")
    if permission.staff and not user.is_staff:
        raise Forbidden("Only site staff may do this")
    return Access(context=context, user=user, token=token)


def _authorize_in_project(
    context: RequestContext, project_id: str, items: BatchResult
) -> ProjectAccess:
    """Check everything about the caller and the project."""
    access = _authorize(context, items)
    member = items.get(Member.key(project_id, access.user_id))
    project = items.get(Project.key(project_id))
    trashed_project = PERMISSIONS[context.action].trashed_project
    if member is None or project is None or (project.deleted_at and not trashed_project):
        raise NotFound()
    if not access.can_access(project_id):
        raise NotFound()
    _require_allowed(project, member.role, context.action)
    return ProjectAccess(**vars(access), project=project, role=Role(member.role))


def _require_allowed(project: Project, role: str, action: Action) -> None:
    if not permissions.is_allowed(role, action):
        raise Forbidden()
    if project.archived_at is not None and not PERMISSIONS[action].archived:
        raise Conflict("The project is archived; unarchive it first", code="archived")
