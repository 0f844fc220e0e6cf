"""What attachments and avatars have in common: announced, uploaded straight to the bucket, then
confirmed, or gone.

`pending` -> `ready` -> `gone`, or `pending` -> `gone`. A row that is gone is a tombstone: it stays
until its object is deleted for good, so that no crash leaves an object that nobody knows.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import moment, stamp
from chalicelib.store.transaction import ConditionFailed, Delete, Put, Update, transact

PENDING, READY, GONE = "pending", "ready", "gone"
PENDING_FOR = timedelta(hours=24)
# Forms and addresses that were signed before can be used for some minutes more. The tombstone
# outlives them, so that what comes late is still known, and deleted.
HELD_FOR = timedelta(hours=1)


class Upload(Row):
    """`object_key` is made of ids alone; a file's name is never part of it."""

    object_key = UnicodeAttribute()
    content_type = UnicodeAttribute()
    size = NumberAttribute()
    status = UnicodeAttribute(default=PENDING)
    created_at = UnicodeAttribute()
    uploaded_at = UnicodeAttribute(null=True)
    closed_at = UnicodeAttribute(null=True)
    part_size = NumberAttribute(null=True)


U = TypeVar("U", bound=Upload)


def pending(upload: Upload, now: datetime) -> Put:
    """The write that announces an upload; it wakes after a day, to vanish if nothing came."""
    waking = wake.keys("upload", stamp(now + PENDING_FOR), upload.object_key)
    upload.wake_key, upload.wake_at = str(waking["wake_key"]), str(waking["wake_at"])
    return Put(upload)


def ready(upload: Upload, now: datetime, **facts: str | None) -> Update:
    """The write that says that the bytes are there and are what was announced, and `facts`, what
    else is known of them."""
    values = {"status": READY, "uploaded_at": stamp(now), **wake.ASLEEP, **facts}
    model = type(upload)
    actions = tuple(table.assigned(model, name, value) for name, value in values.items())
    return Update(_key(upload), actions, Upload.status == PENDING)


def closed(upload: Upload, now: datetime, *, of: tuple[str, ...] = (PENDING, READY)) -> Update:
    """The write that makes the upload a tombstone, once: only one in a state of `of` can be. The
    next tick removes the object, and the row in the end."""
    return Update(_key(upload), _closing(upload.object_key, now), Upload.status.is_in(*of))


def note_closed(upload: Upload, now: datetime) -> None:
    """`upload` as it stands after `closed`."""
    upload.status, upload.closed_at = GONE, stamp(now)


def unwanted(key: Key[U], object_key: str, now: datetime) -> Update:
    """The same for an upload that was not read, in whatever state it is."""
    return Update(Key(Upload, key.pk, key.sk), _closing(object_key, now))


def _closing(object_key: str, now: datetime) -> tuple[Action, ...]:
    waking = wake.keys("upload", stamp(now), object_key)
    values = {"status": GONE, "closed_at": stamp(now), **waking}
    return tuple(table.assigned(Upload, name, value) for name, value in values.items())


def forget_or_hold(upload: Upload, now: datetime) -> bool:
    """Remove the row of an upload that is gone, last of all; one that something signed may still
    reach sleeps until then. Whether it was removed."""
    until = moment(str(upload.closed_at)) + HELD_FOR
    if until > now:
        _sleep(upload, until)
        return False
    transact(Delete(_key(upload)))
    return True


def _sleep(upload: Upload, until: datetime) -> None:
    waking = wake.keys("upload", stamp(until), upload.object_key)
    actions = tuple(table.assigned(Upload, name, value) for name, value in waking.items())
    try:
        transact(Update(_key(upload), actions))
    except ConditionFailed:  # removed by another tick
        return


def at(pk: str, sk: str) -> Upload | None:
    """The upload that an index points at."""
    return table.get(Key(Upload, pk, sk))


def _key(upload: Upload) -> Key[Upload]:
    return Key(Upload, upload.PK, upload.SK)
