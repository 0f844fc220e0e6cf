"""The calls of the proofs: those whose price docs/data-model.md states, and a few without one."""

from typing import Any

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.costs.costs import Call, Scenario
from tests.costs.test_costs import TABLES
from tests.support import EMPTY_TASK, Person, mails_to


def _unsubscribe(world: Scenario) -> tuple[Any, ...]:
    """Return the one-click request of the link in an assignment mail."""
    world.ann.create_task(world.project, assigned_to=world.bob.id)
    sweep_outbox(now())
    *_, mail = mails_to(world.bob, "Assigned")
    path = mail["List-Unsubscribe"].strip("<>").partition("/v1")[2]
    return "POST", path


def _replace_task(world: Scenario) -> tuple[Any, ...]:
    task = world.ann.create_task(world.project)["id"]
    return "PUT", f"/api/tasks/{task}", EMPTY_TASK | {"status": "done"}


def _read_by_api_token(world: Scenario) -> tuple[Any, ...]:
    return "GET", "/api/projects", None, world.bob.use_token("projects:read")


# They cost as much as the call beside which docs/api.md describes them.
UNPRICED: dict[str, Call] = {
    "`PUT /api/projects/{project_id}`": lambda world: (
        "PUT",
        f"/api/projects/{world.project}",
        {"name": "Other", "description": "x"},
    ),
    "`PUT /api/tasks/{task_id}`": _replace_task,
    "`POST /api/unsubscribe`": _unsubscribe,
    "`GET /api/projects` by an API token": _read_by_api_token,
}
BULK = "`POST /api/tasks/bulk`, 10 creates"


def _three_creates(world: Scenario) -> tuple[Any, ...]:
    """Return a request of three operations: each is the same transaction, as are ten."""
    create = {"op": "create", "project": world.project, "title": "Write the plan"}
    return "POST", "/api/tasks/bulk", {"operations": [create] * 3}


_PRICED = TABLES | {"Calls about tasks": TABLES["Calls about tasks"] | {BULK: _three_creates}}
CALLS = _PRICED | {"Calls without a price": UNPRICED}


def send(world: Scenario, call: Call) -> tuple[str, str]:
    """Make a call; return its method and its path without query."""
    method, path, body, person, headers, _ = (*call(world), None, None, None, None)[:6]
    caller: Person = person or world.ann
    caller.call(method, path, body, headers=headers)
    return method, path.partition("?")[0].rstrip("/")
