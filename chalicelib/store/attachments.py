"""Attachments: a row per file in the task's own partition; the bytes are in the bucket."""

from collections.abc import Iterator

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store import table
from chalicelib.store.table import Key
from chalicelib.store.uploads import Upload


class Attachment(Upload):
    filename = UnicodeAttribute()
    uploaded_by = UnicodeAttribute()

    @staticmethod
    def key(task_id: str, attachment_id: str) -> "Key[Attachment]":
        return Key(Attachment, f"TASK#{task_id}", f"FILE#{attachment_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("FILE#")

    @property
    def task_id(self) -> str:
        return self.PK.removeprefix("TASK#")


def object_key(task_id: str, attachment_id: str) -> str:
    return f"att/{task_id}/{attachment_id}"


def by_id(task_id: str, attachment_id: str) -> Attachment | None:
    return table.get(Attachment.key(task_id, attachment_id))


def of_object(key: str) -> Attachment | None:
    """The attachment whose bytes stand at `key`, or None for a key of another form."""
    prefix, _, rest = key.partition("/")
    task_id, _, attachment_id = rest.partition("/")
    return by_id(task_id, attachment_id) if prefix == "att" and attachment_id else None


def of_task(task_id: str) -> Iterator[Attachment]:
    return table.query_all(Attachment, f"TASK#{task_id}", Attachment.SK.startswith("FILE#"))
