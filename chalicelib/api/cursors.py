"""Page cursors: where the next page begins, sealed for one caller and one list."""

import base64
import binascii
import json
from typing import Any

from chalicelib.domain import tokens
from chalicelib.errors import BadRequest


def pack(last_key: dict[str, Any] | None, *, caller: str, filters: str) -> str | None:
    """An opaque cursor for what comes after `last_key`, or None at the end."""
    if last_key is None:
        return None
    text = json.dumps(last_key, sort_keys=True, separators=(",", ":"))
    seal = tokens.seal("cursor", f"{caller}\n{filters}\n{text}")
    return base64.urlsafe_b64encode(f"{seal} {text}".encode()).decode()


def unpack(cursor: str | None, *, caller: str, filters: str) -> dict[str, Any] | None:
    """Where the page begins. Raises `BadRequest` for a cursor that was changed, belongs to somebody
    else or to another list."""
    if cursor is None:
        return None
    try:
        seal, _, text = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise _invalid() from error
    if not tokens.is_sealed("cursor", f"{caller}\n{filters}\n{text}", seal):
        raise _invalid()
    key: dict[str, Any] = json.loads(text)
    return key


def _invalid() -> BadRequest:
    return BadRequest(
        "The cursor is not one of this list; begin again without it", code="invalid_cursor"
    )
