"""Count the copied tasks of a project and check its lists: `python check_copies.py SIZE`.

Run like warm_requests.py, with the packaged product. Its own functions count the tasks and write
the counters, as counter repair does, and the list snapshot. Then its API must answer as the tasks
require: the statistics, and the first tasks of a list in each order, from partitions and from the
snapshot.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from warm_requests import Context, build_event  # type: ignore[import-not-found]

from app import app
from chalicelib.dynamodb.optimistic_locking import correct_counter_write
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import Unavailable
from chalicelib.projects import counter_models
from chalicelib.projects.models import get_project
from chalicelib.task_lists.service import ORDERINGS
from chalicelib.task_lists.snapshots import read_snapshot, refresh_snapshot
from chalicelib.tasks.models import Task, list_project_tasks

T = TypeVar("T")

LISTED = 5
PAGE_SIZE, ATTEMPTS = 250, 5


def main() -> None:
    size, sample = int(sys.argv[1]), json.loads(os.environ["BENCH"])
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # the log, as far as Python writes it
    tasks = list(_list_tasks(sample["project"]))
    _check("tasks", len(tasks), size)
    _write_counters(sample["project"], tasks)
    _write_snapshot(sample["project"], size)

    counts = _request("statistics", sample)
    _check("statistics", sum(counts["by_status"].values()), size)
    _check_lists(tasks, sample)


def _list_tasks(project_id: str) -> Iterator[Task]:
    start = None
    while True:
        page = _retry(
            list_project_tasks, project_id, limit=PAGE_SIZE, start=start, newest_first=False
        )
        yield from page.items
        start = page.last_key
        if start is None:
            return


def _retry(function: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Call the function again if DynamoDB Local is too slow for the product's time-out."""
    for _ in range(ATTEMPTS):
        with suppress(Unavailable):
            return function(*arguments, **named)
    return function(*arguments, **named)


def _write_counters(project_id: str, tasks: list[Task]) -> None:
    items = counter_models.get_counter_items(project_id)
    totals = [Counter[str]() for _ in items]
    for task in tasks:
        totals[counter_models.counter_shard(task.id)].update(counter_models.count_task(task))
    for item, total in zip(items, totals, strict=True):
        if item.counts != total:
            transact(correct_counter_write(item, total))


def _write_snapshot(project_id: str, size: int) -> None:
    for _ in range(ATTEMPTS):
        project = get_project(project_id)
        assert project is not None
        refresh_snapshot(project, datetime.now(UTC), from_scratch=True)
        snapshot = read_snapshot(project_id)
        if snapshot is not None:
            return _check("entries of the snapshot", len(list(snapshot.entries)), size)
    sys.exit("no list snapshot was written")


def _check_lists(tasks: list[Task], sample: dict[str, str]) -> None:
    for name, ordering in ORDERINGS.items():
        for sign, is_descending in (("", False), ("-", True)):
            ranked = sorted(tasks, key=ordering.sort_key, reverse=is_descending)
            for query in ("", "status=todo&priority=high&"):
                query += f"limit={LISTED}&ordering={sign}{name}"
                answer = _request(f"list:{query}", sample)
                ids = [task["id"] for task in answer["items"]]
                _check(query, ids, [task.id for task in ranked[:LISTED]])


def _request(scenario: str, sample: dict[str, str]) -> Any:
    return json.loads(app(build_event(scenario, 0, sample), Context())["body"])


def _check(name: str, found: object, expected: object) -> None:
    if found != expected:
        sys.exit(f"{name}: {found}, expected {expected}")


if __name__ == "__main__":
    main()
