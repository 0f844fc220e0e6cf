"""The shared token bucket of a caller: the time when it will be full again.

It is stored on the item of the account or of the API token, which every request reads.
"""

from datetime import datetime

from chalicelib.accounts.models import User
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import Update, transact_if_possible
from chalicelib.sessions.models import ApiToken


def get_usage_attribute(kind: str) -> str:
    """Return the name of the attribute with the time; `kind` is `read` or `write`."""
    return f"{kind}s_full_at"


def record_usage(item: User | ApiToken, kind: str, full_at: datetime) -> bool:
    """Store when the shared bucket will be full again, and return whether that succeeded.

    It fails when a concurrent request changed the time since `item` was read, and when DynamoDB
    refuses the write: a failed count is no reason to refuse the request. Raises `Unavailable` when
    DynamoDB does not respond.
    """
    name = get_usage_attribute(kind)
    actions = (getattr(type(item), name).set(format_timestamp(full_at)),)
    unchanged = type(item).PK.exists() & is_unchanged(item, name)
    return transact_if_possible(Update(Key(type(item), item.PK, item.SK), actions, unchanged))
