"""Removing for good: the rows of a project's or a task's own partition, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.dynamodb.table import Item, batch_delete, query_all, query_page
from chalicelib.tasks.number_models import TaskNumber


@dataclass(frozen=True)
class ItemKey:
    """Where a row stands, and so what it is."""

    pk: str
    sk: str

    def after(self, prefix: str) -> str | None:
        """The rest of the sort key behind `prefix`, or None for another kind of row."""
        return self.sk.removeprefix(prefix) if self.sk.startswith(prefix) else None


def list_project_items(project_id: str, *, limit: int) -> list[ItemKey]:
    """The first rows of a project's partition but its own, which goes last."""
    page = query_page(Item, f"PROJECT#{project_id}", limit=limit + 1)
    places = [ItemKey(row.PK, row.SK) for row in page.rows]
    return [place for place in places if place.sk != "META"][:limit]


def list_task_items(task_id: str) -> Iterator[ItemKey]:
    """The rows of everything that hangs on a task."""
    return (ItemKey(row.PK, row.SK) for row in query_all(Item, f"TASK#{task_id}"))


def number_item_key(project_id: str, number: int) -> ItemKey:
    """Where the number of a task leads to it."""
    key = TaskNumber.key(project_id, number)
    return ItemKey(key.pk, key.sk)


def feed_item_keys(places: list[ItemKey], project_id: str) -> list[ItemKey]:
    """Where the activity among a task's `places` stands once more."""
    return [ItemKey(f"FEED#{project_id}", place.sk) for place in places if place.after("ACT#")]


def list_feed_items(project_id: str) -> Iterator[ItemKey]:
    """What a project's feed holds."""
    return (ItemKey(row.PK, row.SK) for row in query_all(Item, f"FEED#{project_id}"))


def delete_items(places: list[ItemKey]) -> None:
    """Delete the rows; doing it again changes nothing."""
    batch_delete([(place.pk, place.sk) for place in places])
