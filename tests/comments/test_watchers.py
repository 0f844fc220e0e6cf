"""Watchers of a task."""

from typing import Any

import pytest
from chalice.test import Client

from tests.support import Person, sign_up
from tests.table_stream import TaskStream


@pytest.fixture
def mel(client: Client) -> Person:
    return sign_up(client, "mel")


@pytest.fixture
def project(ann: Person, bob: Person, mel: Person, stream: TaskStream) -> str:
    """Ann's project, with Bob and Mel as members."""
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.add_member(project, mel)
    return project


def _watchers(person: Person, path: str) -> set[str]:
    page = person.get(path + "/watchers").json_body
    assert page["next_cursor"] is None
    return {watcher["user_id"] for watcher in page["items"]}


def _task(person: Person, project: str, **fields: Any) -> str:
    return f"/api/tasks/{person.create_task(project, **fields)['id']}"


def test_the_creator_of_a_task_watches_it(ann: Person, project: str) -> None:
    path = _task(ann, project)
    (watcher,) = ann.get(path + "/watchers").json_body["items"]
    assert watcher == {"user_id": ann.id, "username": "ann", "display_name": ""}


def test_an_assignee_watches_and_continues_after_reassignment(
    ann: Person, bob: Person, mel: Person, project: str, stream: TaskStream
) -> None:
    path = _task(ann, project, assigned_to=bob.id)
    assert _watchers(ann, path) == {ann.id, bob.id}
    ann.patch(path, {"assigned_to": mel.id})
    stream.deliver_new()
    ann.patch(path, {"assigned_to": None})
    stream.deliver_new()
    assert _watchers(ann, path) == {ann.id, bob.id, mel.id}


def test_the_author_of_a_comment_becomes_a_watcher(ann: Person, bob: Person, project: str) -> None:
    path = _task(ann, project)
    bob.post(path + "/comments", {"body": "x"})
    assert _watchers(ann, path) == {ann.id, bob.id}


def test_a_user_can_watch_a_task_and_stop_watching_it(
    ann: Person, bob: Person, project: str
) -> None:
    path = _task(ann, project)
    for name in ("me", bob.id):
        for _ in range(2):
            assert bob.put(f"{path}/watchers/{name}").status_code == 204
            assert _watchers(bob, path) == {ann.id, bob.id}
        for _ in range(2):
            assert bob.delete(f"{path}/watchers/{name}").status_code == 204
            assert _watchers(bob, path) == {ann.id}


def test_a_user_who_stopped_watching_is_not_added_automatically(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = _task(ann, project)
    ann.delete(path + "/watchers/me")
    bob.delete(path + "/watchers/me")
    ann.post(path + "/comments", {"body": "x"})
    ann.patch(path, {"assigned_to": bob.id})
    bob.post(path + "/comments", {"body": "x"})
    stream.deliver_new()
    assert _watchers(ann, path) == set()
    bob.put(path + "/watchers/me")
    assert _watchers(ann, path) == {bob.id}


def test_a_late_stream_record_of_an_assignment_does_not_undo_later_decisions(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = _task(ann, project)
    ann.patch(path, {"assigned_to": bob.id})
    records = stream.take_records()
    ann.patch(path, {"assigned_to": None})
    bob.delete(path + "/watchers/me")
    assert stream.deliver(records) == []
    assert _watchers(ann, path) == {ann.id}


def test_members_can_name_any_watcher_and_viewers_only_themselves(
    client: Client, ann: Person, bob: Person, mel: Person, project: str
) -> None:
    path, vic = _task(ann, project), sign_up(client, "vic")
    ann.add_member(project, vic, "viewer")
    assert bob.put(f"{path}/watchers/{mel.id}").status_code == 204
    assert bob.delete(f"{path}/watchers/{ann.id}").status_code == 204
    assert _watchers(ann, path) == {mel.id}
    assert vic.put(path + "/watchers/me").status_code == 204
    assert vic.delete(f"{path}/watchers/{vic.id}").status_code == 204
    assert vic.put(f"{path}/watchers/{bob.id}").status_code == 403
    assert vic.delete(f"{path}/watchers/{mel.id}").status_code == 403
    assert _watchers(vic, path) == {mel.id}


def test_only_members_of_the_project_can_watch(
    client: Client, ann: Person, bob: Person, project: str
) -> None:
    path, eve = _task(ann, project), sign_up(client, "eve")
    for name in (eve.id, "0" * 26, "nobody"):
        assert ann.put(f"{path}/watchers/{name}").status_code == 404
        assert ann.delete(f"{path}/watchers/{name}").status_code == 404
    for answer in (eve.get(path + "/watchers"), eve.put(path + "/watchers/me")):
        assert answer.status_code == 404
    bob.put(path + "/watchers/me")
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert _watchers(ann, path) == {ann.id}


def test_in_an_archived_project_users_can_change_only_their_own_watching(
    ann: Person, bob: Person, project: str
) -> None:
    path = _task(ann, project)
    ann.post(f"/api/projects/{project}/archive")
    assert bob.put(path + "/watchers/me").status_code == 204
    assert _watchers(bob, path) == {ann.id, bob.id}
    refused = ann.put(f"{path}/watchers/{bob.id}")
    assert (refused.status_code, refused.json_body["code"]) == (409, "archived")
