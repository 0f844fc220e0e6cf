"""Duplicates of tasks, alone and with their subtasks."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.attachment_files import save_state
from tests.counter_checks import count_drift
from tests.faults import is_killed_at
from tests.support import Person, error_locations, mails_to

Wait = Callable[..., None]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """Ann's project, with Bob as a member."""
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _duplicate(person: Person, task: str, body: Any = None, **options: Any) -> dict[str, Any]:
    answer = person.post(f"/api/tasks/{task}/duplicate", body or {}, **options)
    assert answer.status_code == 201, answer.json_body
    copy: dict[str, Any] = answer.json_body
    return copy


def _list(person: Person, project: str, **filters: str) -> list[dict[str, Any]]:
    parameters = "".join(f"&{name}={value}" for name, value in filters.items())
    items: list[dict[str, Any]] = person.get(
        f"/api/tasks?project={project}&limit=100{parameters}"
    ).json_body["items"]
    return items


def _create_tree(ann: Person, project: str) -> dict[str, Any]:
    """Create a task with two subtasks, one of which has a subtask; return the topmost."""
    top = ann.create_task(project, "Top")
    first = ann.create_task(project, "First", parent=top["id"])
    ann.create_task(project, "Second", parent=top["id"], status="done")
    ann.create_task(project, "Deep", parent=first["id"])
    return top


def test_a_duplicate_has_the_fields_of_the_task_and_begins_anew(
    ann: Person, bob: Person, project: str
) -> None:
    label = ann.post(f"/api/projects/{project}/labels", {"name": "x"}).json_body["id"]
    parent = ann.create_task(project)["id"]
    fields = {
        "description": "All of it",
        "priority": "high",
        "assigned_to": bob.id,
        "start_date": "2030-01-01",
        "due_date": "2030-01-02T09:00:00+01:00",
        "labels": [label],
        "parent": parent,
    }
    task = ann.create_task(project, "Plan", status="done", **fields)
    reminders = {"reminders": [{"minutes_before": 30}]}
    assert ann.put(f"/api/tasks/{task['id']}/reminders", reminders).status_code == 200
    ann.post(f"/api/tasks/{task['id']}/comments", {"body": "hello"})

    copy = _duplicate(bob, task["id"])
    assert {name: copy[name] for name in fields} == fields
    assert (copy["title"], copy["status"], copy["completed_at"]) == ("Plan", "todo", None)
    assert (copy["created_by"], copy["version"], copy["comments_count"]) == (bob.id, 1, 0)
    assert copy["key"] != task["key"]
    assert ann.get(f"/api/tasks/{copy['id']}").json_body == copy
    copied = ann.get(f"/api/tasks/{copy['id']}/reminders").json_body
    assert copied == ann.get(f"/api/tasks/{task['id']}/reminders").json_body
    assert ann.get(f"/api/tasks/{parent}").json_body["subtasks_count"] == 2
    assert [each["id"] for each in _list(ann, project, label=label)] == [copy["id"], task["id"]]
    assert count_drift() == 0


def test_a_duplicate_may_have_another_title(ann: Person, project: str) -> None:
    task = ann.create_task(project, "Plan")
    assert _duplicate(ann, task["id"], {"title": "Plan B"})["title"] == "Plan B"


def test_the_assignee_of_a_duplicate_gets_a_mail(
    ann: Person, bob: Person, project: str, invoke: Any, sample_event: Any
) -> None:
    task = ann.create_task(project, assigned_to=bob.verify_address().id)
    _duplicate(ann, task["id"])
    invoke("sweep_mail", sample_event("sweep_mail"))
    assert len(list(mails_to(bob, "Assigned"))) == 2


def test_a_duplicate_leaves_out_who_has_left_and_whose_account_is_closing(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, assigned_to=bob.id)
    bob.delete("/api/auth/profile")
    assert _duplicate(ann, task["id"])["assigned_to"] is None


