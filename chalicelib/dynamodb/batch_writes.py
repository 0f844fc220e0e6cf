"""Write and delete many items, 25 with each call.

They are not transactions: only for writes that are the same each time they are made.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib import settings
from chalicelib.dynamodb import outages
from chalicelib.dynamodb.table import Item, call, raw_key

BATCH_WRITE_MAX = 25


def batch_delete(keys: Sequence[tuple[str, str]]) -> None:
    """Delete the items at `keys` (pairs of PK and SK)."""
    _batch_write([{"DeleteRequest": {"Key": raw_key(pk, sk)}} for pk, sk in keys])


def batch_put(items: Sequence[Item]) -> None:
    """Write items, and replace existing ones."""
    _batch_write([{"PutRequest": {"Item": item.serialize()}} for item in items])


def _batch_write(requests: Sequence[dict[str, Any]]) -> None:
    def write(requests: Any) -> Any:
        data = call("BatchWriteItem", {"RequestItems": {settings.TABLE_NAME: requests}})
        return data.get("UnprocessedItems", {}).get(settings.TABLE_NAME)

    for start in range(0, len(requests), BATCH_WRITE_MAX):
        outages.send_until_processed(requests[start : start + BATCH_WRITE_MAX], write)
