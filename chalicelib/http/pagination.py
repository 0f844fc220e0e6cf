"""Page cursors: the start of the next page, signed for one caller and one list."""

import base64
import json
from collections.abc import Callable
from typing import Any, TypeVar

from chalice.app import Response
from msgspec import Struct

from chalicelib.access.prefetch import Prefetch, Read
from chalicelib.access.service import Access, RequestContext
from chalicelib.dynamodb.pages import Page
from chalicelib.errors import BadRequest
from chalicelib.http import fields as http_fields
from chalicelib.http import responses
from chalicelib.http.fields import Limit
from chalicelib.sessions.signatures import is_signed, sign

T = TypeVar("T")


class PageQuery(Struct, forbid_unknown_fields=True):
    """The page that the client asks for; lists with filters extend this query."""

    limit: Limit = 25
    cursor: str | None = None


def page_response(
    access: Access,
    query: PageQuery,
    filters: str,
    find: Callable[..., Page[T]],
    present: Callable[[T], Any],
) -> Response:
    """Respond with the page that the query asks for.

    `find` gets `limit` and `start` and returns a page of items; `present` converts each item to
    its JSON type. `filters` names the list and all its filters: a cursor is valid only for the
    same caller and the same `filters`.
    """
    bound = {"caller": access.user_id, "filters": filters}
    page = find(limit=query.limit, start=decode_cursor(query.cursor, **bound))
    items = [present(item) for item in page.items]
    return responses.json_response(http_fields.Page(items, encode_cursor(page.last_key, **bound)))


def prefetch_page(
    context: RequestContext,
    query: PageQuery,
    filters: str,
    read: Callable[..., Any],
    *arguments: Any,
    **options: Any,
) -> Prefetch:
    """Return the read of the page that the query asks for; `filters` as for `page_response`.

    `read` also gets `limit` and `start`. Raises `BadRequest` for a cursor that is not valid.
    """
    start = decode_cursor(query.cursor, caller=context.caller.user_id, filters=filters)
    options |= {"limit": query.limit, "start": start}
    return Prefetch(reads=(Read(read, arguments, options),))


def encode_cursor(last_key: dict[str, Any] | None, *, caller: str, filters: str) -> str | None:
    """Return an opaque cursor for what follows `last_key`, or None at the end of the list."""
    if last_key is None:
        return None
    text = json.dumps(last_key, sort_keys=True, separators=(",", ":"))
    signature = sign("cursor", f"{caller}\n{filters}\n{text}")
    return base64.urlsafe_b64encode(f"{signature} {text}".encode()).decode()


def decode_cursor(cursor: str | None, *, caller: str, filters: str) -> dict[str, Any] | None:
    """Return the key after which the page starts; None for the first page.

    Raises `BadRequest` when the cursor was modified, or belongs to another caller or list.
    """
    if cursor is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:  # not base64, or not UTF-8 inside
        decoded = ""
    signature, _, text = decoded.partition(" ")
    if not is_signed("cursor", f"{caller}\n{filters}\n{text}", signature):
        detail = "The cursor does not belong to this list; start again without it"
        raise BadRequest(detail, code="invalid_cursor")
    key: dict[str, Any] = json.loads(text)
    return key
