"""Concurrent reads and changes of one task, in DynamoDB Local, have an order.

The threads call the services, because a Chalice app serves one request at a time.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Barrier

import pytest

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, authorize_task
from chalicelib.clock import now
from chalicelib.errors import PreconditionFailed, Unavailable
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.service import update_task
from tests.proof.linearizability import (
    REFUSED,
    UNKNOWN,
    Operation,
    State,
    has_overlap,
    is_linearizable,
)
from tests.support import Person

CLIENTS, OPERATIONS = 4, 3

Report = Callable[[str, object], None]


@pytest.mark.usefixtures("local_table")
@pytest.mark.parametrize("histories", [8, pytest.param(500, marks=pytest.mark.proof)])
def test_the_history_of_a_task_has_an_order(
    ann: Person, histories: int, record_property: Report
) -> None:
    project, overlapping = ann.create_project(), 0
    for seed in range(histories):
        if seed % 50 == 0:
            ann.log_in()
        task = ann.create_task(project, "start")
        history = _run_clients(ann, task["id"], seed)
        assert is_linearizable(history, (task["version"], "start")), history
        overlapping += has_overlap(history)
    assert overlapping > 0.9 * histories
    record_property("cases", histories)


def _run_clients(person: Person, task: str, seed: int) -> list[Operation]:
    """Let each client make its operations, all at a time, and return these."""
    barrier = Barrier(CLIENTS)

    def act(client: int) -> list[Operation]:
        dice = random.Random(seed * CLIENTS + client)
        barrier.wait()
        return [_act(person, task, dice, f"{client} {number}") for number in range(OPERATIONS)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(chain.from_iterable(pool.map(act, range(CLIENTS))))


def _act(person: Person, task: str, dice: random.Random, title: str) -> Operation:
    kind = dice.choice(["read", "write", "write at version"])
    began = time.monotonic()
    context = RequestContext(parse_credential(person.token), Action.WRITE_TASKS, now(), None)
    access = authorize_task(context, task)
    seen: State = int(access.task.version), str(access.task.title)
    if kind == "read":
        return Operation(began, time.monotonic(), None, None, seen)
    required = seen[0] if kind == "write at version" else None
    result: State | str
    try:
        changed = update_task(access, {"title": title}, version=required)
        result = int(changed.version), str(changed.title)
    except PreconditionFailed:
        result = REFUSED
    except Unavailable:
        result = UNKNOWN
    return Operation(began, time.monotonic(), title, required, result)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([(2, "a"), (3, "b")], True),
        ([(2, "a"), (2, "b")], False),  # a lost update
        ([(2, "a"), REFUSED], False),  # nothing required a version
        ([(2, "a"), UNKNOWN], True),
    ],
)
def test_the_checker_finds_a_lost_update(results: list[State | str], expected: bool) -> None:
    history = [
        Operation(0, 1, title, None, result)
        for title, result in zip(("a", "b"), results, strict=True)
    ]
    assert is_linearizable(history, (1, "start")) is expected


def test_the_checker_finds_a_stale_read() -> None:
    write = Operation(0, 1, "a", None, (2, "a"))
    during, after = (
        Operation(0.5, 2, None, None, (1, "start")),
        Operation(2, 3, None, None, (1, "start")),
    )
    assert is_linearizable([write, during], (1, "start"))
    assert not is_linearizable([write, after], (1, "start"))
