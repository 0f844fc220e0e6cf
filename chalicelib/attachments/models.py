"""Uploads: the items of task attachments and avatar images.

An upload is announced (`pending`), its bytes go straight from the client to S3, and then it is
confirmed (`ready`). From either status it ends as a tombstone (`gone`). The tombstone stays until
its S3 object is deleted, so a crash never leaves an object without an item.

A `ready` upload is also in the index `by_wake`, sorted by its object key. S3 lists objects in the
same order, so the clean-up can compare the table with the bucket page by page.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.s3 import StoredObject
from chalicelib.copies.location_models import add_counts_anywhere_writes
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import is_id, is_task_id, new_id
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item, query_all
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, transact

PENDING, READY, GONE = "pending", "ready", "gone"
PENDING_FOR = timedelta(hours=24)
LISTING_SHARDS = 4
ATTACHMENT_PREFIX, AVATAR_PREFIX = "att/", "avatar/"
# The first four letters of new ids change every 2**30 milliseconds (about twelve days).
PREFIX_LETTERS, PREFIX_DURATION = 4, timedelta(milliseconds=2**30)


class Upload(Item):
    """An upload of either kind. Its `object_key` is made of ids only, never of a file name."""

    object_key = UnicodeAttribute()
    content_type = UnicodeAttribute()
    size = NumberAttribute()
    status = UnicodeAttribute(default=PENDING)
    created_at = UnicodeAttribute()
    uploaded_at = UnicodeAttribute(null=True)
    part_size = NumberAttribute(null=True)
    version_id = UnicodeAttribute(null=True)

    @property
    def original_task_id(self) -> str | None:
        """The original id of the task that the file belongs to; None for an avatar."""
        return self.PK.removeprefix("TASK#") if self.PK.startswith("TASK#") else None


class Attachment(Upload):
    """A file of a task. `upload_id` is set once a multipart upload is started in S3."""

    filename = UnicodeAttribute()
    uploaded_by = UnicodeAttribute()
    sha256 = UnicodeAttribute(null=True)
    picture = UnicodeAttribute(null=True)
    upload_id = UnicodeAttribute(null=True)

    @staticmethod
    def key(task_id: str, attachment_id: str) -> "Key[Attachment]":
        return Key(Attachment, f"TASK#{task_id}", f"FILE#{attachment_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("FILE#")

    @property
    def original_task_id(self) -> str:
        return self.PK.removeprefix("TASK#")

    @property
    def part_count(self) -> int:
        """The number of parts of the file; 1 if it is uploaded whole, also for an empty file."""
        return 1 if self.part_size is None else -(-int(self.size) // int(self.part_size))


class Avatar(Upload):
    """An avatar image of a user."""

    @staticmethod
    def key(user_id: str, avatar_id: str) -> "Key[Avatar]":
        return Key(Avatar, f"USER#{user_id}", f"AVATAR#{avatar_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("AVATAR#")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


def attachment_object_key(task_id: str, attachment_id: str) -> str:
    return f"{ATTACHMENT_PREFIX}{task_id}/{attachment_id}"


def avatar_object_key(user_id: str, avatar_id: str) -> str:
    return f"{AVATAR_PREFIX}{user_id}/{avatar_id}"


def find_upload_key(object_key: str) -> Key[Any] | None:
    """Return the item key of the upload whose bytes are stored at `object_key`.

    Returns None for an object key that this application does not create.
    """
    owner_id, _, upload_id = object_key.partition("/")[2].partition("/")
    if not is_id(upload_id):
        return None
    if object_key.startswith(ATTACHMENT_PREFIX) and is_task_id(owner_id):
        return Attachment.key(owner_id, upload_id)
    if object_key.startswith(AVATAR_PREFIX) and is_id(owner_id):
        return Avatar.key(owner_id, upload_id)
    return None


def find_upload(object_key: str) -> Attachment | Avatar | None:
    """Return the upload whose bytes are stored at `object_key`, or None."""
    key = find_upload_key(object_key)
    return None if key is None else get_item(key)


def get_upload(pk: str, sk: str) -> Upload | None:
    """Return the upload with the primary key that an index entry names, or None."""
    return get_item(Key(Upload, pk, sk))


def get_attachment(task_id: str, attachment_id: str) -> Attachment | None:
    return get_item(Attachment.key(task_id, attachment_id))


def list_attachments(task_id: str) -> Iterator[Attachment]:
    """Yield all attachments of a task in any status, oldest first."""
    return query_all(Attachment, f"TASK#{task_id}", Attachment.SK.startswith("FILE#"))


def announce_upload_write(upload: Upload, now: datetime) -> Put:
    """Return the write that creates a pending upload.

    The upload becomes due after 24 hours; if it is still pending then, the tick ends it.
    """
    due_at = format_timestamp(now + PENDING_FOR)
    index_keys = time_index.build_keys("upload", due_at, upload.object_key)
    upload.wake_key, upload.wake_at = str(index_keys["wake_key"]), str(index_keys["wake_at"])
    return Put(upload)


def confirm_upload_write(upload: Upload, now: datetime, **attributes: str | None) -> Update:
    """Return the write that marks a pending upload as ready.

    It also sets `attributes`, which describe the stored object, and adds the upload to the listing
    that the clean-up reads. It fails when the upload is not pending.
    """
    # All avatars share a prefix; attachments share one if their tasks are of the same twelve days.
    prefix = AVATAR_PREFIX
    if upload.original_task_id is not None:
        prefix = upload.object_key[: len(ATTACHMENT_PREFIX) + PREFIX_LETTERS]
    shard = zlib.crc32(upload.PK.encode()) % LISTING_SHARDS
    values = {
        "status": READY,
        "uploaded_at": format_timestamp(now),
        "wake_key": f"{prefix}#{shard}",
        "wake_at": upload.object_key,
        **attributes,
    }
    model = type(upload)
    actions = tuple(set_or_remove(model, name, value) for name, value in values.items())
    return Update(Key(Upload, upload.PK, upload.SK), actions, Upload.status == PENDING)


def confirm_attachment(
    attachment: Attachment, stored: StoredObject, picture: str | None, now: datetime
) -> None:
    """Mark the attachment as ready and count it on its task; repeating it has no further effect.

    Updates `attachment` to the item as it is afterwards: ready with the S3 version in `stored` and
    the detected image type `picture`, or as a concurrent request has left it.
    """
    facts = {"version_id": stored.version_id, "picture": picture}
    current = {"status": READY, "uploaded_at": format_timestamp(now), **facts}
    while True:
        task_id = attachment.original_task_id
        counts = add_counts_anywhere_writes(task_id, attachments_count=1)
        try:
            transact(confirm_upload_write(attachment, now, **facts), *counts)
        except ConditionFailed as failed:
            if failed.write in counts:  # the task is no longer where it was read: try again
                continue
            if failed.item is None:
                return
            other = Attachment.from_raw_data(failed.item)
            current = {name: getattr(other, name) for name in current}
        break
    for name, value in current.items():
        setattr(attachment, name, value)


def set_multipart_upload(attachment: Attachment, upload_id: str) -> bool:
    """Store the id of the S3 multipart upload of a pending attachment.

    Returns False if a concurrent request has stored another id or ended the upload.
    """
    condition = (Attachment.status == PENDING) & Attachment.upload_id.does_not_exist()
    key = Attachment.key(attachment.original_task_id, attachment.id)
    try:
        transact(Update(key, (Attachment.upload_id.set(upload_id),), condition))
    except ConditionFailed:
        return False
    attachment.upload_id = upload_id
    return True


def close_upload_write(
    key: Key[Any], object_key: str, now: datetime, *, expected_status: str | None = None
) -> Update:
    """Return the write that turns an upload into a tombstone.

    It fails when the upload does not exist or its status differs from `expected_status` (None
    accepts any status). The next tick deletes the S3 object and then the item.
    """
    index_keys = time_index.build_keys("upload", format_timestamp(now), object_key)
    values = {"status": GONE, **index_keys}
    actions = tuple(set_or_remove(Upload, name, value) for name, value in values.items())
    condition = None if expected_status is None else Upload.status == expected_status
    return Update(Key(Upload, key.pk, key.sk), actions, condition)


def list_ready_object_keys(prefix: str, after: str, until: str) -> Iterator[str]:
    """Yield the object keys of the ready uploads listed under `prefix`.

    Keys are greater than `after` and at most `until`; they are sorted within each index shard only.
    """
    between = Item.wake_at.between(after + " ", until)  # a space sorts before all letters of keys
    for shard in range(LISTING_SHARDS):
        for item in query_all(Item, f"{prefix}#{shard}", between, index="by_wake"):
            yield str(item.wake_at)


def list_attachment_prefixes(first: datetime, last: datetime) -> list[str]:
    """Return the listing prefixes of attachments to tasks created from `first` to `last`.

    They are oldest first and cover up to twelve days more than that.
    """
    return [
        ATTACHMENT_PREFIX + new_id(first + step * PREFIX_DURATION)[:PREFIX_LETTERS]
        for step in range((last - first) // PREFIX_DURATION + 2)
    ]
