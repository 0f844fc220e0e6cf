"""The changes feed: clients that keep a copy of the caller's projects and tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.activity.changes_feed import MAX_PROJECTS
from chalicelib.clock import now
from chalicelib.task_lists.sources import VISIBILITY_DELAY
from tests.deferred_work import defer_task_updates, delete_assignee_account
from tests.faults import after_each_call
from tests.support import Person
from tests.sync_client import SyncClient
from tests.table_items import put_project_copies


def _listed(person: Person, *projects: str) -> set[tuple[str, int]]:
    lists = (
        person.get(f"/api/tasks?project={project}&limit=100").json_body["items"]
        for project in projects
    )
    return {(task["id"], task["version"]) for tasks in lists for task in tasks}


def _copied(copy: SyncClient) -> set[tuple[str, int]]:
    return {(task["id"], task["version"]) for task in copy.tasks.values()}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_copy_is_complete_and_remains_so(
    ann: Person, wait: Callable[..., None], limit: int
) -> None:
    first, second = ann.create_project("A"), ann.create_project("B")
    tasks = [ann.create_task(project) for project in (first, second, second)]
    copy = SyncClient(ann, limit)
    wait(seconds=90)
    copy.sync()
    assert set(copy.projects) == {first, second}
    assert copy.tasks[tasks[0]["id"]]["description"] == ""
    wait(seconds=90)
    assert copy.sync() == []
    ann.patch(f"/api/tasks/{tasks[0]['id']}", {"title": "New"})
    ann.delete(f"/api/tasks/{tasks[1]['id']}")
    ann.patch(f"/api/projects/{second}", {"name": "C"})
    new = ann.create_task(second)
    received = copy.sync()
    assert {item["id"] for item in received} == {tasks[0]["id"], tasks[1]["id"], second, new["id"]}
    assert _copied(copy) == _listed(ann, first, second)
    assert copy.projects[second]["name"] == "C"


def test_a_change_that_becomes_visible_late_is_not_missed(
    ann: Person, wait: Callable[..., None]
) -> None:
    """A round may take place between the timestamp of a change and its commit."""
    project, copy = ann.create_project(), SyncClient(ann)
    wait(seconds=30)
    copy.sync()
    wait(seconds=-30)  # the clock of another machine, or a slow write
    late = ann.create_task(project)
    wait(seconds=31)
    copy.sync()
    assert late["id"] in copy.tasks


@pytest.fixture
def tick_slowly(
    invoke: Callable[[str, Any], Any], sample_event: Callable[[str], Any], wait: Callable[..., None]
) -> Callable[[SyncClient], dict[str, int]]:
    """Run a tick in which each write takes 25 seconds, while a client syncs after each write."""

    def tick(copy: SyncClient) -> dict[str, int]:
        def wait_and_sync() -> None:
            wait(seconds=25)
            copy.sync()

        copy.person.log_in()
        began = now()
        with after_each_call("TransactWriteItems", wait_and_sync):
            outcome: dict[str, int] = invoke("tick", sample_event("tick"))
        assert now() - began > VISIBILITY_DELAY
        return outcome

    return tick


@pytest.mark.parametrize("change", ["label", "zone", "departure"])
def test_a_late_change_of_a_deferred_update_is_not_missed(
    ann: Person, bob: Person, wait: Callable[..., None], tick_slowly: Any, change: str
) -> None:
    project = defer_task_updates(change, ann, bob, 3)
    wait(seconds=90)
    ann.log_in()
    copy = SyncClient(ann)
    copy.sync()
    assert tick_slowly(copy)["run"] == 1
    copy.sync()
    assert _copied(copy) == _listed(ann, project)
    assert {version for _, version in _copied(copy)} == {2}


def test_a_late_change_of_an_account_erasure_is_not_missed(
    ann: Person, bob: Person, wait_days: Callable[..., None], tick_slowly: Any
) -> None:
    projects = delete_assignee_account(ann, bob, 2)
    wait_days(days=7)
    ann.log_in()
    copy = SyncClient(ann)
    copy.sync()
    assert any(tick_slowly(copy)["erased"] for _ in range(4))
    copy.sync()
    assert {task["assigned_to"] for task in copy.tasks.values()} == {None}
    assert _copied(copy) == _listed(ann, *projects)


def test_a_restored_task_is_in_the_copy_again(ann: Person, wait: Callable[..., None]) -> None:
    task = ann.create_task(ann.create_project())
    copy = SyncClient(ann)
    copy.sync()
    ann.delete(f"/api/tasks/{task['id']}")
    copy.sync()
    assert copy.tasks == {}
    wait(seconds=90)
    ann.post(f"/api/tasks/{task['id']}/restore")
    copy.sync()
    assert set(copy.tasks) == {task["id"]}


def test_joining_adds_a_whole_project_and_leaving_removes_it(
    ann: Person, bob: Person, wait: Callable[..., None]
) -> None:
    project = ann.create_project()
    task, copy = ann.create_task(project), SyncClient(bob)
    assert copy.sync() == []
    wait(seconds=90)
    for _ in range(2):
        ann.add_member(project, bob)
        copy.sync()
        assert (set(copy.projects), set(copy.tasks)) == ({project}, {task["id"]})
        wait(seconds=90)
        bob.post(f"/api/projects/{project}/leave")
        copy.sync()
        assert (copy.projects, copy.tasks) == ({}, {})
        wait(seconds=90)


def test_a_project_in_the_trash_is_removed_until_it_is_restored(
    ann: Person, wait: Callable[..., None]
) -> None:
    project = ann.create_project()
    ann.create_task(project)
    copy = SyncClient(ann)
    copy.sync()
    wait(seconds=90)
    ann.delete(f"/api/projects/{project}")
    assert [item["kind"] for item in copy.sync()] == ["deleted"]
    wait(seconds=90)
    ann.post(f"/api/projects/{project}/restore")
    assert [item["kind"] for item in copy.sync()] == ["project", "task"]


def test_a_user_receives_no_changes_of_projects_of_others(ann: Person, bob: Person) -> None:
    ann.create_task(ann.create_project())
    assert SyncClient(bob).sync() == []


def test_a_cursor_is_valid_for_thirty_days_and_for_its_owner_only(
    ann: Person, bob: Person, wait_days: Callable[..., None]
) -> None:
    copy = SyncClient(ann)
    copy.sync()
    path = f"/api/changes?cursor={copy.cursor}"
    assert bob.get(path).json_body["code"] == "invalid_cursor"
    wait_days(days=31)
    signed_in = ann.post(
        "/api/auth/login", {"email": ann.email, "password": "correct horse battery"}
    )
    token = {"Authorization": f"Bearer {signed_in.json_body['access']}"}
    expired = ann.get(path, headers=token)
    assert (expired.status_code, expired.json_body["code"]) == (410, "cursor_expired")


def test_a_page_ends_after_the_maximum_of_projects_and_the_next_page_continues(
    ann: Person, wait: Callable[..., None]
) -> None:
    put_project_copies(ann.create_project(), MAX_PROJECTS)
    copy = SyncClient(ann)
    wait(seconds=90)
    assert len(copy.sync()) == MAX_PROJECTS + 1
    wait(seconds=90)
    page = ann.get(f"/api/changes?cursor={copy.cursor}").json_body
    assert (page["items"], page["has_more"]) == ([], True)
    rest = ann.get(f"/api/changes?cursor={page['next_cursor']}").json_body
    assert (rest["items"], rest["has_more"]) == ([], False)


def test_a_client_that_needs_no_earlier_changes_starts_now(
    ann: Person, wait: Callable[..., None]
) -> None:
    project = ann.create_project()
    ann.create_task(project, "Old")
    wait(seconds=90)
    first = ann.get("/api/changes?start=now").json_body
    assert (first["items"], first["has_more"]) == ([], False)
    new = ann.create_task(project, "New")
    changes = ann.get(f"/api/changes?cursor={first['next_cursor']}").json_body["items"]
    assert [item["id"] for item in changes] == [new["id"]]


def test_the_feed_of_one_project_has_its_changes_and_deletions_only(
    ann: Person, wait: Callable[..., None]
) -> None:
    first, second = ann.create_project("A"), ann.create_project("B")
    kept, gone = ann.create_task(first), ann.create_task(first)
    feed = f"/api/changes?project={first}"
    wait(seconds=90)
    assert {item["id"] for item in ann.get(feed).json_body["items"]} >= {kept["id"], gone["id"]}
    cursor = ann.get(f"{feed}&start=now").json_body["next_cursor"]
    ann.create_task(second)
    ann.patch(f"/api/tasks/{kept['id']}", {"title": "New"})
    ann.delete(f"/api/tasks/{gone['id']}")
    changes = ann.get(f"{feed}&cursor={cursor}").json_body["items"]
    assert [(item["kind"], item["id"]) for item in changes] == [
        ("deleted", gone["id"]),
        ("task", kept["id"]),
    ]


def test_the_feed_of_one_project_is_for_its_members(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    cursor = ann.get(f"/api/changes?project={project}&start=now").json_body["next_cursor"]
    assert bob.get(f"/api/changes?project={project}").status_code == 404
    refused = ann.get(f"/api/changes?cursor={cursor}")
    assert (refused.status_code, refused.json_body["code"]) == (400, "invalid_cursor")


def test_a_cursor_and_a_start_contradict_each_other(ann: Person) -> None:
    cursor = ann.get("/api/changes?start=now").json_body["next_cursor"]
    refused = ann.get(f"/api/changes?start=now&cursor={cursor}")
    assert refused.status_code == 400
    assert [error["location"] for error in refused.json_body["errors"]] == ["start"]
