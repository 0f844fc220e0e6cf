from typing import Any

import pytest

from tests.support import Person, error_locations

Operation = dict[str, Any]


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


def _run(person: Person, *operations: Operation, **options: Any) -> list[dict[str, Any]]:
    headers = options.pop("headers", None)
    body = {"operations": list(operations), **options}
    answer = person.post("/api/tasks/bulk", body, headers=headers)
    assert answer.status_code == 200, answer.json_body
    results: list[dict[str, Any]] = answer.json_body["results"]
    assert [result["index"] for result in results] == list(range(len(operations)))
    return results


def _create(project: str, title: str = "new", **fields: Any) -> Operation:
    return {"op": "create", "project": project, "title": title, **fields}


def _update(task: str, **fields: Any) -> Operation:
    return {"op": "update", "id": task, **fields}


def _delete(task: str, **fields: Any) -> Operation:
    return {"op": "delete", "id": task, **fields}


def _titles(person: Person, project: str) -> list[str]:
    tasks = person.get(f"/api/tasks?project={project}&ordering=created_at").json_body["items"]
    return [task["title"] for task in tasks]


@pytest.mark.parametrize("atomic", [False, True])
def test_one_request_holds_all_kinds_of_operations(ann: Person, project: str, atomic: bool) -> None:
    kept, deleted = ann.create_task(project, "kept"), ann.create_task(project, "gone")
    operations = (_create(project), _update(kept["key"], title="changed"), _delete(deleted["id"]))
    results = _run(ann, *operations, atomic=atomic)
    assert [result["status"] for result in results] == [201, 200, 204]
    assert _titles(ann, project) == ["changed", "new"]
    assert results[0]["task"] == ann.get(f"/api/tasks/{results[0]['task']['id']}").json_body
    assert results[1]["task"]["version"] == 2
    assert results[2]["task"] is None
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == 2


def test_a_failed_operation_does_not_stop_the_others(
    ann: Person, bob: Person, project: str
) -> None:
    foreign = bob.create_task(bob.create_project())
    own = ann.create_task(project)
    results = _run(
        ann,
        _update(foreign["id"], title="x"),
        _create(foreign["project"]),
        _update(own["id"], due_date="soon"),
        _update(own["id"], title="x", version=7),
        _delete("x"),
        _create(project, "made"),
    )
    assert [result["status"] for result in results] == [404, 404, 422, 412, 404, 201]
    assert results[2]["problem"]["errors"][0]["location"] == "due_date"
    assert results[0]["problem"]["code"] == "not_found"
    assert bob.get(f"/api/tasks/{foreign['id']}").json_body == foreign


@pytest.mark.parametrize(
    ("invalid", "status"),
    [
        ({"op": "update", "id": "x", "title": "x"}, 404),
        ({"op": "create", "project": "x", "title": "x"}, 404),
    ],
)
def test_an_atomic_request_changes_nothing_when_one_operation_fails(
    ann: Person, project: str, invalid: Operation, status: int
) -> None:
    task = ann.create_task(project, "kept")
    operations = [_create(project), _update(task["id"], title="changed"), invalid]
    answer = ann.post("/api/tasks/bulk", {"operations": operations, "atomic": True})
    assert (answer.status_code, error_locations(answer)) == (status, ["operations[2]"])
    assert _titles(ann, project) == ["kept"]


def test_an_atomic_request_names_the_invalid_field_and_its_operation(
    ann: Person, project: str
) -> None:
    operations = [_create(project), _create(project, assigned_to="x")]
    answer = ann.post("/api/tasks/bulk", {"operations": operations, "atomic": True})
    assert (answer.status_code, error_locations(answer)) == (422, ["operations[1].assigned_to"])
    assert _titles(ann, project) == []


def test_an_atomic_request_that_changes_nothing_answers_with_the_tasks(
    ann: Person, project: str
) -> None:
    task = ann.create_task(project)
    operation = {"op": "update", "id": task["id"], "title": task["title"]}
    answer = ann.post("/api/tasks/bulk", {"operations": [operation], "atomic": True})
    assert answer.status_code == 200
    assert [result["task"] for result in answer.json_body["results"]] == [task]


def test_an_atomic_request_is_refused_when_one_transaction_cannot_hold_it(
    ann: Person, project: str
) -> None:
    body = {"operations": [_create(project)] * 50, "atomic": True}
    answer = ann.post("/api/tasks/bulk", body)
    assert (answer.status_code, error_locations(answer)) == (422, ["operations"])
    task = ann.create_task(project)["id"]
    twice = [_update(task, title="a"), _update(task, priority="low")]
    answer = ann.post("/api/tasks/bulk", {"operations": twice, "atomic": True})
    assert (answer.status_code, error_locations(answer)) == (422, ["operations"])
    assert _titles(ann, project) == ["Write the plan"]


