"""Time zones by their IANA names, and what follows when somebody moves to another."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.table import BATCH_GET_MAX
from chalicelib.dynamodb.transactions import Write
from chalicelib.errors import NotFound, require_found
from chalicelib.jobs.deferred_update_models import DeferredUpdate, defer_update_write
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.members.models import list_memberships
from chalicelib.reports.models import reschedule_write
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks import due_dates, models, service
from chalicelib.tasks.models import Task, TrashedTask

TIME_ZONE_CHANGE = "zone"
# Tasks that are written this very moment may still have read the old zone.
TIME_ZONE_DELAY = timedelta(seconds=30)


def change_time_zone_writes(user_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that remember that the days of somebody's tasks end at another moment, and that
    their Monday begins at one."""
    return defer_update_write(
        TIME_ZONE_CHANGE, user_id, now=now, after=TIME_ZONE_DELAY
    ), reschedule_write(user_id, now)


def recompute_due_times(move: DeferredUpdate, pace: TimeBudget) -> None:
    """Let the open tasks of somebody who has moved be due when the day ends in the new zone."""
    (user_id,) = move.about
    zone = require_found(get_user(user_id)).time_zone
    for task in pace.each(_list_assigned_tasks(user_id)):
        if task.is_open and task.due_at != due_dates.compute_due_at(task.due_date, zone):
            with suppress(NotFound):  # deleted meanwhile
                service.recompute_due_time(task, pace.clock())


def _list_assigned_tasks(user_id: str) -> Iterator[Task]:
    """Those that an earlier tick has moved are met again; so they are read many at a time."""
    for edge in list_memberships(user_id):
        task_ids = list_task_ids(edge.project_id, f"assignee:{user_id}")
        while some := list(islice(task_ids, BATCH_GET_MAX)):
            yield from models.get_tasks(some)


@dataclass(frozen=True)
class TaskChange:
    """One change of a task; without `before` the row is new, without `after` it is gone."""

    record_id: str
    before: Task | None
    after: Task | None


def parse_task_change(record: dict[str, Any]) -> TaskChange:
    images = record["dynamodb"]
    before, after = _parse_image(images.get("OldImage")), _parse_image(images.get("NewImage"))
    return TaskChange(record["eventID"], before, after)


def _parse_image(image: dict[str, Any] | None) -> Task | None:
    if image is None:
        return None
    model = TrashedTask if image["SK"]["S"].startswith("TRASH#") else Task
    return model.from_raw_data(image)
