"""Page cursors: where the next page begins, sealed for one caller and one list."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, TypeVar

from chalice.app import Response
from msgspec import Struct

from chalicelib.access.service import Access
from chalicelib.dynamodb.pages import Page
from chalicelib.errors import BadRequest
from chalicelib.http import fields as http_fields
from chalicelib.http import responses
from chalicelib.http.fields import Limit
from chalicelib.sessions.signatures import is_signed, sign


def encode_cursor(last_key: dict[str, Any] | None, *, caller: str, filters: str) -> str | None:
    """An opaque cursor for what comes after `last_key`, or None at the end."""
    if last_key is None:
        return None
    text = json.dumps(last_key, sort_keys=True, separators=(",", ":"))
    seal = sign("cursor", f"{caller}\n{filters}\n{text}")
    return base64.urlsafe_b64encode(f"{seal} {text}".encode()).decode()


def decode_cursor(cursor: str | None, *, caller: str, filters: str) -> dict[str, Any] | None:
    """Where the page begins. Raises `BadRequest` for a cursor that was changed, belongs to somebody
    else or to another list."""
    if cursor is None:
        return None
    try:
        seal, _, text = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise _invalid_cursor() from error
    if not is_signed("cursor", f"{caller}\n{filters}\n{text}", seal):
        raise _invalid_cursor()
    key: dict[str, Any] = json.loads(text)
    return key


def _invalid_cursor() -> BadRequest:
    return BadRequest(
        "The cursor is not one of this list; begin again without it", code="invalid_cursor"
    )


T = TypeVar("T")


class PageQuery(Struct, forbid_unknown_fields=True):
    """Which page; the queries of lists that ask for more build upon it."""

    limit: Limit = 25
    cursor: str | None = None


def page_response(
    access: Access,
    query: PageQuery,
    what: str,
    find: Callable[..., Page[T]],
    shown: Callable[[T], Any],
) -> Response:
    """The page of `what` that the query asks for: `find` gets `limit` and `start`, and each thing
    it finds is `shown`. Cursors are bound to the caller and to `what`, which names all filters."""
    bound = {"caller": access.user_id, "filters": what}
    found = find(limit=query.limit, start=decode_cursor(query.cursor, **bound))
    items = [shown(each) for each in found.rows]
    return responses.json_response(http_fields.Page(items, encode_cursor(found.last_key, **bound)))
