"""A WebSocket client in process: API Gateway's events, and the frames that moto's keeps."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from moto.apigatewaymanagementapi.models import apigatewaymanagementapi_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from chalicelib import settings
from tests.support import Person
from tests.table_stream import ProjectStream

Invoke = Callable[[str, dict[str, Any]], Any]
Frame = dict[str, Any]
_numbers = count(1)


class Socket:
    """A WebSocket connection of a client."""

    def __init__(self, invoke: Invoke, ticket: str) -> None:
        self._invoke = invoke
        self.id = f"connection{next(_numbers)}="
        self._read = 0
        self.status = self._send("CONNECT", queryStringParameters={"ticket": ticket})

    def _send(self, kind: str, **fields: Any) -> int:
        context = {"eventType": kind, "connectionId": self.id}
        answer = self._invoke("live_socket", {"requestContext": context, **fields})
        return int(answer["statusCode"])

    def send(self, message: Any) -> list[Frame]:
        """Send a message, which is JSON unless it is a text; return the new frames."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._send("MESSAGE", body=text)
        return self.take()

    def subscribe(self, project: str) -> Frame:
        (frame,) = self.send({"action": "subscribe", "project_id": project})
        return frame

    def close(self) -> None:
        self._send("DISCONNECT")

    @property
    def was_closed(self) -> bool:
        """Whether the app closed the connection after it had sent something."""
        return quote(self.id) not in _connections()

    def take(self) -> list[Frame]:
        """Return the frames that are new since the last call."""
        if self.was_closed:
            return []
        text, decoder = _connections()[quote(self.id)].data.decode(), json.JSONDecoder()
        frames = []
        while self._read < len(text):
            frame, self._read = decoder.raw_decode(text, self._read)
            frames.append(frame)
        return frames

    def take_events(self) -> list[dict[str, Any]]:
        """Return the events in the new frames."""
        return [event for frame in self.take() for event in frame["events"]]


def _connections() -> dict[str, Any]:
    backend = apigatewaymanagementapi_backends[DEFAULT_ACCOUNT_ID][settings.REGION]
    return backend.connections


class Events:
    """The way of the events from the table's stream to the connections."""

    def __init__(self, invoke: Invoke, stream: ProjectStream) -> None:
        self._invoke, self.stream = invoke, stream

    def queue(self) -> list[dict[str, Any]]:
        """Let the stream's records be queued, and take all messages as Lambda gets them."""
        self.stream.deliver_new()
        name = settings.LIVE_EVENTS_URL.rpartition("/")[2]
        queue = sqs_backends[DEFAULT_ACCOUNT_ID][settings.REGION].queues[name]
        messages = [
            {
                "messageId": message.id,
                "body": message.body,
                "attributes": {"MessageGroupId": message.group_id},
            }
            for message in queue._messages
        ]
        queue._messages.clear()
        return messages

    def send(self, messages: list[dict[str, Any]]) -> list[str]:
        """Send a batch of the queue to the connections; return the messages that failed."""
        answer = self._invoke("send_events", {"Records": messages})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def deliver(self) -> None:
        """Send all new events."""
        assert self.send(self.queue()) == []


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """A project of Ann and Bob."""
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


@pytest.fixture
def events(project: str, invoke: Invoke) -> Events:
    """The events from now on."""
    return Events(invoke, ProjectStream(invoke))


@pytest.fixture
def connect(invoke: Invoke) -> Callable[..., Socket]:
    """Open a connection of a person: `connect(ann)`, subscribed to the given projects."""

    def open_socket(person: Person, *projects: str) -> Socket:
        ticket = person.post("/api/live/tickets").json_body["ticket"]
        socket = Socket(invoke, ticket)
        assert socket.status == 200
        for project in projects:
            assert socket.subscribe(project)["type"] == "subscribed"
        return socket

    return open_socket
