"""The one table: the base class of its items, keys, and the functions that read it.

These functions and `transactions.transact` handle timeouts, backoff and AWS errors, so the models
contain only attributes, keys and access patterns.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib import settings
from chalicelib.dynamodb import indexes, outages
from chalicelib.dynamodb.indexes import ByWake
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.response_parser import read_plain_json
from chalicelib.errors import Unavailable

PK_MAX, SK_MAX = 2048, 1024
BATCH_GET_MAX = 100
BATCH_WRITE_MAX = 25
BATCH_TRIES = 5
PAGE_MAX = 1_000
PAGE_GROWTH = 4


class Item(Model):
    """Base of every entity.

    It has no version and no discriminator attribute of PynamoDB: batch writes ignore the first,
    and the second turns every query into a filter (pynamodb#941, #1000).
    """

    class Meta:
        table_name = settings.TABLE_NAME
        region = settings.REGION
        # PynamoDB's defaults wait up to 120 s in total, four times as long as API Gateway.
        connect_timeout_seconds = 1
        read_timeout_seconds = 2
        max_retry_attempts = 2

    PK = UnicodeAttribute(hash_key=True)
    SK = UnicodeAttribute(range_key=True)
    status_key = UnicodeAttribute(null=True)
    status_sort = UnicodeAttribute(null=True)
    priority_key = UnicodeAttribute(null=True)
    priority_sort = UnicodeAttribute(null=True)
    due_key = UnicodeAttribute(null=True)
    due_sort = UnicodeAttribute(null=True)
    updated_key = UnicodeAttribute(null=True)
    updated_sort = UnicodeAttribute(null=True)
    assignee_key = UnicodeAttribute(null=True)
    assignee_sort = UnicodeAttribute(null=True)
    wake_key = UnicodeAttribute(null=True)
    wake_at = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    # Each index lists a project's tasks, except the last. The order is: by creation time within a
    # status; by priority, then creation time; by due time, open and done tasks apart; by last
    # change; by due time within an assignee.
    by_status = indexes.card_index("status")
    by_priority = indexes.card_index("priority")
    by_due = indexes.card_index("due")
    by_updated = indexes.card_index("updated")
    by_assignee = indexes.card_index("assignee")
    by_wake = ByWake()

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """Return one connection for all entities; PynamoDB opens one per class (pynamodb#1245)."""
        if cls is not Item:
            return Item._get_connection()
        if cls._connection is None:
            read_plain_json(super()._get_connection().connection.session)
        return super()._get_connection()


R = TypeVar("R", bound=Item)


@dataclass(frozen=True)
class Key(Generic[R]):
    """The key of an item and the model to read it with."""

    model: type[R]
    pk: str
    sk: str

    @property
    def is_valid(self) -> bool:
        """Whether DynamoDB accepts the key: clients can cause keys that are empty or too long."""
        fits = len(self.pk.encode()) <= PK_MAX and len(self.sk.encode()) <= SK_MAX
        return fits and bool(self.pk and self.sk)

    def empty_item(self) -> R:
        """Return an item with nothing but its key, as the target of updates and deletes."""
        return self.model(self.pk, self.sk)


class BatchResult:
    """The items that a batch read found, by key."""

    def __init__(self, found: dict[tuple[str, str], dict[str, Any]]) -> None:
        self._found = found

    def get(self, key: Key[R]) -> R | None:
        """Return the item at `key`, or None if it does not exist."""
        raw = self._found.get((key.pk, key.sk))
        return None if raw is None else key.model.from_raw_data(raw)

    def raw(self, key: Key[Any]) -> dict[str, Any] | None:
        """Return the item in DynamoDB's own format, for attributes that no model declares."""
        return self._found.get((key.pk, key.sk))


def get_item(key: Key[R]) -> R | None:
    """Read one item, strongly consistent; None if it does not exist."""
    if not key.is_valid:
        return None
    with outages.translate_outages():
        try:
            return key.model.get(key.pk, key.sk, consistent_read=True)
        except DoesNotExist:
            return None


def batch_get(*keys: Key[Any]) -> BatchResult:
    """Read many items, strongly consistent, with one call for each 100."""
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def read(raw_keys: Any) -> Any:
        # PynamoDB's own batch_get requests unprocessed keys again without limit or pause.
        data = Item._get_connection().batch_get_item(raw_keys, consistent_read=True)
        for raw in data["Responses"].get(settings.TABLE_NAME, []):
            found[raw["PK"]["S"], raw["SK"]["S"]] = raw
        return data.get("UnprocessedKeys", {}).get(settings.TABLE_NAME, {}).get("Keys")

    unique = {(key.pk, key.sk) for key in keys if key.is_valid}
    _send_in_chunks([_raw_key(pk, sk) for pk, sk in unique], BATCH_GET_MAX, read)
    return BatchResult(found)


def batch_delete(keys: Sequence[tuple[str, str]]) -> None:
    """Delete the items at `keys` (pairs of PK and SK), with one call for each 25. Idempotent."""
    _batch_write([{"DeleteRequest": {"Key": _raw_key(pk, sk)}} for pk, sk in keys])


def batch_put(items: Sequence[Item]) -> None:
    """Write items, with one call for each 25, and replace existing ones.

    Only for items that are the same each time they are written.
    """
    _batch_write([{"PutRequest": {"Item": item.serialize()}} for item in items])


def _batch_write(requests: Sequence[dict[str, Any]]) -> None:
    client = Item._get_connection().connection.client

    def write(requests: Any) -> Any:
        items = {settings.TABLE_NAME: requests}
        data = client._make_api_call("BatchWriteItem", {"RequestItems": items})
        return data.get("UnprocessedItems", {}).get(settings.TABLE_NAME)

    _send_in_chunks(requests, BATCH_WRITE_MAX, write)


def _send_in_chunks(requests: Sequence[Any], chunk_size: int, send: Callable[[Any], Any]) -> None:
    """Call `send` with each chunk; it returns what DynamoDB did not process, to be sent again."""
    for start in range(0, len(requests), chunk_size):
        chunk = requests[start : start + chunk_size]
        for pause in backoff_delays(BATCH_TRIES):
            with outages.translate_outages():
                chunk = send(chunk)
            if not chunk:
                break
            time.sleep(pause)
        else:
            raise Unavailable()


def _raw_key(pk: str, sk: str) -> dict[str, Any]:
    return {"PK": {"S": pk}, "SK": {"S": sk}}


def query_page(
    model: type[R],
    hash_key: str,
    range_condition: Condition | None = None,
    *,
    index: str | None = None,
    limit: int | None = None,
    start: dict[str, Any] | None = None,
    newest_first: bool = False,
) -> Page[R]:
    """Read one page of items with the same `hash_key`.

    Strongly consistent on the table, eventually consistent on an index.
    """
    pages = _query_pages(
        hash_key, range_condition, index=index, limit=limit, start=start, newest_first=newest_first
    )
    data = next(pages)
    items = [model.from_raw_data(raw) for raw in data["Items"]]
    return Page(items, data.get("LastEvaluatedKey"))


def query_all(
    model: type[R],
    hash_key: str,
    range_condition: Condition | None = None,
    *,
    index: str | None = None,
    first: int | None = None,
    most: int = PAGE_MAX,
    newest_first: bool = False,
    consistent: bool = True,
) -> Iterator[R]:
    """Read all items with the same `hash_key`, page after page.

    With `first`, the first page has so many items, and each next one `PAGE_GROWTH` times as many,
    up to `most`: for callers who may need only a few. An index is never `consistent`; a read that
    is not `consistent` costs half.
    """
    pages = _query_pages(
        hash_key,
        range_condition,
        index=index,
        limit=first,
        most=most,
        newest_first=newest_first,
        consistent=consistent,
    )
    for data in pages:
        yield from (model.from_raw_data(raw) for raw in data["Items"])


def query_raw(
    hash_key: str, condition: Condition, *, consistent: bool = True
) -> Iterator[dict[str, Any]]:
    """Read all items with the same `hash_key` in DynamoDB's own format; see `query_all`."""
    pages = _query_pages(hash_key, condition, consistent=consistent)
    return (raw for data in pages for raw in data["Items"])


def _query_pages(
    hash_key: str,
    range_condition: Condition | None,
    *,
    index: str | None = None,
    start: dict[str, Any] | None = None,
    limit: int | None = None,
    most: int = PAGE_MAX,
    newest_first: bool = False,
    consistent: bool = True,
) -> Iterator[dict[str, Any]]:
    """Yield the pages of a query; each has `PAGE_GROWTH` times the limit of the one before."""
    while True:
        with outages.translate_outages():
            data = Item._get_connection().query(
                hash_key,
                range_key_condition=range_condition,
                index_name=index,
                exclusive_start_key=start,
                limit=limit,
                scan_index_forward=not newest_first,
                consistent_read=consistent and index is None,
            )
        yield data
        start = data.get("LastEvaluatedKey")
        if start is None:
            return
        limit = limit and min(PAGE_GROWTH * limit, most)


def set_or_remove(model: type[Item], name: str, value: Any) -> Action:
    """Return the action that sets the attribute `name`, or removes it if `value` is None."""
    attribute = getattr(model, name)
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def is_unchanged(item: Item, name: str) -> Condition:
    """Return the condition that the attribute `name` still has the value that was read."""
    attribute, value = getattr(type(item), name), getattr(item, name)
    condition: Condition = attribute.does_not_exist() if value is None else attribute == value
    return condition


def backoff_delays(tries: int) -> Iterator[float]:
    """Yield a pause in seconds for each try, with full jitter: below 20 ms, later below 400 ms."""
    for attempt in range(tries):
        yield random.uniform(0, min(0.4, 0.02 * 2**attempt))
