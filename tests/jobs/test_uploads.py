import itertools
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.domain import uploads
from chalicelib.store import aws
from tests.support import Killed, Person, killed_at

LATER = timedelta(hours=25)


@pytest.fixture
def upload(ann: Person) -> dict[str, Any]:
    return _upload(ann)


def _upload(ann: Person) -> dict[str, Any]:
    """An announced upload whose bytes have arrived, not confirmed by the client."""
    task = ann.adds_task(ann.starts_project())["id"]
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
    answer = ann.post(f"/api/tasks/{task}/attachments", body).json_body
    attachment: dict[str, Any] = answer["attachment"] | {"key": answer["upload"]["fields"]["key"]}
    _put(attachment["key"])
    return attachment


def _put(key: str) -> None:
    aws.s3().put_object(
        Bucket=settings.BUCKET_NAME, Key=key, Body=b"bytes", ContentType="text/plain"
    )


def _exists(key: str) -> bool:
    try:
        aws.s3().head_object(Bucket=settings.BUCKET_NAME, Key=key)
    except ClientError:
        return False
    return True


def _listed(ann: Person, upload: dict[str, Any]) -> list[str]:
    items = ann.get(f"/api/tasks/{upload['task']}/attachments").json_body["items"]
    return [item["status"] for item in items]


def test_the_storages_event_confirms_what_the_client_did_not(
    ann: Person, upload: dict[str, Any], event: Any, invoke: Any
) -> None:
    created = event("confirm_upload")
    created["detail"]["object"]["key"] = upload["key"]
    assert invoke("confirm_upload", created) == "ready"
    assert invoke("confirm_upload", created) == "ready"
    assert _listed(ann, upload) == ["ready"]


@pytest.mark.parametrize("key", ["att/x/y", "att/", "other", "att/a/b/c"])
def test_an_object_of_nobodys_is_left_alone(cloud: None, event: Any, key: str, invoke: Any) -> None:
    created = event("confirm_upload")
    created["detail"]["object"]["key"] = key
    assert invoke("confirm_upload", created) == "unknown"


def test_an_upload_nobody_confirmed_vanishes_after_a_day(
    ann: Person, upload: dict[str, Any]
) -> None:
    assert uploads.expire(now() + timedelta(hours=23)) == {"expired": 0}
    assert uploads.expire(now() + LATER) == {"expired": 1}
    assert _listed(ann, upload) == [] and not _exists(upload["key"])


def test_a_confirmed_upload_stays(ann: Person, upload: dict[str, Any]) -> None:
    ann.post(f"/api/tasks/{upload['task']}/attachments/{upload['id']}/complete")
    assert uploads.expire(now() + LATER) == {"expired": 0}
    assert _listed(ann, upload) == ["ready"] and _exists(upload["key"])


def test_a_clean_up_killed_before_any_of_its_calls_is_finished_by_the_next(ann: Person) -> None:
    for call in itertools.count(1):
        upload = _upload(ann)
        try:
            with killed_at(call):
                uploads.expire(now() + LATER)
            break
        except Killed:
            uploads.expire(now() + LATER)
        assert _listed(ann, upload) == [] and not _exists(upload["key"])
    assert call > 5
