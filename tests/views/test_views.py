"""Saved views: who can create, read and change them, and how many there can be."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.views.models import MAX_VIEWS, ViewCount, owner_partition
from tests.support import Person, error_locations
from tests.table_items import put_items, scan_items

OPEN = {"status": ["open"], "assigned_to": ["me"], "overdue": False}


def _create_view(person: Person, name: str = "Open", **fields: Any) -> str:
    """Create a view and return its path."""
    answer = person.post("/api/views", {"name": name, "filter": OPEN, **fields})
    assert answer.status_code == 201, answer.json_body
    assert answer.headers["location"] == f"/api/views/{answer.json_body['id']}/"
    return f"/api/views/{answer.json_body['id']}"


def _view_items() -> list[str]:
    return [item["SK"]["S"] for item in scan_items() if item["SK"]["S"].startswith("VIEW")]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob, "viewer")
    return project


def test_a_view_is_created_listed_and_read(ann: Person) -> None:
    path = _create_view(ann, ordering="due_date")
    _create_view(ann, "Second")
    first, second = ann.list_all("/api/views?limit=1")
    assert ann.get(path).json_body == first
    assert first | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "project": None,
        "name": "Open",
        "filter": OPEN,
        "ordering": "due_date",
        "created_by": ann.id,
        "created_at": "",
        "updated_at": "",
        "version": 1,
    }
    assert (second["name"], second["ordering"]) == ("Second", "-created_at")


def test_a_view_of_a_user_is_not_found_by_others(ann: Person, bob: Person) -> None:
    path = _create_view(ann)
    assert bob.get("/api/views").json_body["items"] == []
    for answer in (
        bob.get(path),
        bob.patch(path, {"name": "x"}),
        bob.delete(path),
        bob.get(f"/api/tasks?view={path.rpartition('/')[2]}"),
    ):
        assert answer.status_code == 404
    assert ann.get(path).json_body["version"] == 1


def test_a_view_of_a_project_is_for_its_members(
    make_person: Callable[[str], Person], ann: Person, bob: Person, project: str
) -> None:
    cleo = make_person("cleo")
    path = _create_view(ann, project=project)
    (listed,) = bob.get(f"/api/views?project={project}").json_body["items"]
    assert bob.get(path).json_body == listed == ann.get(path).json_body
    assert listed["project"] == project
    assert ann.get("/api/views").json_body["items"] == []
    for answer in (
        cleo.get(path),
        cleo.get(f"/api/views?project={project}"),
        cleo.delete(path),
        cleo.post("/api/views", {"name": "x", "filter": {}, "project": project}),
        cleo.get(f"/api/tasks?view={listed['id']}"),
    ):
        assert answer.status_code == 404


def test_a_viewer_uses_but_does_not_change_the_views_of_a_project(
    ann: Person, bob: Person, project: str
) -> None:
    path = _create_view(ann, project=project)
    for answer in (
        bob.post("/api/views", {"name": "x", "filter": {}, "project": project}),
        bob.patch(path, {"name": "x"}),
        bob.delete(path),
    ):
        assert answer.status_code == 403
    _create_view(bob)  # of the viewer's own
    ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": "member"})
    assert bob.patch(path, {"name": "Bob's"}).json_body["created_by"] == ann.id


def test_the_views_of_an_archived_project_are_read_only(ann: Person, project: str) -> None:
    path = _create_view(ann, project=project)
    ann.post(f"/api/projects/{project}/archive")
    assert ann.get(path).status_code == 200
    assert ann.patch(path, {"name": "x"}).json_body["code"] == "archived"
    ann.delete(f"/api/projects/{project}")
    assert ann.get(path).status_code == 404


def test_an_api_token_needs_the_scopes_for_tasks(ann: Person, project: str) -> None:
    path = _create_view(ann)
    shared = _create_view(ann, project=project)
    scripts = [ann.use_token(each) for each in ("tasks:read", "tasks:write", "projects:read")]
    for each in (path, shared):
        assert [script.get(each).status_code for script in scripts] == [200, 403, 403]
        changes = [script.patch(each, {"name": "Mine"}).status_code for script in scripts]
        assert changes == [403, 200, 403]


def test_a_change_keeps_the_other_fields_and_replaces_the_whole_filter(ann: Person) -> None:
    path = _create_view(ann)
    before = ann.get(path).json_body
    after = ann.patch(path, {"filter": {"q": "plan"}}).json_body
    assert after["updated_at"] >= before["updated_at"]
    changed = {"filter": {"q": "plan"}, "version": 2, "updated_at": after["updated_at"]}
    assert after == before | changed
    assert ann.patch(path, {}).json_body == after
    assert ann.patch(path, {"filter": {"q": "plan"}, "name": "Open"}).json_body == after


def test_an_outdated_etag_prevents_a_change_or_deletion(ann: Person) -> None:
    path = _create_view(ann)
    etag = ann.get(path).headers["etag"]
    assert ann.get(path, headers={"If-None-Match": etag}).status_code == 304
    ann.patch(path, {"name": "New"}, headers={"If-Match": etag})
    for answer in (
        ann.patch(path, {"name": "x"}, headers={"If-Match": etag}),
        ann.delete(path, headers={"If-Match": etag}),
    ):
        assert answer.status_code == 412
    assert ann.delete(path).status_code == 204
    assert ann.get(path).status_code == ann.delete(path).status_code == 404


def test_a_repeated_create_makes_one_view(ann: Person, project: str) -> None:
    for fields in ({}, {"project": project}):
        body = {"name": "Open", "filter": OPEN, **fields}
        headers = {"Idempotency-Key": f"k{len(fields)}"}
        answers = [ann.post("/api/views", body, headers=headers) for _ in range(2)]
        assert answers[0].json_body == answers[1].json_body
    assert len([key for key in _view_items() if key != "VIEWS"]) == 2


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"filter": None}, "filter"),
        ({"filter": {"status": "todo"}}, "filter.status"),
        ({"filter": {"status": ["todo", "doing"]}}, "filter.status"),
        ({"filter": {"status": []}}, "filter.status"),
        ({"filter": {"label": ["x"] * 21}}, "filter.label"),
        ({"filter": {"limit": 10}}, "filter.limit"),
        ({"filter": {"view": "x"}}, "filter.view"),
        ({"filter": {"ordering": "due_date"}}, "filter.ordering"),
        ({"filter": {"assigned_to": ["bob"]}}, "filter.assigned_to"),
        ({"filter": {"due_before": "tomorrow"}}, "filter.due_before"),
        ({"filter": {"due": ["today"], "due_after": "2026-01-01"}}, "filter.due"),
        ({"filter": {"label_all": ["none"]}}, "filter.label_all"),
        ({"filter": {"overdue": "true"}}, "filter.overdue"),
        ({"filter": {"q": "..."}}, "filter.q"),
        ({"ordering": "title"}, "ordering"),
    ],
)
def test_an_invalid_field_is_named(ann: Person, fields: dict[str, Any], wrong: str) -> None:
    path = _create_view(ann)
    for answer in (
        ann.post("/api/views", {"name": "x", "filter": {}} | fields),
        ann.patch(path, fields),
    ):
        assert (answer.status_code, error_locations(answer)) == (422, [wrong])


def test_all_invalid_fields_of_a_filter_are_named(ann: Person, project: str) -> None:
    filters = {"assigned_to": ["x"], "created_by": ["x"], "q": "!", "project": [project]}
    body = {"name": "x", "filter": filters, "project": project}
    answer = ann.post("/api/views", body)
    assert answer.status_code == 422
    assert sorted(error_locations(answer)) == sorted(f"filter.{name}" for name in filters)
    shared = _create_view(ann, project=project)
    answer = ann.patch(shared, {"filter": {"project": [project]}})
    assert (answer.status_code, error_locations(answer)) == (422, ["filter.project"])


def test_the_number_of_views_of_a_user_and_of_a_project_is_limited(
    ann: Person, project: str
) -> None:
    for fields, partition in (
        ({}, owner_partition(ann.id, None)),
        ({"project": project}, owner_partition(ann.id, project)),
    ):
        path = _create_view(ann, **fields)
        (item,) = (item for item in scan_items() if item["SK"]["S"] == f"VIEW#{path[11:]}")
        copies = [item | {"SK": {"S": f"VIEW#{number}"}} for number in range(MAX_VIEWS - 1)]
        put_items([*copies, _count_item(partition, MAX_VIEWS)])
        answer = ann.post("/api/views", {"name": "x", "filter": {}, **fields})
        assert (answer.status_code, answer.json_body["code"]) == (409, "too_many_views")
        assert ann.delete(path).status_code == 204
        _create_view(ann, **fields)


def test_a_count_that_is_too_high_is_corrected_when_it_refuses_a_view(ann: Person) -> None:
    _create_view(ann)
    put_items([_count_item(owner_partition(ann.id, None), MAX_VIEWS)])
    _create_view(ann)
    (count,) = (item for item in scan_items() if item["SK"]["S"] == "VIEWS")
    assert count["views"] == {"N": "2"}


def _count_item(partition: str, count: int) -> dict[str, Any]:
    key = ViewCount.key(partition)
    return {
        "PK": {"S": key.pk},
        "SK": {"S": key.sk},
        "views": {"N": str(count)},
        "changes": {"N": "1"},
    }
