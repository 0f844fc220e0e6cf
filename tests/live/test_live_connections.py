"""Live connections of a real WebSocket client to the deployed WebSocket API."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from chalicelib.live.models import CONNECTIONS_MAX
from tests.live.support import ON_LOCALSTACK, ApiUser, Deployment, wait_for

pytestmark = pytest.mark.skipif(ON_LOCALSTACK, reason="the free LocalStack has no WebSocket APIs")
SECONDS = 30
PROOF_SECONDS, CONNECTIONS, CHANGES = 120, 1000, 5


def _address(user: ApiUser) -> str:
    ticket = user.request_json("POST", "/live/tickets/")
    return f"{ticket['url']}?ticket={ticket['ticket']}"


@contextmanager
def live_connection(user: ApiUser, *projects: str) -> Iterator[ClientConnection]:
    """Open a live connection that is subscribed to the projects."""
    with connect(_address(user), open_timeout=SECONDS) as socket:
        for project in projects:
            assert ask(socket, action="subscribe", project_id=project)["type"] == "subscribed"
        yield socket


def ask(socket: ClientConnection, **message: Any) -> Any:
    """Send a message and return the answer."""
    socket.send(json.dumps(message))
    return take_answer(socket)


def take_answer(socket: ClientConnection) -> Any:
    """Return the next message that is not `events`; events of earlier changes may arrive first."""
    while (message := json.loads(socket.recv(SECONDS)))["type"] == "events":
        pass
    return message


def take_events(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Return the next `count` events."""
    events: list[dict[str, Any]] = []
    while len(events) < count:
        events += json.loads(socket.recv(SECONDS))["events"]
    return events


@pytest.fixture
def team(deployment: Deployment) -> tuple[ApiUser, ApiUser, str]:
    """Ann, Bob and their project."""
    ann, bob = (deployment.forget_attempts().new_user(name).sign_up() for name in ("ann", "bob"))
    project = str(ann.request_json("POST", "/projects/", {"name": "Launch"})["id"])
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    return ann, bob, project


def test_changes_of_a_task_arrive_in_order(team: tuple[ApiUser, ApiUser, str]) -> None:
    ann, bob, project = team
    with live_connection(ann, project) as socket:
        assert ask(socket, action="ping") == {"type": "pong"}
        task = bob.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
        for number in range(20):
            bob.request_json("PATCH", f"/tasks/{task}/", {"title": f"Plan {number}"})
        events: list[dict[str, Any]] = []
        while len(events) < 21:  # events of members may come before
            events += [event for event in take_events(socket, 1) if "version" in event]
    assert [event["version"] for event in events] == list(range(1, 22))
    assert {event["actor"] for event in events} == {bob.id}


def test_a_client_that_was_away_gets_the_changes_from_the_feed(
    team: tuple[ApiUser, ApiUser, str],
) -> None:
    ann, bob, project = team
    with live_connection(ann) as socket:
        cursor = ask(socket, action="subscribe", project_id=project)["cursor"]
    task = bob.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    feed = ann.request_json("GET", f"/changes/?project={project}&cursor={cursor}")["items"]
    assert task in [item["id"] for item in feed]


def test_a_ticket_opens_one_connection(team: tuple[ApiUser, ApiUser, str]) -> None:
    address = _address(team[0])
    with connect(address, open_timeout=SECONDS), pytest.raises(InvalidStatus):
        connect(address, open_timeout=SECONDS)


def test_who_is_removed_or_logs_out_gets_no_more(team: tuple[ApiUser, ApiUser, str]) -> None:
    ann, bob, project = team
    other = str(bob.request_json("POST", "/projects/", {"name": "Own"})["id"])
    bob.request_json("POST", f"/projects/{other}/members/", {"user_id": ann.id})
    with live_connection(bob, project, other) as socket:
        ann.request_json("DELETE", f"/projects/{project}/members/{bob.id}/")
        ended = {"type": "unsubscribed", "project_id": project}
        assert take_answer(socket) == ended
        ann.request_json("POST", "/tasks/", {"project": other, "title": "Plan"})
        assert take_events(socket, 1)
        bob.request_json("POST", "/auth/logout/")
        ann.request_json("POST", "/tasks/", {"project": other, "title": "Plan"})
        with pytest.raises(ConnectionClosed):
            take_events(socket, 100)


def test_closed_connections_leave_nothing(
    deployment: Deployment, team: tuple[ApiUser, ApiUser, str]
) -> None:
    ann, _, project = team
    table, name = deployment.client("dynamodb"), deployment.outputs["table"]

    def count_subscriptions() -> int:
        values = {":pk": {"S": f"LIVE#{project}"}}
        found = table.query(
            TableName=name, KeyConditionExpression="PK = :pk", ExpressionAttributeValues=values
        )
        return int(found["Count"])

    with live_connection(ann, project):
        assert count_subscriptions() == 1
    assert wait_for(lambda: count_subscriptions() == 0)


@pytest.mark.proof
def test_a_thousand_connections_get_a_change(
    deployment: Deployment, team: tuple[ApiUser, ApiUser, str]
) -> None:
    """Prints when the first, the middle and the last connection got each change; a tenth of the
    connections is closed without notice before the last one."""
    ann, _, project = team
    deployment.forget_attempts()
    others = [deployment.new_user(f"p{n}") for n in range(CONNECTIONS // CONNECTIONS_MAX - 1)]
    people = [ann, *others]
    for number, person in enumerate(others):
        if number % 20 == 0:
            deployment.forget_attempts()
        person.sign_up()
        ann.request_json("POST", f"/projects/{project}/members/", {"user_id": person.id})
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    arrivals = asyncio.run(_measure(people, project, lambda: _change(ann, task)))
    for times, expected in arrivals:
        figures = f"first {times[0]:.2f} s, half {median(times):.2f} s, last {times[-1]:.2f} s"
        print(f"{len(times)} of {expected} connections: {figures}")
        assert len(times) == expected


def _change(ann: ApiUser, task: str) -> float:
    ann.request_json("PATCH", f"/tasks/{task}/", {"title": f"Plan {time.time()}"})
    return time.monotonic()


async def _measure(
    people: list[ApiUser], project: str, change: Any
) -> list[tuple[list[float], int]]:
    """Open all connections and make changes; return the sorted times until each connection got the
    change, and the number of open connections."""
    loop, sockets = asyncio.get_running_loop(), []
    with ThreadPoolExecutor(4) as pool:
        for _ in range(CONNECTIONS_MAX):
            for person in people:
                address = await loop.run_in_executor(pool, _address, person)
                socket = await connect_async(address, open_timeout=SECONDS, ping_interval=None)
                await socket.send(json.dumps({"action": "subscribe", "project_id": project}))
                assert "subscribed" in str(await socket.recv())
                sockets.append(socket)
        measured = []
        for number in range(CHANGES):
            if number == CHANGES - 1:
                for socket in sockets[::10]:
                    socket.transport.abort()
                sockets = [each for index, each in enumerate(sockets) if index % 10]
            arrivals = [asyncio.create_task(_wait_for_change(socket)) for socket in sockets]
            changed_at = await loop.run_in_executor(pool, change)
            times = sorted(max(at - changed_at, 0) for at in await asyncio.gather(*arrivals))
            measured.append((times, len(sockets)))
    for socket in sockets:
        socket.transport.abort()
    return measured


async def _wait_for_change(socket: Any) -> float:
    while "task.changed" not in str(await asyncio.wait_for(socket.recv(), PROOF_SECONDS)):
        pass
    return time.monotonic()
