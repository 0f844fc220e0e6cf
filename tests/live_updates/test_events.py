"""Events: what subscribers are told of a change, and who is not told any more."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.aws.secrets import signing_keys
from tests.live_updates.conftest import Events, Socket
from tests.support import PASSWORD, Api, Person

Connect = Callable[..., Socket]


def _types(socket: Socket) -> list[str]:
    return [event["type"] for event in socket.take_events()]


def test_a_change_of_a_task_names_task_version_fields_and_actor(
    ann: Person, bob: Person, project: str, connect: Connect, events: Events
) -> None:
    task = bob.create_task(project)
    events.deliver()
    socket = connect(ann, project)
    bob.patch(f"/api/tasks/{task['id']}", {"title": "New", "status": "review"})
    events.deliver()
    (frame,) = socket.take()
    (event,) = frame["events"]
    assert abs(datetime.fromisoformat(event.pop("at")) - datetime.now(UTC)).seconds < 60
    assert event.pop("id")
    assert event == {
        "type": "task.changed",
        "actor": bob.id,
        "task_id": task["id"],
        "version": 2,
        "fields": ["title", "status"],
    }
    assert (frame["type"], frame["project_id"]) == ("events", project)


def test_a_task_is_created_deleted_and_restored(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    socket = connect(ann, project)
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    ann.delete(path)
    ann.post(path + "/restore")
    events.deliver()
    told = [(event["type"], event["actor"]) for event in socket.take_events()]
    assert told == [(f"task.{verb}", ann.id) for verb in ("created", "deleted", "restored")]


def test_a_task_that_moves_is_an_event_in_both_projects_and_its_comments_follow(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    other = ann.create_project("Other")
    task = ann.create_task(project)["id"]
    events.deliver()
    near, far = connect(ann, project), connect(ann, other)
    answer = ann.post(f"/api/tasks/{task}/move", {"project": other})
    assert answer.status_code == 200, answer.json_body
    moved = answer.json_body["task"]["id"]
    ann.post(f"/api/tasks/{moved}/comments", {"body": "x"})
    events.deliver()
    (left,) = near.take_events()
    assert (left["type"], left["task_id"], left["moved_to"]) == ("task.deleted", task, moved)
    arrived = [(event["type"], event["task_id"]) for event in far.take_events()]
    assert ("task.created", moved) in arrived and ("comment.created", moved) in arrived


def test_comments_labels_and_members(
    ann: Person, bob: Person, project: str, connect: Connect, events: Events
) -> None:
    task = f"/api/tasks/{ann.create_task(project)['id']}"
    events.deliver()
    socket = connect(ann, project)
    comment = bob.post(f"{task}/comments", {"body": "x"}).json_body["id"]
    bob.patch(f"{task}/comments/{comment}", {"body": "y"})
    bob.delete(f"{task}/comments/{comment}")
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    ann.patch(f"/api/projects/{project}/labels/{label}", {"name": "late"})
    ann.delete(f"/api/projects/{project}/labels/{label}")
    ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": "viewer"})
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    events.deliver()
    told = [event for event in socket.take_events() if not event["type"].startswith("task.")]
    assert [(event["type"], event["actor"]) for event in told] == [
        ("comment.created", bob.id),
        ("comment.changed", bob.id),
        ("comment.deleted", None),
        ("label.created", None),
        ("label.changed", None),
        ("label.deleted", None),
        ("member.changed", None),
        ("member.removed", None),
    ]
    assert (told[0]["comment_id"], told[3]["label_id"]) == (comment, label)
    assert (told[6]["user_id"], told[6]["role"]) == (bob.id, "viewer")


def test_an_event_contains_no_text(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    socket = connect(ann, project)
    task = ann.create_task(project, "SECRET", description="SECRET")
    ann.post(f"/api/tasks/{task['id']}/comments", {"body": "SECRET"})
    ann.post(f"/api/projects/{project}/labels", {"name": "SECRET"})
    events.deliver()
    frames = socket.take()
    assert frames and "SECRET" not in str(frames)


def test_a_client_that_was_away_misses_nothing(
    ann: Person, project: str, connect: Connect, events: Events, wait: Callable[..., None]
) -> None:
    socket = connect(ann, project)
    ann.create_task(project)
    events.deliver()
    cursor = socket.take()[-1]["cursor"]
    socket.close()
    wait(minutes=5)
    missed = ann.create_task(project)["id"]
    feed = ann.get(f"/api/changes?project={project}&cursor={cursor}").json_body["items"]
    assert missed in [item["id"] for item in feed]


def test_new_processes_read_the_key_that_signs_cursors(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    socket = connect(ann)
    signing_keys.forget()
    cursors = [socket.subscribe(project)["cursor"]]
    ann.create_task(project)
    messages = events.queue()
    signing_keys.forget()
    assert events.send(messages) == []
    cursors.append(socket.take()[-1]["cursor"])
    for cursor in cursors:
        answer = ann.get(f"/api/changes?project={project}&cursor={cursor}")
        assert answer.status_code == 200


def test_a_cursor_is_that_of_its_reader(
    ann: Person, bob: Person, project: str, connect: Connect, events: Events
) -> None:
    sockets = [connect(person, project) for person in (ann, bob)]
    ann.create_task(project)
    events.deliver()
    cursors = [socket.take()[-1]["cursor"] for socket in sockets]
    assert ann.get(f"/api/changes?project={project}&cursor={cursors[1]}").status_code == 400
    assert bob.get(f"/api/changes?project={project}&cursor={cursors[1]}").status_code == 200


def test_who_is_removed_from_the_project_is_told_and_gets_no_more(
    ann: Person, bob: Person, project: str, connect: Connect, events: Events
) -> None:
    socket = connect(bob, project)
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    events.deliver()
    assert socket.take() == [{"type": "unsubscribed", "project_id": project}]
    ann.create_task(project)
    events.deliver()
    assert socket.take() == []


def _log_out(ann: Person, bob: Person) -> None:
    bob.post("/api/auth/logout")


def _change_password(ann: Person, bob: Person) -> None:
    new = "another horse battery"
    body = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    elsewhere = (
        Api(bob._client)
        .post("/api/auth/login", {"email": bob.email, "password": PASSWORD})
        .json_body["access"]
    )
    answer = Api(bob._client, elsewhere).post("/api/auth/change-password", body)
    assert answer.status_code < 300, answer.json_body


def _disable(ann: Person, bob: Person) -> None:
    from chalicelib.accounts.models import User, update_user_write
    from chalicelib.dynamodb.transactions import transact

    transact(update_user_write(ann.id, User.is_staff.set(True)))
    assert ann.patch(f"/api/admin/users/{bob.id}", {"is_disabled": True}).status_code == 200


@pytest.mark.parametrize("end", [_log_out, _change_password, _disable])
def test_the_next_event_closes_the_connection_of_who_is_logged_out(
    end: Callable[[Person, Person], None],
    ann: Person,
    bob: Person,
    project: str,
    connect: Connect,
    events: Events,
) -> None:
    hers, his = connect(ann, project), connect(bob, project)
    end(ann, bob)
    ann.create_task(project)
    events.deliver()
    assert his.was_closed
    assert "task.created" in _types(hers)


def test_a_deleted_api_token_closes_its_connection(
    ann: Person, client: Any, project: str, connect: Connect, events: Events
) -> None:
    token = ann.create_token("tasks:read")
    socket = connect(Api(client, token["token"]), project)
    ann.delete(f"/api/auth/tokens/{token['id']}")
    ann.create_task(project)
    events.deliver()
    assert socket.was_closed


def test_a_project_in_the_trash_sends_nothing(
    ann: Person, project: str, connect: Connect, events: Events
) -> None:
    socket = connect(ann, project)
    ann.create_task(project)
    ann.delete(f"/api/projects/{project}")
    events.deliver()
    assert socket.take() == [{"type": "unsubscribed", "project_id": project}]
