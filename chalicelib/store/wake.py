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

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.times import moment, stamp
from chalicelib.store.transaction import Upsert, transact

SHARDS = 4
LOOK_BACK = timedelta(hours=48)
HOUR = timedelta(hours=1)
ASLEEP: dict[str, str | None] = {"wake_key": None, "wake_at": None}


class Watermark(Row):
    """The oldest hour in which rows of one kind may still be waiting."""

    hour = UnicodeAttribute()

    @staticmethod
    def key(what: str) -> "Key[Watermark]":
        return Key(Watermark, f"WATERMARK#{what}", "WATERMARK")


def keys(what: str, at: str | None, spread: str) -> dict[str, str | None]:
    """The index keys that wake a row at `at` (a stamp); `spread` picks its shard."""
    if at is None:
        return ASLEEP
    shard = zlib.crc32(spread.encode()) % SHARDS
    return {"wake_key": _bucket(what, at, shard), "wake_at": at}


def between(what: str, first: datetime, last: datetime) -> Iterator[Row]:
    """The keys of all rows of kind `what` that wake from `first` to `last`. Who begins in the next
    minute begins with the next shard, so that sweeps which overlap seldom meet."""
    due = Row.wake_at.between(stamp(first), stamp(last))
    for hour in _hours(first, last):
        for shard in range(SHARDS):
            bucket = _bucket(what, stamp(hour), (shard + last.minute) % SHARDS)
            yield from table.query_all(Row, bucket, due, index="by_wake")


def ready(what: str, now: datetime) -> Iterator[Row]:
    """The keys of all rows of kind `what` that should have woken by `now`."""
    return between(what, _watermark(what, now), now)


def is_ready(row: Row, now: datetime) -> bool:
    """Whether the row, as the table has it, should have woken by `now`; the index lags."""
    return row.wake_at is not None and row.wake_at <= stamp(now)


def oldest(what: str, now: datetime) -> datetime | None:
    """When the row of kind `what` that waits longest should have woken; None if none waits."""
    due = Row.wake_at <= stamp(now)
    for hour in _hours(_watermark(what, now), now):
        shards = (_bucket(what, stamp(hour), shard) for shard in range(SHARDS))
        pages = (table.query(Row, shard, due, index="by_wake", limit=1) for shard in shards)
        if found := [_wake_at(row) for page in pages for row in page.rows]:
            return moment(min(found))
    return None


def settle(what: str, now: datetime) -> None:
    """Move the watermark on to the oldest hour that still holds a row, at most to the one before
    `now`'s; most sweeps leave it where it is, and write nothing.

    Call it after a sweep; whatever stays behind it has been woken or put to sleep for later.
    """
    before = _watermark(what, now)
    left = next(between(what, before, now - HOUR), None)
    hour = _floor(now - HOUR if left is None else moment(_wake_at(left)))
    if hour > before:
        transact(Upsert(Watermark.key(what), (Watermark.hour.set(stamp(hour)),)))


def _watermark(what: str, now: datetime) -> datetime:
    mark = table.get(Watermark.key(what))
    return now - LOOK_BACK if mark is None else moment(mark.hour)


def _wake_at(row: Row) -> str:
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
