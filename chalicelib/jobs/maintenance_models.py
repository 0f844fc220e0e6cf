"""The weekly maintenance runs: the attachment clean-up and the counter repair.

One item for each kind of run stores its progress and the lease of the function that works on it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, transact
from chalicelib.jobs.models import is_lease_free

# Longer than any function that works on a run may take.
RUN_LEASE = timedelta(minutes=6)
ATTACHMENT_CLEANUP, COUNTER_REPAIR = "files", "counts"


class MaintenanceRun(Item):
    """One maintenance run. `position` is the number of the current key range and `after` the last
    key that was checked in it; the other numbers count what the run did."""

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
    reindexed = NumberAttribute(default=0)

    @staticmethod
    def key(kind: str) -> "Key[MaintenanceRun]":
        return Key(MaintenanceRun, f"SWEEP#{kind}", "SWEEP")


def start_run(kind: str, now: datetime) -> bool:
    """Start a run from the beginning, unless one is in progress. Returns whether it started."""
    key = MaintenanceRun.key(kind)
    none_in_progress = MaintenanceRun.PK.does_not_exist() | MaintenanceRun.finished_at.exists()
    run = MaintenanceRun(key.pk, key.sk, started_at=format_timestamp(now))
    try:
        transact(Put(run, none_in_progress))
    except ConditionFailed:
        return False
    return True


def claim_run(kind: str, now: datetime) -> MaintenanceRun | None:
    """Lease the run in progress for `RUN_LEASE` and return it.

    Returns None when no run is in progress or another function holds the lease.
    """
    key, lease = MaintenanceRun.key(kind), format_timestamp(now + RUN_LEASE)
    in_progress = MaintenanceRun.started_at.exists() & MaintenanceRun.finished_at.does_not_exist()
    condition = in_progress & is_lease_free(MaintenanceRun.leased_until, now)
    try:
        transact(Update(key, (MaintenanceRun.leased_until.set(lease),), condition))
    except ConditionFailed:
        return None
    run = get_item(key)
    return run if run is not None and run.leased_until == lease else None


def advance_run(
    run: MaintenanceRun, position: int, after: str | None, counts: Mapping[str, int]
) -> None:
    """Store the progress of a run and add `counts`, by attribute name, to its counters.

    Raises `ConditionFailed` when the caller no longer holds the lease.
    """
    run.position, run.after = position, after
    added = [getattr(MaintenanceRun, name).add(count) for name, count in counts.items()]
    _update_leased(
        run,
        MaintenanceRun.position.set(position),
        set_or_remove(MaintenanceRun, "after", after),
        *added,
    )


def finish_run(run: MaintenanceRun, now: datetime) -> None:
    """Mark a run as finished. Raises `ConditionFailed` when the caller lost the lease."""
    finished = MaintenanceRun.finished_at.set(format_timestamp(now))
    _update_leased(run, finished, MaintenanceRun.leased_until.remove())


def release_run(run: MaintenanceRun) -> None:
    """Give up the lease, so that the next tick continues the run. Raises `ConditionFailed` when the
    caller lost the lease."""
    _update_leased(run, MaintenanceRun.leased_until.remove())


def _update_leased(run: MaintenanceRun, *actions: Action) -> None:
    leased = MaintenanceRun.leased_until == run.leased_until
    transact(Update(Key(MaintenanceRun, run.PK, run.SK), actions, leased))
