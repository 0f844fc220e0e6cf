"""What attachments and avatars have in common: announced, uploaded straight to the bucket, then
confirmed, or gone.

`pending` -> `ready` -> `gone`, or `pending` -> `gone`. A row that is gone is a tombstone: it stays
until its object is deleted, so that no crash leaves an object that nobody knows.

A ready one stands in `by_wake` too, sorted by its object's key, as the bucket sorts: so the
clean-up walks through table and bucket side by side.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import Delete, Put, Update, transact

PENDING, READY, GONE = "pending", "ready", "gone"
PENDING_FOR = timedelta(hours=24)
SHARDS = 4


class Upload(Row):
    """`object_key` is made of ids alone; a file's name is never part of it."""

    object_key = UnicodeAttribute()
    content_type = UnicodeAttribute()
    size = NumberAttribute()
    status = UnicodeAttribute(default=PENDING)
    created_at = UnicodeAttribute()
    uploaded_at = UnicodeAttribute(null=True)
    part_size = NumberAttribute(null=True)
    version_id = UnicodeAttribute(null=True)

    @property
    def stretch(self) -> str:
        """The part of the bucket that it is listed with: how its object's key begins."""
        raise NotImplementedError


U = TypeVar("U", bound=Upload)


def pending(upload: Upload, now: datetime) -> Put:
    """The write that announces an upload; it wakes after a day, to vanish if nothing came."""
    waking = wake.keys("upload", stamp(now + PENDING_FOR), upload.object_key)
    upload.wake_key, upload.wake_at = str(waking["wake_key"]), str(waking["wake_at"])
    return Put(upload)


def ready(upload: Upload, now: datetime, **facts: str | None) -> Update:
    """The write that says that the bytes are there and are what was announced, and `facts`, what
    else is known of them."""
    listing = {"wake_key": _listed_in(upload), "wake_at": upload.object_key}
    values = {"status": READY, "uploaded_at": stamp(now), **listing, **facts}
    model = type(upload)
    actions = tuple(table.assigned(model, name, value) for name, value in values.items())
    return Update(_key(upload), actions, Upload.status == PENDING)


def closed(upload: Upload, now: datetime) -> Update:
    """The write that makes the upload a tombstone, once: it holds for the state that was read. The
    next tick removes the object, and the row in the end."""
    return Update(_key(upload), _closing(upload.object_key, now), Upload.status == upload.status)


def status_of(upload: Upload) -> str:
    """The state in which the upload is now; one without a row is gone."""
    row = at(upload.PK, upload.SK)
    return GONE if row is None else str(row.status)


def unwanted(key: Key[U], object_key: str, now: datetime) -> Update:
    """The same for an upload that was not read, in whatever state it is."""
    return Update(Key(Upload, key.pk, key.sk), _closing(object_key, now))


def _closing(object_key: str, now: datetime) -> tuple[Action, ...]:
    waking = wake.keys("upload", stamp(now), object_key)
    values = {"status": GONE, **waking}
    return tuple(table.assigned(Upload, name, value) for name, value in values.items())


def forget(upload: Upload) -> None:
    """Remove the row of an upload that is gone, last of all."""
    transact(Delete(_key(upload)))


def listed(stretch: str, after: str, until: str) -> Iterator[str]:
    """The object keys of the ready uploads of a stretch, behind `after` and up to `until`."""
    between = Row.wake_at.between(after + " ", until)  # a blank sorts before all that keys hold
    for shard in range(SHARDS):
        for row in table.query_all(Row, _bucket(stretch, shard), between, index="by_wake"):
            yield str(row.wake_at)


def _listed_in(upload: Upload) -> str:
    return _bucket(upload.stretch, zlib.crc32(upload.PK.encode()) % SHARDS)


def _bucket(stretch: str, shard: int) -> str:
    return f"{stretch}#{shard}"


def at(pk: str, sk: str) -> Upload | None:
    """The upload that an index points at."""
    return table.get(Key(Upload, pk, sk))


def _key(upload: Upload) -> Key[Upload]:
    return Key(Upload, upload.PK, upload.SK)
