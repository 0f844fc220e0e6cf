"""Activity items: what happened to a task, stored under the task and in its project's feed."""

from collections.abc import Sequence
from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, batch_put, query_page


class Activity(Item):
    """One event of a task: the action, its actor and its request.

    For the action `changed`, `field` is the changed field with its values before and after.
    """

    task_id = UnicodeAttribute()
    title = UnicodeAttribute()
    action = UnicodeAttribute()
    field = UnicodeAttribute(null=True)
    old = JSONAttribute(null=True)
    new = JSONAttribute(null=True)
    actor = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)
    at = UnicodeAttribute()

    @staticmethod
    def key(task_id: str, entry_id: str) -> "Key[Activity]":
        return Key(Activity, f"TASK#{task_id}", f"ACT#{entry_id}")

    @staticmethod
    def feed_key(project_id: str, entry_id: str) -> "Key[Activity]":
        return Key(Activity, f"FEED#{project_id}", f"ACT#{entry_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("ACT#")


def save_activity(entries: Sequence[Activity]) -> None:
    """Write the entries, which have the task's keys, and a copy of each in the project's feed.

    Idempotent.
    """
    copies = []
    for entry in entries:
        key = Activity.feed_key(project_id_of(entry.task_id), entry.id)
        attributes = {k: v for k, v in entry.attribute_values.items() if k not in {"PK", "SK"}}
        copies.append(Activity(key.pk, key.sk, **attributes))
    batch_put([*entries, *copies])


def list_task_activity(task_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Activity]:
    """Return a page of the task's activity, newest first."""
    return _list_activity(f"TASK#{task_id}", limit, start)


def list_project_activity(
    project_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[Activity]:
    """Return a page of the activity of the project's tasks, newest first."""
    return _list_activity(f"FEED#{project_id}", limit, start)


def _list_activity(hash_key: str, limit: int, start: dict[str, Any] | None) -> Page[Activity]:
    return query_page(
        Activity,
        hash_key,
        Activity.SK.startswith("ACT#"),
        limit=limit,
        start=start,
        newest_first=True,
    )
