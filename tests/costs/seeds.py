"""Projects full of tasks, made by the store's own writes but put in batches."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from chalicelib.clock import now
from chalicelib.dynamodb.ids import ID_LENGTH, new_id, new_task_id
from chalicelib.dynamodb.table import Item, batch_put
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import Increment, Put, transact
from chalicelib.projects.counter_models import SHARDS, ProjectCounters, move_counts_write
from chalicelib.task_lists.models import move_filter_entries_writes
from chalicelib.tasks.due_dates import compute_due_at
from chalicelib.tasks.models import Task, create_task_write
from chalicelib.tasks.number_models import assign_number_write, draw_task_numbers
from tests.table_items import put_items, scan_items

STATUSES = ("todo", "in_progress", "review", "done")
PRIORITIES = ("low", "medium", "high")
DUE_IN_HOURS = (None, -200, 5, 100, 500)


def fill(
    project: str, people: list[str], label: str, count: int, *, description: str = ""
) -> list[Task]:
    """Give a new project `count` tasks of all kinds: every third has the label, every fourth is a
    sub-task of the first; created over the last hours."""
    assert draw_task_numbers(project, count) == 1
    made = list(islice(_tasks(project, people, label, count, description), count))
    made[0].subtasks_count = sum(task.parent is not None for task in made)
    batch_put([row for task in made for row in _rows(task)])
    tallies = [move_counts_write(None, task) for task in made]
    for shard in range(SHARDS):
        ours = [tally for tally in tallies if tally.key == ProjectCounters.key(project, shard)]
        if ours:
            transact(_sum(ours))
    return made


def multiply(made: list[Task], times: int) -> None:
    """Put so many copies of each of the tasks beside it, and what finds them; they have other ids,
    and are not counted."""
    begin, found = now() - timedelta(hours=4), scan_items()
    for number, task in enumerate(made):
        own = [row for row in found if row["SK"]["S"].endswith(f"#{task.id}")]
        text, copies = json.dumps(own), []
        for copy in range(times):
            at = begin + timedelta(milliseconds=number + copy * len(made))
            copies += json.loads(text.replace(task.id[:ID_LENGTH], new_id(at)))
        put_items(copies)


def _sum(tallies: list[Increment]) -> Increment:
    first, *others = tallies
    for each in others:
        first = first.plus(each)
    return first


def _tasks(
    project: str, people: list[str], label: str, count: int, description: str
) -> Iterator[Task]:
    begin = now() - timedelta(hours=5)
    first: str | None = None
    for number in range(1, count + 1):
        at = begin + timedelta(milliseconds=number)
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


def _rows(task: Task) -> Iterator[Item]:
    given = assign_number_write(task.project_id, int(task.number), task.id)
    for write in (create_task_write(task), given, *move_filter_entries_writes(None, task)):
        assert isinstance(write, Put)
        yield write.row
