"""A plain model of the promises: who may do what to which project and task, and what is there."""

from dataclasses import dataclass, field
from typing import Any

OWNER, ADMIN, MEMBER, VIEWER = "owner", "admin", "member", "viewer"
EVERYBODY = {OWNER, ADMIN, MEMBER, VIEWER}
WRITERS = {OWNER, ADMIN, MEMBER}
MANAGERS = {OWNER, ADMIN}


@dataclass
class Project:
    """A project: the role of each member by name of the person."""

    id: str
    name: str
    roles: dict[str, str]
    is_archived: bool = False
    is_trashed: bool = False

    def refuse(
        self, person: str, roles: set[str], *, archived: bool = False, trashed: bool = False
    ) -> int | None:
        """Return the status with which a call is refused, or None.

        `roles` may call; `archived` and `trashed` tell whether the project may be so.
        """
        role = self.roles.get(person)
        if role is None or (self.is_trashed and not trashed):
            return 404
        if role not in roles:
            return 403
        return 409 if self.is_archived and not archived else None


@dataclass
class Task:
    """A task: the fields that were set, and what belongs to it."""

    id: str
    project: Project
    fields: dict[str, Any]
    is_trashed: bool = False
    comments: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    versions: int = 1

    def refuse(self, person: str, roles: set[str]) -> int | None:
        """Return the status with which a call about the task is refused, or None."""
        refusal = self.project.refuse(person, roles)
        return refusal or (404 if self.is_trashed else None)
