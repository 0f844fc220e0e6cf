"""When the bucket of a caller's requests will be full again, as far as processes have noted it: on
the row of the account or of the API token, which every request reads."""

from datetime import datetime

from chalicelib.errors import Unavailable
from chalicelib.store.api_tokens import ApiToken
from chalicelib.store.table import Key, as_read
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Update, transact
from chalicelib.store.users import User


def attribute_of(kind: str) -> str:
    """The name of the attribute that holds it for reads or for writes."""
    return f"{kind}s_full_at"


def note(row: User | ApiToken, kind: str, full_at: datetime) -> bool:
    """Write it; False if somebody did since `row` was read, or if the table does not answer: what
    is only counted here is no reason to refuse a request."""
    name = attribute_of(kind)
    actions = (getattr(type(row), name).set(stamp(full_at)),)
    there = type(row).PK.exists() & as_read(row, name)
    try:
        transact(Update(Key(type(row), row.PK, row.SK), actions, there))
    except (ConditionFailed, Unavailable):
        return False
    return True
