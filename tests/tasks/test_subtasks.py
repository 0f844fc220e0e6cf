from typing import Any

import pytest

from tests.support import Person, error_locations


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


def _subtasks_counts(person: Person, *tasks: dict[str, Any]) -> list[int]:
    return [person.get(f"/api/tasks/{t['id']}").json_body["subtasks_count"] for t in tasks]


def test_a_parent_lists_and_counts_its_subtasks(ann: Person, project: str) -> None:
    parent = ann.create_task(project, "parent")
    children = [ann.create_task(project, title, parent=parent["id"])["id"] for title in "ab"]
    assert _subtasks_counts(ann, parent) == [2]
    subtasks = ann.get(f"/api/tasks?project={project}&parent={parent['id']}").json_body["items"]
    assert [task["id"] for task in subtasks] == children[::-1]
    top_level = ann.get(f"/api/tasks?project={project}&parent=none").json_body["items"]
    assert [task["id"] for task in top_level] == [parent["id"]]


def test_tasks_nest_in_three_levels(ann: Person, project: str) -> None:
    first = ann.create_task(project)
    second = ann.create_task(project, parent=first["id"])
    third = ann.create_task(project, parent=second["id"])
    deeper = {"project": project, "title": "x", "parent": third["id"]}
    answer = ann.post("/api/tasks", deeper)
    assert (answer.status_code, error_locations(answer)) == (422, ["parent"])
    single = ann.create_task(project)
    moved = ann.patch(f"/api/tasks/{single['id']}", {"parent": third["id"]})
    assert (moved.status_code, error_locations(moved)) == (422, ["parent"])


def test_a_task_moves_from_one_parent_to_another(ann: Person, project: str) -> None:
    old, new = ann.create_task(project), ann.create_task(project)
    child = ann.create_task(project, parent=old["id"])
    assert ann.patch(f"/api/tasks/{child['id']}", {"parent": new["id"]}).status_code == 200
    assert _subtasks_counts(ann, old, new) == [0, 1]
    assert ann.patch(f"/api/tasks/{child['id']}", {"parent": None}).json_body["parent"] is None
    assert _subtasks_counts(ann, old, new) == [0, 0]


def test_a_task_with_subtasks_keeps_its_depth(ann: Person, project: str) -> None:
    parent, other = ann.create_task(project), ann.create_task(project)
    middle = ann.create_task(project, parent=parent["id"])
    ann.create_task(project, parent=middle["id"])
    path = f"/api/tasks/{middle['id']}"
    refused = ann.patch(path, {"parent": None})
    assert (refused.status_code, refused.json_body["code"]) == (409, "has_subtasks")
    assert ann.patch(path, {"parent": other["id"]}).status_code == 200


@pytest.mark.parametrize("which", ["itself", "its child", "another project's", "nothing"])
def test_an_invalid_parent_is_refused(ann: Person, project: str, which: str) -> None:
    task = ann.create_task(project)
    child = ann.create_task(project, parent=task["id"])
    foreign = ann.create_task(ann.create_project("other"))
    parents = {
        "itself": task["id"],
        "its child": child["id"],
        "another project's": foreign["id"],
        "nothing": "x",
    }
    answer = ann.patch(f"/api/tasks/{task['id']}", {"parent": parents[which]})
    assert answer.status_code in (409, 422)
    assert ann.get(f"/api/tasks/{task['id']}").json_body == task | {"subtasks_count": 1}


def test_a_task_with_subtasks_cannot_be_deleted(ann: Person, project: str) -> None:
    parent = ann.create_task(project)
    child = ann.create_task(project, parent=parent["id"])
    refused = ann.delete(f"/api/tasks/{parent['id']}")
    assert (refused.status_code, refused.json_body["code"]) == (409, "has_subtasks")
    ann.delete(f"/api/tasks/{child['id']}")
    assert _subtasks_counts(ann, parent) == [0]
    assert ann.delete(f"/api/tasks/{parent['id']}").status_code == 204


def test_a_restored_subtask_returns_to_its_parent(ann: Person, project: str) -> None:
    parent = ann.create_task(project)
    child = ann.create_task(project, parent=parent["id"])
    ann.delete(f"/api/tasks/{child['id']}")
    restored = ann.post(f"/api/tasks/{child['id']}/restore").json_body
    assert restored["parent"] == parent["id"]
    assert _subtasks_counts(ann, parent) == [1]


def test_a_restored_subtask_without_its_parent_becomes_a_top_level_task(
    ann: Person, project: str
) -> None:
    parent = ann.create_task(project)
    child = ann.create_task(project, parent=parent["id"])
    for task in (child, parent):
        ann.delete(f"/api/tasks/{task['id']}")
    assert ann.post(f"/api/tasks/{child['id']}/restore").json_body["parent"] is None
