"""Reads that show moved tasks: `include`, `fields`, `render`, saved views, exports, changes."""

import json
from typing import Any

import pytest

from tests.copies.move_scenario import MoveScenario, build_scenario
from tests.job_results import download_job_file, run_sweep
from tests.support import Person
from tests.table_stream import TaskStream


@pytest.fixture
def scenario(ann: Person, bob: Person, make_person: Any) -> MoveScenario:
    """The scenario after the move; the task has a relation, a rank and a rule."""
    scenario = build_scenario(ann, bob, make_person("cleo"))
    task, other = scenario.task["id"], ann.create_task(scenario.source, "Other")["id"]
    ann.post(f"/api/tasks/{task}/relations", {"kind": "blocked_by", "task": other})
    ann.patch(f"/api/tasks/{task}/position", {"after": other})
    ann.patch(f"/api/tasks/{task}", {"rrule": "FREQ=DAILY", "description": "**bold**"})
    answer = ann.post(f"/api/tasks/{task}/move", {"project": scenario.target})
    assert answer.status_code == 200, answer.json_body
    return scenario


def _get(person: Person, path: str) -> Any:
    answer = person.get(path)
    assert answer.status_code == 200, answer.json_body
    return answer.json_body


def test_objects_are_included_in_place_of_ids(ann: Person, scenario: MoveScenario) -> None:
    path = f"/api/tasks/{scenario.moved_id}"
    task = _get(ann, f"{path}?include=assignee,labels,project&render=html")
    assert task["project"] == {"id": scenario.target, "name": "Target", "key": "TARG"}
    assert [label["name"] for label in task["labels"]] == ["shared", "Own"]
    assert "<strong>bold</strong>" in task["description_html"]
    fields = _get(ann, f"{path}?fields=key,rank,open_blockers_count,rrule")
    assert fields == {name: task[name] for name in fields}
    assert (fields["key"], fields["open_blockers_count"]) == ("TARG-1", 1)
    redirect = ann.get(f"/api/tasks/{scenario.task['id']}?include=project&fields=project")
    assert redirect.headers["location"] == f"{path}?include=project&fields=project"


@pytest.mark.parametrize("ordering", ["rank", "-rank", "due_date", "updated_at", "-created_at"])
def test_lists_and_views_show_the_task_in_its_new_project(
    ann: Person, scenario: MoveScenario, stream: TaskStream, ordering: str
) -> None:
    stream.deliver_new()
    lists = f"/api/tasks?ordering={ordering}&include=labels,project&limit=100"
    for filters, titles in (("", {"Top", "First", "Second", "Deep"}), ("&blocked=true", {"Top"})):
        listed = _get(ann, f"{lists}&project={scenario.target}{filters}")["items"]
        assert {task["title"] for task in listed} == titles
    assert [each["title"] for each in _get(ann, f"{lists}&project={scenario.source}")["items"]] == [
        "Other"
    ]
    view = {"name": "Blocked", "filter": {"blocked": True}, "ordering": ordering}
    made = ann.post("/api/views", {**view, "project": scenario.target})
    assert made.status_code == 201, made.json_body
    shown = _get(ann, f"/api/tasks?view={made.json_body['id']}")["items"]
    assert [task["id"] for task in shown] == [scenario.moved_id]


def test_an_export_with_a_filter_has_the_moved_task(
    ann: Person, scenario: MoveScenario, stream: TaskStream
) -> None:
    stream.deliver_new()
    body = {"filter": {"blocked": True}}
    requested = ann.post(f"/api/projects/{scenario.target}/exports", body)
    job = requested.headers["location"].rstrip("/")
    run_sweep()
    (task,) = json.loads(download_job_file(ann, job, "project.json"))["tasks"]
    assert task["id"] == scenario.moved_id
    assert [(each["kind"], each["task"]) for each in task["relations"]] == [("blocked_by", None)]
    assert len(task["comments"]) == len(task["attachments"]) == 1
