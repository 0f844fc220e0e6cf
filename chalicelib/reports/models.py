"""The schedule of weekly reports: one item for each user who has ever owned a project.

The item becomes due at 07:00 on the owner's next Monday. The time index finds the due items, so no
job has to read all projects.
"""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Update, Upsert, transact


class WeeklyReportSchedule(Item):
    """`monday` is the last Monday for which reports were made; None for a new owner."""

    monday = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str) -> "Key[WeeklyReportSchedule]":
        return Key(WeeklyReportSchedule, f"USER#{user_id}", "WEEKLY")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


def schedule_owner_write(user_id: str, now: datetime) -> Upsert:
    """Return the write that creates the schedule of a new owner, due at once.

    The job then finds the owner's next Monday. An existing schedule keeps its time.
    """
    index_keys = time_index.build_keys("weekly", format_timestamp(now), user_id)
    attributes = ((getattr(WeeklyReportSchedule, name), key) for name, key in index_keys.items())
    actions = tuple(attribute.set(attribute | key) for attribute, key in attributes)
    return Upsert(WeeklyReportSchedule.key(user_id), actions)


def reschedule_write(user_id: str, now: datetime) -> Upsert:
    """Return the write that makes the schedule due at once, because the time zone has changed."""
    return Upsert(WeeklyReportSchedule.key(user_id), _set_next_check(user_id, now))


def _set_next_check(user_id: str, at: datetime) -> tuple[Action, ...]:
    index_keys = time_index.build_keys("weekly", format_timestamp(at), user_id)
    return tuple(set_or_remove(WeeklyReportSchedule, name, key) for name, key in index_keys.items())


def get_schedule(user_id: str) -> WeeklyReportSchedule | None:
    return get_item(WeeklyReportSchedule.key(user_id))


def postpone_schedule(schedule: WeeklyReportSchedule, monday: str, until: datetime) -> None:
    """Store that reports are made for all Mondays up to `monday`; the next check is at `until`.

    Has no effect if a concurrent write has rescheduled the item; it stays due in that case.
    """
    next_check = _set_next_check(schedule.user_id, until)
    update = Update(
        WeeklyReportSchedule.key(schedule.user_id),
        (*next_check, WeeklyReportSchedule.monday.set(monday)),
        WeeklyReportSchedule.wake_at == schedule.wake_at,
    )
    try:
        transact(update)
    except ConditionFailed:
        return


def delete_schedule(schedule: WeeklyReportSchedule) -> None:
    """Delete the schedule of a deleted account."""
    transact(Delete(WeeklyReportSchedule.key(schedule.user_id)))
