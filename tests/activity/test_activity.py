from typing import Any

import pytest
from chalice.test import Client

from tests.support import Person, locations, sign_up
from tests.table_stream import TaskStream


@pytest.fixture
def project(ann: Person, bob: Person, stream: TaskStream) -> str:
    """Ann's project, with Bob as a member."""
    project = ann.starts_project()
    ann.lets_in(project, bob)
    return project


def _entries(person: Person, place: str, parameters: str = "") -> list[dict[str, Any]]:
    answer = person.get(f"{place}/activity{parameters}")
    assert answer.status_code == 200, answer.json_body
    items: list[dict[str, Any]] = answer.json_body["items"]
    return items


def _told(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What changed from what to what, in the order of the names of fields."""
    return sorted((entry["field"], entry["old"], entry["new"]) for entry in entries)


def test_an_entry_says_who_changed_what_when_and_in_which_request(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    task = ann.adds_task(project, "Plan")
    path = f"/api/tasks/{task['id']}"
    changed = bob.patch(path, {"status": "done"})
    stream.flows()
    done, made = _entries(ann, path)
    assert done | {"id": ""} == {
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
    assert (made["action"], made["actor"], made["at"]) == ("created", ann.id, task["created_at"])
    assert (made["field"], made["old"], made["new"]) == (None, None, None)


def test_every_field_that_changed_has_an_entry(
    ann: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.adds_task(project, 'Plan', due_date='2027-01-01')['id']}"
    stream.flows()
    fields = {"title": "New", "priority": "high", "assigned_to": ann.id, "due_date": None}
    ann.patch(path, fields)
    stream.flows()
    assert _told(_entries(ann, path)[:4]) == [
        ("assigned_to", None, ann.id),
        ("due_date", "2027-01-01", None),
        ("priority", "medium", "high"),
        ("title", "Plan", "New"),
    ]
    assert len({entry["request_id"] for entry in _entries(ann, path)[:4]}) == 1


def test_labels_and_parents_are_fields_like_others(
    ann: Person, project: str, stream: TaskStream
) -> None:
    new = ann.post(f"/api/projects/{project}/labels", {"name": "red"})
    label, parent = new.json_body["id"], ann.adds_task(project)["id"]
    path = f"/api/tasks/{ann.adds_task(project)['id']}"
    ann.patch(path, {"labels": [label], "parent": parent})
    stream.flows()
    assert _told(_entries(ann, path)[:2]) == [("labels", [], [label]), ("parent", None, parent)]


def test_of_a_long_text_the_beginning_is_kept(
    ann: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.adds_task(project, description='a' * 900)['id']}"
    ann.patch(path, {"description": "a" * 901})
    stream.flows()
    assert _told(_entries(ann, path)[:1]) == [("description", "a" * 200, "a" * 200)]


def test_deleting_and_restoring_are_entries(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.adds_task(project)['id']}"
    bob.delete(path)
    stream.flows()
    assert ann.get(path + "/activity").status_code == 404
    deleted, _ = _entries(ann, f"/api/projects/{project}")
    ann.post(path + "/restore")
    stream.flows()
    entries = _entries(ann, path)
    assert [(e["action"], e["actor"]) for e in entries] == [
        ("restored", ann.id),
        ("deleted", bob.id),
        ("created", ann.id),
    ]
    assert entries[1] == deleted


def test_what_changes_nothing_is_no_activity(ann: Person, project: str, stream: TaskStream) -> None:
    path = f"/api/tasks/{ann.adds_task(project)['id']}"
    ann.patch(path, {"status": "todo"})
    ann.post(path + "/comments", {"body": "x"})
    stream.flows()
    assert [entry["action"] for entry in _entries(ann, path)] == ["created"]


def test_a_project_shows_the_activity_of_its_tasks(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    tasks = [f"/api/tasks/{ann.adds_task(project)['id']}" for _ in range(2)]
    bob.adds_task(bob.starts_project())
    ann.patch(tasks[0], {"priority": "low"})
    stream.flows()
    feed = _entries(bob, f"/api/projects/{project}")
    own = [entry for task in tasks for entry in _entries(ann, task)]
    assert feed[0]["field"] == "priority"
    assert sorted(feed, key=str) == sorted(own, key=str) and len(feed) == 3


@pytest.mark.parametrize("size", [1, 2, 3])
def test_walking_the_pages_meets_each_entry_once(
    ann: Person, project: str, stream: TaskStream, size: int
) -> None:
    path = f"/api/tasks/{ann.adds_task(project)['id']}"
    for number in range(4):
        ann.patch(path, {"title": str(number)})
    stream.flows()
    for place in (path, f"/api/projects/{project}"):
        met: list[Any] = []
        page = ann.get(f"{place}/activity?limit={size}").json_body
        while page["next_cursor"] is not None:
            met += page["items"]
            cursor = page["next_cursor"]
            page = ann.get(f"{place}/activity?limit={size}&cursor={cursor}").json_body
        met += page["items"]
        assert [entry["new"] for entry in met] == ["3", "2", "1", "0", None]


def test_a_cursor_is_good_for_its_own_list(ann: Person, project: str, stream: TaskStream) -> None:
    path = f"/api/tasks/{ann.adds_task(project)['id']}"
    ann.patch(path, {"title": "x"})
    stream.flows()
    cursor = ann.get(f"{path}/activity?limit=1").json_body["next_cursor"]
    answer = ann.get(f"/api/projects/{project}/activity?limit=1&cursor={cursor}")
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")
    unknown = ann.get(f"{path}/activity?field=title")
    assert (unknown.status_code, locations(unknown)) == (400, ["field"])


def test_what_the_service_does_itself_names_nobody(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.adds_task(project, assigned_to=bob.id)['id']}"
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    stream.flows()
    entry = _entries(ann, path)[0]
    assert (entry["field"], entry["old"], entry["new"]) == ("assigned_to", bob.id, None)
    assert (entry["actor"], entry["request_id"]) == (None, None)


def test_activity_is_for_members(
    client: Client, ann: Person, project: str, stream: TaskStream
) -> None:
    vic, eve = sign_up(client, "vic"), sign_up(client, "eve")
    ann.lets_in(project, vic, "viewer")
    task = ann.adds_task(project)["id"]
    for path in (f"/api/tasks/{task}/activity", f"/api/projects/{project}/activity"):
        ann.post(f"/api/projects/{project}/archive")
        assert (vic.get(path).status_code, eve.get(path).status_code) == (200, 404)
