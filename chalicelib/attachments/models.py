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
from typing import Any, TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.aws.s3 import StoredObject
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import is_id, is_task_id, new_id
from chalicelib.dynamodb.table import Item, Key, get_item, query_all, set_or_remove
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Put, Update, transact
from chalicelib.tasks.models import add_counts_anywhere_writes

PENDING, READY, GONE = "pending", "ready", "gone"
PENDING_FOR = timedelta(hours=24)
LISTING_SHARDS = 4


class Upload(Item):
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


def announce_upload_write(upload: Upload, now: datetime) -> Put:
    """The write that announces an upload; it wakes after a day, to vanish if nothing came."""
    waking = time_index.build_keys("upload", format_timestamp(now + PENDING_FOR), upload.object_key)
    upload.wake_key, upload.wake_at = str(waking["wake_key"]), str(waking["wake_at"])
    return Put(upload)


def confirm_upload_write(upload: Upload, now: datetime, **facts: str | None) -> Update:
    """The write that says that the bytes are there and are what was announced, and `facts`, what
    else is known of them."""
    listing = {"wake_key": _listed_in(upload), "wake_at": upload.object_key}
    values = {"status": READY, "uploaded_at": format_timestamp(now), **listing, **facts}
    model = type(upload)
    actions = tuple(set_or_remove(model, name, value) for name, value in values.items())
    return Update(_upload_key(upload), actions, Upload.status == PENDING)


def close_upload_write(upload: Upload, now: datetime) -> Update:
    """The write that makes the upload a tombstone, once: it holds for the state that was read. The
    next tick removes the object, and the row in the end."""
    return Update(
        _upload_key(upload), _closing(upload.object_key, now), Upload.status == upload.status
    )


def get_upload_status(upload: Upload) -> str:
    """The state in which the upload is now; one without a row is gone."""
    row = get_upload(upload.PK, upload.SK)
    return GONE if row is None else str(row.status)


def discard_upload_write(key: Key[U], object_key: str, now: datetime) -> Update:
    """The same for an upload that was not read, in whatever state it is."""
    return Update(Key(Upload, key.pk, key.sk), _closing(object_key, now))


def _closing(object_key: str, now: datetime) -> tuple[Action, ...]:
    waking = time_index.build_keys("upload", format_timestamp(now), object_key)
    values = {"status": GONE, **waking}
    return tuple(set_or_remove(Upload, name, value) for name, value in values.items())


def delete_upload(upload: Upload) -> None:
    """Remove the row of an upload that is gone, last of all."""
    transact(Delete(_upload_key(upload)))


def list_ready_object_keys(stretch: str, after: str, until: str) -> Iterator[str]:
    """The object keys of the ready uploads of a stretch, behind `after` and up to `until`."""
    between = Item.wake_at.between(after + " ", until)  # a blank sorts before all that keys hold
    for shard in range(LISTING_SHARDS):
        for row in query_all(Item, _bucket(stretch, shard), between, index="by_wake"):
            yield str(row.wake_at)


def _listed_in(upload: Upload) -> str:
    return _bucket(upload.stretch, zlib.crc32(upload.PK.encode()) % LISTING_SHARDS)


def _bucket(stretch: str, shard: int) -> str:
    return f"{stretch}#{shard}"


def get_upload(pk: str, sk: str) -> Upload | None:
    """The upload that an index points at."""
    return get_item(Key(Upload, pk, sk))


def _upload_key(upload: Upload) -> Key[Upload]:
    return Key(Upload, upload.PK, upload.SK)


ATTACHMENT_PREFIX = "att/"
# So long, twelve days, the first four letters of new ids stay the same.
PREFIX_LETTERS, PREFIX_DURATION = 4, timedelta(milliseconds=2**30)


