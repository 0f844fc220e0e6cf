"""The largest changes of a task: one transaction holds a hundred writes."""

from typing import Any

import pytest

from tests.counter_checks import count_drift
from tests.relations.test_relations import counts
from tests.support import Person

LABELS = 20
BLOCKED = 24


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _create_labels(ann: Person, project: str, prefix: str) -> list[str]:
    path = f"/api/projects/{project}/labels"
    names = (f"{prefix}{number}" for number in range(LABELS))
    return [ann.post(path, {"name": name}).json_body["id"] for name in names]


@pytest.fixture
def task(ann: Person, bob: Person, project: str) -> dict[str, Any]:
    """A recurring, ranked and blocked subtask with twenty labels, which blocks other tasks."""
    parent, first = ann.create_task(project)["id"], ann.create_task(project)["id"]
    task = ann.create_task(
        project,
        labels=_create_labels(ann, project, "old"),
        parent=parent,
        assigned_to=bob.id,
        start_date="2026-11-29",
        due_date="2026-11-30",
        rrule="FREQ=DAILY",
    )
    path = f"/api/tasks/{task['id']}"
    ann.patch(f"{path}/position", {"before": first})
    create = {"op": "create", "project": project, "title": "x"}
    results = ann.post("/api/tasks/bulk", {"operations": [create] * BLOCKED}).json_body["results"]
    for result in results:
        body = {"kind": "blocks", "task": result["task"]["id"]}
        assert ann.post(f"{path}/relations", body).status_code == 201
    assert ann.post(f"{path}/relations", {"kind": "blocked_by", "task": first}).status_code == 201
    found: dict[str, Any] = ann.get(path).json_body
    return found


def test_the_largest_change_in_each_step_is_possible(
    ann: Person, project: str, task: dict[str, Any]
) -> None:
    path = f"/api/tasks/{task['id']}"
    changes = {
        "labels": _create_labels(ann, project, "new"),
        "assigned_to": ann.id,
        "parent": ann.create_task(project)["id"],
        "start_date": "2026-11-28",
        "due_date": "2026-11-29",
    }
    refusal = ann.patch(f"{path}?force=true", {**changes, "status": "done"})
    assert (refusal.status_code, refusal.json_body["code"]) == (409, "too_many_changes")
    assert ann.get(path).json_body == task

    changed = ann.patch(path, changes)
    assert (changed.status_code, changed.json_body["labels"]) == (200, changes["labels"])
    done = ann.patch(f"{path}/status?force=true", {"status": "done"}).json_body
    following = ann.get(f"/api/tasks/{done['next_task']}").json_body
    assert following["labels"] == changes["labels"]
    blocked = ann.get(f"{path}/relations").json_body["items"][-1]["task"]["id"]
    assert counts(ann, blocked) == (1, 0)
    assert count_drift() == 0


def test_the_task_moves_goes_to_the_trash_and_comes_back(
    ann: Person, bob: Person, project: str, task: dict[str, Any]
) -> None:
    other = ann.create_project("Other")
    ann.add_member(other, bob)
    body, headers = {"project": other}, {"Idempotency-Key": "once"}
    answer = ann.post(f"/api/tasks/{task['id']}/move", body, headers=headers)
    assert (answer.status_code, len(answer.json_body["created_labels"])) == (200, LABELS)
    path = answer.headers["location"].rstrip("/")
    assert ann.delete(path).status_code == 204
    assert ann.post(f"{path}/restore").status_code == 200
    assert ann.post(f"{path}/duplicate", {}).status_code == 201
    assert count_drift() == 0
