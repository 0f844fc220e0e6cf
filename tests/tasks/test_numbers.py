"""The numbers of tasks count up, also when many creates take them at once."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, authorize_project
from chalicelib.clock import now
from chalicelib.errors import Unavailable
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.models import Task
from chalicelib.tasks.service import create_task
from tests.costs.meter import metered
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import faulty_connection
from tests.faults import after_each_call, build_response
from tests.support import Person, in_hours

pytestmark = pytest.mark.usefixtures("local_table")
CREATES = 50


def _create(person: Person, project: str) -> Task:
    context = RequestContext(parse_credential(person.token), Action.WRITE_TASKS, now())
    return create_task(authorize_project(context, project), title="x")


def _list_numbers(person: Person, project: str) -> list[int]:
    """Return the numbers of the tasks in the order of their creation."""
    tasks = person.list_all(f"/api/tasks?project={project}&ordering=created_at&limit=100")
    return [int(task["key"].partition("-")[2]) for task in tasks]


def test_a_create_takes_its_number_in_its_own_transaction(ann: Person) -> None:
    project = ann.create_project()
    for number in range(1, 4):
        with metered() as meter:
            task = ann.create_task(project)
        assert task["key"].endswith(f"-{number}")
        assert meter.operations == ["BatchGetItem", "TransactWriteItems"]


def test_creates_at_once_get_distinct_numbers(ann: Person) -> None:
    project = ann.create_project()
    created = at_once(CREATES, lambda _: _create(ann, project))
    while outages := sum(isinstance(each, Unavailable) for each in created):
        # A busy machine answers too late; clients send such a create again.
        created = [each for each in created if not isinstance(each, Unavailable)]
        created += at_once(outages, lambda _: _create(ann, project))
    numbers, listed = {int(task.number) for task in created}, _list_numbers(ann, project)
    assert len(numbers) == CREATES
    assert numbers <= set(listed) and len(set(listed)) == len(listed)


def test_after_a_lost_number_creates_draw_theirs_before_the_transaction(ann: Person) -> None:
    project, pending = ann.create_project(), ["another create"]

    def create_another() -> None:
        if pending:
            pending.clear()
            _create(ann, project)

    with after_each_call("GetItem", create_another):  # it has just read the last number
        loser = _create(ann, project)
    with metered() as meter:
        following = _create(ann, project)
    assert (loser.number, following.number) == (2, 3)
    assert meter.operations == ["BatchGetItem", "UpdateItem", "TransactWriteItems"]
    assert sorted(_list_numbers(ann, project)) == [1, 2, 3]


def test_all_ways_to_create_a_task_count_on(ann: Person) -> None:
    project = ann.create_project()
    new = {"op": "create", "project": project, "title": "x"}
    ann.create_task(project)
    ann.post("/api/tasks/bulk", {"operations": [new, new]})
    ann.post("/api/tasks/bulk", {"operations": [new, new, new], "atomic": True})
    source = ann.create_task(project, due_date=in_hours(9), rrule="FREQ=DAILY")
    ann.patch(f"/api/tasks/{source['id']}/status", {"status": "done"})
    ann.post(f"/api/tasks/{source['id']}/duplicate", {})
    ann.create_task(project)
    assert _list_numbers(ann, project) == list(range(1, 11))


def test_a_draw_that_meets_a_transaction_is_repeated(ann: Person) -> None:
    project = ann.create_project()
    ann.create_task(project)
    conflicts = iter(["TransactionConflictException"] * 3)

    def conflict(operation: str, _: int) -> AWSResponse | None:
        code: Any = next(conflicts, None) if operation == "UpdateItem" else None
        return _conflict() if code else None

    with faulty_connection(conflict):
        answer = ann.post(
            "/api/tasks/bulk",
            {"operations": [{"op": "create", "project": project, "title": "x"}], "atomic": True},
        )
    assert answer.status_code == 200, answer.json_body
    assert next(conflicts, None) is None
    assert _list_numbers(ann, project) == [1, 2]


class _Request:
    url = "https://dynamodb.eu-central-1.amazonaws.com/"


def _conflict() -> AWSResponse:
    error = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
        "message": "Transaction is ongoing for the item",
    }
    return build_response(_Request, json.dumps(error).encode(), 400)
