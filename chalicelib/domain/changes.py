"""Changing what others may change at the same moment."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalicelib.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from chalicelib.store.table import Row
from chalicelib.store.transaction import ConditionFailed, Update

RACES = 20


V = TypeVar("V", bound=Any)


def apply(
    found: V,
    fields: Mapping[str, Any],
    *,
    version: int | None,
    store: Callable[[V, Mapping[str, Any]], V],
) -> V:
    """Give `found` the `fields` that differ; no difference is no change, and no change no event.

    `store` commits under the condition that the version is still that of `found`. `version` is what
    the caller last read: `PreconditionFailed` if the object has moved on. Without it a rival's
    change is read and built upon, so that changes of different fields both survive.
    """
    for _ in range(RACES):
        if version is not None and found.version != version:
            raise PreconditionFailed()
        wanted = {name: value for name, value in fields.items() if getattr(found, name) != value}
        if not wanted:
            return found
        try:
            return store(found, wanted)
        except ConditionFailed as failed:
            found = _as_it_stands(found, failed)
    raise Unavailable(headers={"Retry-After": "1"})


def _as_it_stands(found: V, failed: ConditionFailed) -> V:
    """The object as a rival left it; it may be gone. Another write's condition is no race."""
    write = failed.write
    if not isinstance(write, Update) or (write.key.pk, write.key.sk) != (found.PK, found.SK):
        raise Conflict() from failed
    row: Row | None = type(found).from_raw_data(failed.row) if failed.row else None
    if row is None or getattr(row, "deleted_at", None) is not None:
        raise NotFound()
    return row  # type: ignore[return-value]
