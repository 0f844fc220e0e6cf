"""The table's stream: repeated, split and failing batches write the same activity once."""

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.trash.jobs import purge_trash
from tests.faults import Killed, kill_at_call
from tests.support import Person
from tests.table_stream import Record, TaskStream


@pytest.fixture
def records(ann: Person, bob: Person, stream: TaskStream) -> list[Record]:
    """The stream records of a task that is created, changed, deleted and restored."""
    project = ann.create_project()
    ann.add_member(project, bob)
    path = f"/api/tasks/{ann.create_task(project, assigned_to=bob.id)['id']}"
    ann.patch(path, {"title": "x", "status": "done", "description": "y"})
    ann.delete(path)
    ann.post(path + "/restore")
    return stream.take_records()


def _activity_items() -> list[str]:
    """All activity items of the table: those of the task and those of the feed."""
    client = Item._get_connection().connection.client
    items = client.scan(TableName=settings.TABLE_NAME)["Items"]
    return sorted(str(item) for item in items if item["SK"]["S"].startswith("ACT#"))


def test_records_that_are_delivered_again_write_the_same_items(
    stream: TaskStream, records: list[Record]
) -> None:
    assert stream.deliver(records) == []
    items_before = _activity_items()
    assert len(items_before) == 2 * 6
    for again in (records, [*records, *records], records[::-1]):
        assert stream.deliver(again) == []
        assert _activity_items() == items_before


def test_a_batch_that_is_split_writes_the_same_items(
    stream: TaskStream, records: list[Record], wait: Callable[..., None]
) -> None:
    stream.deliver(records)
    items_before = _activity_items()
    _delete_activity()
    for record in random.Random(1).sample(records, len(records)):
        wait(hours=3)
        stream.deliver([record])
    assert _activity_items() == items_before


def _delete_activity() -> None:
    client = Item._get_connection().connection.client
    for item in client.scan(TableName=settings.TABLE_NAME)["Items"]:
        if item["SK"]["S"].startswith("ACT#"):
            key = {name: item[name] for name in ("PK", "SK")}
            client.delete_item(TableName=settings.TABLE_NAME, Key=key)


def test_only_the_record_that_failed_is_reported(stream: TaskStream, records: list[Record]) -> None:
    stream.deliver(records)
    items_before = _activity_items()
    _delete_activity()
    broken = copy.deepcopy(records[1])
    broken["dynamodb"]["NewImage"]["version"] = {"S": "many"}
    broken["dynamodb"]["SequenceNumber"] = "broken"
    assert stream.deliver([broken, *records]) == ["broken"]
    assert _activity_items() == items_before


@contextmanager
def table_refuses_batch_writes() -> Iterator[None]:
    def time_out(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    events = Item._get_connection().connection.client.meta.events
    events.register_first("before-send.dynamodb.BatchWriteItem", time_out)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb.BatchWriteItem", time_out)


def test_a_record_that_failed_in_an_outage_is_written_by_the_next_delivery(
    stream: TaskStream, records: list[Record]
) -> None:
    first = records[:1]
    with table_refuses_batch_writes():
        assert stream.deliver(first) == [first[0]["dynamodb"]["SequenceNumber"]]
    assert _activity_items() == []
    assert stream.deliver(first) == []
    assert len(_activity_items()) == 2


def test_a_function_killed_at_any_call_is_completed_by_the_next_try(
    stream: TaskStream, records: list[Record]
) -> None:
    calls = 0
    while True:
        calls += 1
        try:
            with kill_at_call(calls):
                stream.deliver(records)
            break
        except Killed:
            continue
    assert calls > 3
    assert len(_activity_items()) == 2 * 6


def test_the_purge_of_a_task_also_removes_its_activity_from_the_feed(
    ann: Person, stream: TaskStream, records: list[Record], wait_days: Callable[..., None]
) -> None:
    stream.deliver(records)
    (task,) = {record["dynamodb"]["Keys"]["SK"]["S"].partition("#")[2] for record in records}
    project = ann.get("/api/projects").json_body["items"][0]["id"]
    other = ann.create_task(project)["id"]
    ann.delete(f"/api/tasks/{task}")
    stream.deliver_new()
    wait_days(days=30)
    purge_trash(now())
    stream.deliver_new()
    assert len(_activity_items()) == 2
    assert all(other in row for row in _activity_items())


def test_the_purge_of_a_project_empties_its_feed(
    ann: Person, stream: TaskStream, records: list[Record], wait_days: Callable[..., None]
) -> None:
    project = ann.get("/api/projects").json_body["items"][0]["id"]
    stream.deliver(records)
    _add_stray_feed_item(project)
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    purge_trash(now())
    stream.deliver_new()
    assert _activity_items() == []


def _add_stray_feed_item(project: str) -> None:
    """Add a feed item that its task does not have."""
    client = Item._get_connection().connection.client
    item = {"PK": {"S": f"FEED#{project}"}, "SK": {"S": "ACT#stray"}}
    client.put_item(TableName=settings.TABLE_NAME, Item=item)


def test_the_sample_event_is_processed(cloud: None, sample_event: Any, invoke: Any) -> None:
    assert invoke("follow_changes", sample_event("follow_changes")) == {"batchItemFailures": []}
    assert len(_activity_items()) == 2
