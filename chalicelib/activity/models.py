"""Activity: what happened to a task, under the task and again in its project's feed."""

from collections.abc import Sequence
from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, batch_put, query_page


class Activity(Item):
    """One thing that happened: what, by whom, in which request."""

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
    """Write what happened to a task, for the project's feed too; doing it again changes nothing."""
    batch_put([*entries, *(_in_feed(entry) for entry in entries)])


def _in_feed(entry: Activity) -> Activity:
    key = Activity.feed_key(project_id_of(entry.task_id), entry.id)
    facts = {k: v for k, v in entry.attribute_values.items() if k not in {"PK", "SK"}}
    return Activity(key.pk, key.sk, **facts)


def list_task_activity(task_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Activity]:
    """A page of what happened to the task, newest first."""
    return _page(f"TASK#{task_id}", limit, start)


def list_project_activity(
    project_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[Activity]:
    """A page of what happened to the project's tasks, newest first."""
    return _page(f"FEED#{project_id}", limit, start)


def _page(partition: str, limit: int, start: dict[str, Any] | None) -> Page[Activity]:
    ours = Activity.SK.startswith("ACT#")
    return query_page(Activity, partition, ours, limit=limit, start=start, newest_first=True)
