"""Access checks: each authorizes a request for an account, a project or a task.

A check reads account, credential, membership and target in one round trip. So a logout, a disabled
account, a removal or a change of role takes effect with the next request. Access is denied by
default, and to a caller who is not a member, a project or task does not exist.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from chalicelib.access import permissions, rate_limits
from chalicelib.access.permissions import PERMISSIONS, Action, Proof, Role
from chalicelib.access.prefetch import (
    NO_PREFETCH,
    Prefetch,
    PrefetchResult,
    Read,
    read_all,
    read_together,
)
from chalicelib.access.rate_limits import RequestKind, TokenBucket
from chalicelib.accounts.models import User
from chalicelib.copies.location_models import find_redirect
from chalicelib.dynamodb import table
from chalicelib.dynamodb.idempotency import IdempotencyKey
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import BatchResult, Item, Key
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.members.models import Member
from chalicelib.newer_releases import as_stored
from chalicelib.projects.models import Project
from chalicelib.sessions.credentials import Caller, require_recent_proof, require_valid_credential
from chalicelib.sessions.models import ApiToken
from chalicelib.tasks.models import Task, TrashedTask

P = ParamSpec("P")
R = TypeVar("R", bound=Item)
T = TypeVar("T")


class RequestContext(Struct, frozen=True):
    """A request that is not yet authorized: its caller, action, time, idempotency key, id, source
    address, and the rate limit that it counts against.

    `prefetch` is what the view will probably read; it is read together with the access check.
    """

    caller: Caller
    action: Action
    now: datetime
    idempotency_key: IdempotencyKey | None = None
    request_id: str | None = None
    source: str | None = None
    kind: RequestKind = "write"
    prefetch: Prefetch = NO_PREFETCH

    @property
    def bucket(self) -> TokenBucket:
        """The token bucket that the request counts against."""
        return rate_limits.get_caller_bucket(self.caller.principal, self.kind)

    def for_further_check(self, **changes: Any) -> "RequestContext":
        """Return the context, with `changes`, for a check of something else in the same request."""
        return replace(self, **{"prefetch": NO_PREFETCH, **changes})


class Access(Struct, frozen=True, kw_only=True):
    """An authorized request. `token` is the API token that it used; None for a session.

    `prefetched` is what was read together with the access check.
    """

    context: RequestContext
    user: User
    token: ApiToken | None
    prefetched: PrefetchResult = PrefetchResult()

    def get_item(self, key: Key[R]) -> R | None:
        """Return the item at `key`; it is read now unless it was prefetched."""
        items = self.prefetched.items
        return items.get(key) if items.was_read(key) else table.get_item(key)

    def get_items(self, keys: Iterable[Key[Any]]) -> BatchResult:
        """Return the items at `keys`, and perhaps others; what was not prefetched is read now."""
        items = self.prefetched.items
        missing = [key for key in keys if not items.was_read(key)]
        return items.plus(table.batch_get(*missing)) if missing else items

    def read(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Return what `function` returns; it is called now unless it was prefetched."""
        read = Read(function, arguments, options)
        for prefetched, future in self.prefetched.reads:
            if prefetched == read:
                result: T = future.result()
                return result
        return function(*arguments, **options)

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

    def read_list(self, function: Callable[..., Iterable[T]], *arguments: Any) -> list[T]:
        """Return all items that `function` yields; it is called now unless it was prefetched."""
        return self.read(read_all, function, arguments)

    def can_access(self, project_id: str) -> bool:
        """Return False when the caller uses an API token that is limited to other projects."""
        limits = self.token.projects if self.token else None
        return limits is None or project_id in limits


class ProjectAccess(Access, frozen=True, kw_only=True):
    """A request authorized for one project; `role` is the caller's role there."""

    project: Project
    role: Role


class TaskAccess(ProjectAccess, frozen=True, kw_only=True):
    """A request authorized for one task of a project."""

    task: Task


def authorize_account(context: RequestContext) -> Access:
    """Authorize a request that concerns no single project.

    Raises `Unauthenticated` without a valid credential, and `Forbidden` when the API token lacks
    the scope, the action is for site staff, or the action needs a recent proof.
    """
    return _authorize(context, _read(context))


def authorize_project(context: RequestContext, project_id: str) -> ProjectAccess:
    """Authorize a request for a project.

    Raises what `authorize_account` raises, `NotFound` when the caller is not a member, `Forbidden`
    when their role does not allow the action, and `Conflict` when the project is archived.
    """
    return enter_project(_authorize(context, _read(context, project_id)), project_id)


def authorize_task(context: RequestContext, task_id: str) -> TaskAccess:
    """Authorize a request for a task.

    Raises what `authorize_project` raises, and `NotFound` when the task does not exist. A task that
    has moved to another project is found only if the action allows that.
    """
    try:
        return _authorize_task(context, task_id)
    except NotFound:
        current_id = None
        if PERMISSIONS[context.action].moved_task:
            current_id = find_redirect(task_id, context.now)
        if current_id is None:
            raise
        return _authorize_task(context, current_id)


