"""Counter repair: a weekly run that compares the counters of every project with its tasks.

Counters change in the transaction that changes the task, so no difference is expected. If a defect
or a write from outside made a counter drift, the run corrects and reports it
(docs/decisions/0030-counter-repair-finds-projects-by-month.md).

A task is counted in one counter item of its project, and every change increases `changes` of that
item. A counter item is corrected only while `changes` is as it was before the tasks were read: then
none of its tasks has changed since, and the sum is right. If it changed, the tasks are read again.

Then the filter entries and search terms are made to agree with the tasks (`reindex`), and the list
snapshot is rebuilt. Last, the counts on tasks and projects are compared (`counter_repair`). Tasks
for which no time is left are checked in the next week. Only a reindex that has repaired something
when its time is used up is continued by the next tick.

The position of the run is in a MaintenanceRun with a lease. Each tick continues the run until all
projects are done.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple

from chalicelib.attachments.quota_models import new_usage
from chalicelib.dynamodb.optimistic_locking import correct_counter_write
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import PAGE_MAX
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.jobs.maintenance_models import (
    COUNTER_REPAIR,
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
from chalicelib.task_lists.reindex import reindex_project
from chalicelib.task_lists.snapshots import MIN_TASKS, refresh_snapshot
from chalicelib.tasks.models import Task, list_project_tasks, list_trashed_tasks
from chalicelib.tasks.number_models import list_original_task_ids

STEPS_PER_TICK = 250
COMPARE_ATTEMPTS = 3
# Statistics look back less far; older daily counts are removed.
DAYS_KEPT = timedelta(days=40)
# No project is started with less than the first time left, and none continues with less than the
# second. So each project gets at least one minute.
BEGIN_MILLISECONDS, END_MILLISECONDS = 120_000, 60_000


class ComparedCounters(NamedTuple):
    """The result of comparing a project's counter items with its tasks.

    `drift` is how many counts were corrected. `is_complete` is False when a counter item changed
    meanwhile. `subtask_counts` has the number of subtasks by id of the parent.
    """

    drift: int
    is_complete: bool
    subtask_counts: Counter[str]


class RepairedProject(NamedTuple):
    """The metrics of one project. `is_finished` is False if the next tick continues with it."""

    outcome: Counter[str]
    is_finished: bool = True


def start_counter_repair(now: datetime) -> dict[str, int]:
    """Start the weekly run, unless the last one is not finished. The ticks do its work."""
    return record_outcome("counter_repair", {"begun": int(start_run(COUNTER_REPAIR, now))})


def continue_counter_repair(now: datetime, budget: TimeBudget | None = None) -> dict[str, int]:
    """Check some projects, if a run is in progress and nobody else has its lease.

    Returns the metrics `counted` (projects checked), `uncounted` (too large or too busy), `failed`,
    `drift` (counts corrected) and `reindexed` (filter entries and search terms added or removed);
    nothing when there is no run.
    """
    run = claim_run(COUNTER_REPAIR, now)
    if run is None:
        return {}
    budget = budget or unlimited_budget(now)
    outcome: Counter[str] = Counter()
    months = models.list_months(now)

    for _ in range(STEPS_PER_TICK):
        if run.position >= len(months) or not budget.has(BEGIN_MILLISECONDS):
            break
        position = int(run.position)
        project_id = models.find_next_project_id(months[position], run.after)
        if project_id is None:
            advance_run(run, position + 1, None, {})
        else:
            repaired = _repair_project(project_id, now, budget)
            after = project_id if repaired.is_finished else run.after
            advance_run(run, position, after, repaired.outcome)
            outcome.update(repaired.outcome)

    if run.position < len(months):
        release_run(run)
    else:
        finish_run(run, now)
        logger.info("counter repair finished", started_at=run.started_at)
    return record_outcome("counter_repair", dict(outcome))


def _repair_project(project_id: str, now: datetime, budget: TimeBudget) -> RepairedProject:
    """Correct all counters and the index of one project. A failure is logged, so that it does not
    stop the run."""
    try:
        project = models.get_project(project_id)
        if project is None or project.deleted_at is not None:  # the index lags
            return RepairedProject(Counter())
        compared = _repair_until_complete(project_id, now, budget)
        reindexed, is_finished = _reindex(project, now, budget)
        outcome = Counter(drift=compared.drift)
        outcome.update(reindexed)
        if not is_finished:
            return RepairedProject(outcome, is_finished=False)
        if compared.is_complete:
            outcome["counted"] = 1
            outcome.update(_repair_stored_counts(project_id, compared.subtask_counts, budget))
        else:
            logger.warning("project changes too often for counter repair", project_id=project_id)
            outcome["uncounted"] = 1
        # A project is counted once, also if several of its parts have to wait for a week.
        if outcome["uncounted"]:
            outcome["uncounted"] = 1
        return RepairedProject(outcome)
    except OutOfTime:
        logger.warning("project is too large for counter repair", project_id=project_id)
        return RepairedProject(Counter(uncounted=1))
    except Exception:
        logger.exception("counter repair of a project failed", project_id=project_id)
        return RepairedProject(Counter(failed=1))


def _repair_until_complete(project_id: str, now: datetime, budget: TimeBudget) -> ComparedCounters:
    """Correct the counter items, and begin again while tasks change meanwhile."""
    drift = 0
    for _ in range(COMPARE_ATTEMPTS):
        compared = _repair_counter_items(project_id, now, budget)
        drift += compared.drift
        if compared.is_complete:
            break
    return compared._replace(drift=drift)


def _reindex(
    project: models.Project, now: datetime, budget: TimeBudget
) -> tuple[Counter[str], bool]:
    """Make filter entries, search terms and list snapshot of the project agree with its tasks.

    Returns the metrics, and whether the project is finished; it is not if the time was used up
    after some entries were repaired.
    """
    tasks = _list_tasks(list_project_tasks, project.id, budget)
    reindexed = reindex_project(project.id, tasks, budget.reserving(END_MILLISECONDS))
    outcome = Counter(reindexed=reindexed.mended) if reindexed.mended else Counter[str]()
    if not reindexed.is_complete:
        if reindexed.mended and not budget.has(END_MILLISECONDS):
            return outcome, False
        logger.warning("project is too large or too busy for reindex", project_id=project.id)
        outcome["uncounted"] = 1
    if project.catalogued_until is not None or reindexed.tasks_count >= MIN_TASKS:
        refresh_snapshot(project, now, from_scratch=True)
    return outcome, True


def _repair_counter_items(project_id: str, now: datetime, budget: TimeBudget) -> ComparedCounters:
    """Add up the project's tasks and correct the counter items that differ."""
    # They are read before the tasks, so that a later change of a task is detected.
    shards = counter_models.get_counter_items(project_id)
    totals = [Counter[str]() for _ in shards]
    subtask_counts: Counter[str] = Counter()
    for task in _list_tasks(list_project_tasks, project_id, budget):
        subtask_counts[task.parent] += 1
        totals[counter_models.counter_shard(task.id)].update(counter_models.count_task(task))

    drift, is_complete = 0, True
    for shard, total in zip(shards, totals, strict=True):
        # What is written has no zeros and no old days; that these are removed is no drift.
        expected = _without_old_days(total, now)
        if dict(shard.counts) == dict(expected):
            continue
        try:
            transact(correct_counter_write(shard, expected))
        except ConditionFailed:
            is_complete = False
            continue
        differences = _without_old_days(shard.counts, now)
        differences.subtract(expected)
        wrong = {name: count for name, count in differences.items() if count}
        if wrong:
            place = f"{shard.key.pk} {shard.key.sk}"
            logger.error("counter drift repaired", place=place, by=wrong)
            drift += len(wrong)
    return ComparedCounters(drift, is_complete, subtask_counts)


