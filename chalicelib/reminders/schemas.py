"""`/api/tasks/{task_id}/reminders`: when the assignee of a task wants to hear of it, on top of the
reminder that everybody gets."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.reminders.schedule import BEFORE
from chalicelib.tasks.models import Task

YEAR_IN_MINUTES = 366 * 24 * 60


class Reminder(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One of the two: so many minutes before the task is due, or at a time."""

    minutes_before: Annotated[int, Meta(ge=0, le=YEAR_IN_MINUTES)] | UnsetType = UNSET
    at: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


class Reminders(Struct, forbid_unknown_fields=True):
    reminders: Annotated[list[Reminder], Meta(max_length=10)]


def present_reminders(task: Task) -> Reminders:
    return Reminders([_present_reminder(one) for one in task.reminders or ()])


def _present_reminder(stored: str) -> Reminder:
    kind, _, value = stored.partition(":")
    if kind == BEFORE:
        return Reminder(minutes_before=int(value))
    return Reminder(at=datetime.fromisoformat(value))
