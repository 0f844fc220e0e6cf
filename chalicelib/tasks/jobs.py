"""Task work outside requests: stream records of tasks, and new start and due times after a user's
move to another time zone."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from msgspec import Struct

from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.table import BATCH_GET_MAX
from chalicelib.dynamodb.transactions import Write
from chalicelib.errors import NotFound, require_found
from chalicelib.jobs.deferred_update_models import DeferredUpdate, defer_update_write
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.members.models import list_memberships
from chalicelib.reports.models import reschedule_write
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks import models, service, task_times
from chalicelib.tasks.models import Task, TrashedTask

TIME_ZONE_CHANGE = "zone"
# A concurrent request may still use the old time zone for a task that it writes.
TIME_ZONE_DELAY = timedelta(seconds=30)


class TaskChange(Struct, frozen=True):
    """One change of a task item; `before` is None for a new item, `after` for a deleted one."""

    record_id: str
    before: Task | None
    after: Task | None


def parse_task_change(record: dict[str, Any]) -> TaskChange:
    """Return the change in a stream record of a `Task` or `TrashedTask`."""
    tasks: list[Task | None] = []
    for name in ("OldImage", "NewImage"):
        image = record["dynamodb"].get(name)
        if image is None:
            tasks.append(None)
            continue
        is_trashed = image["SK"]["S"].startswith("TRASH#")
        tasks.append((TrashedTask if is_trashed else Task).from_raw_data(image))
    before, after = tasks
    return TaskChange(record["eventID"], before, after)


def change_time_zone_writes(user_id: str, now: datetime) -> tuple[Write, ...]:
    """Return the writes that follow a user's change of time zone.

    They defer the update of the start and due times of the user's tasks, and reschedule the weekly
    report.
    """
    return (
        defer_update_write(TIME_ZONE_CHANGE, user_id, now=now, after=TIME_ZONE_DELAY),
        reschedule_write(user_id, now),
    )


def recompute_due_times(deferred: DeferredUpdate, budget: TimeBudget) -> None:
    """Recompute the start and due times of a user's open tasks after a change of time zone.

    Idempotent. Raises `OutOfTime` when the time budget does not suffice for all tasks, and
    `NotFound` when the user does not exist.
    """
    (user_id,) = deferred.about
    zone = require_found(get_user(user_id)).time_zone
    for task in budget.each(_list_assigned_tasks(user_id)):
        times = task_times.compute_times(task, zone)
        if task.is_open and task_times.stored_times(task) != times:
            with suppress(NotFound):  # deleted since it was read
                service.recompute_due_time(task, budget.clock())


def _list_assigned_tasks(user_id: str) -> Iterator[Task]:
    """Yield the user's tasks. A later tick reads all of them again, so they are read in batches."""
    for membership in list_memberships(user_id):
        task_ids = list_task_ids(membership.project_id, f"assignee:{user_id}")
        while batch := list(islice(task_ids, BATCH_GET_MAX)):
            yield from models.get_tasks(batch)
