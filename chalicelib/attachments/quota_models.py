"""Storage usage of tasks and projects: how many bytes and files their attachments take.

The transaction that announces an upload also reserves its storage, and the transaction that turns
it into a tombstone releases it. Both happen exactly once, so the counters are exact.
"""

from collections import Counter
from typing import Any

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.condition import Condition

from chalicelib import settings
from chalicelib.attachments.models import Attachment, Upload
from chalicelib.dynamodb.counter_items import CounterItem, read_counter_item
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import Item, Key, batch_get
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Update, Write, transact

# The largest single file in bytes. It fits into an empty task and an empty project.
MAX_FILE_BYTES = min(settings.UPLOAD_MAX_BYTES, settings.TASK_MAX_BYTES, settings.PROJECT_MAX_BYTES)


class StorageUsage(Item):
    """The storage that the files of a task or a project take, pending files included.

    `changes` counts the updates of this item; the counter repair uses it to detect concurrent ones.
    """

    bytes = NumberAttribute(default=0)
    files = NumberAttribute(default=0)
    changes = NumberAttribute(null=True)

    @staticmethod
    def of_task(task_id: str) -> "Key[StorageUsage]":
        return Key(StorageUsage, f"TASK#{task_id}", "USAGE")

    @staticmethod
    def of_project(project_id: str) -> "Key[StorageUsage]":
        return Key(StorageUsage, f"PROJECT#{project_id}", "USAGE")


def reserve_storage_writes(attachment: Attachment) -> tuple[Write, Write]:
    """Return the writes that reserve storage for a new file in its task and its project.

    Each fails when its limit would be exceeded. An item that does not exist yet has no limit to
    check, because a single file never exceeds one (`MAX_FILE_BYTES`).
    """
    size, task_id = int(attachment.size), attachment.task_id
    is_first = StorageUsage.PK.does_not_exist()
    fits_task = (StorageUsage.bytes <= settings.TASK_MAX_BYTES - size) & (
        StorageUsage.files < settings.TASK_MAX_FILES
    )
    fits_project = StorageUsage.bytes <= settings.PROJECT_MAX_BYTES - size
    project_key = StorageUsage.of_project(project_id_of(task_id))
    return (
        _change_usage_write(StorageUsage.of_task(task_id), size, 1, is_first | fits_task),
        _change_usage_write(project_key, size, 1, is_first | fits_project),
    )


def release_storage_writes(upload: Upload) -> tuple[Write, ...]:
    """Return the writes that release the storage of a file; none for an avatar."""
    if upload.task_id is None:
        return ()
    exists = StorageUsage.PK.exists()
    keys = (
        StorageUsage.of_task(upload.task_id),
        StorageUsage.of_project(project_id_of(upload.task_id)),
    )
    return tuple(_change_usage_write(key, -int(upload.size), -1, exists) for key in keys)


def _change_usage_write(
    key: Key[StorageUsage], bytes_added: int, files_added: int, condition: Condition
) -> Update:
    actions = (
        StorageUsage.bytes.add(bytes_added),
        StorageUsage.files.add(files_added),
        StorageUsage.changes.add(1),
    )
    return Update(key, actions, condition)


def exceeded_limit(write: Write) -> str | None:
    """Return whose limit the failed `write` would exceed: `task` or `project`.

    Returns None if the write does not reserve storage.
    """
    if not isinstance(write, Update) or write.key.model is not StorageUsage:
        return None
    return "task" if write.key.pk.startswith("TASK#") else "project"


def delete_task_usage(task_id: str) -> None:
    """Delete the storage usage of a task, unless the task still has files."""
    is_empty = StorageUsage.PK.does_not_exist() | (StorageUsage.files == 0)
    try:
        transact(Delete(StorageUsage.of_task(task_id), is_empty))
    except ConditionFailed:
        return


def new_usage(bytes: int = 0, files: int = 0) -> Counter[str]:
    """Return storage usage in the form that the counter repair compares."""
    return Counter(bytes=bytes, files=files)


def read_usage(raw: dict[str, Any]) -> Counter[str]:
    """Return the storage usage in a raw DynamoDB item; attributes that it lacks are left out."""
    return Counter({name: int(raw[name]["N"]) for name in new_usage() if name in raw})


def get_usage_item(key: Key[StorageUsage]) -> CounterItem:
    """Return the storage usage at `key` for the counter repair; zeros if there is no item."""
    raw = batch_get(key).raw(key) or {}
    counts = new_usage()
    counts.update(read_usage(raw))
    return read_counter_item(key, counts, raw)
