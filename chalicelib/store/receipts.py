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

from chalicelib.errors import Invalid
from chalicelib.store.table import Key, Row
from chalicelib.store.times import epoch
from chalicelib.store.transaction import ConditionFailed, Put, Write, transact

KEPT = timedelta(hours=25)

R = TypeVar("R", bound=Row)


class Receipt(Row):
    request = UnicodeAttribute()
    answer = UnicodeAttribute()

    @staticmethod
    def key(receipt_id: str) -> "Key[Receipt]":
        return Key(Receipt, f"RECEIPT#{receipt_id}", "RECEIPT")


@dataclass(frozen=True)
class Once:
    """What makes a request repeatable: who asks with which key, and a digest of what is asked."""

    receipt_id: str
    request: str

    def part(self, index: int) -> "Once":
        """The same for one of several creates in the request."""
        return Once(f"{self.receipt_id}#{index}", self.request)


def create(entity: R, *writes: Write, once: Once | None, now: datetime) -> R:
    """Commit `writes`, which create `entity`, once; a repetition gets the first entity back.

    Raises as `commit` does.
    """
    first = commit(*writes, answer=entity.serialize(), once=once, now=now)
    return entity if first is None else type(entity).from_raw_data(first)


def commit(*writes: Write, answer: Any, once: Once | None, now: datetime) -> Any:
    """Commit `writes` once and remember `answer`, which can be JSON; a repetition commits nothing
    and gets the first answer. None if this was the first time.

    Raises `Invalid` when the key was used for another request, and `ConditionFailed` as
    `transact` does.
    """
    if once is None:
        transact(*writes)
        return None
    receipt = _receipt(answer, once, now)
    try:
        transact(receipt, *writes)
    except ConditionFailed as failed:
        if failed.write is not receipt or failed.row is None:
            raise
        return _first_answer(Receipt.from_raw_data(failed.row), once)
    return None


def _receipt(answer: Any, once: Once, now: datetime) -> Put:
    key = Receipt.key(once.receipt_id)
    row = Receipt(
        key.pk,
        key.sk,
        request=once.request,
        answer=json.dumps(answer),
        expires_at=epoch(now + KEPT),
    )
    # Time-to-live deletes days late, so a receipt that has run out is replaced here.
    return Put(row, Row.PK.does_not_exist() | (Row.expires_at < epoch(now)))


def _first_answer(receipt: Receipt, once: Once) -> Any:
    if receipt.request != once.request:
        raise Invalid(
            "This Idempotency-Key was used for another request; use a new key",
            code="idempotency_key_reused",
        )
    return json.loads(receipt.answer)
