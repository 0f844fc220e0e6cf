"""Pages of queries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a query. The next page starts after `last_key`; None at the end."""

    items: list[T]
    last_key: dict[str, Any] | None


def fill_page(read: Callable[..., Page[T]], *, limit: int, start: dict[str, Any] | None) -> Page[T]:
    """Return a full page, or the last one, from reads that leave some items out.

    `read` gets `limit` and `start`, reads so many items and returns those that are visible.
    """
    visible: list[T] = []
    while True:
        page = read(limit=limit - len(visible), start=start)
        visible += page.items
        start = page.last_key
        if start is None or len(visible) == limit:
            return Page(visible, start)
