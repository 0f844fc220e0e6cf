"""The weekly walks, through table and bucket and through the projects: for each a row that says how
far it is, and who is walking."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Put, Update, transact

# Longer than any function that walks may run.
LEASE = timedelta(minutes=6)
FILES, COUNTS = "files", "counts"


class Sweep(Row):
    """`position` is the number of the stretch and `after` the last key looked at in it."""

    position = NumberAttribute(default=0)
    after = UnicodeAttribute(null=True)
    started_at = UnicodeAttribute()
    finished_at = UnicodeAttribute(null=True)
    leased_until = UnicodeAttribute(null=True)
    seen = NumberAttribute(default=0)
    dropped = NumberAttribute(default=0)
    rows_without_object = NumberAttribute(default=0)
    objects_without_row = NumberAttribute(default=0)
    counted = NumberAttribute(default=0)
    uncounted = NumberAttribute(default=0)
    failed = NumberAttribute(default=0)
    drift = NumberAttribute(default=0)

    @staticmethod
    def key(what: str) -> "Key[Sweep]":
        return Key(Sweep, f"SWEEP#{what}", "SWEEP")


def start(what: str, now: datetime) -> bool:
    """Begin anew, unless a walk is under way; whether it began."""
    key = Sweep.key(what)
    over = Sweep.PK.does_not_exist() | Sweep.finished_at.exists()
    try:
        transact(Put(Sweep(key.pk, key.sk, started_at=stamp(now)), over))
    except ConditionFailed:
        return False
    return True


def claim(what: str, now: datetime) -> Sweep | None:
    """The walk that is under way, ours alone until the lease ends; None if there is none or if it
    is somebody else's."""
    lease = stamp(now + LEASE)
    free = Sweep.leased_until.does_not_exist() | (Sweep.leased_until < stamp(now))
    condition = Sweep.started_at.exists() & Sweep.finished_at.does_not_exist() & free
    try:
        transact(Update(Sweep.key(what), (Sweep.leased_until.set(lease),), condition))
    except ConditionFailed:
        return None
    return _ours(what, lease)


def advance(sweep: Sweep, position: int, after: str | None, counts: Mapping[str, int]) -> None:
    """Write down how far we are, and what we did on the way. Raises `ConditionFailed` when the walk
    is not ours any more."""
    sweep.position, sweep.after = position, after
    moved = Sweep.after.remove() if after is None else Sweep.after.set(after)
    added = [getattr(Sweep, name).add(count) for name, count in counts.items()]
    actions = (Sweep.position.set(position), moved, *added)
    transact(Update(_key(sweep), actions, Sweep.leased_until == sweep.leased_until))


def finish(sweep: Sweep, now: datetime) -> None:
    """The walk is over."""
    actions = (Sweep.finished_at.set(stamp(now)), Sweep.leased_until.remove())
    transact(Update(_key(sweep), actions, Sweep.leased_until == sweep.leased_until))


def release(sweep: Sweep) -> None:
    """Let the next tick walk on."""
    held = Sweep.leased_until == sweep.leased_until
    transact(Update(_key(sweep), (Sweep.leased_until.remove(),), held))


def _key(sweep: Sweep) -> Key[Sweep]:
    return Key(Sweep, sweep.PK, sweep.SK)


def _ours(what: str, lease: str) -> Sweep | None:
    sweep = table.get(Sweep.key(what))
    return sweep if sweep is not None and sweep.leased_until == lease else None
