"""Transactions: every change that is not idempotent is one `TransactWriteItems`.

Only there is a lost response harmless: botocore fills `ClientRequestToken` once per call and sends
it again on a retry, so DynamoDB answers a retry with the first result. A plain conditional put
would report a false conflict, and a plain `ADD` would count twice.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from msgspec import Struct
from msgspec.structs import replace
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import settings
from chalicelib.dynamodb import outages
from chalicelib.dynamodb.mapping.expressions import build_addition, build_expressions
from chalicelib.dynamodb.table import Item, Key, call, target
from chalicelib.errors import Unavailable

# The most writes and checks that DynamoDB allows in one transaction.
TRANSACTION_MAX = 100
CONFLICT_TRIES = 4
CONFLICT = "TransactionConflictException"
TRANSIENT_CODES = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
# DynamoDB returns the stored item when the condition of a write fails.
RETURN_ITEM = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
ABSENT = build_expressions(Item.PK.does_not_exist())


class ConditionCheck(Struct, frozen=True):
    """A condition on an item that the transaction does not write."""

    rank: ClassVar[int] = 0
    key: Key[Any]
    condition: Condition

    def build(self) -> dict[str, Any]:
        """Return this write as an element of `TransactItems`."""
        return {"ConditionCheck": {**target(self.key), **build_expressions(self.condition)}}


class Delete(Struct, frozen=True):
    """The deletion of an item. Without a `condition` the item need not exist."""

    rank: ClassVar[int] = 1
    key: Key[Any]
    condition: Condition | None = None

    def build(self) -> dict[str, Any]:
        """Return this write as an element of `TransactItems`."""
        condition = {} if self.condition is None else build_expressions(self.condition)
        return {"Delete": {**target(self.key), **condition}}


class Put(Struct, frozen=True):
    """A new item. It replaces an existing one only if `condition` allows that."""

    rank: ClassVar[int] = 2
    item: Item
    condition: Condition | None = None

    def build(self) -> dict[str, Any]:
        """Return this write as an element of `TransactItems`."""
        condition = ABSENT if self.condition is None else build_expressions(self.condition)
        item = {"TableName": settings.TABLE_NAME, "Item": self.item.serialize()}
        return {"Put": {**item, **condition, **RETURN_ITEM}}


class UnconditionalPut(Put, frozen=True):
    """An item that is written whether or not it exists."""

    def build(self) -> dict[str, Any]:
        return {"Put": {"TableName": settings.TABLE_NAME, "Item": self.item.serialize()}}


class Update(Struct, frozen=True):
    """A change to an item. Without a `condition` the item must exist."""

    rank: ClassVar[int] = 3
    key: Key[Any]
    actions: tuple[Action, ...]
    condition: Condition | None = None

    def build(self) -> dict[str, Any]:
        """Return this write as an element of `TransactItems`."""
        exists = Item.PK.exists()
        condition = exists if self.condition is None else self.condition
        expressions = build_expressions(condition, self.actions)
        return {"Update": {**target(self.key), **expressions, **RETURN_ITEM}}


class Upsert(Update, frozen=True):
    """A change that may create the item: for counters and for idempotent changes."""

    def build(self) -> dict[str, Any]:
        return {"Update": {**target(self.key), **build_expressions(None, self.actions)}}


class Increment(Struct, frozen=True):
    """Numbers added to the attributes of an item, which is created if it does not exist.

    A transaction may write an item only once, so `merge_writes` adds up the increments of an item.
    """

    rank: ClassVar[int] = 3
    key: Key[Any]
    added: Mapping[str, int]
    condition: Condition | None = None

    def build(self) -> dict[str, Any]:
        """Return this write as an element of `TransactItems`."""
        expressions = build_addition(self.added, self.condition)
        return {"Update": {**target(self.key), **expressions, **RETURN_ITEM}}

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
    """Commit all `writes` or none. Without any there is no call.

    Raises `ConditionFailed` for the first write whose condition does not hold, and `Unavailable`
    when concurrent transactions or an outage prevent the commit. After a conflict the transaction
    is sent again with jitter, because neither botocore nor PynamoDB does that (pynamodb#1264).
    """
    ordered = sorted(merge_writes(writes), key=lambda write: write.rank)
    if not ordered:
        return
    items = [write.build() for write in ordered]
    for attempt in range(CONFLICT_TRIES):
        try:
            call("TransactWriteItems", {"TransactItems": items})
            return
        except ClientError as error:
            # DynamoDB gives a reason for each write, in the order of the writes.
            reasons: Any = error.response.get("CancellationReasons", [])
            for write, reason in zip(ordered, reasons, strict=False):
                if reason["Code"] == "ConditionalCheckFailed":
                    raise ConditionFailed(write, reason.get("Item")) from error
            is_transient = any(reason["Code"] in TRANSIENT_CODES for reason in reasons)
            if not is_transient and outages.get_error_code(error) != CONFLICT:
                raise
        outages.back_off(attempt)
    raise Unavailable()


def transact_if_possible(*writes: Write) -> bool:
    """Commit `writes`, which the request can do without, and return whether that succeeded.

    It fails when a condition does, and when DynamoDB refuses the writes. Raises `Unavailable` when
    DynamoDB does not respond: the request would wait as long again for the calls that it needs.
    """
    try:
        transact(*writes)
    except ConditionFailed:
        return False
    except Unavailable as outage:
        if outages.is_unreachable(outage):
            raise
        return False
    return True


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


def delete_existing(key: Key[Any], *writes: Write) -> bool:
    """Delete the item at `key` together with `writes`, and return whether it existed."""
    try:
        transact(Delete(key, Item.PK.exists()), *writes)
    except ConditionFailed:
        return False
    return True
