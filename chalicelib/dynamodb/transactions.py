"""Writing: every change that is not idempotent is one `TransactWriteItems`.

Only there is a lost response harmless: botocore fills `ClientRequestToken` once per call and sends
it again on retry, so DynamoDB answers the second send with the first one's result. A plain
conditional put or `ADD` would report a false conflict or count twice.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pynamodb.exceptions import CancellationReason, TransactWriteError
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
    """Nothing is written, but the transaction holds only while `condition` does."""

    rank: ClassVar[int] = 0
    key: Key[Any]
    condition: Condition

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.condition_check(
            self.key.model, self.key.pk, self.key.sk, condition=self.condition
        )


@dataclass(frozen=True)
class Delete:
    rank: ClassVar[int] = 1
    key: Key[Any]
    condition: Condition | None = None

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.delete(self.key.empty_item(), condition=self.condition)


@dataclass(frozen=True)
class Put:
    """A new row; it never replaces one unless `condition` says so."""

    rank: ClassVar[int] = 2
    row: Item
    condition: Condition | None = None

    def add_to(self, transaction: TransactWrite) -> None:
        absent = Item.PK.does_not_exist()
        condition = absent if self.condition is None else self.condition
        transaction.save(self.row, condition=condition, return_values="ALL_OLD")


@dataclass(frozen=True)
class UnconditionalPut(Put):
    """A row that shall be there, whether or not it is already."""

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.save(self.row)


@dataclass(frozen=True)
class Update:
    """A change to a row; without a `condition` of its own it demands that the row is there."""

    rank: ClassVar[int] = 3
    key: Key[Any]
    actions: tuple[Action, ...]
    condition: Condition | None = None

    def add_to(self, transaction: TransactWrite) -> None:
        exists = Item.PK.exists()
        condition = exists if self.condition is None else self.condition
        # PynamoDB appends to the list it is given, so each try gets a new one.
        transaction.update(
            self.key.empty_item(), [*self.actions], condition=condition, return_values="ALL_OLD"
        )


@dataclass(frozen=True)
class Upsert(Update):
    """A change that may create the row: counters, and what is the same when it is done again."""

    def add_to(self, transaction: TransactWrite) -> None:
        transaction.update(self.key.empty_item(), [*self.actions])


@dataclass(frozen=True)
class Increment:
    """Numbers added to a row, which is created if need be; without a `condition` it always holds.

    A transaction may touch a row once, so those of one row become one.
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
        """Both as one; they have the same condition."""
        names = {*self.added, *other.added}
        sums = {name: self.added.get(name, 0) + other.added.get(name, 0) for name in names}
        return replace(self, added=sums)


Write = ConditionCheck | Delete | Put | Update | Increment


def item_key(write: Write) -> tuple[str, str]:
    """The key of the row that a write is about."""
    if isinstance(write, Put):
        return write.row.PK, write.row.SK
    return write.key.pk, write.key.sk


class ConditionFailed(Exception):
    """The condition of `write` did not hold, so nothing was written; `row` is what stood there."""

    def __init__(self, write: Write, row: dict[str, Any] | None) -> None:
        super().__init__(type(write).__name__)
        self.write = write
        self.row = row


def transact(*writes: Write) -> None:
    """Commit all `writes` or none.

    Raises `ConditionFailed` for the first write whose condition did not hold, and `Unavailable`
    when rivals or an outage kept it from committing. A conflict is tried again with jitter, from
    fresh actions: botocore does not, and PynamoDB neither (pynamodb#1264).
    """
    # PynamoDB sends checks, deletes, puts, updates, and DynamoDB answers in that order.
    ordered = sorted(merge_writes(writes), key=lambda write: write.rank)
    for pause in table.backoff_delays(CONFLICT_TRIES):
        try:
            return _commit(ordered)
        except TransactWriteError as error:
            _raise_unless_transient(error.cancellation_reasons, ordered, error)
        time.sleep(pause)
    raise Unavailable()


def merge_writes(writes: Iterable[Write]) -> list[Write]:
    """`writes` with the tallies of each row added up, without those that add nothing, and each
    check once."""
    checks: dict[tuple[str, str], ConditionCheck] = {}
    tallies: dict[tuple[str, str], Increment] = {}
    others: list[Write] = []
    for write in writes:
        place = item_key(write)
        if isinstance(write, ConditionCheck):
            checks.setdefault(place, write)
        elif isinstance(write, Increment):
            tallies[place] = tallies[place].plus(write) if place in tallies else write
        else:
            others.append(write)
    adding = (tally for tally in tallies.values() if any(tally.added.values()))
    return [*checks.values(), *others, *adding]


def _commit(writes: Sequence[Write]) -> None:
    connection = Item._get_connection().connection
    with outages.translate_outages(), TransactWrite(connection=connection) as transaction:
        for write in writes:
            write.add_to(transaction)


def _raise_unless_transient(
    reasons: Sequence[CancellationReason | None],
    writes: Sequence[Write],
    error: TransactWriteError,
) -> None:
    for write, reason in zip(writes, reasons, strict=False):
        if reason is not None and reason.code == "ConditionalCheckFailed":
            raise ConditionFailed(write, reason.raw_item) from error
    if error.cause_response_code == "TransactionConflictException":
        return
    if not any(reason is not None and reason.code in TRANSIENT_CODES for reason in reasons):
        raise error
