"""Projects and their counters, in the project's own partition."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.transaction import Update, Upsert, Write

# One item takes 1,000 writes a second, and a transactional write counts double.
COUNTER_SHARDS = 4
STATUSES = ("todo", "in_progress", "review", "done")


class Project(Row):
    name = UnicodeAttribute()
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


class Counters(Row):
    """One shard of a project's task counts by status; the sum over all shards is the truth."""

    todo = NumberAttribute(default=0)
    in_progress = NumberAttribute(default=0)
    review = NumberAttribute(default=0)
    done = NumberAttribute(default=0)

    @staticmethod
    def key(project_id: str, shard: int) -> "Key[Counters]":
        return Key(Counters, f"PROJECT#{project_id}", f"STATS#{shard}")


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


def counted(project_id: str, task_id: str, **changes: int) -> Write:
    """Add `changes` (status -> difference) to the counters, in the shard of the task."""
    shard = zlib.crc32(task_id.encode()) % COUNTER_SHARDS
    actions: tuple[Action, ...] = tuple(
        getattr(Counters, status).add(change) for status, change in changes.items()
    )
    return Upsert(Counters.key(project_id, shard), actions)


def counters(project_id: str) -> dict[str, int]:
    """How many tasks of each status the project has."""
    shards = table.query_all(Counters, f"PROJECT#{project_id}", Counters.SK.startswith("STATS#"))
    return _sum(list(shards))


def overviews(project_ids: list[str], *, trashed: bool = False) -> list[Overview]:
    """The projects among `project_ids` with their counts, in one round trip; those in the trash if
    `trashed`, else the others."""
    metas = {project_id: Project.key(project_id) for project_id in project_ids}
    shards = {project_id: _shard_keys(project_id) for project_id in project_ids}
    rows = table.read(*metas.values(), *(key for keys in shards.values() for key in keys))
    found: list[Overview] = []
    for project_id, meta in metas.items():
        project = rows.get(meta)
        if project is not None and (project.deleted_at is not None) == trashed:
            counts = [row for key in shards[project_id] if (row := rows.get(key))]
            found.append(Overview(project, _sum(counts)))
    return found


def _shard_keys(project_id: str) -> list[Key[Counters]]:
    return [Counters.key(project_id, shard) for shard in range(COUNTER_SHARDS)]


def _sum(shards: list[Counters]) -> dict[str, int]:
    return {
        status: sum(int(getattr(shard, status) or 0) for shard in shards) for status in STATUSES
    }
