"""Webhooks in process: the table's stream, the queue, and a receiver on loopback."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from chalicelib import settings
from tests.support import Person
from tests.table_stream import ProjectStream, Record
from tests.webhook_receiver import Receiver, run_receiver

Invoke = Callable[[str, dict[str, Any]], Any]
Message = dict[str, Any]


class WebhookStream(ProjectStream):
    """The stream records of a project and of deliveries to be made."""

    def selects(self, record: Record) -> bool:
        is_new = record["eventName"] == "INSERT"
        is_pending = record["dynamodb"]["Keys"]["SK"]["S"].startswith("PENDING#")
        return (is_new and is_pending) or super().selects(record)


class Deliveries:
    """The way of the events from the table's stream to the receivers."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke, self.stream = invoke, WebhookStream(invoke)

    def follow_stream(self) -> None:
        """Deliver the stream's records until there are no more."""
        while records := self.stream.take_records():
            assert self.stream.deliver(records) == []

    def take_messages(self) -> list[Message]:
        """Take all messages of the queue as Lambda gets them."""
        name = settings.WEBHOOK_DELIVERIES_URL.rpartition("/")[2]
        queue = sqs_backends[DEFAULT_ACCOUNT_ID][settings.REGION].queues[name]
        messages = [{"messageId": each.id, "body": each.body} for each in queue._messages]
        queue._messages.clear()
        return messages

    def run(self, message: Message) -> list[str]:
        """Run a message; return it if its run is to be repeated."""
        answer = self._invoke("deliver_webhooks", {"Records": [message]})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def send(self) -> int:
        """Send all that is new; return the number of runs."""
        self.follow_stream()
        messages = self.take_messages()
        for message in messages:
            assert self.run(message) == []
        self.follow_stream()
        return len(messages)

    def tick(self, sample_event: Callable[[str], Any]) -> int:
        """Run the tick, and the webhooks that it starts; return their number."""
        self._invoke("tick", sample_event("tick"))
        return self.send()


@pytest.fixture
def loopback() -> Iterator[None]:
    """Let webhooks call this machine, as on the local cloud."""
    usual, settings.WEBHOOK_LOOPBACK = settings.WEBHOOK_LOOPBACK, True
    yield
    settings.WEBHOOK_LOOPBACK = usual


@pytest.fixture
def receiver(loopback: None) -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """A project that Ann owns and Bob administers."""
    project = ann.create_project()
    ann.add_member(project, bob, "admin")
    return project


@pytest.fixture
def deliveries(project: str, invoke: Invoke) -> Deliveries:
    """The deliveries from now on."""
    return Deliveries(invoke)


@pytest.fixture
def hook(ann: Person, project: str, receiver: Receiver, deliveries: Deliveries) -> dict[str, Any]:
    """A webhook of Ann's for tasks and comments."""
    events = [f"task.{verb}" for verb in ("created", "changed", "deleted", "restored")]
    body = {"url": receiver.url, "events": [*events, "comment.created"]}
    answer = ann.post(f"/api/projects/{project}/webhooks", body)
    assert answer.status_code == 201, answer.json_body
    created: dict[str, Any] = answer.json_body
    return created | {"path": f"/api/projects/{project}/webhooks/{created['id']}"}
