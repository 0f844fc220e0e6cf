"""The weekly walks, through table and bucket and through the projects: for each a row that says how
far it is, and who is walking."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, transact

# Longer than any function that walks may run.
RUN_LEASE = timedelta(minutes=6)
ATTACHMENT_CLEANUP, COUNTER_REPAIR = "files", "counts"


class MaintenanceRun(Item):
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
    def key(what: str) -> "Key[MaintenanceRun]":
        return Key(MaintenanceRun, f"SWEEP#{what}", "SWEEP")


def start_run(what: str, now: datetime) -> bool:
    """Begin anew, unless a walk is under way; whether it began."""
    key = MaintenanceRun.key(what)
    over = MaintenanceRun.PK.does_not_exist() | MaintenanceRun.finished_at.exists()
    try:
        transact(Put(MaintenanceRun(key.pk, key.sk, started_at=format_timestamp(now)), over))
    except ConditionFailed:
        return False
    return True


def claim_run(what: str, now: datetime) -> MaintenanceRun | None:
    """The walk that is under way, ours alone until the lease ends; None if there is none or if it
    is somebody else's."""
    lease = format_timestamp(now + RUN_LEASE)
    free = MaintenanceRun.leased_until.does_not_exist() | (
        MaintenanceRun.leased_until < format_timestamp(now)
    )
    condition = (
        MaintenanceRun.started_at.exists() & MaintenanceRun.finished_at.does_not_exist() & free
    )
    try:
        transact(
            Update(MaintenanceRun.key(what), (MaintenanceRun.leased_until.set(lease),), condition)
        )
    except ConditionFailed:
        return None
    return _ours(what, lease)


def advance_run(
    sweep: MaintenanceRun, position: int, after: str | None, counts: Mapping[str, int]
) -> None:
    """Write down how far we are, and what we did on the way. Raises `ConditionFailed` when the walk
    is not ours any more."""
    sweep.position, sweep.after = position, after
    moved = MaintenanceRun.after.remove() if after is None else MaintenanceRun.after.set(after)
    added = [getattr(MaintenanceRun, name).add(count) for name, count in counts.items()]
    actions = (MaintenanceRun.position.set(position), moved, *added)
    transact(Update(_key(sweep), actions, MaintenanceRun.leased_until == sweep.leased_until))


def finish_run(sweep: MaintenanceRun, now: datetime) -> None:
    """The walk is over."""
    actions = (
        MaintenanceRun.finished_at.set(format_timestamp(now)),
        MaintenanceRun.leased_until.remove(),
    )
    transact(Update(_key(sweep), actions, MaintenanceRun.leased_until == sweep.leased_until))


def release_run(sweep: MaintenanceRun) -> None:
    """Let the next tick walk on."""
    held = MaintenanceRun.leased_until == sweep.leased_until
    transact(Update(_key(sweep), (MaintenanceRun.leased_until.remove(),), held))


def _key(sweep: MaintenanceRun) -> Key[MaintenanceRun]:
    return Key(MaintenanceRun, sweep.PK, sweep.SK)


def _ours(what: str, lease: str) -> MaintenanceRun | None:
    sweep = get_item(MaintenanceRun.key(what))
    return sweep if sweep is not None and sweep.leased_until == lease else None
