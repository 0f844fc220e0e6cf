"""The weekly recount: whether all counters of every project say what its tasks say.

Counters change in the transaction of their task, so there should be nothing to mend; the recount
finds out, and if a defect or a hand in the table made them drift, it mends and reports it.

A task is counted in one row, whose `changes` grow with each change. A row is mended only while
`changes` are what they were before the tasks were read: then no task of the row has moved since,
and what was summed is true. A row that moved on is not mended but summed again.

Then what tasks and projects say of themselves is compared (`tallying`), task by task: what there is
no time for is left for the next week. The catalogue is written anew, whatever it said.

The walk over the projects is a row with a lease; the ticks go on with it until it is done.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import Any

from chalicelib.attachments.quota_models import new_usage
from chalicelib.dynamodb.counter_items import CounterItem, correct_counter_write
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import PAGE_MAX
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.jobs.maintenance_models import (
    COUNTER_REPAIR,
    MaintenanceRun,
    advance_run,
    claim_run,
    finish_run,
    release_run,
    start_run,
)
from chalicelib.jobs.time_budget import OutOfTime, TimeBudget, unlimited_budget
from chalicelib.observability import logger, record_outcome
from chalicelib.projects import counter_models, counter_repair, models
from chalicelib.projects.counter_repair import BATCH_SIZE
from chalicelib.task_lists.snapshots import refresh_snapshot
from chalicelib.tasks.models import Task, list_project_tasks, list_trashed_tasks
from chalicelib.tasks.number_models import list_numbered_task_ids

STEPS_PER_TICK = 250
COMPARE_ATTEMPTS = 3
# Longer than statistics look back; what was done earlier is counted no more.
DAYS_KEPT = timedelta(days=40)
# A project is not begun with less than the first left, and given up with less than the second: so
# each has a minute at least.
BEGIN_MILLISECONDS, END_MILLISECONDS = 120_000, 60_000


def start_counter_repair(now: datetime) -> dict[str, int]:
    """Start the weekly walk, unless the last one is not done yet. The ticks walk."""
    return record_outcome("counter_repair", {"begun": int(start_run(COUNTER_REPAIR, now))})


def continue_counter_repair(now: datetime, pace: TimeBudget | None = None) -> dict[str, int]:
    """Recount some projects, if a walk is under way and nobody else walks."""
    sweep = claim_run(COUNTER_REPAIR, now)
    if sweep is None:
        return {}
    pace = pace or unlimited_budget(now)
    outcome: Counter[str] = Counter()
    months = models.list_months(now)
    for _ in range(STEPS_PER_TICK):
        if sweep.position < len(months) and pace.has(BEGIN_MILLISECONDS):
            outcome.update(_step(sweep, months[int(sweep.position)], now, pace))
    _leave(sweep, len(months), now)
    return record_outcome("counter_repair", dict(outcome))


def _step(sweep: MaintenanceRun, month: str, now: datetime, pace: TimeBudget) -> Counter[str]:
    project_id = models.find_next_project_id(month, sweep.after)
    if project_id is None:
        advance_run(sweep, int(sweep.position) + 1, None, {})
        return Counter()
    outcome = _guarded(project_id, now, pace)
    advance_run(sweep, int(sweep.position), project_id, outcome)
    return outcome


def _leave(sweep: MaintenanceRun, end: int, now: datetime) -> None:
    if sweep.position < end:
        return release_run(sweep)
    finish_run(sweep, now)
    logger.info("recount finished", started_at=sweep.started_at)


def _guarded(project_id: str, now: datetime, pace: TimeBudget) -> Counter[str]:
    """What one project gives; whatever goes wrong with it does not stop the rest."""
    try:
        return _repair_project(project_id, now, pace)
    except OutOfTime:
        logger.warning("a project is too large to be recounted", project_id=project_id)
        return Counter(uncounted=1)
    except Exception:
        logger.exception("a project could not be recounted", project_id=project_id)
        return Counter(failed=1)


def _repair_project(project_id: str, now: datetime, pace: TimeBudget) -> Counter[str]:
    project = models.get_project(project_id)
    if project is None or project.deleted_at is not None:  # the index lags
        return Counter()
    outcome = Counter(counted=1, drift=0)
    children: Counter[str] = Counter()
    for _ in range(COMPARE_ATTEMPTS):
        found = _repair_project_counters(project_id, children, now, pace)
        outcome["drift"] += found["drift"]
        if not found["moved"]:
            outcome.update(_repair_item_counts(project_id, children, pace))
            if project.catalogued_until is not None:
                refresh_snapshot(project, now, anew=True)
            return outcome
    logger.warning("a project changes too fast to be recounted", project_id=project_id)
    return Counter(uncounted=1, drift=outcome["drift"])


def _repair_item_counts(project_id: str, children: Counter[str], pace: TimeBudget) -> Counter[str]:
    """Mend what the project and its tasks say of themselves, as far as there is time."""
    outcome = Counter(drift=counter_repair.repair_members_count(project_id))
    room, known = new_usage(), set[str]()
    everything = chain(_tasks(project_id, pace), _tasks(project_id, pace, list_trashed_tasks))
    try:
        while some := list(islice(everything, BATCH_SIZE)):
            drift, theirs = counter_repair.repair_task_counts(some, children)
            outcome["drift"] += drift
            room.update(theirs)
            known.update(task.id for task in some)
        task_ids = partial(_task_ids, project_id, known, pace)
        outcome["drift"] += counter_repair.repair_storage_usage(project_id, room, task_ids)
    except OutOfTime:
        logger.warning("there was no time for all tasks of a project", project_id=project_id)
        outcome["uncounted"] = 1
    return outcome


def _repair_project_counters(
    project_id: str, children: Counter[str], now: datetime, pace: TimeBudget
) -> Counter[str]:
    """Sum the tasks up, and the sub-tasks of each, and mend the rows that say otherwise."""
    children.clear()
    shards = counter_models.get_counter_items(
        project_id
    )  # before the tasks: who moves one later is seen
    totals = [Counter[str]() for _ in shards]
    for task in _tasks(project_id, pace):
        children[task.parent] += 1
        totals[counter_models.counter_shard(task.id)].update(counter_models.count_task(task))
    oldest = f"done:{now - DAYS_KEPT:%Y-%m-%d}"
    outcome: Counter[str] = Counter()
    for shard, counts in zip(shards, totals, strict=True):
        outcome.update(_repair_counter(shard, _lately(counts, oldest), oldest))
    return outcome


def _tasks(
    project_id: str, pace: TimeBudget, read: Callable[..., Page[Any]] = list_project_tasks
) -> Iterator[Task]:
    start = None
    while pace.has(END_MILLISECONDS):
        page = read(project_id, limit=PAGE_MAX, start=start)
        yield from page.rows
        start = page.last_key
        if start is None:
            return
    raise OutOfTime


def _task_ids(project_id: str, known: set[str], pace: TimeBudget) -> Iterator[str]:
    """On its way to the trash or back a task may not have been met, but each has a number."""
    return pace.leaving(END_MILLISECONDS).each(known.union(list_numbered_task_ids(project_id)))


def _repair_counter(shard: CounterItem, truth: Counter[str], oldest: str) -> Counter[str]:
    """Let the row say the truth and nothing else: no days of long ago, no zeros."""
    if dict(shard.counts) == dict(truth):
        return Counter()
    try:
        transact(correct_counter_write(shard, truth))
    except ConditionFailed:
        return Counter(moved=1)
    drift = _lately(shard.counts, oldest)
    drift.subtract(truth)
    wrong = {name: count for name, count in drift.items() if count}
    if wrong:
        logger.error("counter drift repaired", place=f"{shard.key.pk} {shard.key.sk}", by=wrong)
    return Counter(drift=len(wrong))


def _lately(counts: Counter[str], oldest: str) -> Counter[str]:
    """The counts without the days that nobody asks for any more."""
    kept = (name for name in counts if not name.startswith("done:") or name >= oldest)
    return Counter({name: counts[name] for name in kept})
