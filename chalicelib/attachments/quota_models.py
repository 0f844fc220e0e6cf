"""How much room files take, by task and by project: reserved in the transaction that announces an
upload, given back in the one that makes it a tombstone. Both happen once, so the sums are exact."""

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

TASK_PARTITION, PROJECT_PARTITION = "TASK#", "PROJECT#"
# The largest single file.
MAX_FILE_BYTES = min(settings.UPLOAD_MAX_BYTES, settings.TASK_MAX_BYTES, settings.PROJECT_MAX_BYTES)


class StorageUsage(Item):
    """The files of a task or of a project, announced ones included; `changes` are how often that
    changed."""

    bytes = NumberAttribute(default=0)
    files = NumberAttribute(default=0)
    changes = NumberAttribute(null=True)

    @staticmethod
    def of_task(task_id: str) -> "Key[StorageUsage]":
        return Key(StorageUsage, f"{TASK_PARTITION}{task_id}", "USAGE")

    @staticmethod
    def of_project(project_id: str) -> "Key[StorageUsage]":
        return Key(StorageUsage, f"{PROJECT_PARTITION}{project_id}", "USAGE")


def reserve_storage_writes(attachment: Attachment) -> tuple[Write, Write]:
    """The writes that take room for it; they fail when a limit would be passed."""
    size, task_id = int(attachment.size), attachment.task_id
    in_task = (StorageUsage.bytes <= settings.TASK_MAX_BYTES - size) & (
        StorageUsage.files < settings.TASK_MAX_FILES
    )
    in_project = StorageUsage.bytes <= settings.PROJECT_MAX_BYTES - size
    return (
        _added(StorageUsage.of_task(task_id), size, 1, _first() | in_task),
        _added(StorageUsage.of_project(project_id_of(task_id)), size, 1, _first() | in_project),
    )


def return_storage_writes(upload: Upload) -> tuple[Write, ...]:
    """The writes that give the room back; none for what takes none."""
    if not upload.PK.startswith(TASK_PARTITION):
        return ()
    task_id, there = upload.PK.removeprefix(TASK_PARTITION), StorageUsage.PK.exists()
    keys = (StorageUsage.of_task(task_id), StorageUsage.of_project(project_id_of(task_id)))
    return tuple(_added(key, -int(upload.size), -1, there) for key in keys)


def new_usage(bytes: int = 0, files: int = 0) -> Counter[str]:
    """What files take, as the recount compares it."""
    return Counter(bytes=bytes, files=files)


def read_usage(raw: dict[str, Any]) -> Counter[str]:
    """The room that a row speaks of."""
    return Counter({name: int(raw[name]["N"]) for name in new_usage() if name in raw})


def get_usage_item(key: Key[StorageUsage]) -> CounterItem:
    """A row for the recount; one that is not there speaks of no files."""
    raw = batch_get(key).raw(key) or {}
    counts = new_usage()
    counts.update(read_usage(raw))
    return read_counter_item(key, counts, raw)


def exceeded_limit(write: Write) -> str | None:
    """Which limit the write that failed stands for: `task`, `project`, or None for neither."""
    key = write.key if isinstance(write, Update) else None
    if key is None or key.model is not StorageUsage:
        return None
    return "task" if key.pk.startswith(TASK_PARTITION) else "project"


def delete_task_usage(task_id: str) -> None:
    """Remove the count of a task without files; one that has some keeps it."""
    empty = StorageUsage.PK.does_not_exist() | (StorageUsage.files == 0)
    try:
        transact(Delete(StorageUsage.of_task(task_id), empty))
    except ConditionFailed:
        return


def _first() -> Condition:
    """There is no count yet. One file alone never passes a limit: `LARGEST` sees to that."""
    return StorageUsage.PK.does_not_exist()


def _added(key: Key[StorageUsage], size: int, files: int, condition: Condition) -> Update:
    added = (
        StorageUsage.bytes.add(size),
        StorageUsage.files.add(files),
        StorageUsage.changes.add(1),
    )
    return Update(key, added, condition)
