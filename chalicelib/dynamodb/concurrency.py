"""Concurrent reads: many reads take about as long as one."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


# The DynamoDB client keeps ten connections.
MAX_WORKERS = 8

T = TypeVar("T")
R = TypeVar("R")


def run_concurrently(read: Callable[[T], R], arguments: Iterable[T]) -> list[R]:
    """Call `read` with each argument and return the results in the order of the arguments.

    Raises what the first failing call raises. `read` must not call this function: it would wait
    for a worker thread that waits for it.
    """
    pending = list(arguments)
    if len(pending) < 2:
        return [read(argument) for argument in pending]
    return list(_get_pool().map(read, pending))


@cache
def _get_pool() -> "ThreadPoolExecutor":
    """Return the thread pool of this process, created and imported on first use."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(MAX_WORKERS, "read")
