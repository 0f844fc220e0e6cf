"""The one table: its keys and indexes, and the only ways to reach it.

`get`, `read`, `query`, `delete` and `transact` own time-outs, back-off and the translation of AWS
errors, so an entity file holds attributes, key spelling and access patterns and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a query; `last_key` is where the next begins, None at the end."""

    rows: list[T]
    last_key: dict[str, Any] | None


def fill_page(read: Callable[..., Page[T]], *, limit: int, start: dict[str, Any] | None) -> Page[T]:
    """A page with as much as it may hold, unless it is the last. `read` gets `limit` and `start`
    and gives what of so many rows is shown."""
    shown: list[T] = []
    while True:
        page = read(limit=limit - len(shown), start=start)
        shown += page.rows
        start = page.last_key
        if start is None or len(shown) == limit:
            return Page(shown, start)
