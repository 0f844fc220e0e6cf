"""Projects with many tasks, built from the writes of the models but put in batches."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from chalicelib.clock import now
from chalicelib.dynamodb.batch_writes import batch_put
from chalicelib.dynamodb.ids import ID_LENGTH, new_id, new_task_id
from chalicelib.dynamodb.table import Item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import Increment, Put, transact
from chalicelib.projects.counter_models import SHARDS, ProjectCounters, move_counts_write
from chalicelib.task_lists.models import move_filter_entries_writes
from chalicelib.tasks.due_dates import compute_due_at, compute_start_at
from chalicelib.tasks.models import Task, create_task_write
from chalicelib.tasks.number_models import assign_number_write, draw_task_numbers
from tests.table_items import put_items, scan_items

STATUSES = ("todo", "in_progress", "review", "done")
PRIORITIES = ("low", "medium", "high")
DUE_IN_HOURS = (None, -200, 5, 100, 500)


def fill(
    project: str,
    people: list[str],
    label: str,
    count: int,
    *,
    description: str = "",
    start_date: str | None = None,
    open_blockers_count: int | None = None,
) -> list[Task]:
    """Create `count` tasks of all kinds in a new project and return them.

    Every third task has the label, every fourth is a subtask of the first. `people` are user ids,
    used in turn as creators and assignees. The tasks were created some hours ago, and all have the
    start date and the number of open blockers.
    """
    assert draw_task_numbers(project, count) == 1
    tasks = list(islice(_tasks(project, people, label, count, description), count))
    for task in tasks:
        task.start_date, task.start_at = start_date, compute_start_at(start_date, None)
        task.open_blockers_count = open_blockers_count
    tasks[0].subtasks_count = sum(task.parent is not None for task in tasks)
    batch_put([item for task in tasks for item in _items(task)])
    counts = [move_counts_write(None, task) for task in tasks]
    for shard in range(SHARDS):
        in_shard = [write for write in counts if write.key == ProjectCounters.key(project, shard)]
        if in_shard:
            transact(_sum(in_shard))
    return tasks


def multiply(tasks: list[Task], times: int) -> None:
    """Add `times` copies of each task, with its filter entries and search terms, under new ids.

    The copies are not counted.
    """
    start, items = now() - timedelta(hours=4), scan_items()
    for number, task in enumerate(tasks):
        own = [item for item in items if item["SK"]["S"].endswith(f"#{task.id}")]
        text, copies = json.dumps(own), []
        for copy in range(times):
            at = start + timedelta(milliseconds=number + copy * len(tasks))
            copies += json.loads(text.replace(task.id[:ID_LENGTH], new_id(at)))
        put_items(copies)


def _sum(writes: list[Increment]) -> Increment:
    first, *others = writes
    for each in others:
        first = first.plus(each)
    return first


def _tasks(
    project: str, people: list[str], label: str, count: int, description: str
) -> Iterator[Task]:
    start = now() - timedelta(hours=5)
    first: str | None = None
    for number in range(1, count + 1):
        at = start + timedelta(milliseconds=number)
        key = Task.key(new_task_id(project, at))
        status, hours = STATUSES[number % 4], DUE_IN_HOURS[number % 5]
        due = (
            None if hours is None else format_timestamp(datetime.now(UTC) + timedelta(hours=hours))
        )
        parent = first if number % 4 == 2 and first else None
        yield Task(
            key.pk,
            key.sk,
            number=number,
            title=f"Task {number} of many, with a title of usual length",
            description=description,
            status=status,
            priority=PRIORITIES[number % 3],
            assigned_to=[None, *people][number % (len(people) + 1)],
            due_date=due,
            due_at=compute_due_at(due, None),
            labels=[label] if number % 3 == 0 else None,
            parent=parent,
            depth=2 if parent else 1,
            created_by=people[number % len(people)],
            created_at=format_timestamp(at),
            updated_at=format_timestamp(at),
            completed_at=format_timestamp(at) if status == "done" else None,
        )
        first = first or key.sk.removeprefix("TASK#")


def _items(task: Task) -> Iterator[Item]:
    number = assign_number_write(task.project_id, int(task.number), task.id)
    for write in (create_task_write(task), number, *move_filter_entries_writes(None, task)):
        assert isinstance(write, Put)
        yield write.item
