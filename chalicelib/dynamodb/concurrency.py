"""Reads side by side: what many partitions have to say takes one answer's wait, or a few, instead
of one for each."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


# The client keeps ten connections.
MAX_WORKERS = 8

T = TypeVar("T")
R = TypeVar("R")


def run_concurrently(read: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """What `read` says of each of the things, in their order. What it raises of the first of them
    is raised. It must not come back here: it would wait for a worker that waits for it."""
    several = list(things)
    if len(several) < 2:
        return [read(each) for each in several]
    return list(_pool().map(read, several))


@cache
def _pool() -> "ThreadPoolExecutor":
    """One for the process; a request that reads one thing after the other never makes it."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(MAX_WORKERS, "read")
