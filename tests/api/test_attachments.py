import base64
import json
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.store import aws
from tests.support import Person, locations

PNG = {"filename": "plan.png", "content_type": "image/png", "size": 5}


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.adds_task(ann.starts_project())["id"])


def _announce(person: Person, task: str, **changes: Any) -> Any:
    return person.post(f"/api/tasks/{task}/attachments", PNG | changes)


def _arrives(attachment: dict[str, Any], body: bytes = b"bytes", kind: str = "image/png") -> None:
    key = f"att/{attachment['task']}/{attachment['id']}"
    aws.s3().put_object(Bucket=settings.BUCKET_NAME, Key=key, Body=body, ContentType=kind)


def _policy(form: dict[str, Any]) -> list[Any]:
    conditions: list[Any] = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    return conditions


def test_the_signed_form_pins_key_type_and_size(ann: Person, task: str) -> None:
    answer = _announce(ann, task).json_body
    attachment, form = answer["attachment"], answer["upload"]
    conditions = _policy(form)
    assert attachment["status"] == "pending"
    assert ["content-length-range", 5, 5] in conditions
    assert {"Content-Type": "image/png"} in conditions
    assert {"key": f"att/{task}/{attachment['id']}"} in conditions
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert "plan.png" not in json.dumps(conditions)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"size": 0}, "size"),
        ({"size": settings.UPLOAD_MAX_BYTES + 1}, "size"),
        ({"filename": "../etc/passwd"}, "filename"),
        ({"content_type": "anything"}, "content_type"),
    ],
)
def test_what_must_not_be_uploaded_is_refused(
    ann: Person, task: str, changes: dict[str, Any], place: str
) -> None:
    answer = _announce(ann, task, **changes)
    assert (answer.status_code, locations(answer)) == (422, [place])


def test_an_upload_that_arrived_can_be_confirmed_listed_and_downloaded(
    ann: Person, task: str
) -> None:
    attachment = _announce(ann, task, filename="Plän.png").json_body["attachment"]
    _arrives(attachment)
    path = f"/api/tasks/{task}/attachments"
    assert ann.post(f"{path}/{attachment['id']}/complete").json_body["status"] == "ready"
    assert [a["status"] for a in ann.get(path).json_body["items"]] == ["ready"]
    download = ann.get(f"{path}/{attachment['id']}/download").json_body
    assert download["expires_in"] == 60
    assert "attachment%3B%20filename%2A%3DUTF-8%27%27Pl%25C3%25A4n.png" in download["url"]
    assert "response-content-type=application%2Foctet-stream" in download["url"]


@pytest.mark.parametrize(("body", "kind"), [(b"too long", "image/png"), (b"bytes", "text/html")])
def test_what_arrived_otherwise_than_announced_is_not_confirmed(
    ann: Person, task: str, body: bytes, kind: str
) -> None:
    attachment = _announce(ann, task).json_body["attachment"]
    _arrives(attachment, body, kind)
    answer = ann.post(f"/api/tasks/{task}/attachments/{attachment['id']}/complete")
    assert (answer.status_code, answer.json_body["code"]) == (409, "upload_missing")


def test_confirming_twice_is_fine(ann: Person, task: str) -> None:
    attachment = _announce(ann, task).json_body["attachment"]
    _arrives(attachment)
    path = f"/api/tasks/{task}/attachments/{attachment['id']}/complete"
    assert ann.post(path).json_body == ann.post(path).json_body


def test_a_pending_upload_is_nobody_elses_business(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    task = ann.adds_task(project)["id"]
    attachment = _announce(ann, task).json_body["attachment"]
    path = f"/api/tasks/{task}/attachments"
    assert bob.get(path).json_body["items"] == []
    assert len(ann.get(path).json_body["items"]) == 1
    assert bob.get(f"{path}/{attachment['id']}/download").status_code == 404


def test_an_outsider_gets_no_address(ann: Person, bob: Person, task: str) -> None:
    attachment = _announce(ann, task).json_body["attachment"]
    _arrives(attachment)
    path = f"/api/tasks/{task}/attachments"
    ann.post(f"{path}/{attachment['id']}/complete")
    assert bob.get(f"{path}/{attachment['id']}/download").status_code == 404
    assert bob.get(path).status_code == 404
    assert _announce(bob, task).status_code == 404
