"""Pages that are full although not all that is read is shown."""

from collections.abc import Callable
from typing import Any, TypeVar

from chalicelib.store.table import Page

T = TypeVar("T")


def full_page(read: Callable[..., Page[T]], *, limit: int, start: dict[str, Any] | None) -> Page[T]:
    """A page with as much as it may hold, unless it is the last. `read` gets `limit` and `start`
    and gives what of so many rows is shown."""
    shown: list[T] = []
    while True:
        page = read(limit=limit - len(shown), start=start)
        shown += page.rows
        start = page.last_key
        if start is None or len(shown) == limit:
            return Page(shown, start)
