"""Webhooks of the deployed stack: a real receiver on this machine gets signed events."""

from collections.abc import Iterator

import pytest

from tests.live.support import ON_LOCALSTACK, ApiUser, Deployment, wait_for
from tests.webhook_receiver import Receiver, run_receiver

pytestmark = pytest.mark.skipif(
    ON_LOCALSTACK, reason="in its container, this machine is another host"
)
EVENTS = ["task.created", "task.changed", "comment.created"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running


@pytest.fixture
def ann(deployment: Deployment) -> ApiUser:
    return deployment.forget_attempts().new_user("ann").sign_up()


def _create_project(user: ApiUser) -> str:
    return str(user.request_json("POST", "/projects/", {"name": "Launch"})["id"])


def test_a_receiver_gets_the_events_of_a_task_signed_and_in_order(
    ann: ApiUser, receiver: Receiver
) -> None:
    project = _create_project(ann)
    path = f"/projects/{project}/webhooks/"
    hook = ann.request_json("POST", path, {"url": receiver.url, "events": EVENTS})
    # A receiver that is not there must not keep the other one from its events.
    ann.request_json("POST", path, {"url": "http://127.0.0.1:9/", "events": EVENTS})
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "SECRET"})["id"]
    for number in range(5):
        ann.request_json("PATCH", f"/tasks/{task}/", {"title": f"SECRET {number}"})
    ann.request_json("POST", f"/tasks/{task}/comments/", {"body": "SECRET"})

    # The comment also changes the task: its count.
    wait_for(lambda: len({request.id for request in receiver.requests}) == 8)
    for request in receiver.requests:
        request.verify(hook["secret"])
        assert b"SECRET" not in request.body
    versions = [r.event["data"]["version"] for r in receiver.requests if r.type != EVENTS[2]]
    assert sorted(set(versions)) == list(dict.fromkeys(versions)) == [1, 2, 3, 4, 5, 6]

    log = f"{path}{hook['id']}/deliveries/"
    wait_for(lambda: {each["status"] for each in _list(ann, log)} == {"delivered"})


def test_a_test_event_a_rotation_and_a_redelivery_by_hand(ann: ApiUser, receiver: Receiver) -> None:
    project = _create_project(ann)
    path = f"/projects/{project}/webhooks/"
    hook = ann.request_json("POST", path, {"url": receiver.url, "events": EVENTS})
    own = f"{path}{hook['id']}/"
    rotated = ann.request_json("POST", own + "rotate-secret/")
    receiver.answer_with(500, 204)
    ann.request_json("POST", own + "test/")
    wait_for(lambda: len(receiver.requests) == 1)
    receiver.requests[0].verify(hook["secret"])
    receiver.requests[0].verify(rotated["secret"])
    (failed,) = wait_for(lambda: [e for e in _list(ann, own + "deliveries/") if e["attempts"]])
    assert (failed["status"], failed["response_status"]) == ("failed", 500)

    ann.request_json("POST", f"{own}deliveries/{failed['id']}/redeliver/")
    wait_for(lambda: len(receiver.requests) == 2)
    first, again = receiver.requests
    assert (first.id, first.body) == (again.id, again.body)


def _list(user: ApiUser, path: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = user.request_json("GET", path)["items"]
    return found
