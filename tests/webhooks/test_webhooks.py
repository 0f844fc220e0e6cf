"""Webhooks: create, read, change, pause, rotate, delete; who may do it, and the limits."""

from typing import Any

import pytest

from tests.support import Person, error_locations
from tests.table_items import scan_items
from tests.webhook_receiver import Received, Receiver
from tests.webhooks.conftest import Deliveries

NEW = {"url": "https://hooks.example.com/tasks?key=1", "events": ["task.created"]}
Hook = dict[str, Any]


def test_the_secret_is_shown_once(ann: Person, project: str) -> None:
    path = f"/api/projects/{project}/webhooks"
    answer = ann.post(path, NEW)
    assert answer.status_code == 201
    created = answer.json_body
    secret = created.pop("secret")
    assert secret.startswith("whsec_") and len(secret) == 50
    assert (created["url"], created["events"], created["active"], created["owner"]) == (
        *NEW.values(),
        True,
        ann.id,
    )
    assert ann.get(f"{path}/{created['id']}").json_body == created
    assert ann.get(path).json_body == {"items": [created], "next_cursor": None}


def test_no_secret_is_in_the_table(ann: Person, project: str) -> None:
    secret = ann.post(f"/api/projects/{project}/webhooks", NEW).json_body["secret"]
    assert secret.removeprefix("whsec_") not in str(scan_items())


def test_a_repeated_create_makes_one_webhook_and_shows_the_same_secret(
    ann: Person, project: str
) -> None:
    headers = {"Idempotency-Key": "k1"}
    first, again = (
        ann.post(f"/api/projects/{project}/webhooks", NEW, headers=headers) for _ in range(2)
    )
    assert first.json_body == again.json_body
    assert len(ann.get(f"/api/projects/{project}/webhooks").json_body["items"]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://user:pass@hooks.example.com/",
        "https://hooks.example.com/#x",
        "https://hooks.example.com:x/",
        "https:///x",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://192.88.99.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1%25eth0]/",
        "https://[fec0::1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:a9fe:a9fe::1]/",
        "https://[ff02::1]/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://169.254.43518/",
        "https://169.254.169.254./",
        "https://hooks.example.com:0/",
    ],
)
def test_a_url_that_is_not_public_https_is_refused(ann: Person, project: str, url: str) -> None:
    answer = ann.post(f"/api/projects/{project}/webhooks", {**NEW, "url": url})
    assert (answer.status_code, error_locations(answer)) == (422, ["url"])


def test_every_wrong_field_is_named(ann: Person, project: str) -> None:
    body = {"url": "x y", "events": ["task.moved"], "secret": "mine"}
    answer = ann.post(f"/api/projects/{project}/webhooks", body)
    assert answer.status_code == 422
    assert {location.partition("[")[0] for location in error_locations(answer)} == set(body)
    none = ann.post(f"/api/projects/{project}/webhooks", {**NEW, "events": []})
    assert error_locations(none) == ["events"]


def test_a_project_has_at_most_ten_webhooks(ann: Person, project: str) -> None:
    path = f"/api/projects/{project}/webhooks"
    created = [ann.post(path, NEW).json_body["id"] for _ in range(10)]
    refused = ann.post(path, NEW)
    assert (refused.status_code, refused.json_body["code"]) == (409, "too_many_webhooks")
    ann.delete(f"{path}/{created[0]}")
    assert ann.post(path, NEW).status_code == 201


def test_a_change_applies_to_what_it_names(ann: Person, hook: Hook) -> None:
    etag = ann.get(hook["path"]).headers["etag"]
    body = {"events": ["label.created"], "active": False}
    changed = ann.patch(hook["path"], body, headers={"If-Match": etag})
    assert changed.status_code == 200, changed.json_body
    assert (changed.json_body["events"], changed.json_body["active"]) == (["label.created"], False)
    assert changed.json_body["url"] == hook["url"]
    assert ann.patch(hook["path"], body, headers={"If-Match": etag}).status_code == 412
    assert ann.patch(hook["path"], body).json_body["version"] == changed.json_body["version"]
    assert error_locations(ann.patch(hook["path"], {"url": "https://10.0.0.1/"})) == ["url"]


def test_only_admins_of_the_project_see_webhooks(
    ann: Person, bob: Person, project: str, hook: Hook
) -> None:
    assert bob.get(hook["path"]).status_code == 200
    ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": "member"})
    for method, path in (
        ("GET", hook["path"]),
        ("GET", f"{hook['path']}/deliveries"),
        ("POST", f"{hook['path']}/test"),
        ("POST", f"{hook['path']}/rotate-secret"),
        ("DELETE", hook["path"]),
    ):
        assert bob.call(method, path).status_code == 403, path


def test_a_rotated_secret_is_new_and_the_old_one_is_valid_for_a_day(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    set_time: Any,
) -> None:
    set_time("2026-11-16T09:00:00", ann)
    headers = {"Idempotency-Key": "r1"}
    first, again = (
        ann.post(f"{hook['path']}/rotate-secret", headers=headers).json_body for _ in range(2)
    )
    assert first == again and first["secret"] != hook["secret"]
    assert ann.get(hook["path"]).json_body["previous_secret_until"] == "2026-11-17T09:00:00.000Z"
    set_time("2026-11-17T08:59:59.999", ann)
    request = _send_event(ann, project, receiver, deliveries)
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    request.verify(first["secret"])
    request.verify(hook["secret"])
    set_time("2026-11-17T09:00:00", ann)
    request = _send_event(ann, project, receiver, deliveries)
    request.verify(first["secret"])
    with pytest.raises(ValueError, match="signature"):
        request.verify(hook["secret"])


def _send_event(
    person: Person, project: str, receiver: Receiver, deliveries: Deliveries
) -> Received:
    person.create_task(project)
    deliveries.send()
    (request,) = receiver.take()
    return request


def test_webhooks_of_another_project_are_unknown(ann: Person, hook: Hook) -> None:
    other = ann.create_project()
    path = f"/api/projects/{other}/webhooks/{hook['id']}"
    assert ann.get(path).status_code == 404
    assert ann.get(f"{path}/deliveries").status_code == 404
    assert ann.post(f"{path}/test").status_code == 404


def test_a_deleted_webhook_gets_nothing(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ann.create_task(project)
    assert ann.delete(hook["path"]).status_code == 204
    ann.create_task(project)
    deliveries.send()
    assert receiver.take() == []
    assert ann.get(hook["path"]).status_code == 404
