"""Measure how ticks purge a project of 10,000 tasks: `python -m bench.purge [tasks]`.

The project has been in the trash for thirty days. Ticks run as on Lambda, every five minutes with a
limit of 240 seconds. The table is in DynamoDB Local; moto emulates the rest of AWS.
"""

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
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Item
from chalicelib.projects.service import KEPT_IN_TRASH


from moto import mock_aws
import boto3
import time_machine
from tests.dynamodb_local import run_dynamodb_local, use_local_table
from tests.table_stream import TaskStream
from tests.table_items import scan_items, put_items
from tests.moto_stack import create_stack, set_watermarks
from tests.faults import ses_send_rate
from tests.support import sign_up

TICK_SECONDS = 240
TICK_INTERVAL = timedelta(minutes=5)
TASKS_PER_BATCH = 500


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with (
        mock_aws(),
        ses_send_rate(1_000_000),
        run_dynamodb_local() as address,
        Client(app) as client,
    ):
        create_stack()
        project, task = _create_sample(client)
        items = [each for each in scan_items() if project in str(each["PK"]) + str(each["SK"])]
        with use_local_table(address, "stock"), time_machine.travel(now()) as traveller:
            put_items(items)
            _copy_task(items, task, count)
            print(f"{count} tasks, {_count_items(project, address)} items", flush=True)
            traveller.shift(KEPT_IN_TRASH)
            set_watermarks()
            traveller.shift(timedelta(hours=1))
            _purge(project, address, traveller, count)


def _create_sample(client: Client) -> tuple[str, str]:
    """Create a deleted project with one task; return both ids.

    The task has all kinds of child items except a file: assignee, label, comment, watcher, number,
    search terms, activity.
    """
    stream = TaskStream(lambda name, event: app.handler_map[name](event, _build_context()))
    ann, bob = sign_up(client, "ann"), sign_up(client, "bob")
    project = ann.create_project()
    ann.add_member(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent", "color": "#ff0000"})
    task = ann.create_task(project, assigned_to=bob.id, labels=[label.json_body["id"]])["id"]
    ann.post(f"/api/tasks/{task}/comments", {"body": "Today, please"})
    stream.deliver_new()
    ann.delete(f"/api/projects/{project}")
    return project, task


def _copy_task(items: list[Any], task: str, count: int) -> None:
    """Copy the items of `task` until the project has `count` tasks."""
    template = json.dumps([item for item in items if _is_task_item(item)])
    numbers = iter(range(2, count + 1))
    while batch := list(itertools.islice(numbers, TASKS_PER_BATCH)):
        put_items([item for number in batch for item in _copy_items(template, task, number)])


def _is_task_item(item: Any) -> bool:
    partition, sort_key = str(item["PK"]["S"]), str(item["SK"]["S"])
    in_project = sort_key.startswith(("BY#", "NUMBER#", "TASK#", "WORD#"))
    return in_project or partition.startswith(("TASK#", "FEED#"))


def _copy_items(template: str, task: str, number: int) -> Iterator[Any]:
    """Yield the items of `task` with new ids and another task number."""
    copy = template.replace(task[:26], new_id(now())).replace('"NUMBER#1"', f'"NUMBER#{number}"')
    for activity in set(re.findall(r"ACT#\w+", template)):
        copy = copy.replace(activity, f"ACT#{new_id(now())}")
    yield from json.loads(copy)


def _purge(project: str, address: str, traveller: Any, count: int) -> None:
    """Run ticks until the project is gone, and print their number, duration and table calls."""
    sent: list[str] = []
    units: list[float] = []
    events = Item._get_connection().connection.client.meta.events
    events.register("before-send.dynamodb", lambda event_name, **_: sent.append(event_name))
    events.register("provide-client-params.dynamodb.BatchWriteItem", _ask_for_units)
    events.register(
        "after-call.dynamodb.BatchWriteItem", lambda parsed, **_: units.append(_sum_units(parsed))
    )
    calls, failed, seconds = 0, 0, []
    while _has_project(project):
        traveller.shift(TICK_INTERVAL)
        calls_before, start = len(sent), time.perf_counter()
        try:
            app.handler_map["tick"](_read_event(), _build_context())
        except ExceptionGroup:  # DynamoDB Local was too slow; retry as Lambda does
            failed += 1
        seconds.append(time.perf_counter() - start)
        calls += len(sent) - calls_before
    print(f"{len(seconds)} ticks ({failed} failed), {calls} calls, {sum(seconds):.0f} s in all")
    print(f"the longest tick {max(seconds):.1f} s of {TICK_SECONDS}")
    print(f"{_count_items(project, address)} items left")
    print(f"write units of a task: {sum(units) / count:.2f}")


def _ask_for_units(params: Any, **_: Any) -> Any:
    return {**params, "ReturnConsumedCapacity": "TOTAL"}


def _sum_units(answer: Any) -> float:
    bills: list[dict[str, float]] = answer.get("ConsumedCapacity", [])
    return sum(bill["CapacityUnits"] for bill in bills)


def _has_project(project: str) -> bool:
    client: Any = Item._get_connection().connection.client
    key = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": "META"}}
    return "Item" in client.get_item(TableName=settings.TABLE_NAME, Key=key)


def _count_items(project: str, address: str) -> int:
    """Count all items whose keys contain the project's id.

    The scan needs its own timeout: the app's client waits two seconds, but DynamoDB Local may take
    longer to start a scan of the whole table.
    """
    config = Config(read_timeout=300)
    scan = boto3.client("dynamodb", endpoint_url=address, config=config).get_paginator("scan")
    pages = scan.paginate(TableName=settings.TABLE_NAME, ProjectionExpression="PK, SK")
    return sum(project in str(item) for page in pages for item in page["Items"])


def _read_event() -> Any:
    with open("events/tick.json") as file:
        return json.load(file)


def _build_context() -> LambdaContext:
    return LambdaContext("tick", memory_size=512, max_runtime_ms=TICK_SECONDS * 1000)


if __name__ == "__main__":
    assert conftest
    main()
