"""Whose turn it is to send: one row that all dispatchers take their turns from.

Turns lie evenly, so that in no second there are more than the rate allows, wherever it begins.
"""

from datetime import UTC, datetime, timedelta

from pynamodb.attributes import NumberAttribute

from chalicelib.store.table import Key, Row, backoff
from chalicelib.store.transaction import ConditionFailed, Update, transact

RACES = 50
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SendRate(Row):
    """`next_turn` is in microseconds since 1970: at 500 mails a second a turn has two thousand."""

    next_turn = NumberAttribute()

    @staticmethod
    def key() -> "Key[SendRate]":
        return Key(SendRate, "SENDRATE", "SENDRATE")


def take_turn(earliest: datetime, every: timedelta, until: datetime) -> datetime | None:
    """The next turn that nobody has, `every` after the one before it, and not before `earliest`;
    None when that is after `until` or when rivals were always first."""
    turn = (earliest - EPOCH) // MICROSECOND
    for _ in backoff(RACES):
        if EPOCH + turn * MICROSECOND > until:
            return None
        free = SendRate.PK.does_not_exist() | (SendRate.next_turn <= turn)
        taking = SendRate.next_turn.set(turn + every // MICROSECOND)
        try:
            transact(Update(SendRate.key(), (taking,), free))
        except ConditionFailed as failed:
            turn = _next_turn(failed)
            continue
        return EPOCH + turn * MICROSECOND
    return None


def _next_turn(failed: ConditionFailed) -> int:
    """Where the turns of others end."""
    row = failed.row or {}
    return int(row["next_turn"]["N"])
