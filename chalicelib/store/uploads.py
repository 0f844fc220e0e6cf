"""What attachments and avatars have in common: announced, uploaded straight to the bucket, then
confirmed or gone after a day."""

from datetime import datetime, timedelta
from typing import TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Delete, Put, Update, transact

PENDING, READY, EXPIRED = "pending", "ready", "expired"
PENDING_FOR = timedelta(hours=24)


class Upload(Row):
    """`object_key` is made of ids alone; a file's name is never part of it."""

    object_key = UnicodeAttribute()
    content_type = UnicodeAttribute()
    size = NumberAttribute()
    status = UnicodeAttribute(default=PENDING)
    created_at = UnicodeAttribute()
    uploaded_at = UnicodeAttribute(null=True)


U = TypeVar("U", bound=Upload)


def pending(upload: Upload, now: datetime) -> Put:
    """The write that announces an upload; it wakes after a day, to vanish if nothing came."""
    waking = wake.keys("upload", stamp(now + PENDING_FOR), upload.object_key)
    upload.wake_key, upload.wake_at = str(waking["wake_key"]), str(waking["wake_at"])
    return Put(upload)


def ready(upload: Upload, now: datetime) -> Update:
    """The write that says that the bytes are there and are what was announced."""
    actions = (
        Upload.status.set(READY),
        Upload.uploaded_at.set(stamp(now)),
        Upload.wake_key.remove(),
        Upload.wake_at.remove(),
    )
    return Update(_key(upload), actions, Upload.status == PENDING)


def mark_ready(upload: Upload, now: datetime) -> None:
    """Confirm the upload; doing it again changes nothing. `upload` is as it stands afterwards."""
    try:
        transact(ready(upload, now))
    except ConditionFailed as failed:
        if failed.row is not None:
            upload.status = Upload.from_raw_data(failed.row).status
        return
    upload.status, upload.uploaded_at = READY, stamp(now)


def unwanted(key: Key[U], object_key: str, now: datetime) -> Update:
    """The write after which the next tick removes object and row."""
    waking = wake.keys("upload", stamp(now), object_key)
    actions = (
        Upload.status.set(EXPIRED),
        Upload.wake_key.set(str(waking["wake_key"])),
        Upload.wake_at.set(str(waking["wake_at"])),
    )
    return Update(Key(Upload, key.pk, key.sk), actions)


def expire(upload: Upload) -> bool:
    """Give up on an upload, so that nobody can confirm it any more; False if somebody has."""
    waiting = Upload.status.is_in(PENDING, EXPIRED)
    try:
        transact(Update(_key(upload), (Upload.status.set(EXPIRED),), waiting))
    except ConditionFailed:
        return False
    return True


def forget(upload: Upload) -> None:
    """Remove the row, last of all."""
    transact(Delete(_key(upload)))


def at(pk: str, sk: str) -> Upload | None:
    """The upload that an index points at."""
    return table.get(Key(Upload, pk, sk))


def _key(upload: Upload) -> Key[Upload]:
    return Key(Upload, upload.PK, upload.SK)
