"""Lists, a page at a time: `limit` and `cursor` in, `items` and `next_cursor` out."""

from collections.abc import Callable
from typing import Any, TypeVar

from chalice.app import Response
from msgspec import Struct

from chalicelib.api import cursors
from chalicelib.api.answers import answer
from chalicelib.api.fields import Limit, Page
from chalicelib.domain.access import Access
from chalicelib.store.table import Page as Found

T = TypeVar("T")


class PageQuery(Struct, forbid_unknown_fields=True):
    """Which page; the queries of lists that ask for more build upon it."""

    limit: Limit = 25
    cursor: str | None = None


def page(
    access: Access,
    query: PageQuery,
    what: str,
    find: Callable[..., Found[T]],
    shown: Callable[[T], Any],
) -> Response:
    """The page of `what` that the query asks for: `find` gets `limit` and `start`, and each thing
    it finds is `shown`. Cursors are bound to the caller and to `what`, which names all filters."""
    bound = {"caller": access.user_id, "filters": what}
    found = find(limit=query.limit, start=cursors.unpack(query.cursor, **bound))
    items = [shown(each) for each in found.rows]
    return answer(Page(items, cursors.pack(found.last_key, **bound)))
