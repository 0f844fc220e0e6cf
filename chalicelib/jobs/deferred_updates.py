"""Running errands: what a change has left to be done to many tasks."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.jobs import deferred_update_models, time_budget
from chalicelib.jobs.deferred_update_models import TIME_INDEX_KIND, DeferredUpdate
from chalicelib.jobs.time_budget import OutOfTime, TimeBudget
from chalicelib.labels.jobs import LABEL_REMOVAL, remove_label_from_tasks
from chalicelib.members.jobs import MEMBER_REMOVAL, reassign_remaining_tasks
from chalicelib.observability import logger, record_outcome
from chalicelib.tasks.jobs import TIME_ZONE_CHANGE, recompute_due_times

_HANDLERS: dict[str, Callable[[DeferredUpdate, TimeBudget], None]] = {
    MEMBER_REMOVAL: reassign_remaining_tasks,
    LABEL_REMOVAL: remove_label_from_tasks,
    TIME_ZONE_CHANGE: recompute_due_times,
}
# Is left to those behind us in the tick.
RESERVED_MILLISECONDS = 150_000


def run_deferred_updates(now: datetime, pace: TimeBudget | None = None) -> dict[str, int]:
    """Run all whose time has come, as far as there is time. One that fails does not stop the
    others; the next tick runs it again, and goes on with what was put off."""
    pace = (pace or time_budget.unlimited_budget(now)).leaving(RESERVED_MILLISECONDS)
    outcome = Counter(run=0, failed=0)
    try:
        for errand in pace.each(deferred_update_models.list_due_updates(now)):
            outcome[_guarded(errand, pace)] += 1
    except OutOfTime:
        outcome["put_off"] = 1
    time_index.advance_watermark(TIME_INDEX_KIND, now)
    return record_outcome("deferred_updates", outcome)


def _guarded(errand: DeferredUpdate, pace: TimeBudget) -> str:
    try:
        _HANDLERS[errand.kind](errand, pace)
        _forget(errand)
    except OutOfTime:
        raise
    except Exception:
        logger.exception("an errand could not be run", errand=errand.PK)
        return "failed"
    return "run"


def _forget(errand: DeferredUpdate) -> None:
    try:
        deferred_update_models.delete_deferred_update(errand)
    except ConditionFailed:  # owed anew while it was run
        return
