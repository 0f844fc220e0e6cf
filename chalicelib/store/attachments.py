"""Attachments: a row per file in the task's own partition; the bytes are in the bucket."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store import ids, table, tasks, uploads
from chalicelib.store.files import StoredObject
from chalicelib.store.table import Key
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Update, transact
from chalicelib.store.uploads import PENDING, READY, Upload

PREFIX = "att/"
# So long, twelve days, the first four letters of new ids stay the same.
LETTERS, STRETCH = 4, timedelta(milliseconds=2**30)


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
        return self.object_key[: len(PREFIX) + LETTERS]

    @property
    def part_count(self) -> int:
        return -(-int(self.size) // int(self.part_size or self.size))


def object_key(task_id: str, attachment_id: str) -> str:
    return f"{PREFIX}{task_id}/{attachment_id}"


def by_id(task_id: str, attachment_id: str) -> Attachment | None:
    return table.get(Attachment.key(task_id, attachment_id))


def key_of(object_key: str) -> "Key[Attachment] | None":
    """Where the row of the object stands, or None for a key that is not ours."""
    task_id, _, attachment_id = object_key.removeprefix(PREFIX).partition("/")
    ours = object_key.startswith(PREFIX) and ids.is_task_id(task_id) and ids.is_id(attachment_id)
    return Attachment.key(task_id, attachment_id) if ours else None


def task_of(object_key: str) -> str:
    """The id of the task that an object of ours belongs to."""
    return object_key.removeprefix(PREFIX).partition("/")[0]


def of_task(task_id: str) -> Iterator[Attachment]:
    return table.query_all(Attachment, f"TASK#{task_id}", Attachment.SK.startswith("FILE#"))


def mark_ready(
    attachment: Attachment, stored: StoredObject, picture: str | None, now: datetime
) -> None:
    """Confirm the upload of `stored`, and count it on its task; doing it again changes nothing.
    `attachment` is as it stands afterwards."""
    facts = {"version_id": stored.version_id, "picture": picture}
    counting = tasks.counted_anywhere(attachment.task_id, attachments_count=1)
    try:
        transact(uploads.ready(attachment, now, **facts), *counting)
    except ConditionFailed as failed:
        if failed.write in counting:  # the task has just moved to the trash, or out of it
            return mark_ready(attachment, stored, picture, now)
        if failed.row is not None:
            _take_over(attachment, Attachment.from_raw_data(failed.row))
        return
    attachment.status, attachment.uploaded_at = READY, stamp(now)
    attachment.picture, attachment.version_id = picture, stored.version_id


def _take_over(attachment: Attachment, other: Attachment) -> None:
    attachment.status, attachment.uploaded_at = other.status, other.uploaded_at
    attachment.picture, attachment.version_id = other.picture, other.version_id


def begun(attachment: Attachment, upload_id: str) -> bool:
    """Note the multipart upload of a pending attachment; False if there is another by now."""
    condition = (Attachment.status == PENDING) & Attachment.upload_id.does_not_exist()
    key = Attachment.key(attachment.task_id, attachment.id)
    try:
        transact(Update(key, (Attachment.upload_id.set(upload_id),), condition))
    except ConditionFailed:
        return False
    attachment.upload_id = upload_id
    return True


def stretches(first: datetime, last: datetime) -> list[str]:
    """The beginnings of the keys of all attachments to tasks made from `first` to `last` and some
    days more, oldest first."""
    steps = range((last - first) // STRETCH + 2)
    return [PREFIX + ids.new_id(first + step * STRETCH)[:LETTERS] for step in steps]
