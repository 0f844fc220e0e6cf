"""Lists to their end."""

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar, cast

T = TypeVar("T")
P = ParamSpec("P")

_PAGE_SIZE = 100  # the most that the API returns


def iterate(
    kind: type[T], list_page: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> Iterator[T]:
    """Yield each item of a list, a `kind`, and request one page after the other.

        iterate(TaskCard, list_tasks.sync, client=client, project=[project])

    Raises ApiError, and TypeError if the items are of another type.
    """
    arguments: dict[str, Any] = {"limit": _PAGE_SIZE, **kwargs}
    request_page = cast(Callable[..., Any], list_page)
    while True:
        page = request_page(*args, **arguments)
        for item in page.items:
            if not isinstance(item, kind):
                raise TypeError(f"the list has {type(item).__name__}, not {kind.__name__}")
            yield item
        if page.next_cursor is None:
            return
        arguments["cursor"] = page.next_cursor
