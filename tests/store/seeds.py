"""Projects full of tasks, made by the store's own writes but put in batches."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from chalicelib.clock import now
from chalicelib.domain.due_dates import due_at
from chalicelib.store import counters, edges, numbers, table, tasks
from chalicelib.store.ids import LENGTH as ID_LENGTH
from chalicelib.store.ids import new_id, new_task_id
from chalicelib.store.table import Row
from chalicelib.store.tasks import Task
from chalicelib.store.times import stamp
from chalicelib.store.transaction import Put, Tally, transact
from tests.support import all_rows, put_rows

STATUSES = ("todo", "in_progress", "review", "done")
PRIORITIES = ("low", "medium", "high")
DUE_IN_HOURS = (None, -200, 5, 100, 500)


def fill(
    project: str, people: list[str], label: str, count: int, *, description: str = ""
) -> list[Task]:
    """Give a new project `count` tasks of all kinds: every third has the label, every fourth is a
    sub-task of the first; created over the last hours."""
    assert numbers.draw(project, count) == 1
    made = list(islice(_tasks(project, people, label, count, description), count))
    made[0].subtasks_count = sum(task.parent is not None for task in made)
    table.put([row for task in made for row in _rows(task)])
    tallies = [counters.moved(None, task) for task in made]
    for shard in range(counters.SHARDS):
        ours = [tally for tally in tallies if tally.key == counters.Counters.key(project, shard)]
        if ours:
            transact(_sum(ours))
    return made


def multiply(made: list[Task], times: int) -> None:
    """Put so many copies of each of the tasks beside it, and what finds them; they have other ids,
    and are not counted."""
    begin, found = now() - timedelta(hours=4), all_rows()
    for number, task in enumerate(made):
        own = [row for row in found if row["SK"]["S"].endswith(f"#{task.id}")]
        text, copies = json.dumps(own), []
        for copy in range(times):
            at = begin + timedelta(milliseconds=number + copy * len(made))
            copies += json.loads(text.replace(task.id[:ID_LENGTH], new_id(at)))
        put_rows(copies)


def _sum(tallies: list[Tally]) -> Tally:
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
        due = None if hours is None else stamp(datetime.now(UTC) + timedelta(hours=hours))
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
            due_at=due_at(due, None),
            labels=[label] if number % 3 == 0 else None,
            parent=parent,
            depth=2 if parent else 1,
            created_by=people[number % len(people)],
            created_at=stamp(at),
            updated_at=stamp(at),
            completed_at=stamp(at) if status == "done" else None,
        )
        first = first or key.sk.removeprefix("TASK#")


def _rows(task: Task) -> Iterator[Row]:
    given = numbers.given(task.project_id, int(task.number), task.id)
    for write in (tasks.created(task), given, *edges.moved(None, task)):
        assert isinstance(write, Put)
        yield write.row
