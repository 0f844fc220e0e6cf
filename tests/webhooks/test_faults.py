"""Faults between an event and its receiver: replays, lost calls, and functions that die."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError

from chalicelib.aws import clients
from tests.faults import event_hook, is_killed_at
from tests.support import Person
from tests.table_items import dynamodb_client, scan_items
from tests.webhook_receiver import Receiver
from tests.webhooks.conftest import Deliveries

Hook = dict[str, Any]


def _time_out(request: Any, **_: Any) -> None:
    raise ReadTimeoutError(endpoint_url=request.url)


def test_a_replay_of_the_stream_sends_nothing_again(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    task = ann.create_task(project)["id"]
    ann.patch(f"/api/tasks/{task}", {"title": "New"})
    records = deliveries.stream.take_records()
    for _ in range(3):
        assert deliveries.stream.deliver(records) == []
    deliveries.send()
    assert deliveries.stream.deliver(records) == []
    deliveries.send()
    assert receiver.take_types() == ["task.created", "task.changed"]


def test_a_stream_handler_killed_at_any_call_loses_and_repeats_nothing(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ann.create_task(project)
    ann.create_task(project)
    killed, records = 1, deliveries.stream.take_records()
    while is_killed_at(killed, lambda: deliveries.stream.deliver(records), writes_only=False):
        killed += 1
    assert killed > 5
    killed, pending = 1, deliveries.stream.take_records()
    assert pending
    while is_killed_at(killed, lambda: deliveries.stream.deliver(pending), writes_only=False):
        killed += 1
    deliveries.send()
    assert receiver.take_types() == ["task.created", "task.created"]


def test_a_run_killed_at_any_call_is_completed_by_the_next_one(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    for _ in range(2):
        ann.create_task(project)
    deliveries.follow_stream()
    (message,) = deliveries.take_messages()
    killed = 1
    while is_killed_at(killed, lambda: deliveries.run(message), writes_only=False):
        killed += 1
    assert killed > 4
    ids = [request.id for request in receiver.take()]
    assert len(set(ids)) == 2
    assert ids == sorted(ids, key=ids.index), "each event again, in order"
    logged = ann.get(f"{hook['path']}/deliveries").json_body["items"]
    assert {each["status"] for each in logged} == {"delivered"}
    assert not [item for item in scan_items() if item["SK"]["S"].startswith("PENDING#")]


def test_records_whose_deliveries_are_not_written_fail_and_are_repeated_in_order(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    task = ann.create_task(project)["id"]
    ann.patch(f"/api/tasks/{task}", {"title": "New"})
    records = deliveries.stream.take_records()
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]

    def fail(request: Any, **_: Any) -> None:
        if b"DELIVERY#" in request.body:
            _time_out(request)

    with event_hook(dynamodb_client(), "before-send.dynamodb.TransactWriteItems", fail):
        assert deliveries.stream.deliver(records) == numbers
    deliveries.stream.deliver(records)
    deliveries.send()
    assert receiver.take_types() == ["task.created", "task.changed"]


def test_a_queue_that_does_not_answer_only_delays(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ann.create_task(project)
    deliveries.stream.deliver_new()
    pending = deliveries.stream.take_records()
    with event_hook(clients.sqs_client(), "before-send.sqs.SendMessageBatch", _time_out):
        assert len(deliveries.stream.deliver(pending)) == 1
    assert deliveries.stream.deliver(pending) == []
    deliveries.send()
    assert receiver.take_types() == ["task.created"]


def test_each_webhook_is_a_group_of_its_own(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.sqs.models import sqs_backends

    from chalicelib import settings

    body = {"url": receiver.url, "events": ["task.created"]}
    other = ann.post(f"/api/projects/{project}/webhooks", body).json_body["id"]
    ann.create_task(project)
    deliveries.follow_stream()
    name = settings.WEBHOOK_DELIVERIES_URL.rpartition("/")[2]
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][settings.REGION].queues[name]
    groups = {each.group_id: json.loads(each.body)["webhook_id"] for each in queue._messages}
    assert groups == {hook["id"]: hook["id"], other: other}


def test_the_stream_of_a_project_without_webhooks_writes_nothing_for_them(
    ann: Person, project: str, deliveries: Deliveries, receiver: Receiver
) -> None:
    ann.create_task(project)
    assert deliveries.send() == 0
    assert not [item for item in scan_items() if item["PK"]["S"].startswith("WEBHOOK#")]


def test_overlapping_runs_settle_a_delivery_once(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
) -> None:
    ann.create_task(project)
    deliveries.follow_stream()
    (message,) = deliveries.take_messages()
    inner: list[Any] = []

    def answer(*_: Any) -> int:
        if not inner:
            inner.append("running")
            assert deliveries.run(message) == []
        return 204

    receiver.answer = answer
    assert deliveries.run(message) == []
    (logged,) = ann.get(f"{hook['path']}/deliveries").json_body["items"]
    assert (logged["status"], logged["attempts"]) == ("delivered", 1)
