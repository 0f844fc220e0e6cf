"""The time index `by_wake`: finds the items that become due at a time without reading others.

A scheduled item is in the bucket of its hour, in one of four shards, so no partition is hot. A
sweep starts at its stored watermark, the oldest hour that may still contain something. So ticks
that are late, repeated or missing skip nothing.
"""

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.dynamodb import table, transactions
from chalicelib.dynamodb.pages import Page, chain_partitions
from chalicelib.dynamodb.table import Item, Key
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.dynamodb.transactions import Upsert

SHARDS = 4
LOOKBACK = timedelta(hours=48)
HOUR = timedelta(hours=1)
NOT_SCHEDULED: dict[str, str | None] = {"wake_key": None, "wake_at": None}


class Watermark(Item):
    """The oldest hour in which items of one kind may still be due."""

    hour = UnicodeAttribute()

    @staticmethod
    def key(kind: str) -> "Key[Watermark]":
        return Key(Watermark, f"WATERMARK#{kind}", "WATERMARK")


def build_keys(kind: str, at: str | None, shard_by: str) -> dict[str, str | None]:
    """Return the index keys of an item of `kind` that becomes due at `at`, a timestamp.

    Without `at` the keys are None: the item is not scheduled. `shard_by` is a text that picks the
    shard, such as the item's id.
    """
    if at is None:
        return NOT_SCHEDULED
    shard = zlib.crc32(shard_by.encode()) % SHARDS
    return {"wake_key": _bucket(kind, at, shard), "wake_at": at}


def list_due(kind: str, now: datetime) -> Iterator[Item]:
    """Yield the keys of all items of `kind` that are due at `now`."""
    return list_due_between(kind, _get_watermark(kind, now), now)


def list_due_between(kind: str, first: datetime, last: datetime) -> Iterator[Item]:
    """Yield the keys of all items of `kind` that become due from `first` to `last`.

    The minute of `last` picks the first shard, so sweeps that overlap seldom read the same one.
    """
    due = Item.wake_at.between(format_timestamp(first), format_timestamp(last))
    for hour in _hours(first, last):
        for offset in range(SHARDS):
            bucket = _bucket(kind, format_timestamp(hour), (offset + last.minute) % SHARDS)
            yield from table.query_all(Item, bucket, due, index="by_wake")


def list_waiting(
    kind: str, now: datetime, *, limit: int, start: dict[str, Any] | None
) -> Page[Item]:
    """Return a page of the keys of all items of `kind` that are due by the end of the next hour.

    They are ordered by hour. `start` is the `last_key` of the page before.
    """
    buckets = [
        _bucket(kind, format_timestamp(hour), shard)
        for hour in _hours(_get_watermark(kind, now), now + HOUR)
        for shard in range(SHARDS)
    ]
    return list_buckets(buckets, None, limit=limit, start=start)


def list_buckets(
    buckets: Sequence[str],
    times: Condition | None,
    *,
    limit: int,
    start: dict[str, Any] | None,
    newest_first: bool = False,
) -> Page[Item]:
    """Return a page of the keys in `buckets`, one bucket after the other, with a condition on the
    time."""
    read = partial(
        table.query_page, Item, range_condition=times, index="by_wake", newest_first=newest_first
    )
    keys = ("wake_key", "wake_at", "PK", "SK")
    return chain_partitions(read, buckets, limit=limit, start=start, keys=keys)


def is_due(item: Item, now: datetime) -> bool:
    """Return whether the item, as read from the table, is due; the index may be behind."""
    return item.wake_at is not None and item.wake_at <= format_timestamp(now)


def find_oldest_due(kind: str, now: datetime) -> datetime | None:
    """Return the time at which the oldest item of `kind` became due; None if nothing is due."""
    due = Item.wake_at <= format_timestamp(now)
    for hour in _hours(_get_watermark(kind, now), now):
        found: list[str] = []
        for shard in range(SHARDS):
            bucket = _bucket(kind, format_timestamp(hour), shard)
            page = table.query_page(Item, bucket, due, index="by_wake", limit=1)
            found += [str(item.wake_at) for item in page.items]
        if found:
            return parse_timestamp(min(found))
    return None


def advance_watermark(kind: str, now: datetime) -> None:
    """Move the watermark to the oldest hour that still has an item, at most to the hour before now.

    Call it after a sweep, when everything older is done or scheduled for later. Most sweeps leave
    the watermark where it is and write nothing.
    """
    before = _get_watermark(kind, now)
    oldest = next(list_due_between(kind, before, now - HOUR), None)
    hour = _floor(now - HOUR if oldest is None else parse_timestamp(str(oldest.wake_at)))
    if hour > before:
        watermark = (Watermark.hour.set(format_timestamp(hour)),)
        transactions.transact(Upsert(Watermark.key(kind), watermark))


def _get_watermark(kind: str, now: datetime) -> datetime:
    watermark = table.get_item(Watermark.key(kind))
    return now - LOOKBACK if watermark is None else parse_timestamp(watermark.hour)


def _bucket(kind: str, at: str, shard: int) -> str:
    return f"{kind}#{at[:13]}#{shard}"


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    hour = _floor(first)
    while hour <= last:
        yield hour
        hour += HOUR


def _floor(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