def authorize_named_task(context: RequestContext, task_id: str) -> TaskAccess:
    """Authorize a request for a task that its body names, also by an id from before a move.

    Raises what `authorize_task` raises.
    """
    try:
        return authorize_task(context, task_id)
    except NotFound:
        current_id = find_moved_task(context, task_id)
        if current_id is None:
            raise
        return authorize_task(context, current_id)


def find_moved_task(context: RequestContext, task_id: str) -> str | None:
    """Return the id that a moved task has now, if the caller has access to its project.

    Returns None if the task was not moved from `task_id` within the last year.
    """
    current_id = find_redirect(task_id, context.now)
    if current_id is None:
        return None
    try:
        _authorize_task(context, current_id)
    except (NotFound, Forbidden):
        return None
    except Conflict:  # the project is archived, and the caller is a member
        return current_id
    return current_id


def _authorize_task(context: RequestContext, task_id: str) -> TaskAccess:
    found = _read(context, project_id_of(task_id), *_list_task_keys(context.action, task_id))
    return enter_task(_authorize(context, found), task_id)


def enter_task(access: Access, task_id: str) -> TaskAccess:
    """Authorize a request whose caller is authorized for a task that was prefetched.

    Raises `NotFound`, `Forbidden` and `Conflict` as `authorize_task` does.
    """
    items = access.prefetched.items
    in_project = enter_project(access, project_id_of(task_id))
    task_keys = _list_task_keys(access.context.action, task_id)
    task = next((task for key in task_keys if (task := items.get(key))), None)
    if task is None:
        raise NotFound()
    return TaskAccess(**asdict(in_project), task=task)


def _list_task_keys(action: Action, task_id: str) -> list[Key[Any]]:
    trashed = [TrashedTask.key(task_id)] if PERMISSIONS[action].trashed_task else []
    return [Task.key(task_id), *trashed]


def authorize_view(context: RequestContext, view_id: str) -> Access:
    """Authorize a request for a saved view: in its project if it is shared, else in the account.

    The id of a shared view ends in the project's id. Whether the view exists is not checked. Raises
    what `authorize_project` raises.
    """
    project_id = project_id_of(view_id)
    return authorize_project(context, project_id) if project_id else authorize_account(context)


def require_permission(access: ProjectAccess, action: Action) -> None:
    """Check a further action of an authorized request, beyond the action of its route.

    Raises `Forbidden`, or `Conflict` when the project is archived.
    """
    _require_allowed(access.project, access.role, action)


def _read(
    context: RequestContext, project_id: str | None = None, *targets: Key[Any]
) -> PrefetchResult:
    """Read account, credential and targets, and with `project_id` the membership and project."""
    keys = [User.key(context.caller.user_id), context.caller.key, *targets]
    if project_id is not None:
        keys += [Member.key(project_id, context.caller.user_id), Project.key(project_id)]
    return read_together(context.prefetch, *keys)


def _authorize(context: RequestContext, found: PrefetchResult) -> Access:
    """Check credential, rate limit, scope, site staff and recent proof, in this order."""
    user, token = require_valid_credential(context.caller, found.items, context.now)
    context.bucket.sync_with_table(token or user, context.now)
    permission = PERMISSIONS[context.action]
    if token is not None and permission.scope is None:
        raise Forbidden("API tokens may not do this", code="scope_missing")
    if token is not None and permission.scope not in token.scopes:
        raise Forbidden(f"The API token needs the scope {permission.scope}", code="scope_missing")
    if permission.staff and not user.is_staff:
        raise Forbidden("Only site staff may do this")
    if permission.proof is Proof.ALL or (permission.proof and user.second_factors):
        require_recent_proof(context.caller, user, found.items, context.now)
    return Access(context=context, user=user, token=token, prefetched=found)


def enter_project(access: Access, project_id: str) -> ProjectAccess:
    """Authorize a request whose caller is authorized for a project that was prefetched.

    Raises `NotFound`, `Forbidden` and `Conflict` as `authorize_project` does.
    """
    action, items = access.context.action, access.prefetched.items
    member = items.get(Member.key(project_id, access.user_id))
    project = items.get(Project.key(project_id))
    if member is None or project is None or not access.can_access(project_id):
        raise NotFound()
    if project.deleted_at and not PERMISSIONS[action].trashed_project:
        raise NotFound()
    _require_allowed(project, member.role, action)
    shared = {name: getattr(access, name) for name in Access.__struct_fields__}
    return ProjectAccess(**shared, project=project, role=as_stored(Role, member.role))


def _require_allowed(project: Project, role: str, action: Action) -> None:
    if not permissions.is_allowed(role, action):
        raise Forbidden()
    if project.archived_at is not None and not PERMISSIONS[action].archived:
        raise Conflict("The project is archived; unarchive it first", code="archived")
