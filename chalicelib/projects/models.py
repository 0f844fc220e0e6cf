"""Projects. Each project has its own partition."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import BatchResult, Item, Key, batch_get, get_item, query_page
from chalicelib.dynamodb.timestamps import to_epoch_seconds
from chalicelib.dynamodb.transactions import Put, Update
from chalicelib.projects import counter_models

# No project is older than this software.
FIRST_YEAR = 2025
MONTH_PREFIX = "project#"
TASK_STATUSES = ("todo", "in_progress", "review", "done")
# Much longer than a request takes.
KEY_CLAIMED_FOR = timedelta(hours=1)


class Project(Item):
    """A project. `deleted_at` is set while it is in the trash."""

    name = UnicodeAttribute()
    # The KEY of KEY-12. Projects may share a key, because users cannot know the keys of others.
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
    is_template = BooleanAttribute(null=True)

    @staticmethod
    def key(project_id: str) -> "Key[Project]":
        return Key(Project, f"PROJECT#{project_id}", "META")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("PROJECT#")


class ProjectKeyClaim(Item):
    """A default key that a user's new project has just got.

    It keeps concurrent requests of the user from choosing the same key: each of them has read the
    user's projects before the other's project was stored.
    """

    @staticmethod
    def key(user_id: str, prefix: str) -> "Key[ProjectKeyClaim]":
        return Key(ProjectKeyClaim, f"USER#{user_id}", f"KEY#{prefix}")


class ProjectOverview(Struct, frozen=True):
    """A project and its number of tasks by status."""

    project: Project
    tasks: dict[str, int]


def create_project_write(project: Project) -> Put:
    """Return the write that creates `project`, with its entry in the time index (`month_keys`)."""
    for name, value in month_keys(project).items():
        setattr(project, name, value)
    return Put(project)


def claim_key_write(user_id: str, prefix: str, now: datetime) -> Put:
    """Return the write that claims a default key for an hour; it fails when the key is claimed."""
    key = ProjectKeyClaim.key(user_id, prefix)
    until = to_epoch_seconds(now + KEY_CLAIMED_FOR)
    # DynamoDB's time to live deletes days late, so the write may replace an expired claim.
    is_free = Item.PK.does_not_exist() | (Item.expires_at < to_epoch_seconds(now))
    return Put(ProjectKeyClaim(key.pk, key.sk, expires_at=until), is_free)


def month_keys(project: Project) -> dict[str, str]:
    """Return the index keys of a project that is not in the trash.

    All projects of a month are in one partition of the time index, so that counter repair finds
    every project.
    """
    return {"wake_key": f"{MONTH_PREFIX}{project.created_at[:7]}", "wake_at": project.id}


def list_months(now: datetime) -> list[str]:
    """Return all months (`2026-11`) in which a project may have been created.

    Later months are only appended, so the position of a month in the list stays the same.
    """
    years = range(FIRST_YEAR, now.year + 1)
    return [f"{year}-{month:02}" for year in years for month in range(1, 13)]


def find_next_project_id(month: str, after: str | None) -> str | None:
    """Return the first project id of a month that follows `after`, or None at the end.

    It is read from the time index, which lags behind the table.
    """
    page = query_page(
        Item,
        f"{MONTH_PREFIX}{month}",
        Item.wake_at > (after or " "),
        index="by_wake",
        limit=1,
    )
    return str(page.items[0].wake_at) if page.items else None


def update_project_write(project: Project, fields: Mapping[str, Any], *actions: Action) -> Update:
    """Return the write that stores `fields` and increases the version.

    It fails when the stored version is not `project.version`.
    """
    assignments = [set_or_remove(Project, name, value) for name, value in fields.items()]
    next_version = Project.version.set(project.version + 1)
    return Update(
        Project.key(project.id),
        (*assignments, *actions, next_version),
        Project.version == project.version,
    )


def update_live_project_write(project_id: str, *actions: Action) -> Update:
    """Return a write of `actions` that fails when the project is in the trash or does not exist."""
    is_live = Project.PK.exists() & Project.deleted_at.does_not_exist()
    return Update(Project.key(project_id), actions, is_live)


def set_members_count_write(project: Project, members: int) -> Update:
    """Return the write that sets the number of members.

    It fails when the stored number is not `project.members_count`.
    """
    is_unchanged = Project.members_count == project.members_count
    return Update(Project.key(project.id), (Project.members_count.set(members),), is_unchanged)


def set_snapshot_time_write(project_id: str, until: str) -> Update:
    """Return the write that records the time up to which the list snapshot has all changes."""
    return Update(Project.key(project_id), (Project.catalogued_until.set(until),))


def get_project(project_id: str) -> Project | None:
    """Return the project, also if it is in the trash, or None."""
    return get_item(Project.key(project_id))


def get_projects(project_ids: Iterable[str]) -> dict[str, Project]:
    """Return the projects among `project_ids` that exist, by id."""
    keys = {project_id: Project.key(project_id) for project_id in project_ids}
    items = batch_get(*keys.values())
    return {project_id: project for project_id, key in keys.items() if (project := items.get(key))}


def list_overview_keys(project_ids: Iterable[str]) -> tuple[Key[Any], ...]:
    """Return the keys of all items that `build_overviews` needs."""
    keys: list[Key[Any]] = []
    for project_id in project_ids:
        keys += (Project.key(project_id), *counter_models.counter_keys(project_id))
    return tuple(keys)


def get_project_overviews(project_ids: list[str]) -> list[ProjectOverview]:
    """Return the projects among `project_ids` that are not in the trash, in one round trip."""
    return build_overviews(batch_get(*list_overview_keys(project_ids)), project_ids)


def build_overviews(
    items: BatchResult, project_ids: Iterable[str], *, trashed: bool = False
) -> list[ProjectOverview]:
    """Return the projects among `project_ids` with their counts.

    Returns only projects in the trash if `trashed`, else only the others.
    """
    overviews = []
    for project_id in project_ids:
        project = items.get(Project.key(project_id))
        if project is not None and (project.deleted_at is not None) == trashed:
            counts = counter_models.sum_counts(items, project.id)
            overviews.append(ProjectOverview(project, count_by_status(counts)))
    return overviews


def count_by_status(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the number of tasks of each status, from all counts of a project."""
    return {status: counts.get(f"status:{status}", 0) for status in TASK_STATUSES}
