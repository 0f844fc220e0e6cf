"""The one table: the base class of its items, keys, and the functions that read it.

These functions and `transactions.transact` handle timeouts, backoff and AWS errors, so the models
contain only attributes, keys and access patterns.
"""

from collections.abc import Iterator, Sequence, Set
from functools import partial
from threading import Lock
from typing import Any, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection.table import TableConnection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.projection import create_projection_expression

from chalicelib import settings
from chalicelib.dynamodb import indexes, outages, transport
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.indexes import ByWake
from chalicelib.dynamodb.mapping.expressions import build_placeholders
from chalicelib.dynamodb.mapping.model import PlainModel
from chalicelib.dynamodb.pages import Page

PK_MAX, SK_MAX = 2048, 1024
BATCH_GET_MAX = 100
PAGE_MAX = 1_000
PAGE_GROWTH = 4
_connecting = Lock()  # the first request of a process may read in several threads


class Item(PlainModel):
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
        table = cls._connection
        if table is not None and table.connection._client is not None:
            return table
        with _connecting:
            table = super()._get_connection()
            if table.connection._client is None:
                transport.configure(table.connection, cls.Meta)
        return table


R = TypeVar("R", bound=Item)
_Keys = tuple[str, str]  # PK and SK


class Key(Struct, Generic[R], frozen=True):
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
    """The items that a batch read found, by key. `requested` are the keys that it looked for."""

    def __init__(self, found: dict[_Keys, dict[str, Any]], requested: Set[_Keys]) -> None:
        self._found, self._requested = found, requested

    def was_read(self, key: Key[Any]) -> bool:
        """Return whether the batch read looked for the item."""
        return (key.pk, key.sk) in self._requested

    def plus(self, other: "BatchResult") -> "BatchResult":
        """Return the result of both batch reads."""
        return BatchResult({**self._found, **other._found}, self._requested | other._requested)

    def get(self, key: Key[R]) -> R | None:
        """Return the item at `key`, or None if it does not exist."""
        raw = self._found.get((key.pk, key.sk))
        return None if raw is None else key.model.decode_later(raw)

    def raw(self, key: Key[Any]) -> dict[str, Any] | None:
        """Return the item in DynamoDB's own format, for attributes that no model declares."""
        return self._found.get((key.pk, key.sk))


def get_item(key: Key[R]) -> R | None:
    """Read one item, strongly consistent; None if it does not exist."""
    if not key.is_valid:
        return None
    data = call("GetItem", {**target(key), "ConsistentRead": True})
    return key.model.decode_later(data["Item"]) if "Item" in data else None


def batch_get(*keys: Key[Any]) -> BatchResult:
    """Read many items, strongly consistent, with one call for each 100, concurrently."""
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def read(raw_keys: Any) -> Any:
        # PynamoDB's own batch_get requests unprocessed keys again without limit or pause.
        requested = {"ConsistentRead": True, "Keys": raw_keys}
        data = call("BatchGetItem", {"RequestItems": {settings.TABLE_NAME: requested}})
        for raw in data["Responses"].get(settings.TABLE_NAME, []):
            found[raw["PK"]["S"], raw["SK"]["S"]] = raw
        return data.get("UnprocessedKeys", {}).get(settings.TABLE_NAME, {}).get("Keys")

    unique = {(key.pk, key.sk) for key in keys if key.is_valid}
    chunks = _cut([raw_key(pk, sk) for pk, sk in unique], BATCH_GET_MAX)
    run_concurrently(partial(outages.send_until_processed, send=read), chunks)
    return BatchResult(found, unique)


def call(operation: str, parameters: dict[str, Any]) -> Any:
    """Call an operation of DynamoDB with its own parameters, and return its own response.

    Raises `Unavailable` in an outage.
    """
    client = Item._get_connection().connection.client
    try:
        return client._make_api_call(operation, parameters)
    except (BotoCoreError, ClientError) as error:
        outages.raise_outage(error)
        raise


def _cut(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def target(key: Key[Any]) -> dict[str, Any]:
    """Return the parameters that name the item of an operation."""
    return {"TableName": settings.TABLE_NAME, "Key": raw_key(key.pk, key.sk)}


def raw_key(pk: str, sk: str) -> dict[str, Any]:
    """Return the key of an item in DynamoDB's own format."""
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
    items = [model.decode_later(raw) for raw in data["Items"]]
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
        yield from map(model.decode_later, data["Items"])


def query_raw(
    hash_key: str,
    condition: Condition,
    *,
    index: str | None = None,
    attributes: Sequence[str] = (),
    consistent: bool = True,
) -> Iterator[dict[str, Any]]:
    """Read all items with the same `hash_key` in DynamoDB's own format; see `query_all`.

    With `attributes`, each item has only these: as many read units, but less to transfer and parse.
    """
    pages = _query_pages(
        hash_key, condition, index=index, attributes=attributes, consistent=consistent
    )
    for data in pages:
        yield from data["Items"]


def _query_pages(
    hash_key: str,
    range_condition: Condition | None,
    *,
    index: str | None = None,
    attributes: Sequence[str] = (),
    start: dict[str, Any] | None = None,
    limit: int | None = None,
    most: int = PAGE_MAX,
    newest_first: bool = False,
    consistent: bool = True,
) -> Iterator[dict[str, Any]]:
    """Yield the pages of a query; each has `PAGE_GROWTH` times the limit of the one before."""
    hash_attribute = Item.PK if index is None else getattr(Item, indexes.hash_name(index))
    condition: Condition = hash_attribute == hash_key
    if range_condition is not None:
        condition &= range_condition
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    parameters: dict[str, Any] = {
        "TableName": settings.TABLE_NAME,
        "KeyConditionExpression": condition.serialize(names, values),
        "ScanIndexForward": not newest_first,
        "ConsistentRead": consistent and index is None,
    }
    if attributes:
        parameters["ProjectionExpression"] = create_projection_expression([*attributes], names)
    parameters |= build_placeholders(names, values)
    if index is not None:
        parameters["IndexName"] = index
    while True:
        if start is not None:
            parameters["ExclusiveStartKey"] = start
        if limit is not None:
            parameters["Limit"] = limit
        data = call("Query", {**parameters})
        yield data
        start = data.get("LastEvaluatedKey")
        if start is None:
            return
        limit = limit and min(PAGE_GROWTH * limit, most)
