"""Roles, scopes and actions, and the permission table that relates them.

docs/api.md shows the table to clients; a test compares the two.
"""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """The role of a project member."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Scope(StrEnum):
    """A permission that an API token can have."""

    READ_ACCOUNT = "account:read"
    READ_PROJECTS = "projects:read"
    WRITE_PROJECTS = "projects:write"
    READ_TASKS = "tasks:read"
    WRITE_TASKS = "tasks:write"
    READ_AUDIT = "audit:read"


class Action(StrEnum):
    """The action that a route performs; every route declares one."""

    PUBLIC = "enter"  # needs no credential: register, log in
    READ_ACCOUNT = "read account"
    USE_ACCOUNT = "use account"
    CHANGE_CREDENTIALS = "change credentials"
    MANAGE_SECOND_FACTORS = "manage second factors"
    USE_INBOX = "use inbox"
    MANAGE_USERS = "manage users"
    CHANGE_USERS = "change users"
    MONITOR_SERVICE = "monitor service"
    READ_PROJECTS = "read projects"
    CREATE_PROJECT = "create project"
    EDIT_PROJECT = "edit project"
    ARCHIVE_PROJECT = "archive project"
    DUPLICATE_PROJECT = "duplicate project"
    DELETE_PROJECT = "delete project"
    RESTORE_PROJECT = "restore project"
    TRANSFER_PROJECT = "transfer project"
    LEAVE_PROJECT = "leave project"
    MANAGE_MEMBERS = "manage members"
    READ_INVITATIONS = "read invitations"
    READ_TASKS = "read tasks"
    WRITE_TASKS = "write tasks"
    MOVE_TASK = "move task"
    RESTORE_TASK = "restore task"
    WATCH_TASKS = "watch tasks"
    READ_COMMENTS = "read comments"
    WRITE_COMMENTS = "write comments"
    MODERATE_COMMENTS = "moderate comments"
    EXPORT_PROJECT = "export project"
    IMPORT_TASKS = "import tasks"
    REPORT_ON_PROJECT = "report on project"
    SHARE_CALENDAR = "share calendar"
    READ_WEBHOOKS = "read webhooks"
    MANAGE_WEBHOOKS = "manage webhooks"
    READ_AUDIT = "read audit"


class Proof(StrEnum):
    """The accounts that need a recent proof of their owner, a login or a step-up, for an action."""

    WITH_SECOND_FACTOR = "with a second factor"
    ALL = "all"


class Permission(NamedTuple):
    """The conditions under which an action is allowed.

    `roles` are the project roles that may perform it; empty for an action outside of projects.
    `scope` is the scope that an API token needs; None when API tokens may not perform it. `staff`
    restricts it to site staff. `proof` says which accounts need a recent proof. The other flags say
    whether the target may be an archived project, a project in the trash, a task in the trash, or a
    task that has moved to another project.
    """

    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None
    staff: bool = False
    proof: Proof | None = None
    archived: bool = False
    trashed_project: bool = False
    trashed_task: bool = False
    moved_task: bool = False


EVERY_ROLE = frozenset(Role)
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
OWNER_ONLY = frozenset({Role.OWNER})

PERMISSIONS: dict[Action, Permission] = {
    Action.PUBLIC: Permission(),
    Action.READ_ACCOUNT: Permission(scope=Scope.READ_ACCOUNT),
    Action.USE_ACCOUNT: Permission(),
    Action.CHANGE_CREDENTIALS: Permission(proof=Proof.WITH_SECOND_FACTOR),
    Action.MANAGE_SECOND_FACTORS: Permission(proof=Proof.ALL),
    Action.USE_INBOX: Permission(),
    Action.MANAGE_USERS: Permission(staff=True),
    Action.CHANGE_USERS: Permission(staff=True, proof=Proof.WITH_SECOND_FACTOR),
    Action.MONITOR_SERVICE: Permission(staff=True),
    Action.CREATE_PROJECT: Permission(scope=Scope.WRITE_PROJECTS),
    Action.READ_PROJECTS: Permission(EVERY_ROLE, Scope.READ_PROJECTS, archived=True),
    Action.EDIT_PROJECT: Permission(MANAGERS, Scope.WRITE_PROJECTS),
    Action.ARCHIVE_PROJECT: Permission(MANAGERS, Scope.WRITE_PROJECTS, archived=True),
    Action.DUPLICATE_PROJECT: Permission(EVERY_ROLE, Scope.WRITE_PROJECTS, archived=True),
    Action.DELETE_PROJECT: Permission(OWNER_ONLY, Scope.WRITE_PROJECTS, archived=True),
    Action.RESTORE_PROJECT: Permission(
        OWNER_ONLY, Scope.WRITE_PROJECTS, archived=True, trashed_project=True
    ),
    Action.TRANSFER_PROJECT: Permission(OWNER_ONLY, archived=True),
    Action.LEAVE_PROJECT: Permission(EVERY_ROLE, archived=True),
    Action.MANAGE_MEMBERS: Permission(MANAGERS, Scope.WRITE_PROJECTS),
    Action.READ_INVITATIONS: Permission(MANAGERS, Scope.READ_PROJECTS, archived=True),
    Action.READ_TASKS: Permission(EVERY_ROLE, Scope.READ_TASKS, archived=True),
    Action.WRITE_TASKS: Permission(WRITERS, Scope.WRITE_TASKS),
    Action.MOVE_TASK: Permission(WRITERS, Scope.WRITE_TASKS, moved_task=True),
    Action.RESTORE_TASK: Permission(WRITERS, Scope.WRITE_TASKS, trashed_task=True),
    Action.WATCH_TASKS: Permission(EVERY_ROLE, Scope.WRITE_TASKS, archived=True),
    Action.READ_COMMENTS: Permission(EVERY_ROLE, Scope.READ_TASKS, archived=True),
    Action.WRITE_COMMENTS: Permission(WRITERS, Scope.WRITE_TASKS),
    Action.MODERATE_COMMENTS: Permission(MANAGERS, Scope.WRITE_TASKS),
    Action.EXPORT_PROJECT: Permission(EVERY_ROLE, Scope.READ_TASKS, archived=True),
    Action.IMPORT_TASKS: Permission(WRITERS, Scope.WRITE_TASKS),
    Action.REPORT_ON_PROJECT: Permission(EVERY_ROLE, Scope.READ_TASKS, archived=True),
    Action.SHARE_CALENDAR: Permission(EVERY_ROLE, archived=True),
    Action.READ_WEBHOOKS: Permission(MANAGERS, Scope.READ_PROJECTS, archived=True),
    Action.MANAGE_WEBHOOKS: Permission(MANAGERS, Scope.WRITE_PROJECTS, archived=True),
    Action.READ_AUDIT: Permission(
        OWNER_ONLY, Scope.READ_AUDIT, archived=True, trashed_project=True
    ),
}


def is_allowed(role: str, action: Action) -> bool:
    """Return whether `role` may perform `action` in a project."""
    return role in PERMISSIONS[action].roles
