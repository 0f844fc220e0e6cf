"""Idempotent creation: one transaction writes the object and its idempotency record.

A repetition with the same caller, key and body gets the first answer; another body is refused.
A record is valid for at least 24 hours. Concurrent requests and lost responses cannot separate the
record from the object, because neither can be written without the other.
"""

import json
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb import timestamps, transactions
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Write
from chalicelib.errors import Invalid

KEPT_FOR = timedelta(hours=25)

R = TypeVar("R", bound=Item)


class IdempotencyRecord(Item):
    """A request that was made with an idempotency key, and its answer as JSON."""

    request = UnicodeAttribute()
    answer = UnicodeAttribute()
    expires_at = NumberAttribute()

    @staticmethod
    def key(record_id: str) -> "Key[IdempotencyRecord]":
        return Key(IdempotencyRecord, f"RECEIPT#{record_id}", "RECEIPT")


class IdempotencyKey(Struct, frozen=True):
    """The identity of a repeatable request.

    `record_id` is derived from caller and key, `request` from the target and the body.
    """

    record_id: str
    request: str

    def part(self, index: int) -> "IdempotencyKey":
        """Return the key of one of several creates in the request."""
        return IdempotencyKey(f"{self.record_id}#{index}", self.request)


def create_once(
    entity: R, *writes: Write, idempotency_key: IdempotencyKey | None, now: datetime
) -> R:
    """Commit `writes`, which create `entity`, once; a repetition gets the first entity.

    Raises `Invalid` when the key was used for another request, and `ConditionFailed` when the
    condition of one of `writes` does not hold.
    """
    answer = None if idempotency_key is None else entity.serialize()
    first = commit_once(*writes, answer=answer, idempotency_key=idempotency_key, now=now)
    return entity if first is None else type(entity).from_raw_data(first)


def commit_once(
    *writes: Write, answer: Any, idempotency_key: IdempotencyKey | None, now: datetime
) -> Any:
    """Commit `writes` once and store `answer` (any JSON value).

    Returns None the first time. A repetition writes nothing and returns the stored answer. Without
    a key every call commits. Raises `Invalid` when the key was used for another request, and
    `ConditionFailed` when the condition of one of `writes` does not hold.
    """
    if idempotency_key is None:
        transactions.transact(*writes)
        return None

    key = IdempotencyRecord.key(idempotency_key.record_id)
    new = IdempotencyRecord(
        key.pk,
        key.sk,
        request=idempotency_key.request,
        answer=json.dumps(answer),
        expires_at=timestamps.to_epoch_seconds(now + KEPT_FOR),
    )
    # DynamoDB's time to live deletes days late, so the write may replace an expired record.
    expired = Item.expires_at < timestamps.to_epoch_seconds(now)
    record_write = Put(new, Item.PK.does_not_exist() | expired)
    try:
        transactions.transact(record_write, *writes)
        return None
    except ConditionFailed as failed:
        if failed.write is not record_write or failed.item is None:
            raise
        first = IdempotencyRecord.from_raw_data(failed.item)
    return _read_answer(first, idempotency_key)


def find_first_answer(idempotency_key: IdempotencyKey | None, now: datetime) -> Any:
    """Return the answer that `commit_once` stored with the key; None if there is none.

    Raises `Invalid` when the key was used for another request.
    """
    if idempotency_key is None:
        return None
    first = get_item(IdempotencyRecord.key(idempotency_key.record_id))
    if first is None or first.expires_at < timestamps.to_epoch_seconds(now):
        return None
    return _read_answer(first, idempotency_key)


def _read_answer(first: IdempotencyRecord, idempotency_key: IdempotencyKey) -> Any:
    if first.request != idempotency_key.request:
        raise Invalid(
            "This Idempotency-Key was used for another request; use a new key",
            code="idempotency_key_reused",
        )
    return json.loads(first.answer)
