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
    project = ann.starts_project()
    ann.lets_in(project, bob)
    ann.lets_in(project, mel)
    return project


def _watchers(person: Person, path: str) -> set[str]:
    page = person.get(path + "/watchers").json_body
    assert page["next_cursor"] is None
    return {watcher["user_id"] for watcher in page["items"]}


def _task(person: Person, project: str, **fields: Any) -> str:
    return f"/api/tasks/{person.adds_task(project, **fields)['id']}"


def test_who_creates_a_task_watches_it(ann: Person, project: str) -> None:
    path = _task(ann, project)
    (watcher,) = ann.get(path + "/watchers").json_body["items"]
    assert watcher == {"user_id": ann.id, "username": "ann", "display_name": ""}


def test_who_is_assigned_watches_and_goes_on_watching(
    ann: Person, bob: Person, mel: Person, project: str, stream: TaskStream
) -> None:
    path = _task(ann, project, assigned_to=bob.id)
    assert _watchers(ann, path) == {ann.id, bob.id}
    ann.patch(path, {"assigned_to": mel.id})
    stream.flows()
    ann.patch(path, {"assigned_to": None})
    stream.flows()
    assert _watchers(ann, path) == {ann.id, bob.id, mel.id}


def test_who_comments_watches(ann: Person, bob: Person, project: str) -> None:
    path = _task(ann, project)
    bob.post(path + "/comments", {"body": "x"})
    assert _watchers(ann, path) == {ann.id, bob.id}


def test_one_watches_and_stops(ann: Person, bob: Person, project: str) -> None:
    path = _task(ann, project)
    for name in ("me", bob.id):
        for _ in range(2):
            assert bob.put(f"{path}/watchers/{name}").status_code == 204
            assert _watchers(bob, path) == {ann.id, bob.id}
        for _ in range(2):
            assert bob.delete(f"{path}/watchers/{name}").status_code == 204
            assert _watchers(bob, path) == {ann.id}


def test_who_said_no_is_not_drawn_in_again(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = _task(ann, project)
    ann.delete(path + "/watchers/me")
    bob.delete(path + "/watchers/me")
    ann.post(path + "/comments", {"body": "x"})
    ann.patch(path, {"assigned_to": bob.id})
    bob.post(path + "/comments", {"body": "x"})
    stream.flows()
    assert _watchers(ann, path) == set()
    bob.put(path + "/watchers/me")
    assert _watchers(ann, path) == {bob.id}


def test_an_assignment_told_late_changes_nothing_that_was_decided_since(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    path = _task(ann, project)
    ann.patch(path, {"assigned_to": bob.id})
    records = stream.records()
    ann.patch(path, {"assigned_to": None})
    bob.delete(path + "/watchers/me")
    assert stream.tells(records) == []
    assert _watchers(ann, path) == {ann.id}


def test_members_name_watchers_and_viewers_only_themselves(
    client: Client, ann: Person, bob: Person, mel: Person, project: str
) -> None:
    path, vic = _task(ann, project), sign_up(client, "vic")
    ann.lets_in(project, vic, "viewer")
    assert bob.put(f"{path}/watchers/{mel.id}").status_code == 204
    assert bob.delete(f"{path}/watchers/{ann.id}").status_code == 204
    assert _watchers(ann, path) == {mel.id}
    assert vic.put(path + "/watchers/me").status_code == 204
    assert vic.delete(f"{path}/watchers/{vic.id}").status_code == 204
    assert vic.put(f"{path}/watchers/{bob.id}").status_code == 403
    assert vic.delete(f"{path}/watchers/{mel.id}").status_code == 403
    assert _watchers(vic, path) == {mel.id}


def test_only_people_with_access_watch(
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


def test_in_an_archived_project_one_decides_for_oneself(
    ann: Person, bob: Person, project: str
) -> None:
    path = _task(ann, project)
    ann.post(f"/api/projects/{project}/archive")
    assert bob.put(path + "/watchers/me").status_code == 204
    assert _watchers(bob, path) == {ann.id, bob.id}
    refused = ann.put(f"{path}/watchers/{bob.id}")
    assert (refused.status_code, refused.json_body["code"]) == (409, "archived")
