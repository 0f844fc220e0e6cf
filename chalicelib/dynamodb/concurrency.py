"""Concurrent reads: many reads take about as long as one."""

from collections.abc import Callable, Iterable
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor


# The DynamoDB client keeps ten connections.
MAX_WORKERS = 8

T = TypeVar("T")
R = TypeVar("R")

_free_workers = BoundedSemaphore(MAX_WORKERS)


def run_concurrently(read: Callable[[T], R], arguments: Iterable[T]) -> list[R]:
    """Call `read` with each argument and return the results in the order of the arguments.

    Raises what a failing call raises.
    """
    pending = list(arguments)
    if len(pending) < 2:
        return [read(argument) for argument in pending]
    *others, last = pending
    started = [run_in_background(read, argument) for argument in others]
    # This thread would only wait, so it makes one of the calls.
    result = read(last)
    return [*(future.result() for future in started), result]


def run_in_background(read: Callable[..., R], *arguments: Any, **options: Any) -> "Future[R]":
    """Call `read` in another thread, or in this one if all threads are busy.

    So a thread that runs a read may itself use these functions: no thread waits for a free one.
    """
    if not _free_workers.acquire(blocking=False):
        return _run_now(read, *arguments, **options)
    future = _get_pool().submit(read, *arguments, **options)
    future.add_done_callback(_count_free_worker)
    return future


def _count_free_worker(_: object) -> None:
    _free_workers.release()


def _run_now(read: Callable[..., R], *arguments: Any, **options: Any) -> "Future[R]":
    from concurrent.futures import Future

    future: Future[R] = Future()
    try:
        future.set_result(read(*arguments, **options))
    except Exception as error:
        future.set_exception(error)
    return future


@cache
def _get_pool() -> "ThreadPoolExecutor":
    """Return the thread pool of this process, created and imported on first use."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(MAX_WORKERS, "read")
