"""Members of a project: roles, removal, transfer."""

from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.jobs.deferred_updates import run_deferred_updates
from chalicelib.members.jobs import REASSIGNED_IN_REQUEST
from tests.support import Person, error_locations
from tests.table_items import put_task_copies


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """Return the id of a project that Ann owns and Bob is a member of."""
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _roles_by_username(person: Person, project: str) -> dict[str, str]:
    items = person.get(f"/api/projects/{project}/members").json_body["items"]
    return {item["username"]: item["role"] for item in items}


def test_a_role_changes_at_the_next_request(ann: Person, bob: Person, project: str) -> None:
    path = f"/api/projects/{project}/members/{bob.id}"
    assert bob.post("/api/tasks", {"project": project, "title": "x"}).status_code == 201
    assert ann.patch(path, {"role": "viewer"}).json_body["role"] == "viewer"
    assert bob.post("/api/tasks", {"project": project, "title": "x"}).status_code == 403
    assert bob.get("/api/projects").json_body["items"][0]["my_role"] == "viewer"


def test_the_owner_cannot_leave_be_removed_or_get_another_role(
    ann: Person, bob: Person, project: str
) -> None:
    path = f"/api/projects/{project}/members/{ann.id}"
    ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": "admin"})
    for answer in (
        bob.patch(path, {"role": "viewer"}),
        bob.delete(path),
        ann.delete(path),
        ann.post(f"/api/projects/{project}/leave"),
    ):
        assert (answer.status_code, answer.json_body["code"]) == (409, "last_owner")
    assert _roles_by_username(ann, project) == {"ann": "owner", "bob": "admin"}


def test_a_project_is_transferred_to_another_member(ann: Person, bob: Person, project: str) -> None:
    answer = ann.post(f"/api/projects/{project}/transfer", {"user_id": bob.id})
    assert (answer.status_code, answer.json_body["owner"]) == (200, bob.id)
    assert _roles_by_username(ann, project) == {"ann": "admin", "bob": "owner"}
    assert ann.post(f"/api/projects/{project}/leave").status_code == 204
    assert ann.get(f"/api/projects/{project}").status_code == 404


def test_only_the_owner_transfers_a_project_and_only_to_a_member(
    make_person: Any, ann: Person, bob: Person, project: str
) -> None:
    path = f"/api/projects/{project}/transfer"
    assert bob.post(path, {"user_id": bob.id}).status_code == 403
    for nobody in (make_person("cleo").id, ann.id, "x"):
        answer = ann.post(path, {"user_id": nobody})
        assert (answer.status_code, error_locations(answer)) == (422, ["user_id"])


def test_a_removed_member_loses_access_at_the_next_request(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project)["id"]
    path = f"/api/projects/{project}/members/{bob.id}"
    assert ann.delete(path).status_code == 204
    for address in (f"projects/{project}", f"tasks/{task}", f"tasks?project={project}"):
        assert bob.get(f"/api/{address}").status_code == 404
    assert bob.get("/api/projects").json_body["items"] == []
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 1
    assert ann.delete(path).status_code == 204
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 1


def test_the_tasks_of_a_member_who_leaves_become_unassigned(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, assigned_to=bob.id)["id"]
    bob.post(f"/api/projects/{project}/leave")
    assert ann.get(f"/api/tasks/{task}").json_body["assigned_to"] is None
    assert bob.get("/api/tasks?assigned_to=me").json_body["items"] == []


def test_the_tasks_of_a_removed_member_are_reassigned_to_another_member(
    make_person: Any, ann: Person, bob: Person, project: str
) -> None:
    cleo = make_person("cleo")
    task = ann.create_task(project, assigned_to=bob.id)["id"]
    path = f"/api/projects/{project}/members/{bob.id}?reassign_to="
    for nobody in (cleo.id, bob.id):
        answer = ann.delete(path + nobody)
        assert (answer.status_code, error_locations(answer)) == (422, ["reassign_to"])
    ann.add_member(project, cleo)
    assert ann.delete(path + cleo.id).status_code == 204
    assert ann.get(f"/api/tasks/{task}").json_body["assigned_to"] == cleo.id


def test_the_tick_reassigns_the_tasks_that_the_request_did_not(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, assigned_to=bob.id)
    put_task_copies(task["id"], REASSIGNED_IN_REQUEST + 2)
    ann.delete(f"/api/projects/{project}/members/{bob.id}?reassign_to={ann.id}")
    assert run_deferred_updates(now()) == {"run": 1, "failed": 0}
    items = ann.get(f"/api/tasks?project={project}&limit=100").json_body["items"]
    assert {item["assigned_to"] for item in items} == {ann.id}


def test_a_member_who_rejoins_before_the_tick_keeps_new_tasks(
    ann: Person, bob: Person, project: str
) -> None:
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    ann.add_member(project, bob)
    task = ann.create_task(project, assigned_to=bob.id)["id"]
    assert run_deferred_updates(now()) == {"run": 1, "failed": 0}
    assert ann.get(f"/api/tasks/{task}").json_body["assigned_to"] == bob.id


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_only_managers_change_members(
    make_person: Any, ann: Person, project: str, role: str
) -> None:
    cleo, path = make_person("cleo"), f"/api/projects/{project}/members"
    ann.add_member(project, cleo, role)
    calls: list[Any] = [
        cleo.post(path, {"email": "x@example.com"}),
        cleo.patch(f"{path}/{cleo.id}", {"role": "admin"}),
        cleo.delete(f"{path}/{ann.id}"),
    ]
    assert [answer.status_code for answer in calls] == [403] * 3
    assert cleo.get(path).status_code == 200


def test_an_unknown_member_is_not_found(ann: Person, project: str) -> None:
    path = f"/api/projects/{project}/members/01m81ed77eh6xj0yx0x3n4dz2f"
    assert ann.patch(path, {"role": "viewer"}).status_code == 404
