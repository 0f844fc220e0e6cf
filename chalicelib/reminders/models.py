"""A person's overdue tasks and the time of their next overdue digest.

A task that becomes overdue adds an `OverdueTask` for its assignee and schedules their
`OverdueDigest`. So the cost of a digest depends only on the number of overdue tasks.
"""

from datetime import datetime
from typing import NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.batch_writes import batch_delete
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item, query_page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Update, Upsert, transact

MAX_LISTED = 100
OVERDUE_PREFIX = "OVERDUE#"


class OverdueDigest(Item):
    """The schedule of a person's digest. `arms` counts the tasks that became overdue, so a digest
    that found none is not unscheduled when another task became overdue meanwhile."""

    arms = NumberAttribute(default=0)

    @staticmethod
    def key(user_id: str) -> "Key[OverdueDigest]":
        return Key(OverdueDigest, f"USER#{user_id}", "DIGEST")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


class OverdueTask(Item):
    """The note that a task of a person is overdue, with the due time that it had then."""

    noted_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, due_at: str, task_id: str) -> "Key[OverdueTask]":
        return Key(OverdueTask, f"USER#{user_id}", f"{OVERDUE_PREFIX}{due_at}#{task_id}")


class OverdueTaskRef(NamedTuple):
    """A task and the due time at which it became overdue."""

    due_at: str
    task_id: str


def schedule_digest(user_id: str, overdue: OverdueTaskRef, *, at: datetime, now: datetime) -> None:
    """Note an overdue task and schedule the digest of its assignee `at` a time.

    A digest that is scheduled already keeps its time.
    """
    index_keys = time_index.build_keys("digest", format_timestamp(at), user_id)
    digest_actions = (
        OverdueDigest.wake_key.set(OverdueDigest.wake_key | str(index_keys["wake_key"])),
        OverdueDigest.wake_at.set(OverdueDigest.wake_at | str(index_keys["wake_at"])),
        OverdueDigest.arms.add(1),
    )
    note_actions = (OverdueTask.noted_at.set(format_timestamp(now)),)
    transact(
        Upsert(OverdueTask.key(user_id, *overdue), note_actions),
        Upsert(OverdueDigest.key(user_id), digest_actions),
    )


def get_digest(user_id: str) -> OverdueDigest | None:
    """Return the schedule of the person's digest, or None if they never had one."""
    return get_item(OverdueDigest.key(user_id))


def list_overdue(user_id: str) -> list[OverdueTaskRef]:
    """Return at most `MAX_LISTED` noted tasks of the person, the longest overdue first."""
    in_range = OverdueTask.SK.startswith(OVERDUE_PREFIX)
    page = query_page(OverdueTask, f"USER#{user_id}", in_range, limit=MAX_LISTED)
    return [OverdueTaskRef(*note.SK.removeprefix(OVERDUE_PREFIX).split("#")) for note in page.items]


def delete_overdue(user_id: str, refs: list[OverdueTaskRef]) -> None:
    """Delete the notes of these tasks. Idempotent."""
    keys = [OverdueTask.key(user_id, *ref) for ref in refs]
    batch_delete([(key.pk, key.sk) for key in keys])


def reschedule_digest(digest: OverdueDigest, until: datetime | None) -> None:
    """Schedule the next digest at `until`, or none when `until` is None.

    Changes nothing when a concurrent run has moved the digest, or when `until` is None and another
    task became overdue since the digest was read.
    """
    unchanged = OverdueDigest.wake_at == digest.wake_at
    if until is None:
        unchanged = unchanged & (OverdueDigest.arms == digest.arms)
    at = None if until is None else format_timestamp(until)
    index_keys = time_index.build_keys("digest", at, digest.user_id)
    actions = tuple(set_or_remove(OverdueDigest, name, key) for name, key in index_keys.items())
    try:
        transact(Update(OverdueDigest.key(digest.user_id), actions, unchanged))
    except ConditionFailed:
        return
