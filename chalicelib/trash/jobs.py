"""Emptying the trash after thirty days: rows, what hangs on them, and the objects in the bucket.

Each tick removes a bounded number of rows, in steps for which there is time; the row that woke it
goes last, so what one tick leaves is found by the next. Whoever purges a project or a task has a
lease on it; every step can be done twice all the same, so a tick may die anywhere.
"""

from datetime import datetime

from chalicelib.attachments.service import close_task_attachments
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.jobs.models import release_lease, take_lease
from chalicelib.jobs.time_budget import TimeBudget, unlimited_budget
from chalicelib.members.models import UserMembership
from chalicelib.observability import record_outcome
from chalicelib.projects.models import Project
from chalicelib.task_lists.snapshots import delete_snapshot
from chalicelib.tasks.models import TrashedTask
from chalicelib.trash import models
from chalicelib.trash.models import ItemKey

PAGE = 100
PAGES_PER_TICK = 20
# A step is not begun with less than this left; what comes after us in the tick needs time too.
STEP_MILLISECONDS = 90_000


def purge_trash(now: datetime, pace: TimeBudget | None = None) -> dict[str, int]:
    """Remove what has been in the trash for thirty days, or go on with it."""
    pace, rows = pace or unlimited_budget(now), 0
    for row in time_index.list_due("purge", now):
        if not pace.has(STEP_MILLISECONDS):
            break
        rows += _leased(ItemKey(row.PK, row.SK), now, pace)
    time_index.advance_watermark("purge", now)
    return record_outcome("purge", {"purged": rows})


def _leased(place: ItemKey, now: datetime, pace: TimeBudget) -> int:
    """Purge what nobody else is purging."""
    lease = take_lease(f"purge {place.pk} {place.sk}", now)
    if lease is None:
        return 0
    if place.sk == "META":
        removed = _purge_project(place.pk.removeprefix("PROJECT#"), now, pace)
    else:
        removed = _purge_task(place, now)
    release_lease(lease)
    return removed


def _purge_project(project_id: str, now: datetime, pace: TimeBudget) -> int:
    project = get_item(Project.key(project_id))
    if project is None or project.deleted_at is None or not _is_over(project.wake_at, now):
        return 0
    removed = 0
    for _ in range(PAGES_PER_TICK):
        if not pace.has(STEP_MILLISECONDS):
            break
        page = models.list_project_items(project_id, limit=PAGE)
        if not page:
            delete_snapshot(project_id)
            # What came late to the feed, and the project's own row last of all.
            rest = [*models.list_feed_items(project_id), ItemKey(project.PK, project.SK)]
            return removed + _remove(rest)
        removed += sum(_hangs_on(place, now) for place in page) + _remove(page)
    return removed


def _purge_task(place: ItemKey, now: datetime) -> int:
    task = get_item(TrashedTask.key(place.after("TRASH#") or ""))
    if task is None or not _is_over(task.wake_at, now):
        return 0
    number = (
        [] if task.number is None else [models.number_item_key(task.project_id, int(task.number))]
    )
    return _hangs_on(place, now) + _remove(number) + _remove([place])


def _is_over(wake_at: str | None, now: datetime) -> bool:
    """The index lags: what was restored a moment ago is looked at again."""
    return wake_at is not None and wake_at <= format_timestamp(now)


def _hangs_on(place: ItemKey, now: datetime) -> int:
    """Remove what a row of a project's partition has elsewhere."""
    task_id = place.after("TASK#") or place.after("TRASH#")
    if task_id is not None:
        return _empty_task(task_id, now)
    user_id = place.after("MEMBER#")
    if user_id is not None:
        edge = UserMembership.key(user_id, place.pk.removeprefix("PROJECT#"))
        return _remove([ItemKey(edge.pk, edge.sk)])
    return 0


def _empty_task(task_id: str, now: datetime) -> int:
    close_task_attachments(task_id, now)
    places = [place for place in models.list_task_items(task_id) if place.after("FILE#") is None]
    return _remove(places + models.feed_item_keys(places, project_id_of(task_id)))


def _remove(places: list[ItemKey]) -> int:
    models.delete_items(places)
    return len(places)
