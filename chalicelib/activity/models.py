"""Activity items: what happened to a task, stored under the task and in its project's feed."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.dynamodb.batch_writes import batch_put
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, query_all, query_page
from chalicelib.dynamodb.transactions import Put

MOVED = "moved"


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

    A move to another project is in the feeds of both projects. Idempotent.
    """
    batch_put([*entries, *chain.from_iterable(map(_copy_for_feeds, entries))])


def add_activity_writes(entry: Activity) -> tuple[Put, ...]:
    """Return the writes of a new entry, which has the task's keys, and of its feed copies."""
    return Put(entry), *map(Put, _copy_for_feeds(entry))


def _copy_for_feeds(entry: Activity) -> list[Activity]:
    attributes = {k: v for k, v in entry.attribute_values.items() if k not in {"PK", "SK"}}
    return [Activity(key.pk, key.sk, **attributes) for key in list_feed_keys(entry)]


def list_feed_keys(entry: Activity) -> list["Key[Activity]"]:
    """Return the keys of the copies of a task's entry in the feeds of projects."""
    project_ids = [project_id_of(entry.task_id)]
    if entry.action == MOVED:
        project_ids.append(entry.old)
    return [Activity.feed_key(project_id, entry.id) for project_id in project_ids]


def list_all_task_activity(task_id: str) -> Iterator[Activity]:
    """Yield all activity of the task with this original id."""
    return query_all(Activity, f"TASK#{task_id}", Activity.SK.startswith("ACT#"))


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
