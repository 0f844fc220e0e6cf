"""Optimistic locking: changes to items that others may change concurrently.

A counter item has a count of its own changes (`changes`) in place of a version. The counter repair
corrects an item only if `changes` is still what it read: it never overwrites a concurrent update.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct
from pynamodb.expressions.operand import Path

from chalicelib.dynamodb import table, transactions
from chalicelib.dynamodb.table import Item, Key
from chalicelib.dynamodb.transactions import ConditionFailed, Update
from chalicelib.errors import Conflict, NotFound, PreconditionFailed, Unavailable

MAX_ATTEMPTS = 20

R = TypeVar("R", bound=Item)
T = TypeVar("T")


def apply_changes(
    item: R,
    fields: Mapping[str, Any],
    *,
    version: int | None,
    store: Callable[[R, Mapping[str, Any]], R],
) -> R:
    """Write those `fields` that differ from the item with `store`, and return the new item.

    Without a difference nothing is written and nothing is recorded as a change. Without a `version`
    the change is applied on top of a concurrent one, so changes of different fields both survive.
    Raises `PreconditionFailed` when the item has another version, `NotFound` when it no longer
    exists, `Conflict` when the condition of a write to another item fails, and `Unavailable` after
    too many attempts.
    """

    def commit(item: R) -> R:
        changed = {name: value for name, value in fields.items() if getattr(item, name) != value}
        return store(item, changed) if changed else item

    return retry_on_conflict(item, version=version, commit=commit)


def retry_on_conflict(item: R, *, version: int | None, commit: Callable[[R], T]) -> T:
    """Return the result of `commit`, which writes on the condition that the item is unchanged.

    After a concurrent change, `commit` is called again with the changed item. `version` is the one
    that the caller last read. Raises `PreconditionFailed` when the item has another version,
    `NotFound` when it no longer exists, `Conflict` when the condition of a write to another item
    fails, and `Unavailable` after too many attempts.
    """
    for _ in range(MAX_ATTEMPTS):
        if version is not None and version != getattr(item, "version", None):
            raise PreconditionFailed()
        try:
            return commit(item)
        except ConditionFailed as failed:
            key = Key(type(item), item.PK, item.SK)
            if transactions.item_key(failed.write) != (key.pk, key.sk):
                raise Conflict() from failed
            raw = failed.item
            current = type(item).from_raw_data(raw) if raw else table.get_item(key)
            if current is None or getattr(current, "deleted_at", None) is not None:
                raise NotFound() from failed
            item = current
    raise Unavailable()


class CounterItem(Struct, frozen=True):
    """A counter item as it was read; without counts and changes if it does not exist."""

    key: Key[Any]
    counts: Counter[str]
    changes: int | None


def read_counter_item(key: Key[Any], counts: Counter[str], raw: Mapping[str, Any]) -> CounterItem:
    """Return the counter item with the `counts` that were parsed from `raw`."""
    return CounterItem(key, counts, int(raw["changes"]["N"]) if "changes" in raw else None)


def correct_counter_write(item: CounterItem, counts: Mapping[str, int]) -> Update:
    """Return the write that replaces the item's counts with `counts`.

    It holds only while no count has changed since the item was read.
    """
    removed = [Path(name).remove() for name in item.counts.keys() - counts.keys()]
    corrected = [Path(name).set(count) for name, count in counts.items()]
    changes = Path("changes")
    unchanged = changes.does_not_exist() if item.changes is None else changes == item.changes
    return Update(item.key, (*removed, *corrected), unchanged)
