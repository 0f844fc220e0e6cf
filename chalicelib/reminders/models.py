"""What of somebody's tasks is overdue, and when they hear of it next.

A task that is over leaves an `Overdue` with its assignee and arms their `Digest`; so a digest costs
what is overdue, whatever else the person or the table has.
"""

from datetime import datetime
from typing import NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item, Key, batch_delete, get_item, query_page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Update, Upsert, transact

MAX_LISTED = 100
OVERDUE_PREFIX = "OVERDUE#"


class OverdueDigest(Item):
    """`arms` grows with each task that becomes overdue, so that a digest which found nothing does
    not go to sleep over one that came meanwhile."""

    arms = NumberAttribute(default=0)

    @staticmethod
    def key(user_id: str) -> "Key[OverdueDigest]":
        return Key(OverdueDigest, f"USER#{user_id}", "DIGEST")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


class OverdueTask(Item):
    """One task of one person that was not done in time, as it was when its time was over."""

    noted_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, due_at: str, task_id: str) -> "Key[OverdueTask]":
        return Key(OverdueTask, f"USER#{user_id}", f"{OVERDUE_PREFIX}{due_at}#{task_id}")


class OverdueTaskRef(NamedTuple):
    """What an `Overdue` is about."""

    due_at: str
    task_id: str


def schedule_digest(user_id: str, late: OverdueTaskRef, *, at: datetime, now: datetime) -> None:
    """Note an overdue task, and have its assignee told of it `at` a time, or sooner if a digest
    waits already. Doing it again changes nothing."""
    key, waking = (
        OverdueDigest.key(user_id),
        time_index.build_keys("digest", format_timestamp(at), user_id),
    )
    actions = (
        OverdueDigest.wake_key.set(OverdueDigest.wake_key | str(waking["wake_key"])),
        OverdueDigest.wake_at.set(OverdueDigest.wake_at | str(waking["wake_at"])),
        OverdueDigest.arms.add(1),
    )
    noted = Upsert(
        OverdueTask.key(user_id, *late), (OverdueTask.noted_at.set(format_timestamp(now)),)
    )
    transact(noted, Upsert(key, actions))


def get_digest(user_id: str) -> OverdueDigest | None:
    return get_item(OverdueDigest.key(user_id))


def list_overdue(user_id: str) -> list[OverdueTaskRef]:
    """What was noted, the longest overdue first."""
    ours = OverdueTask.SK.startswith(OVERDUE_PREFIX)
    page = query_page(OverdueTask, f"USER#{user_id}", ours, limit=MAX_LISTED)
    return [OverdueTaskRef(*row.SK.removeprefix(OVERDUE_PREFIX).split("#")) for row in page.rows]


def delete_overdue(user_id: str, late: list[OverdueTaskRef]) -> None:
    """Take notes away; doing it again changes nothing."""
    keys = [OverdueTask.key(user_id, *one) for one in late]
    batch_delete([(key.pk, key.sk) for key in keys])


def postpone_digest(digest: OverdueDigest, until: datetime) -> None:
    """The digest of this time is owed; the next one comes at `until`."""
    waking = time_index.build_keys("digest", format_timestamp(until), digest.user_id)
    names = ("wake_key", "wake_at")
    _move(digest, *(getattr(OverdueDigest, name).set(str(waking[name])) for name in names))


def unschedule_digest(digest: OverdueDigest) -> None:
    """There is nothing to tell; unless something has come since the digest was read."""
    unarmed = OverdueDigest.arms == digest.arms
    _move(
        digest, OverdueDigest.wake_key.remove(), OverdueDigest.wake_at.remove(), condition=unarmed
    )


def _move(digest: OverdueDigest, *actions: Action, condition: Condition | None = None) -> None:
    same = OverdueDigest.wake_at == digest.wake_at
    try:
        both = same if condition is None else same & condition
        transact(Update(OverdueDigest.key(digest.user_id), actions, both))
    except ConditionFailed:
        return  # a rival moved it
