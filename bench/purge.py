"""A project of 10,000 tasks that was in the trash for thirty days, purged by ticks as Lambda runs
them: `python -m bench.purge [how many]`. The table is in DynamoDB Local, the rest in moto."""

import itertools
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"

from tests import conftest  # noqa: I001  (sets the environment that the app is imported in)
from app import app
from botocore.config import Config
from chalice.local import LambdaContext
from chalice.test import Client
from chalicelib import settings
from chalicelib.clock import now
from chalicelib.domain.projects import KEPT_IN_TRASH
from chalicelib.store.ids import new_id
from chalicelib.store.table import Row
from moto import mock_aws
import boto3
import time_machine
from tests.dynamodb_local import dynamodb_local, table_at
from tests.stream import TaskStream
from tests.support import all_rows, make_cloud, put_rows, quota_of, sign_up, ticked_lately

TICK_SECONDS = 240
EVERY = timedelta(minutes=5)
SLICE = 500


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with mock_aws(), quota_of(1_000_000), dynamodb_local() as address, Client(app) as client:
        make_cloud()
        project, task = _sample(client)
        rows = [row for row in all_rows() if project in str(row["PK"]) + str(row["SK"])]
        with table_at(address), time_machine.travel(now()) as traveller:
            put_rows(rows)
            _fill(rows, task, count)
            print(f"{count} tasks, {_left(project, address)} rows", flush=True)
            traveller.shift(KEPT_IN_TRASH)
            ticked_lately()
            traveller.shift(timedelta(hours=1))
            _purge(project, address, traveller)


def _sample(client: Client) -> tuple[str, str]:
    """A deleted project and its one task, with all that a task can have but a file: assignee,
    label, comment, watcher, number, words, activity."""
    stream = TaskStream(lambda name, event: app.handler_map[name](event, _context()))
    ann, bob = sign_up(client, "ann"), sign_up(client, "bob")
    project = ann.starts_project()
    ann.lets_in(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent", "colour": "#ff0000"})
    task = ann.adds_task(project, assigned_to=bob.id, labels=[label.json_body["id"]])["id"]
    ann.post(f"/api/tasks/{task}/comments", {"body": "Today, please"})
    stream.flows()
    ann.delete(f"/api/projects/{project}")
    return project, task


def _fill(rows: list[Any], task: str, count: int) -> None:
    """Let `count` - 1 more tasks stand beside `task`, each with rows of its own as `task` has."""
    text = json.dumps([row for row in rows if _is_of_a_task(row)])
    numbers = iter(range(2, count + 1))
    while some := list(itertools.islice(numbers, SLICE)):
        put_rows([row for number in some for row in _copy(text, task, number)])


def _is_of_a_task(row: Any) -> bool:
    of_project = row["SK"]["S"].startswith(("BY#", "NUMBER#", "TASK#", "WORD#"))
    return of_project or row["PK"]["S"].startswith(("TASK#", "FEED#"))


def _copy(text: str, task: str, number: int) -> Iterator[Any]:
    other = text.replace(task[:26], new_id(now())).replace('"NUMBER#1"', f'"NUMBER#{number}"')
    for entry in set(re.findall(r"ACT#\w+", text)):
        other = other.replace(entry, f"ACT#{new_id(now())}")
    yield from json.loads(other)


def _purge(project: str, address: str, traveller: Any) -> None:
    sent: list[str] = []
    events = Row._get_connection().connection.client.meta.events  # type: ignore[attr-defined]
    events.register("before-send.dynamodb", lambda event_name, **_: sent.append(event_name))
    calls, failed, seconds = 0, 0, []
    while _is_there(project):
        traveller.shift(EVERY)
        before, began = len(sent), time.perf_counter()
        try:
            app.handler_map["tick"](_event(), _context())
        except ExceptionGroup:  # DynamoDB Local was too slow: Lambda tries again, and so do we
            failed += 1
        seconds.append(time.perf_counter() - began)
        calls += len(sent) - before
    print(f"{len(seconds)} ticks ({failed} failed), {calls} calls, {sum(seconds):.0f} s in all")
    print(f"the longest tick {max(seconds):.1f} s of {TICK_SECONDS}")
    print(f"{_left(project, address)} rows left")


def _is_there(project: str) -> bool:
    client = Row._get_connection().connection.client  # type: ignore[attr-defined]
    key = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": "META"}}
    return "Item" in client.get_item(TableName=settings.TABLE_NAME, Key=key)


def _left(project: str, address: str) -> int:
    """How many rows know the project, wherever they stand. The app waits two seconds for an answer;
    DynamoDB Local may take longer to begin a walk through all it holds."""
    patient = Config(read_timeout=300)
    pages = boto3.client("dynamodb", endpoint_url=address, config=patient).get_paginator("scan")
    found = pages.paginate(TableName=settings.TABLE_NAME, ProjectionExpression="PK, SK")
    return sum(project in str(row) for page in found for row in page["Items"])


def _event() -> Any:
    with open("events/tick.json") as file:
        return json.load(file)


def _context() -> LambdaContext:
    return LambdaContext("tick", memory_size=512, max_runtime_ms=TICK_SECONDS * 1000)


if __name__ == "__main__":
    assert conftest
    main()
