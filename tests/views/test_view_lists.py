"""`GET /api/tasks?view=`: the filter and the order of a view, and the parameters beside it."""

import json
from typing import Any

import pytest

from tests.support import Person, error_locations
from tests.table_items import put_items, scan_items

Filter = dict[str, Any]


def _create_view(person: Person, filters: Filter, **fields: Any) -> str:
    """Create a view and return its id."""
    answer = person.post("/api/views", {"name": "View", "filter": filters, **fields})
    assert answer.status_code == 201, answer.json_body
    return str(answer.json_body["id"])


def _ids(person: Person, parameters: str) -> list[str]:
    return [task["id"] for task in person.list_all(f"/api/tasks?{parameters}")]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


@pytest.fixture
def tasks(ann: Person, bob: Person, project: str) -> list[str]:
    """Create four tasks: to do and done, of Ann and of Bob."""
    return [
        ann.create_task(project, status=status, assigned_to=person.id)["id"]
        for person in (ann, bob)
        for status in ("todo", "done")
    ]


def test_a_view_lists_what_its_parameters_list(ann: Person, project: str) -> None:
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    parent = ann.create_task(project)
    fields = {"labels": [label], "parent": parent["id"], "due_date": "2026-11-01"}
    ann.create_task(project, "write plan", start_date="2026-10-01", **fields)
    filters: list[Filter] = [
        {},
        {"project": [project], "status": ["open", "done"], "priority": ["medium"]},
        {"label": [label, "none"], "label_all": [label], "created_by": ["me"]},
        {"parent": parent["key"], "due": ["overdue", "today"], "overdue": True},
        {"due_before": "2026-12-01", "due_after": "2026-01-01", "updated_since": "2026-01-01"},
        {"start_before": "2026-12-01", "start_after": "2026-01-01", "assigned_to": ["none"]},
        {"overdue": False},
    ]
    for each in filters:
        view = _create_view(ann, each, ordering="due_date")
        texts = {
            name: ",".join(value) if isinstance(value, list) else str(value).lower()
            for name, value in each.items()
        }
        texts |= {"parent": each["parent"]} if "parent" in each else {}
        parameters = "&".join(f"{name}={text}" for name, text in texts.items())
        expected = _ids(ann, f"{parameters}&ordering=due_date")
        assert _ids(ann, f"view={view}") == expected != [], each


def test_me_in_a_view_is_whoever_reads_the_list(
    ann: Person, bob: Person, project: str, tasks: list[str]
) -> None:
    view = _create_view(ann, {"assigned_to": ["me"], "status": ["open"]}, project=project)
    assert _ids(ann, f"view={view}") == [tasks[0]]
    assert _ids(bob, f"view={view}") == [tasks[2]]


def test_a_view_of_a_project_lists_this_project(
    ann: Person, bob: Person, project: str, tasks: list[str]
) -> None:
    other = ann.create_project("other")
    ann.create_task(other)
    view = _create_view(ann, {}, project=project)
    assert _ids(ann, f"view={view}") == tasks[::-1]
    assert _ids(bob, f"view={view}&project={project}") == tasks[::-1]
    for projects in (other, f"{project},{other}", bob.create_project()):
        assert ann.get(f"/api/tasks?view={view}&project={projects}").status_code == 404


def test_parameters_of_the_request_replace_those_of_the_view(
    ann: Person, bob: Person, project: str, tasks: list[str]
) -> None:
    view = _create_view(ann, {"assigned_to": ["me"], "status": ["todo"]}, ordering="created_at")
    assert _ids(ann, f"view={view}&status=done") == [tasks[1]]
    assert _ids(ann, f"view={view}&status=done,todo") == tasks[:2]
    assert _ids(ann, f"view={view}&status=open,done&ordering=-created_at") == tasks[1::-1]
    assert _ids(ann, f"view={view}&assigned_to={bob.id}") == [tasks[2]]
    assert _ids(ann, f"view={view}&project={project}&limit=1") == [tasks[0]]
    assert _ids(ann, f"view={view}&project={ann.create_project()}") == []


def test_a_parameter_that_does_not_fit_the_view_is_named(ann: Person) -> None:
    view = _create_view(ann, {"due": ["today"]})
    answer = ann.get(f"/api/tasks?view={view}&due_before=2026-12-01")
    assert (answer.status_code, error_locations(answer)) == (400, ["view.due"])
    answer = ann.get(f"/api/tasks?view={view}&due=none&due_before=2026-12-01&q=!")
    assert (answer.status_code, error_locations(answer)) == (400, ["due", "q"])


def test_a_change_of_the_view_ends_the_pages_of_its_list(
    ann: Person, project: str, tasks: list[str]
) -> None:
    view = _create_view(ann, {"status": ["todo"]})
    path = f"/api/tasks?view={view}&limit=1"
    cursor = ann.get(path).json_body["next_cursor"]
    assert ann.get(f"{path}&cursor={cursor}").status_code == 200
    assert ann.get(f"/api/tasks?status=todo&limit=1&cursor={cursor}").status_code == 200
    ann.patch(f"/api/views/{view}", {"name": "New"})
    assert ann.get(f"{path}&cursor={cursor}").status_code == 200
    ann.patch(f"/api/views/{view}", {"filter": {"status": ["done"]}})
    assert ann.get(f"{path}&cursor={cursor}").json_body["code"] == "invalid_cursor"


def test_a_list_of_an_unknown_or_deleted_view_is_not_found(ann: Person, project: str) -> None:
    view, shared = _create_view(ann, {}), _create_view(ann, {}, project=project)
    for each in (view, shared):
        ann.delete(f"/api/views/{each}")
        assert ann.get(f"/api/tasks?view={each}").status_code == 404
    for text in ("", "x", "x" * 60, "%23", shared[:40]):
        assert ann.get(f"/api/tasks?view={text}").status_code == 404


def test_a_view_of_a_project_that_the_reader_has_left_is_not_found(
    ann: Person, bob: Person, project: str
) -> None:
    own = _create_view(bob, {"project": [project]})
    shared = _create_view(ann, {}, project=project)
    bob.post(f"/api/projects/{project}/leave")
    for view in (own, shared):
        assert bob.get(f"/api/tasks?view={view}").status_code == 404
    assert bob.get(f"/api/views/{own}").status_code == 200


@pytest.mark.parametrize(
    ("stored", "wrong"),
    [
        ({"color": "red"}, ["view.color"]),
        ({"status": ["blocked"], "priority": "high"}, ["view.priority", "view.status"]),
        ({"assigned_to": ["bob"], "due": ["today"], "due_after": "x"}, None),
    ],
)
def test_a_filter_of_an_earlier_version_that_is_no_longer_valid_is_named(
    ann: Person, stored: Filter, wrong: list[str] | None
) -> None:
    view = _create_view(ann, {})
    (item,) = (each for each in scan_items() if each["SK"]["S"] == f"VIEW#{view}")
    put_items([item | {"filter": {"S": json.dumps(stored | {"q": "plan"})}}])
    answer = ann.get(f"/api/tasks?view={view}")
    assert answer.status_code == 400
    expected = wrong or ["view.assigned_to", "view.due", "view.due_after"]
    assert sorted(error_locations(answer)) == expected
    assert ann.get(f"/api/views/{view}").json_body["filter"] == {"q": "plan"}
    assert len(ann.get("/api/views").json_body["items"]) == 1
    ann.patch(f"/api/views/{view}", {"filter": {"q": "plan"}})
    assert ann.get(f"/api/tasks?view={view}").status_code == 200
