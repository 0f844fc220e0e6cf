"""Optimistic locking: changes to items that others may change concurrently."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalicelib.dynamodb import table, transactions
from chalicelib.dynamodb.table import Item, Key
from chalicelib.dynamodb.transactions import ConditionFailed
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
        if version is not None and item.version != version:  # type: ignore[attr-defined]
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
