"""When whose weekly reports are due: a row beside the profile of whoever ever owned a project.

It sleeps until the owner's next Monday morning. So those whose time has come are found in the time
index, and nobody walks through all projects.
"""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Delete, Update, Upsert, transact


class Weekly(Row):
    """`monday` is the last one that reports were made for."""

    monday = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str) -> "Key[Weekly]":
        return Key(Weekly, f"USER#{user_id}", "WEEKLY")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


def owns(user_id: str, now: datetime) -> Upsert:
    """The write that wakes the row of a new owner, to be told when; one that sleeps sleeps on."""
    names = wake.keys("weekly", stamp(now), user_id).items()
    attributes = ((getattr(Weekly, name), value) for name, value in names)
    actions = tuple(attribute.set(attribute | value) for attribute, value in attributes)
    return Upsert(Weekly.key(user_id), actions)


def look_again(user_id: str, now: datetime) -> Upsert:
    """The write that wakes the row whenever it sleeps until: the owner's Monday has moved."""
    return Upsert(Weekly.key(user_id), _asleep(user_id, now))


def of_owner(user_id: str) -> Weekly | None:
    return table.get(Weekly.key(user_id))


def sleep(weekly: Weekly, monday: str, until: datetime) -> None:
    """Reports are made up to `monday`. Whoever woke the row meanwhile wakes it again."""
    actions = (*_asleep(weekly.user_id, until), Weekly.monday.set(monday))
    _unless_moved(Update(Weekly.key(weekly.user_id), actions, Weekly.wake_at == weekly.wake_at))


def forget(weekly: Weekly) -> None:
    """The account is erased."""
    _unless_moved(Delete(Weekly.key(weekly.user_id)))


def _asleep(user_id: str, until: datetime) -> tuple[Action, ...]:
    names = wake.keys("weekly", stamp(until), user_id).items()
    return tuple(table.assigned(Weekly, name, value) for name, value in names)


def _unless_moved(write: Update | Delete) -> None:
    try:
        transact(write)
    except ConditionFailed:
        return
