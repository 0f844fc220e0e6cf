"""Tests that a warm request makes few calls of functions: the exact part of `make bench`.

The calls of Python functions and of those written in C are counted between the start and the end of
the app, with the client that functions on Lambda use. A change that needs more has a reason to.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.http.envelope import TaskManagerApp
from tests.support import Person

pytestmark = [
    pytest.mark.usefixtures("local_table"),
    pytest.mark.parametrize("transport", ["lean"], indirect=True),
]

PAGE, DUE = 25, "2030-01-01T00:00:00Z"


def count_calls(send: Callable[[], HTTPResponse]) -> int:
    """Return how many functions the app calls for a request that is like the two before it."""
    send(), send()
    counted, depth = 0, 0

    def count(frame: Any, event: str, _: object) -> None:
        nonlocal counted, depth
        if frame.f_code is TaskManagerApp.__call__.__code__:
            depth += {"call": 1, "return": -1}.get(event, 0)
        counted += depth > 0 and event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        answer = send()
    finally:
        sys.setprofile(None)
    assert answer.status_code < 300, answer.json_body
    return counted


@pytest.fixture
def project(ann: Person) -> str:
    """A project with one task more than a page has."""
    project = ann.create_project()
    for _ in range(PAGE + 1):
        ann.create_task(project, due_date=DUE)
    return project


def test_a_task_is_read(ann: Person, project: str) -> None:
    task = ann.create_task(project)["id"]
    assert count_calls(lambda: ann.get(f"/api/tasks/{task}")) <= 1_700


def test_a_page_of_tasks_is_read(ann: Person, project: str) -> None:
    path = f"/api/tasks?project={project}&status=todo&limit={PAGE}"
    assert count_calls(lambda: ann.get(path)) <= 3_200


def test_statistics_are_read(ann: Person, project: str) -> None:
    path = f"/api/tasks/statistics?project={project}"
    assert count_calls(lambda: ann.get(path)) <= 2_100


def test_a_task_is_created(ann: Person, project: str) -> None:
    body = {"project": project, "title": "A new task", "due_date": DUE}
    assert count_calls(lambda: ann.post("/api/tasks", body)) <= 2_500


def test_a_status_is_set(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=DUE)["id"]
    statuses = iter(("done", "review", "done"))
    path = f"/api/tasks/{task}/status"
    assert count_calls(lambda: ann.patch(path, {"status": next(statuses)})) <= 2_550
