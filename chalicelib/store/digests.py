"""What of somebody's tasks is overdue, and when they hear of it next.

A task that is over leaves an `Overdue` with its assignee and arms their `Digest`; so a digest costs
what is overdue, whatever else the person or the table has.
"""

from datetime import datetime
from typing import NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Update, Upsert, transact

LISTED = 100
PREFIX = "OVERDUE#"


class Digest(Row):
    """`arms` grows with each task that becomes overdue, so that a digest which found nothing does
    not go to sleep over one that came meanwhile."""

    arms = NumberAttribute(default=0)

    @staticmethod
    def key(user_id: str) -> "Key[Digest]":
        return Key(Digest, f"USER#{user_id}", "DIGEST")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


class Overdue(Row):
    """One task of one person that was not done in time, as it was when its time was over."""

    noted_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, due_at: str, task_id: str) -> "Key[Overdue]":
        return Key(Overdue, f"USER#{user_id}", f"{PREFIX}{due_at}#{task_id}")


class Late(NamedTuple):
    """What an `Overdue` is about."""

    due_at: str
    task_id: str


def arm(user_id: str, late: Late, *, at: datetime, now: datetime) -> None:
    """Note an overdue task, and have its assignee told of it `at` a time, or sooner if a digest
    waits already. Doing it again changes nothing."""
    key, waking = Digest.key(user_id), wake.keys("digest", stamp(at), user_id)
    actions = (
        Digest.wake_key.set(Digest.wake_key | str(waking["wake_key"])),
        Digest.wake_at.set(Digest.wake_at | str(waking["wake_at"])),
        Digest.arms.add(1),
    )
    noted = Upsert(Overdue.key(user_id, *late), (Overdue.noted_at.set(stamp(now)),))
    transact(noted, Upsert(key, actions))


def of(user_id: str) -> Digest | None:
    return table.get(Digest.key(user_id))


def overdue(user_id: str) -> list[Late]:
    """What was noted, the longest overdue first."""
    ours = Overdue.SK.startswith(PREFIX)
    page = table.query(Overdue, f"USER#{user_id}", ours, limit=LISTED)
    return [Late(*row.SK.removeprefix(PREFIX).split("#")) for row in page.rows]


def forget(user_id: str, late: list[Late]) -> None:
    """Take notes away; doing it again changes nothing."""
    keys = [Overdue.key(user_id, *one) for one in late]
    table.delete([(key.pk, key.sk) for key in keys])


def postpone(digest: Digest, until: datetime) -> None:
    """The digest of this time is owed; the next one comes at `until`."""
    waking = wake.keys("digest", stamp(until), digest.user_id)
    names = ("wake_key", "wake_at")
    _move(digest, *(getattr(Digest, name).set(str(waking[name])) for name in names))


def sleep(digest: Digest) -> None:
    """There is nothing to tell; unless something has come since the digest was read."""
    unarmed = Digest.arms == digest.arms
    _move(digest, Digest.wake_key.remove(), Digest.wake_at.remove(), condition=unarmed)


def _move(digest: Digest, *actions: Action, condition: Condition | None = None) -> None:
    same = Digest.wake_at == digest.wake_at
    try:
        both = same if condition is None else same & condition
        transact(Update(Digest.key(digest.user_id), actions, both))
    except ConditionFailed:
        return  # a rival moved it
