"""Pages of queries."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """One page of a query. The next page starts after `last_key`; None at the end."""

    items: list[T]
    last_key: dict[str, Any] | None


def fill_page(read: Callable[..., Page[T]], *, limit: int, start: dict[str, Any] | None) -> Page[T]:
    """Return a full page, or the last one, from reads that leave some items out.

    `read` gets `limit` and `start`, reads `limit` items and returns those that are visible.
    """
    visible: list[T] = []
    while True:
        page = read(limit=limit - len(visible), start=start)
        visible += page.items
        start = page.last_key
        if start is None or len(visible) == limit:
            return Page(visible, start)


def chain_partitions(
    read: Callable[..., Page[T]],
    partitions: Sequence[str],
    *,
    limit: int,
    start: dict[str, Any] | None,
    keys: tuple[str, ...] = ("PK", "SK"),
) -> Page[T]:
    """Return a page of a list that is spread over partitions, which are read one after the other.

    `read` gets a partition, `limit` and `start`, and returns a page of that partition. `keys` are
    the attributes in a `last_key`, the hash key first. Every page but the last is full. If the
    partition in `start` is no longer one of `partitions`, the list starts with the first of them.
    """
    if start is not None:
        reached = start[keys[0]]["S"]
        if reached in partitions:
            partitions = partitions[partitions.index(reached) :]
        else:
            start = None

    found: list[T] = []
    for partition in partitions:
        page = read(partition, limit=limit - len(found), start=start)
        found += page.items
        start = page.last_key
        if len(found) == limit:
            if start is None and partition != partitions[-1]:
                start = {name: {"S": getattr(found[-1], name)} for name in keys}
            return Page(found, start)
    return Page(found, None)
