"""Projects, in partitions of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.dynamodb.table import Item, Key, batch_get, get_item, query_page, set_or_remove
from chalicelib.dynamodb.transactions import Put, Update
from chalicelib.projects import counter_models

# No project is older than this software.
FIRST_YEAR = 2025
TASK_STATUSES = ("todo", "in_progress", "review", "done")


class Project(Item):
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
    restored_at = UnicodeAttribute(null=True)
    catalogued_until = UnicodeAttribute(null=True)

    @staticmethod
    def key(project_id: str) -> "Key[Project]":
        return Key(Project, f"PROJECT#{project_id}", "META")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("PROJECT#")


@dataclass(frozen=True)
class ProjectOverview:
    """A project and how many tasks of each status it has."""

    project: Project
    tasks: dict[str, int]


def create_project_write(project: Project) -> Put:
    """The write that makes `project`, listed among those of its month."""
    for name, value in month_keys(project).items():
        setattr(project, name, value)
    return Put(project)


def month_keys(project: Project) -> dict[str, str]:
    """The index keys of a project that is not in the trash: all of a month stand together, so that
    whoever has to meet every project meets it there."""
    return {"wake_key": _of_month(project.created_at[:7]), "wake_at": project.id}


def list_months(now: datetime) -> list[str]:
    """All months that a project may have been made in; new ones come at the end, so that a number
    means the same next time."""
    years = range(FIRST_YEAR, now.year + 1)
    return [f"{year}-{month:02}" for year in years for month in range(1, 13)]


def find_next_project_id(month: str, after: str | None) -> str | None:
    """The id of the first project of a month behind `after`, or None. The index lags."""
    behind = Item.wake_at > (after or " ")
    page = query_page(Item, _of_month(month), behind, index="by_wake", limit=1)
    return next((str(row.wake_at) for row in page.rows), None)


def _of_month(month: str) -> str:
    return f"project#{month}"


def update_project_write(project: Project, fields: Mapping[str, Any], *actions: Action) -> Update:
    """The write that stores `fields`, which `project` already has; it holds only for the version
    that `project` was read at."""
    assignments = (set_or_remove(Project, name, value) for name, value in fields.items())
    step = Project.version.set(project.version + 1)
    same = Project.version == project.version
    return Update(Project.key(project.id), (*assignments, *actions, step), same)


def update_live_project_write(project_id: str, *actions: Action) -> Update:
    """The write of `actions` to a project that is there and not in the trash."""
    there = Project.PK.exists() & Project.deleted_at.does_not_exist()
    return Update(Project.key(project_id), actions, there)


def set_members_count_write(project: Project, members: int) -> Update:
    """The write that lets the project say so many members; it holds while it says what was read."""
    same = Project.members_count == project.members_count
    return Update(Project.key(project.id), (Project.members_count.set(members),), same)


def set_snapshot_time_write(project_id: str, until: str) -> Update:
    """The write that tells that there is a catalogue, and how old it is."""
    return Update(Project.key(project_id), (Project.catalogued_until.set(until),))


def get_project(project_id: str) -> Project | None:
    return get_item(Project.key(project_id))


def get_projects(project_ids: Iterable[str]) -> dict[str, Project]:
    """The projects among `project_ids` that exist."""
    keys = {project_id: Project.key(project_id) for project_id in project_ids}
    rows = batch_get(*keys.values())
    return {each: project for each, key in keys.items() if (project := rows.get(key))}


def get_project_overviews(
    project_ids: list[str], *, trashed: bool = False
) -> list[ProjectOverview]:
    """The projects among `project_ids` with their counts, in one round trip; those in the trash if
    `trashed`, else the others."""
    metas = [Project.key(project_id) for project_id in project_ids]
    shards = [key for project_id in project_ids for key in counter_models.counter_keys(project_id)]
    rows = batch_get(*metas, *shards)
    found = (project for meta in metas if (project := rows.get(meta)))
    return [
        ProjectOverview(project, count_by_status(counter_models.sum_counts(rows, project.id)))
        for project in found
        if (project.deleted_at is not None) == trashed
    ]


def count_by_status(counts: Mapping[str, int]) -> dict[str, int]:
    """How many tasks there are of each status."""
    return {status: counts.get(f"status:{status}", 0) for status in TASK_STATUSES}
