"""Reads that are sent together with the access check, so that a request waits for both at once.

A route names what its view will probably read. The view then reads it as always, through its
`Access`: what was sent already is not sent again. A wrong guess costs its read units, never the
right answer. If the access check fails, the results are dropped.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from chalicelib.dynamodb.concurrency import run_in_background
from chalicelib.dynamodb.table import BatchResult, Key, batch_get

if TYPE_CHECKING:
    from concurrent.futures import Future

K = TypeVar("K")
T = TypeVar("T")


class RecentValues(Generic[K, T]):
    """The last value of each of the `size` keys that were set most recently, in this process."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, T] = OrderedDict()

    def get(self, key: K, default: T) -> T:
        return self._values.get(key, default)

    def put(self, key: K, value: T) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        if len(self._values) > self._size:
            self._values.popitem(last=False)


class Read(NamedTuple):
    """The call of a function that reads from the table, such as a query. Equal calls are one."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = {}  # never changed


class Prefetch(NamedTuple):
    """The items, by key, and the other reads that a view will probably need."""

    keys: tuple[Key[Any], ...] = ()
    reads: tuple[Read, ...] = ()

    def plus(self, other: "Prefetch") -> "Prefetch":
        return Prefetch(self.keys + other.keys, self.reads + other.reads)


NO_PREFETCH = Prefetch()


class PrefetchResult(NamedTuple):
    """The items at all keys, and the reads that are over."""

    items: BatchResult = BatchResult({}, frozenset())
    reads: "tuple[tuple[Read, Future[Any]], ...]" = ()


def prefetch_list(function: Callable[..., Iterable[Any]], *arguments: Any) -> Prefetch:
    """Return the read of all items that a function yields, for `Access.read_list`."""
    return Prefetch(reads=(Read(read_all, (function, arguments)),))


def prefetch_item(make_key: Callable[..., Key[Any]], *names: str) -> Callable[..., Prefetch]:
    """Return the plan of a route whose view reads one item. `names` are the route's arguments, such
    as path parameters, that `make_key` gets."""

    def plan(_: object, **arguments: Any) -> Prefetch:
        return Prefetch((make_key(*(arguments[name] for name in names)),))

    return plan


def read_all(function: Callable[..., Iterable[T]], arguments: tuple[Any, ...]) -> list[T]:
    """Return all items that the function yields."""
    return list(function(*arguments))


def read_together(prefetch: Prefetch, *keys: Key[Any]) -> PrefetchResult:
    """Read the items at `keys` and all of `prefetch` in one round trip.

    A failed read of `prefetch` raises its error only where its result is used.
    """
    started = tuple(
        (read, run_in_background(read.function, *read.arguments, **read.options))
        for read in prefetch.reads
    )
    try:
        return PrefetchResult(batch_get(*keys, *prefetch.keys), started)
    finally:
        for _, future in started:
            future.exception()
