"""What the storage itself takes and refuses, and files that come in parts, over HTTP."""

import base64
import json
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from tests.live.support import ON_LOCALSTACK, ApiUser, Deployment, wait_for

MIB = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def ann(deployment: Deployment) -> ApiUser:
    return deployment.new_user("ann").sign_up()


@pytest.fixture
def task(ann: ApiUser) -> str:
    project = ann.request_json("POST", "/projects/", {"name": "x"})["id"]
    return str(ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})["id"])


def _announce(ann: ApiUser, task: str, **changes: Any) -> Any:
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5} | changes
    return ann.request_json("POST", f"/tasks/{task}/attachments/", body)


def _post(form: dict[str, Any], body: bytes = b"bytes", **changes: str) -> requests.Response:
    files = {"file": ("a.txt", body, "text/plain")}
    return requests.post(form["url"], data=form["fields"] | changes, files=files, timeout=60)


def _policy(form: dict[str, Any], **changes: Any) -> str:
    policy = json.loads(base64.b64decode(form["fields"]["policy"])) | changes
    return base64.b64encode(json.dumps(policy).encode()).decode()


def test_the_storage_takes_what_was_announced_and_nothing_else(ann: ApiUser, task: str) -> None:
    form = _announce(ann, task)["upload"]
    other = _announce(ann, task)["upload"]
    assert _post(form, b"bytes!").status_code == 400
    assert _post(form, b"byte").status_code == 400
    for changes in (
        {"Content-Type": "text/html"},
        {"key": other["fields"]["key"]},
        {"key": "att/x"},
        {"policy": _policy(form, expiration="2020-01-01T00:00:00Z")},
        {"policy": other["fields"]["policy"]},
    ):
        assert _post(form, **changes).status_code == 403, changes
    items = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    assert [item["status"] for item in items] == ["pending", "pending"]
    assert _post(form).ok


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack takes fields that the policy does not name")
def test_a_field_that_the_policy_does_not_name_is_refused(ann: ApiUser, task: str) -> None:
    form = _announce(ann, task)["upload"]
    assert _post(form, acl="public-read").status_code == 403


@pytest.mark.parametrize(("seconds", "status"), [(60, 204), (-1, 403)])
def test_a_form_is_good_for_its_time(
    deployment: Deployment, ann: ApiUser, task: str, seconds: int, status: int
) -> None:
    """A form like ours, signed here, so that the time alone tells them apart. (Whose key signed it
    ministack does not ask; the verifier in tests/api does.)"""
    form, outputs = _announce(ann, task)["upload"], deployment.outputs
    options: dict[str, Any] = {"region_name": outputs["region"], "aws_secret_access_key": "test"}
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    signer = boto3.client(
        "s3",
        aws_access_key_id="test",
        endpoint_url=outputs["aws_endpoint"],
        config=config,
        **options,
    )
    kind = {"Content-Type": "text/plain"}
    signed = signer.generate_presigned_post(
        outputs["bucket"],
        form["fields"]["key"],
        Fields=kind,
        Conditions=[kind, ["content-length-range", 5, 5]],
        ExpiresIn=seconds,
    )
    assert _post(signed).status_code == status


def test_a_part_after_the_end_is_refused(ann: ApiUser, task: str) -> None:
    announced = _announce(ann, task, size=101 * MIB, content_type="application/zip")
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    (part,) = ann.request_json("POST", f"{path}/parts/", {"numbers": [13]})["items"]
    ann.request_json("DELETE", f"{path}/")
    late = requests.put(part["url"], data=bytes(part["size"]), timeout=60)
    assert late.status_code == 404


@pytest.mark.parametrize(("body", "picture"), [(PNG, "image/png"), (SVG, None)])
def test_only_a_picture_is_shown(ann: ApiUser, task: str, body: bytes, picture: str | None) -> None:
    attachment, stored = ann.upload_file(task, "a.svg", "image/svg+xml", body)
    path = f"/tasks/{task}/attachments/{attachment['id']}"
    assert stored.ok and ann.request_json("POST", f"{path}/complete/")["picture"] == picture
    link = ann.request_json("GET", f"{path}/download/?inline=true")
    answer = requests.get(link["url"], timeout=60)
    assert answer.content == body
    assert answer.headers["Content-Type"] == (picture or "application/octet-stream")
    shown = answer.headers["Content-Disposition"].partition(";")[0]
    assert shown == ("inline" if picture else "attachment")
    changed = link["url"].replace("response-content-type=", "response-content-type=text%2Fhtml")
    assert requests.get(changed, timeout=60).status_code == 403


def test_what_was_confirmed_stays_what_it_was(ann: ApiUser, task: str) -> None:
    """The form is still good; what it brings is removed, and the confirmed version stands again."""
    announced = _announce(ann, task)
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    assert _post(announced["upload"]).ok
    ann.request_json("POST", f"{path}/complete/")
    assert _post(announced["upload"], b"<sc>!").ok
    attachment = announced["attachment"]["id"]
    wait_for(lambda: ann.download_file(task, attachment).content == b"bytes")


def test_a_deleted_file_is_gone_from_the_storage(
    deployment: Deployment, ann: ApiUser, task: str, aws_client: Any
) -> None:
    attachment, _ = ann.upload_file(task, "a.txt", "text/plain", b"bytes")
    path = f"/tasks/{task}/attachments/{attachment['id']}"
    ann.request_json("POST", f"{path}/complete/")
    ann.request_json("DELETE", f"{path}/")
    assert ann.call("GET", f"{path}/").status_code == 404
    where = {"Bucket": deployment.outputs["bucket"], "Prefix": f"att/{task}"}
    assert aws_client("s3").list_objects_v2(**where)["KeyCount"] == 0


def test_what_comes_after_the_end_is_removed(
    deployment: Deployment, ann: ApiUser, task: str, aws_client: Any
) -> None:
    announced = _announce(ann, task)
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    ann.request_json("DELETE", f"{path}/")
    assert _post(announced["upload"]).ok
    where = {"Bucket": deployment.outputs["bucket"], "Prefix": announced["upload"]["fields"]["key"]}
    wait_for(lambda: aws_client("s3").list_objects_v2(**where)["KeyCount"] == 0)


def test_a_file_of_101_mib_comes_in_parts(ann: ApiUser, task: str) -> None:
    """It breaks off after the first parts, goes on, and is confirmed by the storage's event."""
    body = b"".join(bytes([number]) * MIB for number in range(101))
    announced = _announce(ann, task, size=len(body), content_type="application/zip")
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    size, count = announced["upload"]["part_size"], announced["upload"]["part_count"]
    assert (size, count) == (8 * MIB, 13)

    def send(number: int, more: bytes = b"") -> requests.Response:
        (part,) = ann.request_json("POST", f"{path}/parts/", {"numbers": [number]})["items"]
        piece = body[(number - 1) * size : number * size]
        assert part["size"] == len(piece)
        return requests.put(part["url"], data=piece + more, timeout=60)

    assert send(13, b"!").status_code == 403
    assert [send(number).status_code for number in (1, 2, 3)] == [200, 200, 200]
    assert ann.call("POST", f"{path}/complete/").json()["code"] == "upload_missing"
    there = {part["number"] for part in ann.request_json("GET", f"{path}/parts/")["items"]}
    assert there == {1, 2, 3}
    assert all(send(number).ok for number in range(1, count + 1) if number not in there)
    assert ann.request_json("POST", f"{path}/complete/")["status"] == "ready"
    assert ann.download_file(task, announced["attachment"]["id"]).content == body
