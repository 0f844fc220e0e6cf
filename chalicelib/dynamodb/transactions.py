"""Transactions: every change that is not idempotent is one `TransactWriteItems`.

Only there is a lost response harmless: botocore fills `ClientRequestToken` once per call and sends
it again on a retry, so DynamoDB answers a retry with the first result. A plain conditional put
would report a false conflict, and a plain `ADD` would count twice.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.dynamodb import outages, table
from chalicelib.dynamodb.table import Item, Key
from chalicelib.errors import Unavailable

CONFLICT_TRIES = 4
TRANSIENT_CODES = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)


@dataclass(frozen=True)
class ConditionCheck:
    """A condition on an item that the transaction does not write."""

    rank: ClassVar[int] = 0
    key: Key[Any]
    condition: Condition

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.condition_check(
            self.key.model, self.key.pk, self.key.sk, condition=self.condition
        )


@dataclass(frozen=True)
class Delete:
    """The deletion of an item. Without a `condition` the item need not exist."""

    rank: ClassVar[int] = 1
    key: Key[Any]
    condition: Condition | None = None

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.delete(self.key.empty_item(), condition=self.condition)


@dataclass(frozen=True)
class Put:
    """A new item. It replaces an existing one only if `condition` allows that."""

    rank: ClassVar[int] = 2
    item: Item
    condition: Condition | None = None

    def add_to(self, transaction: TransactWrite) -> None:
        absent = Item.PK.does_not_exist()
        condition = absent if self.condition is None else self.condition
        transaction.save(self.item, condition=condition, return_values="ALL_OLD")


@dataclass(frozen=True)
class UnconditionalPut(Put):
    """An item that is written whether or not it exists."""

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.save(self.item)


@dataclass(frozen=True)
class Update:
    """A change to an item. Without a `condition` the item must exist."""

    rank: ClassVar[int] = 3
    key: Key[Any]
    actions: tuple[Action, ...]
    condition: Condition | None = None

    def add_to(self, transaction: TransactWrite) -> None:
        exists = Item.PK.exists()
        condition = exists if self.condition is None else self.condition
        # PynamoDB appends to the list of actions, so each try gets a new list.
        transaction.update(
            self.key.empty_item(), [*self.actions], condition=condition, return_values="ALL_OLD"
        )


@dataclass(frozen=True)
class Upsert(Update):
    """A change that may create the item: for counters and for idempotent changes."""

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.update(self.key.empty_item(), [*self.actions])


@dataclass(frozen=True)
class Increment:
    """Numbers added to the attributes of an item, which is created if it does not exist.

    A transaction may write an item only once, so `merge_writes` adds up the increments of an item.
    """

    rank: ClassVar[int] = 3
    key: Key[Any]
    added: Mapping[str, int]
    condition: Condition | None = None

    def add_to(self, transaction: TransactWrite) -> None:
        actions: list[Action] = [Path(name).add(number) for name, number in self.added.items()]
        transaction.update(
            self.key.empty_item(), actions, condition=self.condition, return_values="ALL_OLD"
        )

    def plus(self, other: "Increment") -> "Increment":
        """Return the sum of two increments of the same item, which have the same condition."""
        names = {*self.added, *other.added}
        sums = {name: self.added.get(name, 0) + other.added.get(name, 0) for name in names}
        return replace(self, added=sums)


Write = ConditionCheck | Delete | Put | Update | Increment


class ConditionFailed(Exception):
    """The condition of `write` did not hold, so the transaction wrote nothing.

    `item` is the item that exists at the key, in DynamoDB's own format.
    """

    def __init__(self, write: Write, item: dict[str, Any] | None) -> None:
        super().__init__(type(write).__name__)
        self.write = write
        self.item = item


def transact(*writes: Write) -> None:
    """Commit all `writes` or none.

    Raises `ConditionFailed` for the first write whose condition does not hold, and `Unavailable`
    when concurrent transactions or an outage prevent the commit. After a conflict the transaction
    is sent again with jitter, because neither botocore nor PynamoDB does that (pynamodb#1264).
    """
    # PynamoDB sends checks, deletes, puts and updates in this order; DynamoDB answers in the same.
    ordered = sorted(merge_writes(writes), key=lambda write: write.rank)
    connection = Item._get_connection().connection
    for pause in table.backoff_delays(CONFLICT_TRIES):
        try:
            with outages.translate_outages(), TransactWrite(connection=connection) as transaction:
                for write in ordered:
                    write.add_to(transaction)
            return
        except TransactWriteError as error:
            reasons = error.cancellation_reasons
            for write, reason in zip(ordered, reasons, strict=False):
                if reason is not None and reason.code == "ConditionalCheckFailed":
                    raise ConditionFailed(write, reason.raw_item) from error
            transient = any(reason and reason.code in TRANSIENT_CODES for reason in reasons)
            if not transient and error.cause_response_code != "TransactionConflictException":
                raise
        time.sleep(pause)
    raise Unavailable()


def merge_writes(writes: Iterable[Write]) -> list[Write]:
    """Return `writes` with one increment and one check for each item.

    Increments of an item are added up; those that add only zeros are left out.
    """
    checks: dict[tuple[str, str], ConditionCheck] = {}
    increments: dict[tuple[str, str], Increment] = {}
    others: list[Write] = []
    for write in writes:
        key = item_key(write)
        if isinstance(write, ConditionCheck):
            checks.setdefault(key, write)
        elif isinstance(write, Increment):
            increments[key] = increments[key].plus(write) if key in increments else write
        else:
            others.append(write)
    nonzero = (increment for increment in increments.values() if any(increment.added.values()))
    return [*checks.values(), *others, *nonzero]


def item_key(write: Write) -> tuple[str, str]:
    """Return PK and SK of the item that the write is about."""
    if isinstance(write, Put):
        return write.item.PK, write.item.SK
    return write.key.pk, write.key.sk
