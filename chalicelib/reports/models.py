"""When whose weekly reports are due: a row beside the profile of whoever ever owned a project.

It sleeps until the owner's next Monday morning. So those whose time has come are found in the time
index, and nobody walks through all projects.
"""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item, Key, get_item, set_or_remove
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Update, Upsert, transact


class WeeklyReportSchedule(Item):
    """`monday` is the last one that reports were made for."""

    monday = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str) -> "Key[WeeklyReportSchedule]":
        return Key(WeeklyReportSchedule, f"USER#{user_id}", "WEEKLY")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


def schedule_owner_write(user_id: str, now: datetime) -> Upsert:
    """The write that wakes the row of a new owner, to be told when; one that sleeps sleeps on."""
    names = time_index.build_keys("weekly", format_timestamp(now), user_id).items()
    attributes = ((getattr(WeeklyReportSchedule, name), value) for name, value in names)
    actions = tuple(attribute.set(attribute | value) for attribute, value in attributes)
    return Upsert(WeeklyReportSchedule.key(user_id), actions)


def reschedule_write(user_id: str, now: datetime) -> Upsert:
    """The write that wakes the row whenever it sleeps until: the owner's Monday has moved."""
    return Upsert(WeeklyReportSchedule.key(user_id), _asleep(user_id, now))


def get_schedule(user_id: str) -> WeeklyReportSchedule | None:
    return get_item(WeeklyReportSchedule.key(user_id))


def postpone_schedule(weekly: WeeklyReportSchedule, monday: str, until: datetime) -> None:
    """Reports are made up to `monday`. Whoever woke the row meanwhile wakes it again."""
    actions = (*_asleep(weekly.user_id, until), WeeklyReportSchedule.monday.set(monday))
    _unless_moved(
        Update(
            WeeklyReportSchedule.key(weekly.user_id),
            actions,
            WeeklyReportSchedule.wake_at == weekly.wake_at,
        )
    )


def delete_schedule(weekly: WeeklyReportSchedule) -> None:
    """The account is erased."""
    _unless_moved(Delete(WeeklyReportSchedule.key(weekly.user_id)))


def _asleep(user_id: str, until: datetime) -> tuple[Action, ...]:
    names = time_index.build_keys("weekly", format_timestamp(until), user_id).items()
    return tuple(set_or_remove(WeeklyReportSchedule, name, value) for name, value in names)


def _unless_moved(write: Update | Delete) -> None:
    try:
        transact(write)
    except ConditionFailed:
        return
