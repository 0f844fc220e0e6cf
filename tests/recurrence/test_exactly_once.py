"""Races and faults during the completion of a recurring task: there is exactly one next task."""

import itertools
from typing import Any

import pytest

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, TaskAccess, authorize_task
from chalicelib.clock import now
from chalicelib.errors import ApiError, Conflict
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.bulk import BulkOperation, run_atomically
from chalicelib.tasks.models import Task
from chalicelib.tasks.service import update_task
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import faulty_connection
from tests.faults import after_each_call, is_killed_at
from tests.support import Person, in_hours

pytestmark = pytest.mark.usefixtures("local_table")

Body = dict[str, Any]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _create_task(ann: Person, project: str, **fields: Any) -> Body:
    return ann.create_task(project, due_date=in_hours(9), rrule="FREQ=DAILY", **fields)


def _access(person: Person, task: Body) -> TaskAccess:
    context = RequestContext(parse_credential(person.token), Action.WRITE_TASKS, now())
    return authorize_task(context, task["id"])


def _list_others(ann: Person, project: str, *tasks: Body) -> list[Body]:
    """Return the tasks of the project without `tasks`, and check the counters against them."""
    listed = ann.list_all(f"/api/tasks?project={project}&limit=100")
    counts = ann.get(f"/api/projects/{project}").json_body["tasks_by_status"]
    assert sum(counts.values()) == len(listed)
    assert counts["done"] == sum(task["status"] == "done" for task in listed)
    assert len({task["key"] for task in listed}) == len(listed)
    known = {task["id"] for task in tasks}
    return [task for task in listed if task["id"] not in known]


def test_concurrent_completions_create_one_next_task(ann: Person, project: str) -> None:
    task = _create_task(ann, project)
    accesses = [_access(ann, task) for _ in range(8)]
    results = at_once(8, lambda number: update_task(accesses[number], {"status": "done"}))
    (following,) = _list_others(ann, project, task)
    completed = [result for result in results if isinstance(result, Task)]
    assert completed and {each.next_task for each in completed} == {following["id"]}
    assert ann.get(f"/api/tasks/{task['id']}").json_body["next_task"] == following["id"]


def test_single_and_bulk_completions_at_once_create_one_next_task(
    ann: Person, project: str
) -> None:
    task = _create_task(ann, project)
    accesses = [_access(ann, task) for _ in range(6)]
    operation = BulkOperation("update", task["id"], {"status": "done"})

    def complete(number: int) -> None:
        if number % 2:
            update_task(accesses[number], {"status": "done"})
        else:
            run_atomically(accesses[number], [operation])

    results = at_once(6, complete)
    assert None in results
    assert len(_list_others(ann, project, task)) == 1


def test_concurrent_completions_and_reopenings_create_one_next_task(
    ann: Person, project: str
) -> None:
    task = _create_task(ann, project)
    accesses = [_access(ann, task) for _ in range(8)]

    def act(number: int) -> None:
        for _ in range(5):
            update_task(accesses[number], {"status": "todo" if number % 2 else "done"})

    at_once(8, act)
    assert len(_list_others(ann, project, task)) == 1


def test_a_completion_during_an_edit_copies_the_edited_task(ann: Person, project: str) -> None:
    for _ in range(5):
        task = _create_task(ann, project)
        accesses = [_access(ann, task) for _ in range(2)]
        fields = [{"status": "done"}, {"title": "edited"}]

        def act(
            number: int, accesses: list[TaskAccess] = accesses, fields: list[Body] = fields
        ) -> None:
            update_task(accesses[number], fields[number])

        assert at_once(2, act) == [None, None]
        done = ann.get(f"/api/tasks/{task['id']}").json_body
        assert (done["title"], done["status"]) == ("edited", "done")
        following = ann.get(f"/api/tasks/{done['next_task']}").json_body
        assert following["title"] in {"edited", task["title"]}


@pytest.mark.parametrize("target", ["label", "parent", "assignee"])
def test_a_reference_that_ends_during_the_completion_is_a_conflict(
    ann: Person, bob: Person, project: str, target: str
) -> None:
    label = ann.post(f"/api/projects/{project}/labels", {"name": "x"}).json_body["id"]
    parent = ann.create_task(project)
    fields = {"labels": [label], "parent": parent["id"], "assigned_to": bob.id}
    task = _create_task(ann, project, **fields)
    access, pending = _access(ann, task), [target]

    def end_reference() -> None:
        """Remove the target right after the number of the next task was drawn."""
        if pending:
            pending.clear()
            if target == "label":
                ann.delete(f"/api/projects/{project}/labels/{label}")
            elif target == "assignee":
                bob.post(f"/api/projects/{project}/leave")
            else:
                grandparent = ann.create_task(project)["id"]
                ann.patch(f"/api/tasks/{task['id']}", {"parent": None})
                ann.patch(f"/api/tasks/{parent['id']}", {"parent": grandparent})

    with after_each_call("UpdateItem", end_reference):
        (result,) = at_once(1, lambda _: update_task(access, {"status": "done"}))
    if isinstance(result, ApiError):
        assert isinstance(result, Conflict)
        assert ann.get(f"/api/tasks/{task['id']}").json_body["status"] == "todo"
        again = ann.patch(f"/api/tasks/{task['id']}/status", {"status": "done"})
        assert again.status_code == 200
    done = ann.get(f"/api/tasks/{task['id']}").json_body
    following = ann.get(f"/api/tasks/{done['next_task']}").json_body
    gone = {"label": ("labels", []), "parent": ("parent", None), "assignee": ("assigned_to", None)}
    name, value = gone[target]
    assert following[name] == value


def test_each_lost_response_leaves_one_next_task(ann: Person, bob: Person, project: str) -> None:
    tasks = []
    for lost in itertools.count(1):
        tasks.append(_create_task(ann, project, assigned_to=bob.id))
        with faulty_connection(lost_response=lost) as line:
            answer = ann.patch(f"/api/tasks/{tasks[-1]['id']}/status", {"status": "done"})
        assert answer.status_code == 200, (lost, answer.json_body)
        if line.requests < lost:
            break
    assert len(_list_others(ann, project, *tasks)) == len(tasks) > 4


def test_a_request_that_dies_anywhere_creates_all_or_nothing(
    ann: Person, bob: Person, project: str
) -> None:
    for call in itertools.count(1):
        task = _create_task(ann, project, assigned_to=bob.id)
        before = len(_list_others(ann, project))
        access = _access(ann, task)

        def complete(access: TaskAccess = access) -> None:
            update_task(access, {"status": "done"})

        died = is_killed_at(call, complete, writes_only=False)
        done = ann.get(f"/api/tasks/{task['id']}").json_body
        assert (done["status"], done["next_task"] is None) == (
            ("todo", True) if died else ("done", False)
        )
        assert len(_list_others(ann, project)) == before + (not died)
        if not died:
            assert call > 3
            return
        complete()
        assert len(_list_others(ann, project)) == before + 1
