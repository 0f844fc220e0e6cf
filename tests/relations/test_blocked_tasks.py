"""Open blockers: they are counted, and keep a task from being finished."""

from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.clock import now
from chalicelib.copies.location_models import find_tasks_anywhere
from chalicelib.dynamodb.transactions import transact
from chalicelib.relations.models import (
    BLOCKS,
    add_relation_writes,
    new_relation,
)
from tests.relations.test_relations import counts, list_relations, relate
from tests.support import Person, error_locations


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


@pytest.fixture
def task(ann: Person, project: str) -> str:
    return str(ann.create_task(project, "Paint", labels=[])["id"])


@pytest.fixture
def blocker(ann: Person, project: str, task: str) -> str:
    """A task that blocks `task`."""
    other = str(ann.create_task(project, "Buy paint")["id"])
    relate(ann, task, "blocked_by", other)
    return other


def set_status(person: Person, task: str, status: str, query: str = "") -> HTTPResponse:
    return person.patch(f"/api/tasks/{task}/status{query}", {"status": status})


def _replace(person: Person, task: str, query: str) -> HTTPResponse:
    known = person.get(f"/api/tasks/{task}").json_body
    names = (
        "title",
        "description",
        "priority",
        "assigned_to",
        "start_date",
        "due_date",
        "labels",
        "parent",
    )
    body = {name: known[name] for name in names}
    return person.put(f"/api/tasks/{task}{query}", body | {"status": "done"})


def _bulk(person: Person, task: str, query: str) -> HTTPResponse:
    operations = [{"op": "update", "id": task, "status": "done"}]
    body = {"operations": operations, "atomic": True}
    return person.post(f"/api/tasks/bulk{query}", body)


WAYS: list[Callable[[Person, str, str], HTTPResponse]] = [
    lambda person, task, query: set_status(person, task, "done", query),
    lambda person, task, query: person.patch(f"/api/tasks/{task}{query}", {"status": "done"}),
    _replace,
    _bulk,
]
WAY_NAMES = ["status", "patch", "put", "bulk"]


@pytest.mark.parametrize("finish", WAYS, ids=WAY_NAMES)
def test_a_blocked_task_is_finished_only_with_force(
    ann: Person, task: str, blocker: str, finish: Callable[[Person, str, str], HTTPResponse]
) -> None:
    refused = finish(ann, task, "")
    assert (refused.status_code, refused.json_body["code"]) == (409, "blocked")
    assert finish(ann, task, "?force=false").status_code == 409
    assert ann.get(f"/api/tasks/{task}").json_body["status"] == "todo"
    assert finish(ann, task, "?force=true").status_code == 200
    assert ann.get(f"/api/tasks/{task}").json_body["status"] == "done"


def test_the_refusal_lists_the_open_blockers(ann: Person, project: str, task: str) -> None:
    blockers = [ann.create_task(project)["id"] for _ in range(3)]
    for each in blockers:
        relate(ann, each, "blocks", task)
    set_status(ann, blockers[1], "done")
    refusal = set_status(ann, task, "done")
    errors = {error["location"]: error["message"] for error in refusal.json_body["errors"]}
    assert errors == {
        f"tasks.{blockers[0]}": "LAUN-2 is open",
        f"tasks.{blockers[2]}": "LAUN-4 is open",
    }


def test_the_refusal_only_counts_the_blockers_without_access(
    ann: Person, bob: Person, project: str, task: str, blocker: str
) -> None:
    ann.add_member(project, bob)
    secret = ann.create_task(ann.create_project("Secret"), "Secret title")["id"]
    relate(ann, task, "blocked_by", secret)
    refusal = set_status(bob, task, "done")
    assert error_locations(refusal) == [f"tasks.{blocker}"]
    assert "2, 1 of them in projects that you have no access to" in refusal.json_body["detail"]
    assert secret not in refusal.body.decode() and "Secret" not in refusal.body.decode()


