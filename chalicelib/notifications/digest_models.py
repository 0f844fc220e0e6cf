"""Items of the daily digest, in the partition of their user's inbox.

The digests of a person are numbered. What is gathered belongs to the digest whose number the
`DailyDigest` has at that time. To close a digest is one conditional write that increases the
number: so every entry is in one digest, and nothing is added to a digest that is closed.
"""

from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item, query_all
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Put, Update
from chalicelib.notifications.models import KEPT_FOR


class DailyDigest(Item):
    """The digest that is being gathered: its `number`, and in the time index when to send it."""

    number = NumberAttribute()

    @staticmethod
    def key(user_id: str) -> "Key[DailyDigest]":
        return Key(DailyDigest, f"INBOX#{user_id}", "DIGEST")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("INBOX#")


class DigestEntry(Item):
    """A notification that a digest contains. It expires with the mail."""

    kind = UnicodeAttribute()
    actor = UnicodeAttribute(null=True)
    task_id = UnicodeAttribute(null=True)
    comment_id = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, number: int, notification_id: str) -> "Key[DigestEntry]":
        return Key(DigestEntry, f"INBOX#{user_id}", f"DIGEST#{number}#{notification_id}")


def get_digest(user_id: str) -> DailyDigest | None:
    """Return the digest that is being gathered; None if nothing was ever gathered."""
    return get_item(DailyDigest.key(user_id))


def list_entries(user_id: str, number: int) -> Iterator[DigestEntry]:
    """Return the entries of a digest, the oldest first."""
    return query_all(
        DigestEntry, f"INBOX#{user_id}", DigestEntry.SK.startswith(f"DIGEST#{number}#")
    )


def add_entry_writes(
    user_id: str,
    number: int,
    notification_id: str,
    *,
    kind: str,
    actor: str | None,
    task_id: str | None,
    comment_id: str | None,
    at: datetime,
    now: datetime,
) -> tuple[Put, Update]:
    """Return the writes of an entry and of the schedule: the digest is sent `at` a time.

    A digest that is scheduled already keeps its time. The second write fails when the digest with
    this number is closed.
    """
    key = DigestEntry.key(user_id, number, notification_id)
    entry = DigestEntry(
        key.pk,
        key.sk,
        kind=kind,
        actor=actor,
        task_id=task_id,
        comment_id=comment_id,
        expires_at=to_epoch_seconds(now + KEPT_FOR),
    )
    index_keys = time_index.build_keys("daily", format_timestamp(at), user_id)
    actions = (
        DailyDigest.number.set(number),
        DailyDigest.wake_key.set(DailyDigest.wake_key | str(index_keys["wake_key"])),
        DailyDigest.wake_at.set(DailyDigest.wake_at | str(index_keys["wake_at"])),
    )
    is_open = DailyDigest.PK.does_not_exist() | (DailyDigest.number == number)
    return Put(entry), Update(DailyDigest.key(user_id), actions, is_open)


def update_digest_write(digest: DailyDigest, *, number: float, at: datetime | None) -> Update:
    """Return the write that schedules the digest `at` a time or, with another `number`, closes it,
    so that the next entry begins another digest.

    It fails when the digest was closed or scheduled anew since it was read.
    """
    text = None if at is None else format_timestamp(at)
    index_keys = time_index.build_keys("daily", text, digest.user_id)
    actions = (
        DailyDigest.number.set(int(number)),
        *(set_or_remove(DailyDigest, name, key) for name, key in index_keys.items()),
    )
    unchanged = (DailyDigest.number == digest.number) & (DailyDigest.wake_at == digest.wake_at)
    return Update(DailyDigest.key(digest.user_id), actions, unchanged)
