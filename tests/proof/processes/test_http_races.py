"""Races of client processes over HTTP: each calls its own process of the API, all at a time.

Nothing is shared but the table, as on Lambda. Every test asserts that requests overlapped: without
that it would show nothing.
"""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.proof.checkers import find_violations
from tests.proof.linearizability import REFUSED, Operation, State, has_overlap, is_linearizable
from tests.proof.processes.crowd import Crowd, Team
from tests.proof.processes.runner import Answer, ApiProcess, ClientProcess, Request
from tests.support import PASSWORD, Person
from tests.table_items import replace_items, scan_items

Report = Callable[[str, object], None]

pytestmark = [pytest.mark.usefixtures("local_table"), pytest.mark.proof]


@pytest.fixture
def crowd(clients: list[ClientProcess], servers: list[ApiProcess]) -> Crowd:
    return Crowd(clients, servers)


def test_the_history_of_a_task_over_http_has_an_order(
    crowd: Crowd, ann: Person, record_property: Report
) -> None:
    histories, overlapping = 150, 0
    project = ann.create_project()
    for seed in range(histories):
        if seed % 50 == 0:
            ann.log_in()
        task = ann.create_task(project, "start")
        plans = [_plan_history(f"/api/tasks/{task['id']}", seed, n) for n in range(crowd.size)]
        answers = crowd.act(plans, ann)
        history = [
            _read_operation(request, answer, before)
            for plan, answered in zip(plans, answers, strict=True)
            for request, answer, before in zip(plan, answered, [None, *answered], strict=False)
        ]
        assert is_linearizable(history, (task["version"], "start")), history
        overlapping += has_overlap(history)
    assert overlapping > 0.9 * histories
    assert find_violations() == []
    record_property("cases", histories)


def _plan_history(path: str, seed: int, client: int) -> list[Request]:
    """Return a read, and two changes of which the second may require the version before it."""
    dice = random.Random(f"{seed} {client}")
    write = {"method": "PATCH", "path": path}
    return [
        {"method": "GET", "path": path},
        {**write, "body": {"title": f"{client} 1"}, "if_match": dice.random() < 0.5},
        {"method": "GET", "path": path},
        {**write, "body": {"title": f"{client} 2"}, "if_match": dice.random() < 0.5},
    ]


def _read_operation(request: Request, answer: Answer, before: Answer | None) -> Operation:
    assert answer.status in (200, 412), answer
    required = before.body["version"] if request.get("if_match") and before else None
    result: State | str = REFUSED
    if answer.status == 200:
        result = answer.body["version"], answer.body["title"]
    title = request["body"]["title"] if "body" in request else None
    return Operation(answer.began, answer.ended, title, required, result)


def _register(username: str, email: str) -> Request:
    body = {"username": username, "email": email, "password": PASSWORD}
    path = "/api/auth/register"
    return {"method": "POST", "path": path, "body": body | {"password_confirm": PASSWORD}}


def test_of_clients_that_claim_an_address_or_a_name_one_gets_it(
    crowd: Crowd, record_property: Report
) -> None:
    """They spell it differently; a second account and half an account are both violations."""
    rounds = 40
    for number in range(rounds):
        _forget_attempts()
        address, name = f"eve{number}@example.com", f"zoe{number}"
        by_address = [
            _register(f"mail-{number}-{n}", _spell(address, n)) for n in range(crowd.size)
        ]
        by_name = [_register(_spell(name, n), f"{name}-{n}@example.com") for n in range(crowd.size)]
        for requests in (by_address, by_name):
            answers = crowd.race(requests.__getitem__)
            statuses = Counter(answer.status for answer in answers)
            assert statuses[201] == 1, answers
            assert statuses.keys() <= {201, 409, 503}, answers
    assert find_violations() == []
    assert crowd.was_concurrent()
    record_property("cases", 2 * rounds)


def _spell(text: str, client: int) -> str:
    return text.upper() if client % 2 else text


def _forget_attempts() -> None:
    """Forget how often the address of the clients has registered: all come from one."""
    replace_items([item for item in scan_items() if item["SK"]["S"] != "THROTTLE"])


def test_one_idempotency_key_makes_one_task(
    crowd: Crowd, ann: Person, record_property: Report
) -> None:
    rounds, project = 100, ann.create_project()
    for number in range(rounds):
        if number % 50 == 0:
            ann.log_in()
        body = {"project": project, "title": f"Task {number}"}
        request = {
            "method": "POST",
            "path": "/api/tasks",
            "body": body,
            "headers": {"Idempotency-Key": f"key-{number}"},
        }
        answers = crowd.race(lambda _, request=request: request, ann)
        assert {answer.status for answer in answers} == {201}, answers
        assert len({answer.body["id"] for answer in answers}) == 1, answers
    tasks = ann.list_all(f"/api/tasks?project={project}&limit=100")
    assert len(tasks) == rounds
    assert find_violations() == []
    assert crowd.was_concurrent()
    record_property("cases", rounds)


def test_a_crowd_leaves_counts_and_indexes_that_equal_a_recount(
    crowd: Crowd, ann: Person, bob: Person, record_property: Report
) -> None:
    """Each client makes any calls on the same few tasks of one project."""
    record_property("cases", crowd.act_as(Team(ann, bob), rounds=12))
