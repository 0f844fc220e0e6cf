"""Whose an object in the bucket is: every key of ours names the row it belongs to."""

from typing import Any

from chalicelib.store import attachments, avatars, table
from chalicelib.store.attachments import Attachment
from chalicelib.store.avatars import Avatar
from chalicelib.store.table import Key


def row_of(object_key: str) -> Key[Any] | None:
    """Where the row of the object stands, or None for a key that is not ours."""
    return attachments.key_of(object_key) or avatars.key_of(object_key)


def owner(object_key: str) -> Attachment | Avatar | None:
    """The upload whose bytes stand at the key, or None."""
    key = row_of(object_key)
    return None if key is None else table.get(key)