def test_without_subtasks_only_the_task_is_copied(ann: Person, project: str) -> None:
    top = _create_tree(ann, project)
    assert _duplicate(ann, top["id"])["subtasks_count"] == 0
    assert len(_list(ann, project)) == 5


def test_subtasks_are_copied_with_their_structure_and_order(ann: Person, project: str) -> None:
    top = _create_tree(ann, project)
    copy = _duplicate(ann, top["id"], {"subtasks": True})
    assert copy["subtasks_count"] == 2
    subtasks = _list(ann, project, parent=copy["id"])
    assert [(each["title"], each["status"]) for each in subtasks] == [
        ("Second", "todo"),
        ("First", "todo"),
    ]
    (deep,) = _list(ann, project, parent=subtasks[1]["id"])
    assert deep["title"] == "Deep"
    assert len(_list(ann, project)) == 8
    assert count_drift() == 0


def test_the_same_idempotency_key_makes_one_duplicate(ann: Person, project: str) -> None:
    top = _create_tree(ann, project)
    headers = {"Idempotency-Key": "once"}
    first = _duplicate(ann, top["id"], {"subtasks": True}, headers=headers)
    assert _duplicate(ann, top["id"], {"subtasks": True}, headers=headers) == first
    assert len(_list(ann, project)) == 8
    other = ann.post(f"/api/tasks/{top['id']}/duplicate", {"title": "x"}, headers=headers)
    assert (other.status_code, other.json_body["code"]) == (422, "idempotency_key_reused")


def test_a_task_with_too_many_subtasks_is_refused(ann: Person, project: str) -> None:
    top = ann.create_task(project)["id"]
    operations = [
        {"op": "create", "project": project, "title": "x", "parent": top} for _ in range(51)
    ]
    for _ in range(2):
        ann.post("/api/tasks/bulk", {"operations": operations})
    answer = ann.post(f"/api/tasks/{top}/duplicate", {"subtasks": True})
    assert (answer.status_code, answer.json_body["code"]) == (409, "too_many_subtasks")
    assert _duplicate(ann, top)["subtasks_count"] == 0


def test_bad_fields_are_named_and_foreign_tasks_do_not_exist(
    ann: Person, make_person: Any, project: str
) -> None:
    task = ann.create_task(project)["id"]
    path = f"/api/tasks/{task}/duplicate"
    answer = ann.post(path, {"title": " ", "subtasks": 1, "color": "red"})
    assert answer.status_code == 422
    assert sorted(error_locations(answer)) == ["color", "subtasks", "title"]
    assert make_person("cleo").post(path, {}).status_code == 404


def test_a_viewer_cannot_duplicate(ann: Person, make_person: Any, project: str) -> None:
    cleo = make_person("cleo")
    ann.add_member(project, cleo, "viewer")
    task = ann.create_task(project)["id"]
    assert cleo.post(f"/api/tasks/{task}/duplicate", {}).status_code == 403


def test_a_request_that_dies_copies_each_subtask_once(
    ann: Person, project: str, invoke: Any, sample_event: Any, wait: Wait
) -> None:
    """The process is killed before each write in turn; then the client and the tick try again."""
    top = _create_tree(ann, project)
    restore = save_state()
    headers, killed = {"Idempotency-Key": "once"}, 0

    def request() -> Any:
        body = {"subtasks": True}
        return ann.post(f"/api/tasks/{top['id']}/duplicate", body, headers=headers)

    while is_killed_at(killed + 1, request):
        killed += 1
        assert request().status_code == 201
        wait(minutes=2)
        ann.log_in()
        invoke("tick", sample_event("tick"))
        titles = sorted(each["title"] for each in _list(ann, project))
        assert titles == ["Deep", "Deep", "First", "First", "Second", "Second", "Top", "Top"], (
            killed
        )
        assert count_drift() == 0
        restore()
        ann.log_in()
    assert killed == 8
