"""Idempotent creation: a receipt written in the same transaction as what it is for.

The same caller, key and body get the first answer again; another body is refused. A receipt holds
for 24 hours and longer, through races and lost responses, because it cannot exist without the thing
created, nor the thing without it.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb import timestamps, transactions
from chalicelib.dynamodb.table import Item, Key
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Write
from chalicelib.errors import Invalid

KEPT_FOR = timedelta(hours=25)

R = TypeVar("R", bound=Item)


class IdempotencyRecord(Item):
    request = UnicodeAttribute()
    answer = UnicodeAttribute()

    @staticmethod
    def key(record_id: str) -> "Key[IdempotencyRecord]":
        return Key(IdempotencyRecord, f"RECEIPT#{record_id}", "RECEIPT")


@dataclass(frozen=True)
class IdempotencyKey:
    """What makes a request repeatable: who asks with which key, and a digest of what is asked."""

    record_id: str
    request: str

    def part(self, index: int) -> "IdempotencyKey":
        """The same for one of several creates in the request."""
        return IdempotencyKey(f"{self.record_id}#{index}", self.request)


def create_once(
    entity: R, *writes: Write, idempotency_key: IdempotencyKey | None, now: datetime
) -> R:
    """Commit `writes`, which create `entity`, once; a repetition gets the first entity back.

    Raises as `commit` does.
    """
    first = commit_once(
        *writes, answer=entity.serialize(), idempotency_key=idempotency_key, now=now
    )
    return entity if first is None else type(entity).from_raw_data(first)


def commit_once(
    *writes: Write, answer: Any, idempotency_key: IdempotencyKey | None, now: datetime
) -> Any:
    """Commit `writes` once and remember `answer`, which can be JSON; a repetition commits nothing
    and gets the first answer. None if this was the first time.

    Raises `Invalid` when the key was used for another request, and `ConditionFailed` as
    `transact` does.
    """
    if idempotency_key is None:
        transactions.transact(*writes)
        return None
    receipt = _record_write(answer, idempotency_key, now)
    try:
        transactions.transact(receipt, *writes)
    except ConditionFailed as failed:
        if failed.write is not receipt or failed.row is None:
            raise
        return _first_answer(IdempotencyRecord.from_raw_data(failed.row), idempotency_key)
    return None


def _record_write(answer: Any, idempotency_key: IdempotencyKey, now: datetime) -> Put:
    key = IdempotencyRecord.key(idempotency_key.record_id)
    row = IdempotencyRecord(
        key.pk,
        key.sk,
        request=idempotency_key.request,
        answer=json.dumps(answer),
        expires_at=timestamps.to_epoch_seconds(now + KEPT_FOR),
    )
    # Time-to-live deletes days late, so a receipt that has run out is replaced here.
    return Put(row, Item.PK.does_not_exist() | (Item.expires_at < timestamps.to_epoch_seconds(now)))


def _first_answer(receipt: IdempotencyRecord, idempotency_key: IdempotencyKey) -> Any:
    if receipt.request != idempotency_key.request:
        raise Invalid(
            "This Idempotency-Key was used for another request; use a new key",
            code="idempotency_key_reused",
        )
    return json.loads(receipt.answer)
