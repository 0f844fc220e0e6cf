"""Export, import and export again: both exports are the same but for ids and times."""

import json
from typing import Any

import pytest

from tests.copies.test_project_copies import duplicate_project
from tests.counter_checks import count_drift
from tests.import_files import find_codes, list_tasks, run_import
from tests.job_results import download_job_file, request_job, run_streamed
from tests.support import Person


def _export(person: Person, project: str) -> bytes:
    job = request_job(person, f"/api/projects/{project}/exports")
    assert run_streamed(job) == 0
    return download_job_file(person, job, "project.json")


def _describe(raw: bytes) -> dict[str, Any]:
    """Return an export with titles and names in place of ids, and without times of creation."""
    export = json.loads(raw)
    titles = {task["id"]: task["title"] for task in export["tasks"]}
    labels = {label["id"]: label["name"] for label in export["labels"]}
    people = {each["user_id"]: each["username"] for each in export["members"]}
    tasks = sorted(export["tasks"], key=lambda task: task["id"])
    same = ("title", "description", "status", "priority", "start_date", "due_date")
    same += ("completed_at", "rrule", "repeat_from", "number")
    return {
        "description": export["project"]["description"],
        "labels": sorted((label["name"], label["color"]) for label in export["labels"]),
        "manual order": [
            task["title"] for task in sorted(tasks, key=lambda each: (each["rank"], each["id"]))
        ],
        "tasks": [
            {
                **{name: task[name] for name in same},
                "parent": titles.get(task["parent"]),
                "next_task": titles.get(task["next_task"]),
                "labels": [labels[label] for label in task["labels"]],
                "assigned_to": people.get(task["assigned_to"]),
                "created_by": people[task["created_by"]],
                "comments": [
                    (each["body"], people[each["author"]], each["created_at"], each["edited_at"])
                    for each in task["comments"]
                ],
                "relations": sorted(
                    (each["kind"], titles[each["task"]]) for each in task["relations"]
                ),
            }
            for task in tasks
        ],
    }


@pytest.fixture
def project(ann: Person) -> str:
    """A project with everything that an export holds, but files and views."""
    project = ann.create_project()
    ann.patch(f"/api/projects/{project}", {"description": "All\nabout it"})
    labels = f"/api/projects/{project}/labels"
    red, _ = (
        ann.post(labels, {"name": name, "color": color}).json_body["id"]
        for name, color in (("Red", "#c02020"), ("unused", "#808080"))
    )
    top = ann.create_task(project, "Top", labels=[red], priority="high", start_date="2026-03-01")
    sub = ann.create_task(project, "Sub", parent=top["id"], description="Text")
    deep = ann.create_task(project, "Deep", parent=sub["id"], assigned_to=ann.id)
    weekly = ann.create_task(
        project, "Weekly", due_date="2026-03-02T09:00:00+01:00", rrule="FREQ=WEEKLY;COUNT=5"
    )
    ann.patch(f"/api/tasks/{weekly['id']}", {"status": "done"})
    last = ann.create_task(project, "Last", status="review")
    for task, place in ((last, {"before": top["id"]}), (sub, {"after": weekly["id"]})):
        answer = ann.patch(f"/api/tasks/{task['id']}/position", place)
        assert answer.status_code == 200, answer.json_body
    for title, kind, other in ((top, "blocks", last), (deep, "relates_to", sub)):
        body = {"kind": kind, "task": other["id"]}
        assert ann.post(f"/api/tasks/{title['id']}/relations", body).status_code == 201
    comment = ann.post(f"/api/tasks/{top['id']}/comments", {"body": "=1+1"}).json_body
    ann.post(f"/api/tasks/{top['id']}/comments", {"body": "Second"})
    path = f"/api/tasks/{top['id']}/comments/{comment['id']}"
    assert ann.patch(path, {"body": "=1+2"}).status_code == 200
    return project


def test_export_import_export_is_the_same(ann: Person, project: str) -> None:
    first = _export(ann, project)
    state = run_import(ann, "project_json", first, name="Again")
    assert find_codes(state) == []
    second = _export(ann, state["project"])
    # Only labels that a task has are imported with their color; the unused one comes too.
    assert _describe(second) == _describe(first)
    assert count_drift() == 0
    again = run_import(ann, "project_json", second, name="And again")
    assert _describe(_export(ann, again["project"])) == _describe(first)


def test_assignees_are_found_by_username(ann: Person, bob: Person, make_person: Any) -> None:
    cleo, project, target = make_person("cleo"), ann.create_project(), ann.create_project("Target")
    for person in (bob, cleo):
        ann.add_member(project, person)
    ann.add_member(target, bob)
    ann.create_task(project, "For Bob", assigned_to=bob.id)
    task = ann.create_task(project, "For Cleo", assigned_to=cleo.id)
    cleo.post(f"/api/tasks/{task['id']}/comments", {"body": "Mine"})
    state = run_import(ann, "project_json", _export(ann, project), project=target)
    assert find_codes(state) == [(1, "assigned_to", "person_unknown")]
    for_bob, for_cleo = list_tasks(ann, target)
    assert (for_bob["assigned_to"], for_cleo["assigned_to"]) == (bob.id, None)
    comments = ann.get(f"/api/tasks/{for_cleo['id']}/comments").json_body["items"]
    assert [(each["body"], each["author"]) for each in comments] == [("From cleo:\n\nMine", ann.id)]


def test_a_duplicate_of_an_imported_project_keeps_the_order(ann: Person) -> None:
    tasks = [{"id": f"{number:026}", "title": f"Task {number}"} for number in range(40)]
    file = json.dumps({"project": {}, "tasks": tasks})
    state = run_import(ann, "project_json", file, name="Imported")
    copy = duplicate_project(ann, state["project"])
    assert [task["title"] for task in list_tasks(ann, copy)] == [task["title"] for task in tasks]


def test_views_and_files_are_reported(ann: Person) -> None:
    file = json.dumps(
        {
            "project": {},
            "views": [{"id": "v"}],
            "tasks": [
                {
                    "id": "a",
                    "title": "A",
                    "status": "blocked",
                    "priority": "top",
                    "attachments": [{"id": "x"}],
                    "relations": [{"kind": "blocks", "task": None}],
                    "rrule": "FREQ=HOURLY",
                    "start_date": "2026-03-02",
                    "due_date": "2026-03-01",
                }
            ],
        }
    )
    state = run_import(ann, "project_json", file, name="Odd")
    assert [(field, code) for _, field, code in find_codes(state)] == [
        ("status", "status_unknown"),
        ("priority", "priority_unknown"),
        ("attachments", "attachments_left_out"),
        ("views", "value_left_out"),
        ("start_date", "start_after_due"),
        ("rrule", "rule_invalid"),
        ("relations", "relation_left_out"),
    ]
