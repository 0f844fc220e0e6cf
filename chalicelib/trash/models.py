"""The keys of the items that a purge deletes, and their deletion."""

from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import Item, Key, batch_delete, query_all, query_page


def list_project_items(project_id: str, *, limit: int) -> list[Key[Item]]:
    """Return the keys of the first items in a project's partition, except the project itself."""
    page = query_page(Item, f"PROJECT#{project_id}", limit=limit + 1)
    return [Key(Item, item.PK, item.SK) for item in page.items if item.SK != "META"][:limit]


def list_child_items(task_id: str) -> list[Key[Item]]:
    """Return the keys of a task's child items except attachments.

    The project's feed has a copy of each activity item; the copies are included.
    """
    keys = []
    for item in query_all(Item, f"TASK#{task_id}"):
        if item.SK.startswith("ACT#"):
            keys.append(Key(Item, f"FEED#{project_id_of(task_id)}", item.SK))
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
