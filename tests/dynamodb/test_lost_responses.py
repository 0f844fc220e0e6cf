"""Lost responses of DynamoDB, one at each point of each change: the client gets the correct
response, and the change happens exactly once."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from tests.dynamodb_local import TRANSPORTS, faulty_connection
from tests.import_files import start_import, todoist_file
from tests.job_results import read_job, run_streamed
from tests.support import PASSWORD, Api, Person, in_hours, sign_up

pytestmark = [
    pytest.mark.usefixtures("local_table"),
    pytest.mark.parametrize("transport", TRANSPORTS, indirect=True),
]


def _lose_each_response(change: Callable[[int], HTTPResponse], status: int) -> int:
    """Make the change with response 1, 2, 3, ... lost; return how many responses there are."""
    for lost in itertools.count(1):
        with faulty_connection(lost_response=lost) as line:
            answer = change(lost)
        assert answer.status_code == status, (lost, answer.json_body)
        if line.requests < lost:
            return lost - 1
    raise AssertionError


def test_registration(client: Client) -> None:
    def register(number: int) -> HTTPResponse:
        account = {"username": f"eve{number}", "email": f"eve{number}@example.com"}
        account |= {"password": PASSWORD, "password_confirm": PASSWORD}
        return Api(client).post("/api/auth/register", account)

    assert _lose_each_response(register, 201) >= 1


def test_login_and_logout(client: Client, ann: Person) -> None:
    login = {"email": ann.email, "password": PASSWORD}
    assert _lose_each_response(lambda _: Api(client).post("/api/auth/login", login), 200) >= 3
    again = [sign_up(client, "ann") for _ in range(4)]
    assert _lose_each_response(lambda n: again[n - 1].post("/api/auth/logout"), 204) >= 2


def test_creating_a_project_and_adding_members(client: Client, ann: Person) -> None:
    created = _lose_each_response(lambda n: ann.post("/api/projects", {"name": str(n)}), 201) + 1
    items = ann.get("/api/projects").json_body["items"]
    assert sorted(item["name"] for item in items) == sorted(map(str, range(1, created + 1)))
    project = items[0]["id"]
    users = [sign_up(client, f"bob{number}") for number in range(8)]
    joined = _lose_each_response(lambda n: ann.add_member(project, users[n - 1]), 201) + 1
    details = ann.get(f"/api/projects/{project}").json_body
    assert details["members_count"] == len(details["members"]) == joined + 1
    entries = ann.get(f"/api/projects/{project}/audit").json_body["items"]
    assert [entry["action"] for entry in entries[:-1]] == ["member.added"] * joined


def test_adding_tasks_counts_each_once(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    body = {"project": project, "title": "x", "assigned_to": bob.id, "due_date": in_hours(1)}
    created = _lose_each_response(lambda _: ann.post("/api/tasks", body), 201) + 1
    assert len(_tasks(ann, project)) == created
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == created


def test_changing_a_task_counts_each_change_once(ann: Person) -> None:
    project = ann.create_project()
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    statuses = itertools.cycle(["in_progress", "done", "todo"])
    changes = _lose_each_response(lambda _: ann.patch(path, {"status": next(statuses)}), 200) + 1
    task = ann.get(path).json_body
    counts = ann.get(f"/api/projects/{project}").json_body["tasks_by_status"]
    assert task["version"] == changes + 1
    assert {status: n for status, n in counts.items() if n} == {task["status"]: 1}


def test_creating_with_an_idempotency_key_creates_one_project(ann: Person) -> None:
    headers = {"Idempotency-Key": "k"}
    _lose_each_response(lambda _: ann.post("/api/projects", {"name": "x"}, headers=headers), 201)
    assert len(ann.get("/api/projects").json_body["items"]) == 1


def _tasks(person: Person, project: str) -> list[Any]:
    items: list[Any] = person.get(f"/api/tasks?project={project}&limit=100").json_body["items"]
    return items


def test_refreshing_tokens(anonymous: Api, ann: Person) -> None:
    tokens = [ann.refresh]

    def refresh(_: int) -> HTTPResponse:
        answer = anonymous.post("/api/auth/refresh", {"refresh": tokens[-1]})
        tokens.append(answer.json_body["refresh"])
        return answer

    refreshes = _lose_each_response(refresh, 200) + 1
    assert int(tokens[-1].split(".")[2]) == 1 + refreshes


def test_changing_the_password(client: Client, ann: Person) -> None:
    numbers = itertools.count()

    def change(_: int) -> HTTPResponse:
        number = next(numbers)
        old = PASSWORD if number == 0 else f"password {number - 1}"
        new = f"password {number}"
        body = {"password": old, "new_password": new, "new_password_confirm": new}
        return ann.post("/api/auth/change-password", body)

    _lose_each_response(change, 204)
    login = {"email": ann.email, "password": f"password {next(numbers) - 1}"}
    assert Api(client).post("/api/auth/login", login).status_code == 200


def test_creating_and_deleting_api_tokens(ann: Person) -> None:
    body = {"name": "x", "scopes": ["tasks:read"], "expires_at": in_hours(9)}
    created = _lose_each_response(lambda _: ann.post("/api/auth/tokens", body), 201) + 1
    items = ann.get("/api/auth/tokens").json_body["items"]
    assert len(items) == created
    ids = iter([item["id"] for item in items])
    deleted = (
        _lose_each_response(lambda _: ann.call("DELETE", f"/api/auth/tokens/{next(ids)}"), 204) + 1
    )
    assert len(ann.get("/api/auth/tokens").json_body["items"]) == created - deleted


def test_starting_an_upload(ann: Person) -> None:
    task = ann.create_task(ann.create_project())["id"]
    path = f"/api/tasks/{task}/attachments"
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
    created = _lose_each_response(lambda _: ann.post(path, body), 201) + 1
    assert len(ann.get(path).json_body["items"]) == created


def test_commenting_counts_each_comment_once(ann: Person) -> None:
    task = f"/api/tasks/{ann.create_task(ann.create_project())['id']}"
    path = task + "/comments"
    ann.post(path, {"body": "one more than there are responses to lose"})
    created = _lose_each_response(lambda _: ann.post(path, {"body": "x"}), 201) + 2
    items = ann.get(path).json_body["items"]
    assert ann.get(task).json_body["comments_count"] == len(items) == created
    ids = iter([item["id"] for item in items])
    deleted = _lose_each_response(lambda _: ann.delete(f"{path}/{next(ids)}"), 204) + 1
    assert ann.get(task).json_body["comments_count"] == created - deleted


def test_an_import_creates_each_task_once(ann: Person, bob: Person) -> None:
    file = todoist_file("task,Plan @urgent,,1,1", "note,Well done", "task,Draft,,4,2", "task,Send")
    for lost in itertools.count(1):
        person = (ann, bob)[lost % 2]  # one person may request twenty jobs an hour
        path = start_import(person, "todoist_csv", file, name="Moved")
        with faulty_connection(lost_response=lost) as line:
            assert run_streamed(path) == 0, lost
        state = read_job(person, path)
        assert state["status"] == "done", lost
        tasks = _tasks(person, state["project"])
        assert sorted(task["title"] for task in tasks) == ["Draft", "Plan", "Send"], lost
        assert sum(task["comments_count"] for task in tasks) == 1, lost
        details = person.get(f"/api/projects/{state['project']}").json_body
        assert details["tasks_count"] == 3, lost
        if line.requests < lost:
            break
    assert lost > 15
