"""The writes that restore a task, and the items that a purge deletes."""

from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.activity.models import Activity, list_feed_keys
from chalicelib.dynamodb.batch_writes import batch_delete
from chalicelib.dynamodb.table import Item, Key, query_all, query_page
from chalicelib.dynamodb.transactions import Delete, Put
from chalicelib.tasks.models import Task, TrashedTask, create_task_write, is_as_read, own_attributes


def list_project_items(project_id: str, *, limit: int) -> list[Task]:
    """Return the first items in a project's partition, except the project itself.

    All are read as tasks; of those that are none use only the key.
    """
    page = query_page(Task, f"PROJECT#{project_id}", limit=limit + 1)
    return [item for item in page.items if item.SK != "META"][:limit]


def list_child_items(original_id: str) -> list[Key[Any]]:
    """Return the keys of a task's child items except attachments.

    The feeds of projects have copies of the activity items; the copies are included.
    """
    keys: list[Key[Any]] = []
    for item in query_all(Activity, f"TASK#{original_id}"):
        if item.SK.startswith("ACT#"):
            keys += list_feed_keys(item)
        if not item.SK.startswith("FILE#"):
            keys.append(Key(Item, item.PK, item.SK))
    return keys


def list_feed_items(project_id: str) -> Iterator[Key[Item]]:
    """Yield the keys of the items in a project's activity feed."""
    for item in query_all(Item, f"FEED#{project_id}"):
        yield Key(Item, item.PK, item.SK)


def delete_items(keys: Iterable[Key[Any]]) -> int:
    """Delete the items and return the number of keys. Idempotent."""
    pairs = [(key.pk, key.sk) for key in keys]
    batch_delete(pairs)
    return len(pairs)


def restore_task_writes(task: TrashedTask, **fields: Any) -> tuple[Task, Delete, Put]:
    """Return the task with `fields` outside the trash, and the writes that restore it.

    They require that the trashed task is as it was read.
    """
    key = Task.key(task.id)
    attributes = {**own_attributes(task), "version": task.version + 1, **fields}
    restored = Task(key.pk, key.sk, **attributes).keep_undeclared(task)
    removal = Delete(TrashedTask.key(task.id), is_as_read(task))
    return restored, removal, create_task_write(restored)
