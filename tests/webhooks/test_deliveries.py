"""Deliveries: what a receiver gets, the log, redelivery, test events, and who is told nothing."""

from collections.abc import Callable
from typing import Any

from chalicelib.accounts.staff import make_staff
from chalicelib.clock import now
from chalicelib.trash.jobs import purge_trash
from tests.support import Person
from tests.table_items import scan_items
from tests.webhook_receiver import Receiver
from tests.webhooks.conftest import Deliveries

Hook = dict[str, Any]


def _log(person: Person, hook: Hook) -> list[dict[str, Any]]:
    return person.list_all(f"{hook['path']}/deliveries?limit=25")


def test_a_change_arrives_signed_with_ids_and_no_text(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    task = ann.create_task(project, "SECRET", description="SECRET")
    ann.patch(f"/api/tasks/{task['id']}", {"status": "review"})
    deliveries.send()
    created, changed = receiver.take()
    assert created.path == "/hook?from=tests"
    assert created.headers["content-type"] == "application/json"
    created.verify(hook["secret"])
    changed.verify(hook["secret"])
    assert created.type == "task.created" and "SECRET" not in str([created, changed])
    event = changed.event
    assert event.pop("timestamp")
    assert event == {
        "type": "task.changed",
        "data": {
            "project_id": project,
            "actor": ann.id,
            "task_id": task["id"],
            "version": 2,
            "fields": ["status"],
        },
    }


def test_the_log_shows_each_delivery_newest_first(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    receiver.answer_with(500, 204)
    ann.create_task(project)
    ann.create_task(project)
    deliveries.send()
    sent = receiver.take()
    newest, oldest = _log(ann, hook)
    assert (newest["status"], newest["response_status"], newest["attempts"]) == (
        "delivered",
        204,
        1,
    )
    assert (oldest["status"], oldest["response_status"]) == ("pending", 500)
    assert (newest["event_id"], newest["payload"]) == (sent[1].id, sent[1].event)
    assert newest["cause"] == "event" and newest["type"] == "task.created"


def test_only_chosen_events_are_sent(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ann.post(f"/api/projects/{project}/labels", {"name": "x"})
    task = ann.create_task(project)["id"]
    comment = ann.post(f"/api/tasks/{task}/comments", {"body": "x"}).json_body["id"]
    ann.delete(f"/api/tasks/{task}/comments/{comment}")
    ann.delete(f"/api/tasks/{task}")
    ann.post(f"/api/tasks/{task}/restore")
    deliveries.send()
    types = set(receiver.take_types())
    assert types == {"task.created", "comment.created", "task.deleted", "task.restored"} | (
        types & {"task.changed"}
    )


def test_a_delivery_is_sent_again_by_hand_with_the_same_event_id(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ann.create_task(project)
    deliveries.send()
    (first,) = receiver.take()
    (logged,) = _log(ann, hook)
    answer = ann.post(f"{hook['path']}/deliveries/{logged['id']}/redeliver")
    assert (answer.status_code, answer.json_body["status"]) == (201, "pending")
    deliveries.send()
    (again,) = receiver.take()
    assert (again.id, again.body) == (first.id, first.body)
    again.verify(hook["secret"])
    assert [each["cause"] for each in _log(ann, hook)] == ["redelivery", "event"]


def test_a_test_event_is_sent_once_also_while_the_webhook_is_paused(
    ann: Person, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ann.patch(hook["path"], {"active": False})
    receiver.answer_with(500)
    answer = ann.post(f"{hook['path']}/test")
    assert answer.status_code == 201, answer.json_body
    deliveries.send()
    (request,) = receiver.take()
    request.verify(hook["secret"])
    assert request.type == "webhook.test"
    (logged,) = _log(ann, hook)
    assert (logged["status"], logged["response_status"], logged["attempts"]) == ("failed", 500, 1)
    assert deliveries.send() == 0


def test_a_paused_webhook_gets_none_of_the_events_meanwhile(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ann.patch(hook["path"], {"active": False})
    ann.create_task(project)
    deliveries.send()
    ann.patch(hook["path"], {"active": True})
    task = ann.create_task(project)["id"]
    deliveries.send()
    assert [request.event["data"]["task_id"] for request in receiver.take()] == [task]


def test_nothing_is_sent_when_the_owner_is_no_longer_an_admin(
    ann: Person, bob: Person, project: str, receiver: Receiver, deliveries: Deliveries
) -> None:
    body = {"url": receiver.url, "events": ["task.created"]}
    hook = bob.post(f"/api/projects/{project}/webhooks", body).json_body
    path = f"/api/projects/{project}/webhooks/{hook['id']}"
    ann.create_task(project)
    deliveries.follow_stream()
    ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": "member"})
    deliveries.send()
    assert receiver.take() == []
    found = ann.get(path).json_body
    assert (found["active"], found["disabled_reason"]) == (False, "owner_left")
    (logged,) = ann.get(f"{path}/deliveries").json_body["items"]
    assert (logged["status"], logged["error"]) == ("failed", "not_permitted")

    taken_over = ann.patch(path, {"active": True}).json_body
    assert (taken_over["owner"], taken_over["disabled_reason"]) == (ann.id, None)
    ann.create_task(project)
    deliveries.send()
    assert receiver.take_types() == ["task.created"]


def test_a_disabled_account_is_told_nothing(
    ann: Person,
    bob: Person,
    project: str,
    receiver: Receiver,
    deliveries: Deliveries,
    make_person: Callable[[str], Person],
) -> None:
    chief = make_person("cleo")
    make_staff(email=chief.email, now=now())
    body = {"url": receiver.url, "events": ["task.created"]}
    bob.post(f"/api/projects/{project}/webhooks", body)
    chief.patch(f"/api/admin/users/{bob.id}", {"is_disabled": True})
    ann.create_task(project)
    deliveries.send()
    assert receiver.take() == []


def test_a_moved_task_is_told_to_both_projects(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    other = ann.create_project("Other")
    body = {"url": receiver.url.replace("hook", "far"), "events": ["task.created"]}
    ann.post(f"/api/projects/{other}/webhooks", body)
    task = ann.create_task(project)["id"]
    deliveries.send()
    receiver.take()
    moved = ann.post(f"/api/tasks/{task}/move", {"project": other}).json_body["task"]["id"]
    deliveries.send()
    told = {(each.path.partition("?")[0], each.type) for each in receiver.take()}
    assert told >= {("/hook", "task.deleted"), ("/far", "task.created")}
    assert moved


def test_the_log_goes_with_the_project(
    ann: Person,
    project: str,
    hook: Hook,
    deliveries: Deliveries,
    wait_days: Callable[..., None],
    wait: Callable[..., None],
) -> None:
    ann.create_task(project)
    deliveries.send()
    ann.delete(f"/api/projects/{project}")
    wait_days(days=29)
    wait(days=1)
    purge_trash(now())
    items = [item for item in scan_items() if hook["id"] in str(item)]
    left = [item["PK"]["S"] for item in items if not item["PK"]["S"].startswith("AUDIT#")]
    assert left == []
