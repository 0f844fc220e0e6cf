"""JSON types of `/api/tasks/{task_id}/reminders`."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.reminders.schedule import BEFORE
from chalicelib.tasks.models import Task

YEAR_IN_MINUTES = 366 * 24 * 60


class Reminder(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Either the minutes before the task is due, or a time."""

    minutes_before: Annotated[int, Meta(ge=0, le=YEAR_IN_MINUTES)] | UnsetType = UNSET
    at: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


class Reminders(Struct, forbid_unknown_fields=True):
    reminders: Annotated[list[Reminder], Meta(max_length=10)]


def present_reminders(task: Task) -> Reminders:
    """Return the reminders that were set for a task as JSON type."""
    reminders = []
    for stored in task.reminders or ():
        kind, _, value = stored.partition(":")
        if kind == BEFORE:
            reminders.append(Reminder(minutes_before=int(value)))
        else:
            reminders.append(Reminder(at=datetime.fromisoformat(value)))
    return Reminders(reminders)
