"""The time index: everything that must happen at a time, found without looking at the rest.

A row sleeps in the bucket of its hour, in one of four shards, so that no partition is hot. A sweep
starts at its stored watermark, the oldest hour that may still hold something, so that ticks which
come late, twice or not at all miss nothing.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb import table, timestamps, transactions
from chalicelib.dynamodb.table import Item, Key
from chalicelib.dynamodb.transactions import Upsert

SHARDS = 4
LOOKBACK = timedelta(hours=48)
HOUR = timedelta(hours=1)
NOT_SCHEDULED: dict[str, str | None] = {"wake_key": None, "wake_at": None}


class Watermark(Item):
    """The oldest hour in which rows of one kind may still be waiting."""

    hour = UnicodeAttribute()

    @staticmethod
    def key(what: str) -> "Key[Watermark]":
        return Key(Watermark, f"WATERMARK#{what}", "WATERMARK")


def build_keys(what: str, at: str | None, spread: str) -> dict[str, str | None]:
    """The index keys that wake a row at `at` (a stamp); `spread` picks its shard."""
    if at is None:
        return NOT_SCHEDULED
    shard = zlib.crc32(spread.encode()) % SHARDS
    return {"wake_key": _bucket(what, at, shard), "wake_at": at}


def list_due_between(what: str, first: datetime, last: datetime) -> Iterator[Item]:
    """The keys of all rows of kind `what` that wake from `first` to `last`. Who begins in the next
    minute begins with the next shard, so that sweeps which overlap seldom meet."""
    due = Item.wake_at.between(
        timestamps.format_timestamp(first), timestamps.format_timestamp(last)
    )
    for hour in _hours(first, last):
        for shard in range(SHARDS):
            bucket = _bucket(
                what, timestamps.format_timestamp(hour), (shard + last.minute) % SHARDS
            )
            yield from table.query_all(Item, bucket, due, index="by_wake")


def list_due(what: str, now: datetime) -> Iterator[Item]:
    """The keys of all rows of kind `what` that should have woken by `now`."""
    return list_due_between(what, _get_watermark(what, now), now)


def is_due(row: Item, now: datetime) -> bool:
    """Whether the row, as the table has it, should have woken by `now`; the index lags."""
    return row.wake_at is not None and row.wake_at <= timestamps.format_timestamp(now)


def find_oldest_due(what: str, now: datetime) -> datetime | None:
    """When the row of kind `what` that waits longest should have woken; None if none waits."""
    due = Item.wake_at <= timestamps.format_timestamp(now)
    for hour in _hours(_get_watermark(what, now), now):
        shards = (
            _bucket(what, timestamps.format_timestamp(hour), shard) for shard in range(SHARDS)
        )
        pages = (table.query_page(Item, shard, due, index="by_wake", limit=1) for shard in shards)
        if found := [_wake_at(row) for page in pages for row in page.rows]:
            return timestamps.parse_timestamp(min(found))
    return None


def advance_watermark(what: str, now: datetime) -> None:
    """Move the watermark on to the oldest hour that still holds a row, at most to the one before
    `now`'s; most sweeps leave it where it is, and write nothing.

    Call it after a sweep; whatever stays behind it has been woken or put to sleep for later.
    """
    before = _get_watermark(what, now)
    left = next(list_due_between(what, before, now - HOUR), None)
    hour = _floor(now - HOUR if left is None else timestamps.parse_timestamp(_wake_at(left)))
    if hour > before:
        transactions.transact(
            Upsert(Watermark.key(what), (Watermark.hour.set(timestamps.format_timestamp(hour)),))
        )


def _get_watermark(what: str, now: datetime) -> datetime:
    mark = table.get_item(Watermark.key(what))
    return now - LOOKBACK if mark is None else timestamps.parse_timestamp(mark.hour)


def _wake_at(row: Item) -> str:
    return str(row.wake_at)


def _bucket(what: str, at: str, shard: int) -> str:
    return f"{what}#{at[:13]}#{shard}"


def _floor(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    hour: Any = _floor(first)
    while hour <= last:
        yield hour
        hour += HOUR