class Attachment(Upload):
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
    def task_id(self) -> str:
        return self.PK.removeprefix("TASK#")

    @property
    def stretch(self) -> str:
        """Twelve days of tasks: the first letters of the task's id."""
        return self.object_key[: len(ATTACHMENT_PREFIX) + PREFIX_LETTERS]

    @property
    def part_count(self) -> int:
        return -(-int(self.size) // int(self.part_size or self.size))


def attachment_object_key(task_id: str, attachment_id: str) -> str:
    return f"{ATTACHMENT_PREFIX}{task_id}/{attachment_id}"


def get_attachment(task_id: str, attachment_id: str) -> Attachment | None:
    return get_item(Attachment.key(task_id, attachment_id))


def find_attachment_key(object_key: str) -> "Key[Attachment] | None":
    """Where the row of the object stands, or None for a key that is not ours."""
    task_id, _, attachment_id = object_key.removeprefix(ATTACHMENT_PREFIX).partition("/")
    ours = object_key.startswith(ATTACHMENT_PREFIX) and is_task_id(task_id) and is_id(attachment_id)
    return Attachment.key(task_id, attachment_id) if ours else None


def task_id_of_object(object_key: str) -> str:
    """The id of the task that an object of ours belongs to."""
    return object_key.removeprefix(ATTACHMENT_PREFIX).partition("/")[0]


def list_attachments(task_id: str) -> Iterator[Attachment]:
    return query_all(Attachment, f"TASK#{task_id}", Attachment.SK.startswith("FILE#"))


def confirm_attachment(
    attachment: Attachment, stored: StoredObject, picture: str | None, now: datetime
) -> None:
    """Confirm the upload of `stored`, and count it on its task; doing it again changes nothing.
    `attachment` is as it stands afterwards."""
    facts = {"version_id": stored.version_id, "picture": picture}
    counting = add_counts_anywhere_writes(attachment.task_id, attachments_count=1)
    try:
        transact(confirm_upload_write(attachment, now, **facts), *counting)
    except ConditionFailed as failed:
        if failed.write in counting:  # the task has just moved to the trash, or out of it
            return confirm_attachment(attachment, stored, picture, now)
        if failed.row is not None:
            _take_over(attachment, Attachment.from_raw_data(failed.row))
        return
    attachment.status, attachment.uploaded_at = READY, format_timestamp(now)
    attachment.picture, attachment.version_id = picture, stored.version_id


def _take_over(attachment: Attachment, other: Attachment) -> None:
    attachment.status, attachment.uploaded_at = other.status, other.uploaded_at
    attachment.picture, attachment.version_id = other.picture, other.version_id


def set_multipart_upload(attachment: Attachment, upload_id: str) -> bool:
    """Note the multipart upload of a pending attachment; False if there is another by now."""
    condition = (Attachment.status == PENDING) & Attachment.upload_id.does_not_exist()
    key = Attachment.key(attachment.task_id, attachment.id)
    try:
        transact(Update(key, (Attachment.upload_id.set(upload_id),), condition))
    except ConditionFailed:
        return False
    attachment.upload_id = upload_id
    return True


def list_key_prefixes(first: datetime, last: datetime) -> list[str]:
    """The beginnings of the keys of all attachments to tasks made from `first` to `last` and some
    days more, oldest first."""
    steps = range((last - first) // PREFIX_DURATION + 2)
    return [
        ATTACHMENT_PREFIX + new_id(first + step * PREFIX_DURATION)[:PREFIX_LETTERS]
        for step in steps
    ]


AVATAR_PREFIX = "avatar/"


class Avatar(Upload):
    @staticmethod
    def key(user_id: str, avatar_id: str) -> "Key[Avatar]":
        return Key(Avatar, f"USER#{user_id}", f"AVATAR#{avatar_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("AVATAR#")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")

    @property
    def stretch(self) -> str:
        """All avatars are one."""
        return AVATAR_PREFIX


def avatar_object_key(user_id: str, avatar_id: str) -> str:
    return f"{AVATAR_PREFIX}{user_id}/{avatar_id}"


def get_avatar(user_id: str, avatar_id: str) -> Avatar | None:
    return get_item(Avatar.key(user_id, avatar_id))


def find_avatar_key(object_key: str) -> "Key[Avatar] | None":
    """Where the row of the object stands, or None for a key that is not ours."""
    user_id, _, avatar_id = object_key.removeprefix(AVATAR_PREFIX).partition("/")
    ours = object_key.startswith(AVATAR_PREFIX) and is_id(user_id) and is_id(avatar_id)
    return Avatar.key(user_id, avatar_id) if ours else None


def find_upload_key(object_key: str) -> Key[Any] | None:
    """Where the row of the object stands, or None for a key that is not ours."""
    return find_attachment_key(object_key) or find_avatar_key(object_key)


def find_upload(object_key: str) -> Attachment | Avatar | None:
    """The upload whose bytes stand at the key, or None."""
    key = find_upload_key(object_key)
    return None if key is None else get_item(key)
