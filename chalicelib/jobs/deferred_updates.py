"""Run deferred task updates: changes to many tasks that follow from one request."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from chalicelib.copies.location_models import SUBTASK_MOVE
from chalicelib.copies.moves import move_remaining_subtasks
from chalicelib.copies.task_copies import SUBTASK_COPY, copy_remaining_subtasks
from chalicelib.dynamodb import time_index
from chalicelib.jobs import deferred_update_models, time_budget
from chalicelib.jobs.deferred_update_models import TIME_INDEX_KIND, DeferredUpdate
from chalicelib.jobs.time_budget import OutOfTime, TimeBudget
from chalicelib.labels.jobs import LABEL_REMOVAL, remove_label_from_tasks
from chalicelib.members.jobs import MEMBER_REMOVAL, reassign_remaining_tasks
from chalicelib.newer_releases import UNKNOWN_KIND
from chalicelib.observability import logger, record_outcome
from chalicelib.tasks.jobs import TIME_ZONE_CHANGE, recompute_due_times

_HANDLERS: dict[str, Callable[[DeferredUpdate, TimeBudget], None]] = {
    MEMBER_REMOVAL: reassign_remaining_tasks,
    LABEL_REMOVAL: remove_label_from_tasks,
    TIME_ZONE_CHANGE: recompute_due_times,
    SUBTASK_MOVE: move_remaining_subtasks,
    SUBTASK_COPY: copy_remaining_subtasks,
}
# Left to the later parts of the tick.
RESERVED_MILLISECONDS = 150_000


def run_deferred_updates(now: datetime, budget: TimeBudget | None = None) -> dict[str, int]:
    """Run all deferred updates that are due, as far as the time allows, and count them.

    An update that fails does not stop the others; the next tick runs it again. An update of an
    `unknown_kind` waits for the newer release that stored it. `put_off` is 1 when the time was used
    up; the next tick continues there.
    """
    budget = (budget or time_budget.unlimited_budget(now)).reserving(RESERVED_MILLISECONDS)
    outcome = Counter(run=0, failed=0)
    try:
        for deferred in budget.each(deferred_update_models.list_due_updates(now)):
            handler = _HANDLERS.get(deferred.kind)
            if handler is None:
                outcome[UNKNOWN_KIND] += 1
                continue
            try:
                handler(deferred, budget)
                deferred_update_models.delete_deferred_update(deferred)
                outcome["run"] += 1
            except OutOfTime:
                raise
            except Exception:
                logger.exception("a deferred update failed", deferred_update=deferred.PK)
                outcome["failed"] += 1
    except OutOfTime:
        outcome["put_off"] = 1
    time_index.advance_watermark(TIME_INDEX_KIND, now)
    return record_outcome("deferred_updates", outcome)
