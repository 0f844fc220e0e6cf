"""Faults on the way of events: repeated, lost and slow calls, and functions that die."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import settings
from chalicelib.aws import clients
from tests.faults import build_response, event_hook, is_killed_at
from tests.live_updates.conftest import Events, Socket
from tests.support import Person
from tests.table_items import dynamodb_client, scan_items

Connect = Callable[..., Socket]
POST = "before-send.apigatewaymanagementapi.PostToConnection"


@contextmanager
def connection_answers(socket: Socket, answer: Callable[[Any], Any]) -> Iterator[list[str]]:
    """Answer what is sent to a connection with `answer` in the block; yield those calls."""
    calls: list[str] = []

    def on_send(request: Any, **_: Any) -> Any:
        if socket.id.rstrip("=") not in request.url:
            return None
        calls.append(request.url)
        return answer(request)

    with event_hook(clients.live_connections_client(), POST, on_send):
        yield calls


def _gone(request: Any) -> Any:
    return build_response(request, b"{}", 410)


def _refuse(request: Any) -> Any:
    return build_response(request, b"{}", 429)


def _time_out(request: Any) -> Any:
    raise ReadTimeoutError(endpoint_url=request.url)


@pytest.mark.parametrize("answer", [_gone, _refuse, _time_out])
def test_a_connection_that_takes_no_message_is_removed_and_holds_up_no_other(
    answer: Callable[[Any], Any], ann: Person, project: str, connect: Connect, events: Events
) -> None:
    other = connect(ann, project)
    before = scan_items()
    lost = connect(ann, project)
    task = ann.create_task(project)
    with connection_answers(lost, answer) as calls:
        events.deliver()
        ann.patch(f"/api/tasks/{task['id']}", {"title": "New"})
        events.deliver()
    assert len(calls) == 1
    told = [event["type"] for event in other.take_events()]
    assert told[-2:] == ["task.created", "task.changed"]
    connections = [item for item in before if item["PK"]["S"].startswith(("CONN#", "LIVE#"))]
    left = [item for item in scan_items() if item["PK"]["S"].startswith(("CONN#", "LIVE#"))]
    assert left == connections


def test_a_subscription_that_outlives_its_connection_is_removed(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    lost = connect(ann, project)
    client = dynamodb_client()
    for item in scan_items():
        if item["PK"]["S"].startswith("CONN#"):  # as the time-to-live deletes it
            keys = {name: item[name] for name in ("PK", "SK")}
            client.delete_item(TableName=settings.TABLE_NAME, Key=keys)
    with connection_answers(lost, _gone) as calls:
        for _ in range(2):
            ann.create_task(project)
            events.deliver()
    assert len(calls) == 1
    assert not [item for item in scan_items() if item["PK"]["S"].startswith("LIVE#")]


def test_stream_records_that_are_delivered_again_are_sent_once(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    socket = connect(ann, project)
    ann.create_task(project)
    records = events.stream.take_records()
    for _ in range(3):
        assert events.stream.deliver(records) == []
    events.deliver()
    ids = [event["id"] for event in socket.take_events()]
    assert len(ids) == len(set(ids)) == len(records)


def test_a_function_killed_at_any_call_is_completed_by_the_next_try(
    ann: Person, bob: Person, project: str, connect: Connect, events: Events
) -> None:
    sockets = [connect(ann, project) for _ in range(3)]
    his = connect(bob, project)
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    ann.create_task(project)
    messages, killed = events.queue(), 1
    while is_killed_at(killed, lambda: events.send(messages), writes_only=False):
        killed += 1
    assert killed > 5
    for socket in sockets:
        told = [event["id"] for event in socket.take_events()]
        assert set(told) >= {json.loads(message["body"])["id"] for message in messages}
    assert {frame["type"] for frame in his.take()} == {"unsubscribed"}


def test_events_of_other_projects_are_sent_when_one_fails(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    other = ann.create_project()
    socket = connect(ann, project)
    connect(ann, other)
    events.deliver()
    socket.take()
    ann.create_task(other)
    ann.create_task(project)
    messages = events.queue()
    failing = [m["messageId"] for m in messages if m["attributes"]["MessageGroupId"] == other]

    def time_out(request: Any, **_: Any) -> None:
        if f"LIVE#{other}".encode() in request.body:
            raise ReadTimeoutError(endpoint_url=request.url)

    with event_hook(dynamodb_client(), "before-send.dynamodb.Query", time_out):
        assert events.send(messages) == failing
    assert [event["type"] for event in socket.take_events()] == ["task.created"]
    assert events.send([m for m in messages if m["messageId"] in failing]) == []


def test_a_queue_that_does_not_answer_holds_up_nothing_else(
    ann: Person, project: str, events: Events
) -> None:
    task = ann.create_task(project)["id"]

    def time_out(request: Any, **_: Any) -> None:
        raise ReadTimeoutError(endpoint_url=request.url)

    with event_hook(clients.sqs_client(), "before-send.sqs.SendMessageBatch", time_out):
        events.stream.deliver_new()
    assert ann.get(f"/api/tasks/{task}/activity").json_body["items"] != []
