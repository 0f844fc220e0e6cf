"""Storage usage of tasks and projects: how many bytes and files their attachments take.

The transaction that announces an upload also reserves its storage, and the transaction that turns
it into a tombstone releases it. Both happen exactly once, so the counters are exact.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import settings
from chalicelib.attachments.models import Attachment, Upload
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.optimistic_locking import CounterItem, read_counter_item
from chalicelib.dynamodb.table import Item, Key, batch_get, get_item
from chalicelib.dynamodb.transactions import (
    ConditionFailed,
    Delete,
    Update,
    Upsert,
    Write,
    transact,
)

# The largest single file in bytes. It fits into an empty task and an empty project.
MAX_FILE_BYTES = min(settings.UPLOAD_MAX_BYTES, settings.TASK_MAX_BYTES, settings.PROJECT_MAX_BYTES)


class StorageUsage(Item):
    """The storage that the files of a task or a project take, pending files included.

    `changes` counts the updates of this item; the counter repair uses it to detect concurrent ones.
    `project` is the project that a moved task is in, whose usage includes that of the task.
    """

    project = UnicodeAttribute(null=True)
    bytes = NumberAttribute(default=0)
    files = NumberAttribute(default=0)
    changes = NumberAttribute(null=True)

    @staticmethod
    def of_task(task_id: str) -> "Key[StorageUsage]":
        return Key(StorageUsage, f"TASK#{task_id}", "USAGE")

    @staticmethod
    def of_project(project_id: str) -> "Key[StorageUsage]":
        return Key(StorageUsage, f"PROJECT#{project_id}", "USAGE")


def reserve_storage_writes(attachment: Attachment, project_id: str) -> tuple[Write, Write]:
    """Return the writes that reserve storage for a new file in its task and its project.

    Each fails when its limit would be exceeded, the first also when the task is in another project.
    An item that does not exist yet has no limit to check, because a single file never exceeds one
    (`MAX_FILE_BYTES`).
    """
    size, task_id = int(attachment.size), attachment.original_task_id
    is_first = StorageUsage.PK.does_not_exist()
    fits_task = (StorageUsage.bytes <= settings.TASK_MAX_BYTES - size) & (
        StorageUsage.files < settings.TASK_MAX_FILES
    )
    fits_task &= _is_in_project(task_id, project_id)
    if project_id == project_id_of(task_id):
        fits_task |= is_first
    fits_project = StorageUsage.bytes <= settings.PROJECT_MAX_BYTES - size
    project_key = StorageUsage.of_project(project_id)
    return (
        _change_usage_write(StorageUsage.of_task(task_id), size, 1, fits_task),
        _change_usage_write(project_key, size, 1, is_first | fits_project),
    )


def release_storage_writes(upload: Upload, project_id: str | None) -> tuple[Write, ...]:
    """Return the writes that release the storage of a file; none for an avatar.

    The first fails when the task is not in this project. None stands for the one that it was
    created in.
    """
    task_id = upload.original_task_id
    if task_id is None:
        return ()
    project_id = project_id or project_id_of(task_id)
    exists = StorageUsage.PK.exists()
    size = -int(upload.size)
    task_key, project_key = StorageUsage.of_task(task_id), StorageUsage.of_project(project_id)
    return (
        _change_usage_write(task_key, size, -1, exists & _is_in_project(task_id, project_id)),
        _change_usage_write(project_key, size, -1, exists),
    )


def sum_storage(task_ids: Iterable[str]) -> int:
    """Return how many bytes the files of the tasks with these original ids take."""
    keys = [StorageUsage.of_task(task_id) for task_id in task_ids]
    result = batch_get(*keys)
    return sum(int(usage.bytes) for key in keys if (usage := result.get(key)))


def move_storage_writes(
    task_id: str, from_project: str, to_project: str, needed: int | None
) -> tuple[Write, ...]:
    """Read the storage usage of a task and return the writes that move it to another project.

    `task_id` is the original id. The first write fails when a concurrent request changes the usage
    of the task, the last when the other project has less room than `needed` bytes (None: any).
    """
    key, changes = StorageUsage.of_task(task_id), StorageUsage.changes.add(1)
    usage = get_item(key)
    is_as_read = (
        StorageUsage.PK.does_not_exist()
        if usage is None
        else is_unchanged(usage, "changes") & is_unchanged(usage, "project")
    )
    location = Update(key, (StorageUsage.project.set(to_project), changes), is_as_read)
    size, files = (int(usage.bytes), int(usage.files)) if usage else (0, 0)
    writes: list[Write] = [location]
    if files:
        old_key = StorageUsage.of_project(from_project)
        writes.append(Upsert(old_key, _usage_actions(-size, -files)))
    new_key, actions = StorageUsage.of_project(to_project), _usage_actions(size, files)
    if needed:
        # An empty project has room for one task, but perhaps not for one with all its subtasks.
        has_room = StorageUsage.bytes <= settings.PROJECT_MAX_BYTES - needed
        if needed <= settings.PROJECT_MAX_BYTES:
            has_room |= StorageUsage.PK.does_not_exist()
        writes.append(Update(new_key, actions, has_room))
    elif files:
        writes.append(Upsert(new_key, actions))
    return tuple(writes)


def _is_in_project(task_id: str, project_id: str) -> Condition:
    """The storage usage of the task with this original id counts in this project."""
    condition: Condition = StorageUsage.project == project_id
    if project_id == project_id_of(task_id):
        condition |= StorageUsage.project.does_not_exist()
    return condition


def moved_to_project(failed: ConditionFailed) -> str | None:
    """Return the project that a moved task is in, if the failed write is one of its storage usage.

    Returns None for another write, and for a task that was never moved.
    """
    if failed.item is None or exceeded_limit(failed.write) != "task":
        return None
    return StorageUsage.from_raw_data(failed.item).project


def _change_usage_write(
    key: Key[StorageUsage], bytes_added: int, files_added: int, condition: Condition
) -> Update:
    return Update(key, _usage_actions(bytes_added, files_added), condition)


def _usage_actions(bytes_added: int, files_added: int) -> tuple[Action, ...]:
    return (
        StorageUsage.bytes.add(bytes_added),
        StorageUsage.files.add(files_added),
        StorageUsage.changes.add(1),
    )


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
