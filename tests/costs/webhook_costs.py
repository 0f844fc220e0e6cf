"""The calls and jobs of webhooks whose costs docs/data-model.md states, as those of `costs`."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.jobs.time_budget import unlimited_budget
from chalicelib.live.events import RecordEvents
from chalicelib.webhooks.delivery_run import run_deliveries
from chalicelib.webhooks.jobs import record_deliveries
from tests.costs.costs import Call, Scenario
from tests.webhook_receiver import run_receiver

URL = "https://hooks.example.com/"
Action = Callable[[], Any]


def _create_hook(world: Scenario, url: str = URL) -> str:
    """Create a webhook in a new project and return its path."""
    project = world.ann.create_project()
    return _add_hook(world, project, url)


def _add_hook(world: Scenario, project: str, url: str = URL) -> str:
    path = f"/api/projects/{project}/webhooks"
    answer = world.ann.post(path, {"url": url, "events": ["task.created"]})
    return f"{path}/{answer.json_body['id']}"


def _paused_hook(world: Scenario) -> str:
    path = _create_hook(world)
    world.ann.patch(path, {"active": False})
    return path


def _tested_hook(world: Scenario) -> str:
    path = _create_hook(world)
    world.ann.post(path + "/test")
    return path


def _delivery_path(world: Scenario) -> str:
    path = _create_hook(world)
    return f"{path}/deliveries/{world.ann.post(path + '/test').json_body['id']}"


WEBHOOKS: dict[str, Call] = {
    "`POST .../webhooks`": lambda w: (
        "POST",
        f"/api/projects/{w.ann.create_project()}/webhooks",
        {"url": URL, "events": ["task.created"]},
    ),
    "`GET .../webhooks`, 1 webhook": lambda w: ("GET", _create_hook(w).rpartition("/")[0]),
    "`GET .../webhooks/{webhook_id}`": lambda w: ("GET", _create_hook(w)),
    "`PATCH .../webhooks/{webhook_id}`": lambda w: (
        "PATCH",
        _create_hook(w),
        {"events": ["task.changed"]},
    ),
    "... active again": lambda w: ("PATCH", _paused_hook(w), {"active": True}),
    "`POST .../rotate-secret`": lambda w: ("POST", _create_hook(w) + "/rotate-secret"),
    "`DELETE .../webhooks/{webhook_id}`": lambda w: ("DELETE", _create_hook(w)),
    "`POST .../webhooks/{webhook_id}/test`": lambda w: ("POST", _create_hook(w) + "/test"),
    "`GET .../deliveries`, 1 on the page": lambda w: ("GET", _tested_hook(w) + "/deliveries"),
    "`POST .../deliveries/{delivery_id}/redeliver`": lambda w: (
        "POST",
        _delivery_path(w) + "/redeliver",
    ),
}


def _build_change(project: str) -> RecordEvents:
    event = {
        "project_id": project,
        "id": "8f3c1a0e5d7b4c2f9a6e1d3b5c7f9a0e-0",
        "type": "task.created",
        "at": "2026-11-24T10:20:00.000Z",
        "task_id": "t",
    }
    return RecordEvents({"eventID": "1", "dynamodb": {"SequenceNumber": "1"}}, [event])


def record_event(world: Scenario) -> Action:
    """Return the action that writes the delivery of an event."""
    project = world.ann.create_project()
    _add_hook(world, project)
    return lambda: record_deliveries([_build_change(project)], now())


def deliver_event(world: Scenario, status: int) -> Action:
    """Return the action that sends an event to a receiver that answers with `status`."""
    project, opened = world.ann.create_project(), ExitStack()
    usual, settings.WEBHOOK_LOOPBACK = settings.WEBHOOK_LOOPBACK, True
    receiver = opened.enter_context(run_receiver())
    receiver.answer_with(status)
    path = _add_hook(world, project, receiver.url)
    record_deliveries([_build_change(project)], now())
    names = {"project_id": project, "webhook_id": path.rpartition("/")[2]}
    message = {"messageId": "1", "body": json.dumps(names)}

    def run() -> None:
        with opened:
            run_deliveries([message], unlimited_budget(now()))
        settings.WEBHOOK_LOOPBACK = usual

    return run