def _without_old_days(counts: Counter[str], now: datetime) -> Counter[str]:
    oldest = f"done:{now - DAYS_KEPT:%Y-%m-%d}"
    kept = (name for name in counts if not name.startswith("done:") or name >= oldest)
    return Counter({name: counts[name] for name in kept})


def _repair_stored_counts(
    project_id: str, subtask_counts: Counter[str], budget: TimeBudget
) -> Counter[str]:
    """Correct the counts on the project and its tasks, for as many tasks as there is time."""
    outcome = Counter(drift=counter_repair.repair_members_count(project_id))
    storage, known_ids = new_usage(), set[str]()
    tasks = chain(
        _list_tasks(list_project_tasks, project_id, budget),
        _list_tasks(list_trashed_tasks, project_id, budget),
    )

    def list_all_task_ids() -> Iterator[str]:
        # A task that moves to or from the trash during the run may be missing from both lists, but
        # each task has a number.
        all_ids = known_ids.union(list_original_task_ids(project_id))
        return budget.reserving(END_MILLISECONDS).each(all_ids)

    try:
        while batch := list(islice(tasks, BATCH_SIZE)):
            repaired = counter_repair.repair_task_counts(batch, subtask_counts)
            outcome["drift"] += repaired.drift
            storage.update(repaired.storage)
            known_ids.update(task.original_id for task in batch)
        outcome["drift"] += counter_repair.repair_storage_usage(
            project_id, storage, list_all_task_ids
        )
    except OutOfTime:
        logger.warning("no time for all tasks of a project", project_id=project_id)
        outcome["uncounted"] = 1
    return outcome


def _list_tasks(
    read_page: Callable[..., Page[Any]], project_id: str, budget: TimeBudget
) -> Iterator[Task]:
    """Yield all tasks of the project's pages. Raises `OutOfTime` when the budget is used up."""
    start = None
    while budget.has(END_MILLISECONDS):
        page = read_page(project_id, limit=PAGE_MAX, start=start)
        yield from page.items
        start = page.last_key
        if start is None:
            return
    raise OutOfTime
