"""The one table: its keys and indexes, and the only ways to reach it.

`get`, `read`, `query`, `delete` and `transact` own time-outs, back-off and the translation of AWS
errors, so an entity file holds attributes, key spelling and access patterns and nothing else.
"""

import random
import time
from collections.abc import Iterator, Sequence
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
from chalicelib.errors import Unavailable

PK_MAX, SK_MAX = 2048, 1024
BATCH_GET_MAX = 100
BATCH_WRITE_MAX = 25
BATCH_TRIES = 5
PAGE_MAX = 1_000
PAGE_GROWTH = 4


class Item(Model):
    """Base of every entity. No version or discriminator attribute of PynamoDB's: the first ignores
    batch writes, the second turns every query into a filter (pynamodb#941, #1000)."""

    class Meta:
        table_name = settings.TABLE_NAME
        region = settings.REGION
        # PynamoDB's defaults wait up to 120 s in all, four times what API Gateway does.
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

    # A project's tasks: of one status, as they were created; by priority, then as they were
    # created; open or not, by due time; by their last change; of one assignee, by due time.
    by_status = indexes.card_index("status")
    by_priority = indexes.card_index("priority")
    by_due = indexes.card_index("due")
    by_updated = indexes.card_index("updated")
    by_assignee = indexes.card_index("assignee")
    by_wake = ByWake()

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """One connection for all entities; PynamoDB would dial one per class (pynamodb#1245)."""
        if cls is Item:
            return super()._get_connection()
        return Item._get_connection()


R = TypeVar("R", bound=Item)


@dataclass(frozen=True)
class Key(Generic[R]):
    """Where one row stands, and what it is."""

    model: type[R]
    pk: str
    sk: str

    @property
    def is_valid(self) -> bool:
        """DynamoDB refuses keys that are empty or too long; clients may name such all the same."""
        fits = len(self.pk.encode()) <= PK_MAX and len(self.sk.encode()) <= SK_MAX
        return fits and bool(self.pk and self.sk)

    def empty_item(self) -> R:
        """A row with nothing but its key: what updates and deletes are addressed to."""
        return self.model(self.pk, self.sk)


class BatchResult:
    """What a batch read found, asked for by key."""

    def __init__(self, found: dict[tuple[str, str], dict[str, Any]]) -> None:
        self._found = found

    def get(self, key: Key[R]) -> R | None:
        """The row at `key`, or None when there is none."""
        raw = self.raw(key)
        return None if raw is None else key.model.from_raw_data(raw)

    def raw(self, key: Key[Any]) -> dict[str, Any] | None:
        """The same as DynamoDB spells it, for rows whose attributes no model names."""
        return self._found.get((key.pk, key.sk))


def get_item(key: Key[R]) -> R | None:
    """One strongly consistent read."""
    if not key.is_valid:
        return None
    with outages.translate_outages():
        try:
            return key.model.get(key.pk, key.sk, consistent_read=True)
        except DoesNotExist:
            return None


