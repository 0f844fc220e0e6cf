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
from tests.support import Killed, Person, killed_at
from tests.table_stream import Record, TaskStream


@pytest.fixture
def records(ann: Person, bob: Person, stream: TaskStream) -> list[Record]:
    """What the stream has to tell of a task's life."""
    project = ann.starts_project()
    ann.lets_in(project, bob)
    path = f"/api/tasks/{ann.adds_task(project, assigned_to=bob.id)['id']}"
    ann.patch(path, {"title": "x", "status": "done", "description": "y"})
    ann.delete(path)
    ann.post(path + "/restore")
    return stream.records()


def _rows() -> list[str]:
    """All activity in the table, in both places, as it stands there."""
    client = Item._get_connection().connection.client
    items = client.scan(TableName=settings.TABLE_NAME)["Items"]
    return sorted(str(item) for item in items if item["SK"]["S"].startswith("ACT#"))


def test_records_that_are_told_again_write_the_same_rows(
    stream: TaskStream, records: list[Record]
) -> None:
    assert stream.tells(records) == []
    rows = _rows()
    assert len(rows) == 2 * 6
    for again in (records, [*records, *records], records[::-1]):
        assert stream.tells(again) == []
        assert _rows() == rows


def test_a_batch_that_is_split_writes_the_same_rows(
    stream: TaskStream, records: list[Record], wait: Callable[..., None]
) -> None:
    stream.tells(records)
    rows = _rows()
    _forget()
    for record in random.Random(1).sample(records, len(records)):
        wait(hours=3)
        stream.tells([record])
    assert _rows() == rows


def _forget() -> None:
    client = Item._get_connection().connection.client
    for item in client.scan(TableName=settings.TABLE_NAME)["Items"]:
        if item["SK"]["S"].startswith("ACT#"):
            key = {name: item[name] for name in ("PK", "SK")}
            client.delete_item(TableName=settings.TABLE_NAME, Key=key)


def test_a_record_that_fails_is_the_only_one_to_be_named(
    stream: TaskStream, records: list[Record]
) -> None:
    stream.tells(records)
    rows = _rows()
    _forget()
    poison = copy.deepcopy(records[1])
    poison["dynamodb"]["NewImage"]["version"] = {"S": "many"}
    poison["dynamodb"]["SequenceNumber"] = "poison"
    assert stream.tells([poison, *records]) == ["poison"]
    assert _rows() == rows


@contextmanager
def table_takes_no_writes() -> Iterator[None]:
    def time_out(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    events = Item._get_connection().connection.client.meta.events
    events.register_first("before-send.dynamodb.BatchWriteItem", time_out)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb.BatchWriteItem", time_out)


def test_what_an_outage_kept_from_being_written_comes_back(
    stream: TaskStream, records: list[Record]
) -> None:
    first = records[:1]
    with table_takes_no_writes():
        assert stream.tells(first) == [first[0]["dynamodb"]["SequenceNumber"]]
    assert _rows() == []
    assert stream.tells(first) == []
    assert len(_rows()) == 2


def test_a_function_that_dies_anywhere_is_made_good_by_the_next_try(
    stream: TaskStream, records: list[Record]
) -> None:
    calls = 0
    while True:
        calls += 1
        try:
            with killed_at(calls):
                stream.tells(records)
            break
        except Killed:
            continue
    assert calls > 3
    assert len(_rows()) == 2 * 6


def test_the_purge_of_a_task_takes_its_activity_from_the_feed_too(
    ann: Person, stream: TaskStream, records: list[Record], pass_by: Callable[..., None]
) -> None:
    stream.tells(records)
    (task,) = {record["dynamodb"]["Keys"]["SK"]["S"].partition("#")[2] for record in records}
    project = ann.get("/api/projects").json_body["items"][0]["id"]
    other = ann.adds_task(project)["id"]
    ann.delete(f"/api/tasks/{task}")
    stream.flows()
    pass_by(days=30)
    purge_trash(now())
    stream.flows()
    assert len(_rows()) == 2
    assert all(other in row for row in _rows())


def test_the_purge_of_a_project_empties_its_feed(
    ann: Person, stream: TaskStream, records: list[Record], pass_by: Callable[..., None]
) -> None:
    project = ann.get("/api/projects").json_body["items"][0]["id"]
    stream.tells(records)
    _strays(project)
    ann.delete(f"/api/projects/{project}")
    pass_by(days=30)
    purge_trash(now())
    stream.flows()
    assert _rows() == []


def _strays(project: str) -> None:
    """A row of the feed whose task knows nothing of it."""
    client = Item._get_connection().connection.client
    item = {"PK": {"S": f"FEED#{project}"}, "SK": {"S": "ACT#stray"}}
    client.put_item(TableName=settings.TABLE_NAME, Item=item)


def test_the_sample_event_is_understood(cloud: None, event: Any, invoke: Any) -> None:
    assert invoke("follow_changes", event("follow_changes")) == {"batchItemFailures": []}
    assert len(_rows()) == 2
