"""When the bucket of a caller's requests will be full again, as far as processes have noted it: on
the row of the account or of the API token, which every request reads."""

from datetime import datetime

from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import Key, is_unchanged
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Update, transact
from chalicelib.errors import Unavailable
from chalicelib.sessions.models import ApiToken


def usage_attribute(kind: str) -> str:
    """The name of the attribute that holds it for reads or for writes."""
    return f"{kind}s_full_at"


def record_usage(row: User | ApiToken, kind: str, full_at: datetime) -> bool:
    """Write it; False if somebody did since `row` was read, or if the table does not answer: what
    is only counted here is no reason to refuse a request."""
    name = usage_attribute(kind)
    actions = (getattr(type(row), name).set(format_timestamp(full_at)),)
    there = type(row).PK.exists() & is_unchanged(row, name)
    try:
        transact(Update(Key(type(row), row.PK, row.SK), actions, there))
    except (ConditionFailed, Unavailable):
        return False
    return True
