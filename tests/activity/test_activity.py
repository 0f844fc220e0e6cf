"""The activity log of tasks and projects."""

from typing import Any

import pytest
from chalice.test import Client

from tests.support import Person, error_locations, sign_up
from tests.table_stream import TaskStream


@pytest.fixture
def project(ann: Person, bob: Person, stream: TaskStream) -> str:
    """Ann's project, with Bob as a member."""
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _entries(person: Person, path: str, parameters: str = "") -> list[dict[str, Any]]:
    answer = person.get(f"{path}/activity{parameters}")
    assert answer.status_code == 200, answer.json_body
    items: list[dict[str, Any]] = answer.json_body["items"]
    return items


def _changed_values(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the field, old and new value of each entry, sorted by field."""
    return sorted((entry["field"], entry["old"], entry["new"]) for entry in entries)


def test_an_entry_has_actor_field_values_time_and_request(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    task = ann.create_task(project, "Plan")
    path = f"/api/tasks/{task['id']}"
    changed = bob.patch(path, {"status": "done"})
    stream.deliver_new()
    changed_entry, created_entry = _entries(ann, path)
    assert changed_entry | {"id": ""} == {
        "id": "",
        "task": task["id"],
        "title": "Plan",
        "action": "changed",
        "field": "status",
        "old": "todo",
        "new": "done",
        "actor": bob.id,
        "at": changed.json_body["updated_at"],
        "request_id": changed.headers["x-request-id"],
    }
    created = created_entry
    assert (created["action"], created["actor"]) == ("created", ann.id)
    assert created["at"] == task["created_at"]
    assert (created["field"], created["old"], created["new"]) == (None, None, None)


def test_every_changed_field_has_an_entry(ann: Person, project: str, stream: TaskStream) -> None:
    path = f"/api/tasks/{ann.create_task(project, 'Plan', due_date='2027-01-01')['id']}"
    stream.deliver_new()
    fields = {"title": "New", "priority": "high", "assigned_to": ann.id, "due_date": None}
    ann.patch(path, fields)
    stream.deliver_new()
    assert _changed_values(_entries(ann, path)[:4]) == [
        ("assigned_to", None, ann.id),
        ("due_date", "2027-01-01", None),
        ("priority", "medium", "high"),
        ("title", "Plan", "New"),
    ]
    assert len({entry["request_id"] for entry in _entries(ann, path)[:4]}) == 1


def test_changes_of_labels_and_parents_have_entries(
    ann: Person, project: str, stream: TaskStream
) -> None:
    new = ann.post(f"/api/projects/{project}/labels", {"name": "red"})
    label, parent = new.json_body["id"], ann.create_task(project)["id"]
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    ann.patch(path, {"labels": [label], "parent": parent})
    stream.deliver_new()
    assert _changed_values(_entries(ann, path)[:2]) == [
        ("labels", [], [label]),
        ("parent", None, parent),
    ]


def test_an_entry_keeps_only_the_beginning_of_a_long_text(
    ann: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.create_task(project, description='a' * 900)['id']}"
    ann.patch(path, {"description": "a" * 901})
    stream.deliver_new()
    assert _changed_values(_entries(ann, path)[:1]) == [("description", "a" * 200, "a" * 200)]


def test_deleting_and_restoring_a_task_have_entries(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    bob.delete(path)
    stream.deliver_new()
    assert ann.get(path + "/activity").status_code == 404
    deleted, _ = _entries(ann, f"/api/projects/{project}")
    ann.post(path + "/restore")
    stream.deliver_new()
    entries = _entries(ann, path)
    assert [(e["action"], e["actor"]) for e in entries] == [
        ("restored", ann.id),
        ("deleted", bob.id),
        ("created", ann.id),
    ]
    assert entries[1] == deleted


def test_an_update_without_changes_has_no_entry(
    ann: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    ann.patch(path, {"status": "todo"})
    ann.post(path + "/comments", {"body": "x"})
    stream.deliver_new()
    assert [entry["action"] for entry in _entries(ann, path)] == ["created"]


def test_a_project_shows_the_activity_of_its_tasks(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    tasks = [f"/api/tasks/{ann.create_task(project)['id']}" for _ in range(2)]
    bob.create_task(bob.create_project())
    ann.patch(tasks[0], {"priority": "low"})
    stream.deliver_new()
    feed = _entries(bob, f"/api/projects/{project}")
    own = [entry for task in tasks for entry in _entries(ann, task)]
    assert feed[0]["field"] == "priority"
    assert sorted(feed, key=str) == sorted(own, key=str) and len(feed) == 3


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_pages_contain_each_entry_once(
    ann: Person, project: str, stream: TaskStream, size: int
) -> None:
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    for number in range(4):
        ann.patch(path, {"title": str(number)})
    stream.deliver_new()
    for parent in (path, f"/api/projects/{project}"):
        entries: list[Any] = []
        page = ann.get(f"{parent}/activity?limit={size}").json_body
        while page["next_cursor"] is not None:
            entries += page["items"]
            cursor = page["next_cursor"]
            page = ann.get(f"{parent}/activity?limit={size}&cursor={cursor}").json_body
        entries += page["items"]
        assert [entry["new"] for entry in entries] == ["3", "2", "1", "0", None]


def test_a_cursor_is_valid_for_its_own_list_only(
    ann: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    ann.patch(path, {"title": "x"})
    stream.deliver_new()
    cursor = ann.get(f"{path}/activity?limit=1").json_body["next_cursor"]
    answer = ann.get(f"/api/projects/{project}/activity?limit=1&cursor={cursor}")
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")
    unknown = ann.get(f"{path}/activity?field=title")
    assert (unknown.status_code, error_locations(unknown)) == (400, ["field"])


def test_a_change_by_the_service_itself_has_no_actor(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.create_task(project, assigned_to=bob.id)['id']}"
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    stream.deliver_new()
    entry = _entries(ann, path)[0]
    assert (entry["field"], entry["old"], entry["new"]) == ("assigned_to", bob.id, None)
    assert (entry["actor"], entry["request_id"]) == (None, None)


def test_all_members_and_nobody_else_can_read_activity(
    client: Client, ann: Person, project: str, stream: TaskStream
) -> None:
    vic, eve = sign_up(client, "vic"), sign_up(client, "eve")
    ann.add_member(project, vic, "viewer")
    task = ann.create_task(project)["id"]
    for path in (f"/api/tasks/{task}/activity", f"/api/projects/{project}/activity"):
        ann.post(f"/api/projects/{project}/archive")
        assert (vic.get(path).status_code, eve.get(path).status_code) == (200, 404)
