"""Messages of a client: subscribe, unsubscribe, ping, and errors as JSON."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.live.models import MESSAGES_PER_MINUTE, SUBSCRIPTIONS_MAX
from tests.live_updates.conftest import Events, Socket
from tests.support import Person

Connect = Callable[..., Socket]


def test_a_subscription_starts_the_changes_feed(
    ann: Person, project: str, connect: Connect
) -> None:
    cursor = connect(ann).subscribe(project)["cursor"]
    task = ann.create_task(project)
    feed = ann.get(f"/api/changes?project={project}&cursor={cursor}").json_body["items"]
    assert task["id"] in [item["id"] for item in feed]


def test_a_ping_is_answered(ann: Person, connect: Connect) -> None:
    assert connect(ann).send({"action": "ping"}) == [{"type": "pong"}]


@pytest.mark.parametrize(
    ("message", "code", "locations"),
    [
        ("{", "invalid_json", []),
        ("[]", "invalid_json", []),
        ({}, "invalid", ["action"]),
        ({"action": ["ping"]}, "invalid", ["action"]),
        ({"action": "subscribe"}, "invalid", ["project_id"]),
        (
            {"action": "subscribe", "project_id": 1, "x": 2},
            "invalid",
            ["project_id", "x"],
        ),
        ({"action": "subscribe", "project_id": "x"}, "not_found", []),
        ({"action": "subscribe", "project_id": "0" * 26}, "not_found", []),
    ],
    ids=str,
)
def test_a_wrong_message_is_answered_with_an_error(
    message: Any, code: str, locations: list[str], ann: Person, connect: Connect
) -> None:
    (error,) = connect(ann).send(message)
    assert (error["type"], error["code"]) == ("error", code)
    assert sorted(each["location"] for each in error["errors"]) == locations


@pytest.mark.usefixtures("local_table")  # moto accepts any key
@pytest.mark.parametrize("project_id", ["", "x", "0" * 26, "x" * 5_000])
def test_the_end_of_a_subscription_that_never_was_is_confirmed(
    project_id: str, ann: Person, project: str, connect: Connect
) -> None:
    socket = connect(ann, project)
    (answer,) = socket.send({"action": "unsubscribe", "project_id": project_id})
    assert answer == {"type": "unsubscribed", "project_id": project_id}


def test_who_is_no_member_cannot_subscribe(
    make_person: Callable[[str], Person], project: str, connect: Connect
) -> None:
    assert connect(make_person("cleo")).subscribe(project)["code"] == "not_found"


def test_an_api_token_subscribes_within_its_projects_and_scopes(
    ann: Person, client: Any, project: str, connect: Connect, events: Events
) -> None:
    other = ann.create_project()
    socket = connect(ann.use_token("tasks:read", projects=[project]), project)
    assert socket.subscribe(other)["code"] == "not_found"
    events.deliver()
    socket.take()
    ann.post(f"/api/projects/{project}/labels", {"name": "urgent"})
    ann.patch(f"/api/projects/{project}/members/{_other_member(ann, project)}", {"role": "viewer"})
    events.deliver()
    assert [event["type"] for event in socket.take_events()] == ["label.created"]


def _other_member(ann: Person, project: str) -> str:
    items = ann.get(f"/api/projects/{project}/members").json_body["items"]
    return next(str(item["user_id"]) for item in items if item["user_id"] != ann.id)


def test_the_subscriptions_of_a_connection_are_limited(ann: Person, connect: Connect) -> None:
    projects = [ann.create_project(f"p{number}") for number in range(SUBSCRIPTIONS_MAX + 1)]
    socket = connect(ann, *projects[:-1])
    assert socket.subscribe(projects[-1])["code"] == "too_many_subscriptions"
    assert socket.subscribe(projects[0])["type"] == "subscribed"
    socket.send({"action": "unsubscribe", "project_id": projects[0]})
    assert socket.subscribe(projects[-1])["type"] == "subscribed"


def test_the_messages_of_a_minute_are_limited(
    ann: Person, connect: Connect, wait: Callable[..., None]
) -> None:
    socket = connect(ann)
    wait(seconds=60 - now().second)  # a minute begins
    for _ in range(MESSAGES_PER_MINUTE):
        assert socket.send({"action": "ping"}) == [{"type": "pong"}]
    assert socket.send({"action": "ping"})[0]["code"] == "too_many_requests"
    wait(minutes=1)
    assert socket.send({"action": "ping"}) == [{"type": "pong"}]


def test_after_unsubscribing_no_event_arrives(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    socket = connect(ann, project)
    ended = {"type": "unsubscribed", "project_id": project}
    assert socket.send({"action": "unsubscribe", "project_id": project}) == [ended]
    ann.create_task(project)
    events.deliver()
    assert socket.take() == []


def test_a_connection_that_is_not_stored_is_closed(ann: Person, connect: Connect) -> None:
    socket = connect(ann)
    socket.send({"action": "ping"})
    socket.close()
    assert socket.send({"action": "ping"}) == []
    assert socket.was_closed