def batch_get(*keys: Key[Any]) -> BatchResult:
    """Many rows in one strongly consistent round trip (more than 100 take more)."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    wanted = list({(key.pk, key.sk) for key in keys if key.is_valid})
    for start in range(0, len(wanted), BATCH_GET_MAX):
        for raw in _batch_get_chunk(wanted[start : start + BATCH_GET_MAX]):
            found[raw["PK"]["S"], raw["SK"]["S"]] = raw
    return BatchResult(found)


def _batch_get_chunk(wanted: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    # PynamoDB's own batch_get asks for unprocessed keys again for ever and without a pause.
    keys: Any = [_raw_key(pk, sk) for pk, sk in wanted]
    for pause in backoff_delays(BATCH_TRIES):
        with outages.translate_outages():
            data = Item._get_connection().batch_get_item(keys, consistent_read=True)
        yield from data["Responses"].get(settings.TABLE_NAME, [])
        keys = data.get("UnprocessedKeys", {}).get(settings.TABLE_NAME, {}).get("Keys")
        if not keys:
            return
        time.sleep(pause)
    raise Unavailable()


def batch_delete(keys: Sequence[tuple[str, str]]) -> None:
    """Delete rows, those that are there, many at a time. Doing it again changes nothing."""
    _batch_write([{"DeleteRequest": {"Key": _raw_key(pk, sk)}} for pk, sk in keys])


def batch_put(rows: Sequence[Item]) -> None:
    """Write rows, many at a time, over what is there: only such as come out the same however often
    they are written."""
    _batch_write([{"PutRequest": {"Item": row.serialize()}} for row in rows])


def _batch_write(wanted: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(wanted), BATCH_WRITE_MAX):
        _batch_write_chunk(wanted[start : start + BATCH_WRITE_MAX])


def _batch_write_chunk(requests: Any) -> None:
    client = Item._get_connection().connection.client
    for pause in backoff_delays(BATCH_TRIES):
        with outages.translate_outages():
            items = {settings.TABLE_NAME: requests}
            data = client._make_api_call("BatchWriteItem", {"RequestItems": items})
        requests = data.get("UnprocessedItems", {}).get(settings.TABLE_NAME)
        if not requests:
            return
        time.sleep(pause)
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
    """One page of rows that share `hash_key`; consistent on the table, eventual on an index."""
    options = {"index_name": index, "limit": limit, "scan_index_forward": not newest_first}
    data = _query(hash_key, range_condition, exclusive_start_key=start, **options)
    rows = [model.from_raw_data(raw) for raw in data["Items"]]
    return Page(rows, data.get("LastEvaluatedKey"))


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
    """All rows that share `hash_key`, page after page; the `first` so many, then `GROWTH` times as
    many each time, up to `most`, for who may need no more. An index is never `consistent`; what
    lags anyway costs half without it."""
    options = {"index_name": index, "scan_index_forward": not newest_first}
    for data in _pages(hash_key, range_condition, first, most, consistent=consistent, **options):
        yield from (model.from_raw_data(raw) for raw in data["Items"])


def query_raw(hash_key: str, range_condition: Condition) -> Iterator[dict[str, Any]]:
    """All rows that share `hash_key`, as DynamoDB spells them."""
    return (raw for data in _pages(hash_key, range_condition) for raw in data["Items"])


def _pages(
    hash_key: str,
    range_condition: Condition | None,
    first: int | None = None,
    most: int = PAGE_MAX,
    **options: Any,
) -> Iterator[dict[str, Any]]:
    start, limit = None, first
    while True:
        page = {"exclusive_start_key": start, "limit": limit}
        data = _query(hash_key, range_condition, **page, **options)
        yield data
        start = data.get("LastEvaluatedKey")
        if start is None:
            return
        limit = limit and min(PAGE_GROWTH * limit, most)


def _query(hash_key: str, range_condition: Condition | None, **options: Any) -> dict[str, Any]:
    consistent = options.pop("consistent", True) and options.get("index_name") is None
    with outages.translate_outages():
        return Item._get_connection().query(
            hash_key, range_key_condition=range_condition, consistent_read=consistent, **options
        )


def set_or_remove(model: type[Item], name: str, value: Any) -> Action:
    """The action that gives the attribute `name` its value; None takes it away."""
    attribute = getattr(model, name)
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def is_unchanged(row: Item, name: str) -> Condition:
    """Holds while the attribute `name` is what `row` was read with."""
    attribute, value = getattr(type(row), name), getattr(row, name)
    condition: Condition = attribute.does_not_exist() if value is None else attribute == value
    return condition


def backoff_delays(tries: int) -> Iterator[float]:
    """Pauses in seconds with full jitter, 20 to 400 ms, for at most `tries` tries."""
    for attempt in range(tries):
        yield random.uniform(0, min(0.4, 0.02 * 2**attempt))
