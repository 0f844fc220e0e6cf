"""Purge projects and tasks that have been in the trash for thirty days, with all their items.

Each tick deletes a bounded number of items, in steps for which its time budget suffices. The item
in the time index is deleted last, so the next tick finds a purge that is not finished. A lease
keeps two ticks from purging the same project or task. Every step is idempotent, so a tick may stop
at any point.
"""

from datetime import datetime
from typing import Any

from chalicelib.attachments.service import close_task_attachments
from chalicelib.copies.location_models import TaskLocation
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.jobs.models import release_lease, take_lease
from chalicelib.jobs.time_budget import TimeBudget, unlimited_budget
from chalicelib.members.models import UserMembership
from chalicelib.observability import record_outcome
from chalicelib.projects.models import Project
from chalicelib.relations.jobs import remove_task_relations
from chalicelib.task_lists.snapshots import delete_snapshot
from chalicelib.tasks.models import Task, TrashedTask
from chalicelib.tasks.number_models import TaskNumber
from chalicelib.trash import models
from chalicelib.trash.models import delete_items
from chalicelib.webhooks.delivery_models import list_keys as list_delivery_keys

PAGE = 100
PAGES_PER_TICK = 20
# A step does not start with less time left; later jobs of the tick need time too.
STEP_MILLISECONDS = 90_000


def purge_trash(now: datetime, budget: TimeBudget | None = None) -> dict[str, int]:
    """Purge what has been in the trash for thirty days, as far as the time budget allows.

    Returns the number of deleted items as `purged`. Without a budget, time is unlimited.
    """
    budget = budget or unlimited_budget(now)
    purged = 0
    for item in time_index.list_due("purge", now):
        if not budget.has(STEP_MILLISECONDS):
            break
        lease = take_lease(f"purge {item.PK} {item.SK}", now)
        if lease is None:
            continue  # another tick is purging it
        if item.SK == "META":
            purged += _purge_project(item.PK.removeprefix("PROJECT#"), now, budget)
        else:
            purged += _purge_task(Key(Item, item.PK, item.SK), now)
        release_lease(lease)
    time_index.advance_watermark("purge", now)
    return record_outcome("purge", {"purged": purged})


def _purge_project(project_id: str, now: datetime, budget: TimeBudget) -> int:
    """Delete the project's items page by page, the project itself last; return their number."""
    project_key = Project.key(project_id)
    project = get_item(project_key)
    # The time index lags, so a project that was just restored may still be in it.
    if project is None or project.deleted_at is None or not time_index.is_due(project, now):
        return 0
    purged = 0
    for _ in range(PAGES_PER_TICK):
        if not budget.has(STEP_MILLISECONDS):
            break
        page = models.list_project_items(project_id, limit=PAGE)
        if not page:
            delete_snapshot(project_id)
            # The feed still has the items that arrived late.
            purged += delete_items([*models.list_feed_items(project_id), project_key])
            break
        purged += sum(_delete_related_items(item, now) for item in page)
        purged += delete_items([Key(Item, item.PK, item.SK) for item in page])
    return purged


def _purge_task(key: Key[Any], now: datetime) -> int:
    """Delete a trashed task with its child items and its number; return the number of items."""
    task = get_item(TrashedTask.key(key.sk.removeprefix("TRASH#")))
    # The time index lags, so a task that was just restored may still be in it.
    if task is None or not time_index.is_due(task, now):
        return 0
    purged = _delete_related_items(task, now)
    if task.number is not None:
        purged += delete_items([TaskNumber.key(task.project_id, int(task.number))])
    return purged + delete_items([key])


def _delete_related_items(item: Task, now: datetime) -> int:
    """Delete the items in other partitions that belong to an item of a project's partition.

    A task has child items, whose activity is also in the project's feed. Each of its relations has
    another item below the other task. Its attachments are only closed here; the attachment jobs
    delete them with their objects in the bucket. A member has a membership in the user's partition,
    a webhook its log.
    """
    kind, _, item_id = item.SK.partition("#")
    if kind in ("TASK", "TRASH"):
        original_id = item.first_id or item_id
        close_task_attachments(original_id, now)
        children = models.list_child_items(original_id)
        if any(child.sk.startswith("REL#") for child in children):
            remove_task_relations(original_id)
        if item.moved_from is not None:
            children.append(TaskLocation.key(original_id))
        return delete_items(children)
    if kind == "WEBHOOK":
        return delete_items(list_delivery_keys(item_id))
    if kind == "MEMBER":
        return delete_items([UserMembership.key(item_id, item.PK.removeprefix("PROJECT#"))])
    return 0