def test_an_atomic_request_creates_tasks_with_the_same_parent_and_assignee(
    ann: Person, project: str
) -> None:
    parent = ann.create_task(project)["id"]
    results = _run(ann, *[_create(project, parent=parent, assigned_to=ann.id)] * 10, atomic=True)
    assert {result["status"] for result in results} == {201}
    assert len({result["task"]["key"] for result in results}) == 10
    assert ann.get(f"/api/tasks/{parent}").json_body["subtasks_count"] == 10


@pytest.mark.parametrize("atomic", [False, True])
def test_a_repeated_idempotency_key_creates_no_task_again(
    ann: Person, project: str, atomic: bool
) -> None:
    task = ann.create_task(project, "old")["id"]
    operations = (_create(project, "a"), _update(task, title="changed"), _create(project, "b"))
    options: dict[str, Any] = {"atomic": atomic, "headers": {"Idempotency-Key": "k1"}}
    first, second = (_run(ann, *operations, **options) for _ in range(2))
    assert first == second
    assert _titles(ann, project) == ["changed", "a", "b"]


def _invalid_operations(project: str) -> list[Operation]:
    return [
        _create(project, ""),
        {"op": "create", "title": "x", "status": "doing", "size": "XL"},
        {"op": "drop", "id": "x"},
        {"op": "delete"},
        {"op": {"id": "x"}},
        {"id": "x"},
        _update("x", title="a\u0000b", description="\ud800"),
    ]


def test_an_atomic_request_names_every_invalid_field_of_every_operation(
    ann: Person, project: str
) -> None:
    operations = [_create(project), *_invalid_operations(project)]
    answer = ann.post("/api/tasks/bulk", {"operations": operations, "atomic": True})
    assert answer.status_code == 422
    assert sorted(error_locations(answer)) == [
        "operations[1].title",
        "operations[2].project",
        "operations[2].size",
        "operations[2].status",
        "operations[3].op",
        "operations[4].id",
        "operations[5].op",
        "operations[6].op",
        "operations[7].description",
        "operations[7].title",
    ]
    assert _titles(ann, project) == []


def test_an_operation_with_invalid_fields_has_its_own_result_and_the_others_are_applied(
    ann: Person, project: str
) -> None:
    invalid = _invalid_operations(project)
    task = ann.create_task(project)["id"]
    results = _run(ann, _create(project, "first"), *invalid, _update(task, title="last"))
    assert [result["status"] for result in results] == [201, *[422] * len(invalid), 200]
    problems = [result["problem"] for result in results[1:-1]]
    assert {(problem["status"], problem["code"]) for problem in problems} == {(422, "invalid")}
    assert [sorted(e["location"] for e in problem["errors"]) for problem in problems] == [
        ["title"],
        ["project", "size", "status"],
        ["op"],
        ["id"],
        ["op"],
        ["op"],
        ["description", "title"],
    ]
    assert _titles(ann, project) == ["last", "first"]


def test_an_operation_that_is_no_object_has_its_own_result(ann: Person, project: str) -> None:
    body = {"operations": [None, "x", _create(project, "made")], "atomic": False}
    results = ann.post("/api/tasks/bulk", body).json_body["results"]
    assert [result["status"] for result in results] == [422, 422, 201]
    locations = [result["problem"]["errors"][0]["location"] for result in results[:2]]
    assert locations == ["operations[0]", "operations[1]"]


def test_a_single_request_and_an_operation_with_the_same_fields_name_the_same_errors(
    ann: Person, project: str
) -> None:
    fields = {"title": "\u200b", "priority": 1, "due_date": 5, "labels": ["x", 2], "more": None}
    single = ann.post("/api/tasks", {"project": project, **fields})
    (result,) = _run(ann, {"op": "create", "project": project, **fields})
    assert result["problem"]["errors"] == single.json_body["errors"]


def test_a_body_that_is_invalid_in_itself_is_refused_with_all_errors(
    ann: Person, project: str
) -> None:
    operations = [_create(project), _create(project, "")]
    answer = ann.post("/api/tasks/bulk", {"operations": operations, "atomic": "no", "x": 1})
    assert answer.status_code == 422
    assert sorted(error_locations(answer)) == ["atomic", "operations[1].title", "x"]
    assert _titles(ann, project) == []


def test_a_repeated_idempotency_key_repeats_the_result_of_an_invalid_operation(
    ann: Person, project: str
) -> None:
    operations = (_create(project, ""), _create(project, "made"))
    first, second = (_run(ann, *operations, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first == second
    assert _titles(ann, project) == ["made"]


@pytest.mark.parametrize("operations", [[], [{"op": "delete", "id": "x"}] * 101])
def test_an_empty_or_too_long_list_of_operations_is_refused(
    ann: Person, operations: list[Operation]
) -> None:
    answer = ann.post("/api/tasks/bulk", {"operations": operations})
    assert (answer.status_code, error_locations(answer)) == (422, ["operations"])
