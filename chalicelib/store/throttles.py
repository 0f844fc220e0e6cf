"""How often something was tried lately, and until when it may not be tried again."""

from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.times import epoch, stamp
from chalicelib.store.transaction import ConditionFailed, Update, Upsert, transact

FORGOTTEN_AFTER, A_DAY = timedelta(hours=1), timedelta(days=1)


class Throttle(Row):
    tries = NumberAttribute(default=0)
    tried_at = UnicodeAttribute()
    blocked_until = UnicodeAttribute()

    @staticmethod
    def key(subject: str) -> "Key[Throttle]":
        return Key(Throttle, f"THROTTLE#{subject}", "THROTTLE")


def tries_of(subject: str, now: datetime) -> Throttle | None:
    """What is remembered of `subject`, or None; an hour of quiet is forgotten."""
    found = table.get(Throttle.key(subject))
    recent = stamp(now - FORGOTTEN_AFTER)
    return found if found is not None and found.tried_at > recent else None


def count_free(subject: str, free: int, now: datetime) -> bool:
    """Count a try that is one of the `free` ones; False when these are used up, or long ago."""
    recent = Throttle.tried_at > stamp(now - FORGOTTEN_AFTER)
    left = Throttle.PK.does_not_exist() | ((Throttle.tries < free) & recent)
    actions = (Throttle.tries.add(1), *_noted(now, now))
    try:
        transact(Update(Throttle.key(subject), actions, left))
    except ConditionFailed:
        return False
    return True


def count_within(subject: str, most: int, now: datetime) -> bool:
    """Count a try that is one of the `most` a day has; False when these are used up. The day is
    part of the subject."""
    left = Throttle.PK.does_not_exist() | (Throttle.tries < most)
    actions = (Throttle.tries.add(1), *_noted(now, now, kept=2 * A_DAY))
    try:
        transact(Update(Throttle.key(subject), actions, left))
    except ConditionFailed:
        return False
    return True


def count_blocking(subject: str, seen: Throttle | None, wait: timedelta, now: datetime) -> bool:
    """Count one more try after `seen`, and block the next for `wait`.

    False when a rival counted first: look again. So no try escapes, however many come at once.
    """
    tries = Throttle.tries.set((seen.tries if seen else 0) + 1)
    recent = Throttle.tried_at > stamp(now - FORGOTTEN_AFTER)
    as_seen = (Throttle.tries == seen.tries) & recent if seen else ~recent
    try:
        transact(Update(Throttle.key(subject), (tries, *_noted(now, now + wait)), as_seen))
    except ConditionFailed:
        return False
    return True


def forget(subject: str, now: datetime) -> None:
    """Begin anew with `subject`."""
    transact(Upsert(Throttle.key(subject), (Throttle.tries.set(0), *_noted(now, now))))


def give_back(subject: str) -> None:
    """Count one try less."""
    try:
        transact(Update(Throttle.key(subject), (Throttle.tries.add(-1),), Throttle.tries > 0))
    except ConditionFailed:
        return


def _noted(
    now: datetime, blocked_until: datetime, kept: timedelta = 2 * FORGOTTEN_AFTER
) -> tuple[Action, ...]:
    return (
        Throttle.tried_at.set(stamp(now)),
        Throttle.blocked_until.set(stamp(blocked_until)),
        Throttle.expires_at.set(epoch(now + kept)),
    )
