"""A plain model of the promises: who may do what to which project and task, and what is there."""

from dataclasses import dataclass, field
from typing import Any

OWNER, ADMIN, MEMBER, VIEWER = "owner", "admin", "member", "viewer"
EVERYBODY = {OWNER, ADMIN, MEMBER, VIEWER}
WRITERS = {OWNER, ADMIN, MEMBER}
MANAGERS = {OWNER, ADMIN}
DONE = "done"


@dataclass
class Project:
    """A project: the role of each member by name of the person, and the labels by id."""

    id: str
    name: str
    roles: dict[str, str]
    is_archived: bool = False
    is_trashed: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    webhooks: set[str] = field(default_factory=set)

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


@dataclass(eq=False)
class Task:
    """A task: the fields that were set, and its children."""

    id: str
    project: Project
    fields: dict[str, Any]
    is_trashed: bool = False
    recurs: bool = False
    has_next: bool = False
    comments: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)

    @property
    def is_done(self) -> bool:
        return bool(self.fields["status"] == DONE)

    @property
    def is_open(self) -> bool:
        """Whether it blocks the tasks that wait for it."""
        return not (self.is_done or self.is_trashed or self.project.is_trashed)

    def refuse(self, person: str, roles: set[str]) -> int | None:
        """Return the status with which a call about the task is refused, or None."""
        refusal = self.project.refuse(person, roles)
        return refusal or (404 if self.is_trashed else None)

    def labels_now(self) -> set[str]:
        """The names of its labels that exist."""
        return {self.project.labels[each] for each in self.labels & self.project.labels.keys()}


@dataclass(eq=False)
class Relation:
    """A relation of two tasks; with `blocks`, `task` blocks `other`."""

    id: str
    kind: str
    task: Task
    other: Task

    def blocks(self, task: Task) -> bool:
        return self.kind == "blocks" and self.other is task

    def is_of(self, task: Task, other: Task) -> bool:
        return {task, other} == {self.task, self.other}


def find_cycle(relations: list[Relation], start: Task, end: Task) -> bool:
    """Return whether `start` blocks `end`, also through other tasks."""
    found, rest = set(), [start]
    while rest:
        task = rest.pop()
        found.add(task)
        blocked = {each.other for each in relations if each.kind == "blocks" and each.task is task}
        rest += blocked - found
    return end in found