def test_independent_bulk_operations_are_blocked_each_by_itself(
    ann: Person, task: str, blocker: str
) -> None:
    operations = [{"op": "update", "id": each, "status": "done"} for each in (task, blocker, task)]
    results = ann.post("/api/tasks/bulk", {"operations": operations}).json_body["results"]
    assert [result["status"] for result in results] == [409, 200, 200]


def test_an_atomic_request_that_finishes_a_task_and_its_blocker_is_refused(
    ann: Person, task: str, blocker: str
) -> None:
    operations = [{"op": "update", "id": each, "status": "done"} for each in (blocker, task)]
    for query, status in (("", 409), ("?force=true", 422)):
        body = {"operations": operations, "atomic": True}
        assert ann.post(f"/api/tasks/bulk{query}", body).status_code == status
    assert counts(ann, task) == (1, 1)


def test_two_blockers_of_a_task_are_finished_in_one_atomic_request(
    ann: Person, project: str, task: str, blocker: str
) -> None:
    second = ann.create_task(project)["id"]
    relate(ann, second, "blocks", task)
    operations = [{"op": "update", "id": each, "status": "done"} for each in (blocker, second)]
    ann.post("/api/tasks/bulk", {"operations": operations, "atomic": True})
    assert counts(ann, task) == (2, 0)


def test_other_changes_of_a_blocked_task_are_allowed(ann: Person, task: str, blocker: str) -> None:
    assert set_status(ann, task, "review").status_code == 200
    assert ann.patch(f"/api/tasks/{task}", {"title": "x", "status": "todo"}).status_code == 200


def test_a_done_task_that_becomes_blocked_stays_done(ann: Person, project: str, task: str) -> None:
    set_status(ann, task, "done")
    relate(ann, ann.create_task(project)["id"], "blocks", task)
    assert ann.patch(f"/api/tasks/{task}", {"status": "done", "title": "x"}).status_code == 200


@pytest.mark.parametrize("kind", ["relates_to", "duplicates", "duplicated_by", "blocks"])
def test_other_relations_do_not_block(ann: Person, project: str, task: str, kind: str) -> None:
    relate(ann, task, kind, ann.create_task(project)["id"])
    assert set_status(ann, task, "done").status_code == 200


def test_the_count_follows_the_status_of_the_blocker(ann: Person, task: str, blocker: str) -> None:
    found = []
    for status in ("in_progress", "done", "review", "done"):
        set_status(ann, blocker, status)
        found.append(counts(ann, task)[1])
    assert found == [1, 0, 1, 0]


def test_a_done_blocker_does_not_count(ann: Person, project: str, task: str) -> None:
    done = ann.create_task(project, status="done")["id"]
    relation = relate(ann, done, "blocks", task).json_body["id"]
    assert counts(ann, task) == (1, 0)
    assert set_status(ann, task, "done").status_code == 200
    ann.delete(f"/api/tasks/{done}/relations/{relation}")
    assert counts(ann, task) == (0, 0)


def test_a_blocker_in_the_trash_does_not_block(ann: Person, task: str, blocker: str) -> None:
    ann.delete(f"/api/tasks/{blocker}")
    assert counts(ann, task) == (1, 0)
    assert [each["task"] for each in list_relations(ann, task)] == [None]
    ann.post(f"/api/tasks/{blocker}/restore")
    assert counts(ann, task) == (1, 1)
    assert list_relations(ann, task)[0]["task"]["id"] == blocker
    assert set_status(ann, task, "done").json_body["code"] == "blocked"


def test_the_count_of_a_task_in_the_trash_is_kept_right(
    ann: Person, task: str, blocker: str
) -> None:
    ann.delete(f"/api/tasks/{task}")
    set_status(ann, blocker, "done")
    assert ann.post(f"/api/tasks/{task}/restore").json_body["open_blockers_count"] == 0


def test_a_relation_to_a_task_in_the_trash_can_be_removed(
    ann: Person, task: str, blocker: str
) -> None:
    ann.delete(f"/api/tasks/{blocker}")
    (relation,) = list_relations(ann, task)
    ann.delete(f"/api/tasks/{task}/relations/{relation['id']}")
    assert ann.post(f"/api/tasks/{blocker}/restore").json_body["relations_count"] == 0
    assert counts(ann, task) == (0, 0)


