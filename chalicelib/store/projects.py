"""Projects, in partitions of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.store import counters, table
from chalicelib.store.table import Key, Row
from chalicelib.store.transaction import Update

STATUSES = ("todo", "in_progress", "review", "done")


class Project(Row):
    name = UnicodeAttribute()
    # The KEY of KEY-12. Two projects may have the same one: nobody can know what strangers use.
    prefix = UnicodeAttribute(default="TASK")
    description = UnicodeAttribute(default="")
    owner_id = UnicodeAttribute()
    members_count = NumberAttribute(default=1)
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = NumberAttribute(default=1)
    archived_at = UnicodeAttribute(null=True)
    deleted_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(project_id: str) -> "Key[Project]":
        return Key(Project, f"PROJECT#{project_id}", "META")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("PROJECT#")


@dataclass(frozen=True)
class Overview:
    """A project and how many tasks of each status it has."""

    project: Project
    tasks: dict[str, int]


def changed(project: Project, fields: Mapping[str, Any], *actions: Action) -> Update:
    """The write that stores `fields`, which `project` already has; it holds only for the version
    that `project` was read at."""
    assignments = (table.assigned(Project, name, value) for name, value in fields.items())
    step = Project.version.set(project.version + 1)
    same = Project.version == project.version
    return Update(Project.key(project.id), (*assignments, *actions, step), same)


def live(project_id: str, *actions: Action) -> Update:
    """The write of `actions` to a project that is there and not in the trash."""
    there = Project.PK.exists() & Project.deleted_at.does_not_exist()
    return Update(Project.key(project_id), actions, there)


def by_id(project_id: str) -> Project | None:
    return table.get(Project.key(project_id))


def by_ids(project_ids: Iterable[str]) -> dict[str, Project]:
    """The projects among `project_ids` that exist."""
    keys = {project_id: Project.key(project_id) for project_id in project_ids}
    rows = table.read(*keys.values())
    return {each: project for each, key in keys.items() if (project := rows.get(key))}


def overviews(project_ids: list[str], *, trashed: bool = False) -> list[Overview]:
    """The projects among `project_ids` with their counts, in one round trip; those in the trash if
    `trashed`, else the others."""
    metas = [Project.key(project_id) for project_id in project_ids]
    shards = [key for project_id in project_ids for key in counters.keys_of(project_id)]
    rows = table.read(*metas, *shards)
    found = (project for meta in metas if (project := rows.get(meta)))
    return [
        Overview(project, by_status(counters.among(rows, project.id)))
        for project in found
        if (project.deleted_at is not None) == trashed
    ]


def by_status(counts: Mapping[str, int]) -> dict[str, int]:
    """How many tasks there are of each status."""
    return {status: counts.get(f"status:{status}", 0) for status in STATUSES}
