"""Exports with a filter: they hold the tasks that the list with the same parameters shows."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.job_results import download_job_file, parse_csv, read_job, run_sweep
from tests.support import Person


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project("Launch")
    ann.add_member(project, bob)
    return project


def _request(person: Person, project: str, filter_: Any, **fields: Any) -> Any:
    return person.post(f"/api/projects/{project}/exports", {"filter": filter_, **fields})


def _titles(person: Person, answer: Any) -> list[str]:
    assert answer.status_code == 202, answer.json_body
    export = answer.headers["location"].rstrip("/")
    run_sweep()
    lines = parse_csv(download_job_file(person, export, "tasks.csv"))
    tasks = json.loads(download_job_file(person, export, "project.json"))["tasks"]
    assert [task["title"] for task in tasks] == [line["title"] for line in lines]
    return [line["title"] for line in lines]


@pytest.mark.parametrize(
    ("filter_", "ordering"),
    [
        ({"priority": ["high"]}, "-created_at"),
        ({"assigned_to": ["me"]}, "-created_at"),
        ({"assigned_to": ["none"]}, "created_at"),
        ({"due_before": "2026-12-31"}, "due_date"),
        ({"due": ["none", "overdue"]}, "-created_at"),
        ({"overdue": True}, "-created_at"),
        ({"start_after": "2026-01-01"}, "-created_at"),
        ({"created_by": ["me"], "priority": ["high", "low"]}, "-created_at"),
        ({}, "-priority"),
    ],
    ids=str,
)
def test_a_filter_selects_the_tasks_that_the_list_shows(
    ann: Person, bob: Person, project: str, filter_: dict[str, Any], ordering: str
) -> None:
    ann.create_task(project, "a", priority="high", description="long", due_date="2020-01-01")
    ann.create_task(project, "b", assigned_to=bob.id, start_date="2026-11-01")
    bob.create_task(project, "c", priority="high", due_date="2026-12-24")
    bob.create_task(project, "d", assigned_to=ann.id)
    ann.create_task(ann.create_project("Other"), "e", priority="high", assigned_to=ann.id)
    values = {"project": project, "ordering": ordering}
    for name, value in filter_.items():
        values[name] = ",".join(value) if isinstance(value, list) else str(value).lower()
    listed = ann.get(f"/api/tasks?{urlencode(values)}").json_body["items"]
    titles = _titles(ann, _request(ann, project, filter_, ordering=ordering))
    assert titles == [task["title"] for task in listed] and titles


def test_a_filtered_export_has_descriptions(ann: Person, project: str) -> None:
    ann.create_task(project, "a", description="long")
    answer = _request(ann, project, {"status": ["todo"]})
    run_sweep()
    export = answer.headers["location"].rstrip("/")
    (line,) = parse_csv(download_job_file(ann, export, "tasks.csv"))
    assert line["description"] == "long"


def test_a_filtered_export_has_the_tasks_of_all_pages(ann: Person, project: str) -> None:
    for start in (0, 100):
        operations = [
            {"op": "create", "project": project, "title": f"{start + number:03}", "priority": "low"}
            for number in range(100)
        ]
        ann.post("/api/tasks/bulk", {"operations": operations})
    ann.create_task(project, "high", priority="high")
    titles = _titles(ann, _request(ann, project, {"priority": ["low"]}, ordering="created_at"))
    assert titles == [f"{number:03}" for number in range(200)]


def test_the_export_shows_its_filter(ann: Person, project: str) -> None:
    answer = _request(ann, project, {"status": ["todo"], "label": None})
    assert answer.json_body["filter"] == {"status": ["todo"]}
    export = answer.headers["location"].rstrip("/")
    run_sweep()
    assert read_job(ann, export)["filter"] == {"status": ["todo"]}


@pytest.mark.parametrize("body", [None, {}, {"filter": None}, {"filter": {}}], ids=str)
def test_without_a_filter_all_tasks_are_exported(ann: Person, project: str, body: Any) -> None:
    ann.create_task(project, "a")
    answer = ann.post(f"/api/projects/{project}/exports", body)
    assert answer.json_body["filter"] is None
    assert _titles(ann, answer) == ["a"]


@pytest.mark.parametrize(
    ("filter_", "locations"),
    [
        ({"status": ["doing"], "due_before": "soon", "x": 1}, {"status", "x"}),
        ({"due_before": "soon", "assigned_to": ["ann"]}, {"due_before", "assigned_to"}),
        ({"due": ["today"], "due_after": "2026-01-01"}, {"due"}),
        ({"q": "..."}, {"q"}),
        ({"limit": 5, "cursor": "x", "ordering": "y"}, {"limit", "cursor", "ordering"}),
        ({"project": ["x"]}, {"project"}),
    ],
    ids=lambda value: ",".join(sorted(value)),
)
def test_invalid_filters_are_all_named(
    ann: Person, project: str, filter_: Any, locations: set[str]
) -> None:
    answer = _request(ann, project, filter_)
    assert answer.status_code == 422
    named = {error["location"] for error in answer.json_body["errors"]}
    assert named == {f"filter.{each}" for each in locations}


def test_a_filter_is_bounded(ann: Person, project: str) -> None:
    answer = _request(ann, project, {name: ["x" * 100] * 20 for name in ("label", "label_all")})
    assert (answer.status_code, answer.json_body["errors"][0]["location"]) == (422, "filter")


def test_another_filter_waits_for_the_running_export(ann: Person, project: str) -> None:
    first = _request(ann, project, {"status": ["todo"]})
    again = _request(ann, project, {"status": ["todo"]})
    assert again.json_body == first.json_body
    other = _request(ann, project, {"status": ["done"]})
    assert (other.status_code, other.json_body["code"]) == (409, "busy")


def test_the_function_of_the_job_may_read_lists(
    ann: Person, project: str, sample_event: Any, invoke: Any
) -> None:
    for filter_ in ({"status": ["todo"]}, {"status": ["todo"], "created_by": ["me"]}):
        _request(ann, project, filter_)
        assert invoke("sweep_jobs", sample_event("sweep_jobs"))["done"] == 1