def test_a_blocker_in_a_trashed_project_keeps_nobody_from_finishing(ann: Person, task: str) -> None:
    other = ann.create_project("Other")
    relate(ann, ann.create_task(other)["id"], "blocks", task)
    ann.delete(f"/api/projects/{other}")
    assert [each["task"] for each in list_relations(ann, task)] == [None]
    assert set_status(ann, task, "done").status_code == 200


# Cycles


def _chain(person: Person, project: str, length: int) -> list[str]:
    tasks = [str(person.create_task(project)["id"]) for _ in range(length)]
    for first, second in zip(tasks, tasks[1:], strict=False):
        assert relate(person, first, "blocks", second).status_code == 201
    return tasks


def _long_chain(person: Person, project: str) -> list[str]:
    """Create 82 tasks that block each other in a row, past the API, which would take long."""
    create = {"op": "create", "project": project, "title": "x"}
    results = person.post("/api/tasks/bulk", {"operations": [create] * 82}).json_body["results"]
    task_ids = [str(result["task"]["id"]) for result in results]
    for first, second in zip(task_ids, task_ids[1:], strict=False):
        relation = new_relation(first, second, BLOCKS, person.id, now())
        transact(*add_relation_writes(relation, find_tasks_anywhere([first, second])))
    return task_ids


def _code(answer: HTTPResponse) -> Any:
    return answer.json_body.get("code", answer.status_code)


@pytest.mark.parametrize("length", [2, 3, 6])
def test_tasks_do_not_block_each_other_in_a_cycle(ann: Person, project: str, length: int) -> None:
    tasks = _chain(ann, project, length)
    assert _code(relate(ann, tasks[-1], "blocks", tasks[0])) == "relation_cycle"
    assert _code(relate(ann, tasks[0], "blocked_by", tasks[-1])) == "relation_cycle"
    assert relate(ann, tasks[0], "relates_to", tasks[-1]).status_code == 201
    assert len(list_relations(ann, tasks[0])) == 2


def test_a_second_way_between_two_tasks_is_no_cycle(ann: Person, project: str) -> None:
    tasks = _chain(ann, project, 4)
    assert relate(ann, tasks[0], "blocks", tasks[3]).status_code == 201


def test_a_cycle_through_a_done_task_and_the_trash_is_refused(ann: Person, project: str) -> None:
    tasks = _chain(ann, project, 4)
    set_status(ann, tasks[1], "done", "?force=true")
    ann.delete(f"/api/tasks/{tasks[2]}")
    assert _code(relate(ann, tasks[3], "blocks", tasks[0])) == "relation_cycle"


def test_a_cycle_through_a_project_without_access_is_refused(
    ann: Person, bob: Person, project: str
) -> None:
    ann.add_member(project, bob)
    first, last = ann.create_task(project)["id"], ann.create_task(project)["id"]
    secret = ann.create_task(ann.create_project("Secret"), "Secret title")["id"]
    relate(ann, first, "blocks", secret)
    relate(ann, secret, "blocks", last)
    refusal = relate(bob, last, "blocks", first)
    assert _code(refusal) == "relation_cycle"
    assert secret not in refusal.body.decode() and "Secret" not in refusal.body.decode()


def test_a_long_chain_grows_at_both_ends(ann: Person, project: str) -> None:
    tasks = _long_chain(ann, project)
    new = [str(ann.create_task(project)["id"]) for _ in range(2)]
    assert relate(ann, tasks[-1], "blocks", new[0]).status_code == 201
    assert relate(ann, new[1], "blocks", tasks[0]).status_code == 201


def test_a_search_through_too_many_tasks_is_refused(ann: Person, project: str) -> None:
    first, second = _long_chain(ann, project), _long_chain(ann, project)
    answer = relate(ann, first[-1], "blocks", second[0])
    assert _code(answer) == "chain_too_long"
    assert "80" in answer.json_body["detail"]
