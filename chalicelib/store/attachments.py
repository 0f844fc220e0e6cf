"""Attachments: a row per file in the task's own partition; the bytes are in the bucket."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Delete, Put, Update, transact

PENDING, READY, EXPIRED = "pending", "ready", "expired"
PENDING_FOR = timedelta(hours=24)


class Attachment(Row):
    filename = UnicodeAttribute()
    content_type = UnicodeAttribute()
    size = NumberAttribute()
    status = UnicodeAttribute(default=PENDING)
    uploaded_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    uploaded_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(task_id: str, attachment_id: str) -> "Key[Attachment]":
        return Key(Attachment, f"TASK#{task_id}", f"FILE#{attachment_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("FILE#")

    @property
    def task_id(self) -> str:
        return self.PK.removeprefix("TASK#")

    @property
    def object_key(self) -> str:
        """Where the bytes are; made of ids alone, a file's name is never part of a key."""
        return f"att/{self.task_id}/{self.id}"


def pending(attachment: Attachment, now: datetime) -> Put:
    """The write that announces an upload; it wakes after a day, to vanish if nothing came."""
    waking = wake.keys("upload", stamp(now + PENDING_FOR), attachment.id)
    attachment.wake_key, attachment.wake_at = waking["wake_key"], waking["wake_at"]
    return Put(attachment)


def mark_ready(attachment: Attachment, now: datetime) -> None:
    """The bytes are there and are what was announced; doing it again changes nothing."""
    actions = (
        Attachment.status.set(READY),
        Attachment.uploaded_at.set(stamp(now)),
        Attachment.wake_key.remove(),
        Attachment.wake_at.remove(),
    )
    try:
        transact(Update(_key(attachment), actions, Attachment.status == PENDING))
    except ConditionFailed as failed:
        if failed.row is not None:
            attachment.status = Attachment.from_raw_data(failed.row).status
        return
    attachment.status, attachment.uploaded_at = READY, stamp(now)


def expire(attachment: Attachment) -> bool:
    """Give up on an upload, so that nobody can confirm it any more; False if somebody has."""
    waiting = Attachment.status.is_in(PENDING, EXPIRED)
    try:
        transact(Update(_key(attachment), (Attachment.status.set(EXPIRED),), waiting))
    except ConditionFailed:
        return False
    return True


def forget(attachment: Attachment) -> None:
    """Remove the row, last of all."""
    transact(Delete(_key(attachment)))


def _key(attachment: Attachment) -> Key[Attachment]:
    return Attachment.key(attachment.task_id, attachment.id)


def by_id(task_id: str, attachment_id: str) -> Attachment | None:
    return table.get(Attachment.key(task_id, attachment_id))


def at(pk: str, sk: str) -> Attachment | None:
    """The attachment that an index points at."""
    return table.get(Key(Attachment, pk, sk))


def of_object(object_key: str) -> Attachment | None:
    """The attachment whose bytes stand at `object_key`, or None for a key of another form."""
    prefix, _, rest = object_key.partition("/")
    task_id, _, attachment_id = rest.partition("/")
    return by_id(task_id, attachment_id) if prefix == "att" and attachment_id else None


def of_task(task_id: str) -> Iterator[Attachment]:
    return table.query_all(Attachment, f"TASK#{task_id}", Attachment.SK.startswith("FILE#"))
