"""Changing what others may change at the same moment."""

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
    found: R,
    fields: Mapping[str, Any],
    *,
    version: int | None,
    store: Callable[[R, Mapping[str, Any]], R],
) -> R:
    """Give `found` the `fields` that differ; no difference is no change, and no change no event.

    Without a `version` a rival's change is read and built upon, so that changes of different fields
    both survive. See `attempt`.
    """

    def commit(found: R) -> R:
        wanted = {name: value for name, value in fields.items() if getattr(found, name) != value}
        return store(found, wanted) if wanted else found

    return retry_on_conflict(found, version=version, commit=commit)


def retry_on_conflict(found: R, *, version: int | None, commit: Callable[[R], T]) -> T:
    """Let `commit` write under the condition that the object is still at the version of `found`;
    when a rival was first, again with the object as the rival left it.

    `version` is what the caller last read. Raises `PreconditionFailed` if the object has moved on
    from there, `NotFound` if it is gone.
    """
    for _ in range(MAX_ATTEMPTS):
        if version is not None and found.version != version:  # type: ignore[attr-defined]
            raise PreconditionFailed()
        try:
            return commit(found)
        except ConditionFailed as failed:
            found = _reload(found, failed)
    raise Unavailable()


def _reload(found: R, failed: ConditionFailed) -> R:
    """The object as a rival left it. The condition of a write to something else is no race."""
    key = Key(type(found), found.PK, found.SK)
    if transactions.item_key(failed.write) != (key.pk, key.sk):
        raise Conflict() from failed
    row = type(found).from_raw_data(failed.row) if failed.row else table.get_item(key)
    if row is None or getattr(row, "deleted_at", None) is not None:
        raise NotFound()
    return row
