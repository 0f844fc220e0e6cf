"""Uploads to S3 over HTTP: forms that S3 accepts and refuses, and multipart uploads."""

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


def _create_attachment(ann: ApiUser, task: str, **changes: Any) -> Any:
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5} | changes
    return ann.request_json("POST", f"/tasks/{task}/attachments/", body)


def _post_form(form: dict[str, Any], body: bytes = b"bytes", **changes: str) -> requests.Response:
    files = {"file": ("a.txt", body, "text/plain")}
    return requests.post(form["url"], data=form["fields"] | changes, files=files, timeout=60)


def _change_policy(form: dict[str, Any], **changes: Any) -> str:
    """Return the policy of a form with changed fields, in base64."""
    policy = json.loads(base64.b64decode(form["fields"]["policy"])) | changes
    return base64.b64encode(json.dumps(policy).encode()).decode()


def test_s3_accepts_only_the_announced_upload(ann: ApiUser, task: str) -> None:
    form = _create_attachment(ann, task)["upload"]
    other = _create_attachment(ann, task)["upload"]
    assert _post_form(form, b"bytes!").status_code == 400
    assert _post_form(form, b"byte").status_code == 400
    for changes in (
        {"Content-Type": "text/html"},
        {"key": other["fields"]["key"]},
        {"key": "att/x"},
        {"policy": _change_policy(form, expiration="2020-01-01T00:00:00Z")},
        {"policy": other["fields"]["policy"]},
    ):
        assert _post_form(form, **changes).status_code == 403, changes
    items = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    assert [item["status"] for item in items] == ["pending", "pending"]
    assert _post_form(form).ok


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack takes fields that the policy does not name")
def test_a_field_that_the_policy_does_not_name_is_refused(ann: ApiUser, task: str) -> None:
    form = _create_attachment(ann, task)["upload"]
    assert _post_form(form, acl="public-read").status_code == 403


@pytest.mark.parametrize(("seconds", "status"), [(60, 204), (-1, 403)])
def test_a_form_expires(
    deployment: Deployment, ann: ApiUser, task: str, seconds: int, status: int
) -> None:
    """The test signs forms like the API's, which differ only in the expiration.

    Ministack does not check the signing key; `post_form` in tests/attachment_files.py does.
    """
    form, outputs = _create_attachment(ann, task)["upload"], deployment.outputs
    options: dict[str, Any] = {"region_name": outputs["region"], "aws_secret_access_key": "test"}
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    signer = boto3.client(
        "s3",
        aws_access_key_id="test",
        endpoint_url=outputs["aws_endpoint"],
        config=config,
        **options,
    )
    content_type = {"Content-Type": "text/plain"}
    signed = signer.generate_presigned_post(
        outputs["bucket"],
        form["fields"]["key"],
        Fields=content_type,
        Conditions=[content_type, ["content-length-range", 5, 5]],
        ExpiresIn=seconds,
    )
    assert _post_form(signed).status_code == status


def test_a_part_of_a_deleted_attachment_is_refused(ann: ApiUser, task: str) -> None:
    announced = _create_attachment(ann, task, size=101 * MIB, content_type="application/zip")
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    (part,) = ann.request_json("POST", f"{path}/parts/", {"numbers": [13]})["items"]
    ann.request_json("DELETE", f"{path}/")
    late = requests.put(part["url"], data=bytes(part["size"]), timeout=60)
    assert late.status_code == 404


@pytest.mark.parametrize(("body", "picture"), [(PNG, "image/png"), (SVG, None)])
def test_only_an_image_is_shown_inline(
    ann: ApiUser, task: str, body: bytes, picture: str | None
) -> None:
    attachment, stored = ann.upload_file(task, "a.svg", "image/svg+xml", body)
    path = f"/tasks/{task}/attachments/{attachment['id']}"
    assert stored.ok and ann.request_json("POST", f"{path}/complete/")["picture"] == picture
    link = ann.request_json("GET", f"{path}/download/?inline=true")
    answer = requests.get(link["url"], timeout=60)
    assert answer.content == body
    assert answer.headers["Content-Type"] == (picture or "application/octet-stream")
    disposition = answer.headers["Content-Disposition"].partition(";")[0]
    assert disposition == ("inline" if picture else "attachment")
    changed = link["url"].replace("response-content-type=", "response-content-type=text%2Fhtml")
    assert requests.get(changed, timeout=60).status_code == 403


def test_a_completed_attachment_cannot_be_overwritten(ann: ApiUser, task: str) -> None:
    """The form is still valid; a later upload with it is removed, and the completed one remains."""
    announced = _create_attachment(ann, task)
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    assert _post_form(announced["upload"]).ok
    ann.request_json("POST", f"{path}/complete/")
    assert _post_form(announced["upload"], b"<sc>!").ok
    attachment = announced["attachment"]["id"]
    wait_for(lambda: ann.download_file(task, attachment).content == b"bytes")


def test_the_object_of_a_deleted_attachment_is_deleted(
    deployment: Deployment, ann: ApiUser, task: str, aws_client: Any
) -> None:
    attachment, _ = ann.upload_file(task, "a.txt", "text/plain", b"bytes")
    path = f"/tasks/{task}/attachments/{attachment['id']}"
    ann.request_json("POST", f"{path}/complete/")
    ann.request_json("DELETE", f"{path}/")
    assert ann.call("GET", f"{path}/").status_code == 404
    where = {"Bucket": deployment.outputs["bucket"], "Prefix": f"att/{task}"}
    assert aws_client("s3").list_objects_v2(**where)["KeyCount"] == 0


def test_an_upload_for_a_deleted_attachment_is_removed(
    deployment: Deployment, ann: ApiUser, task: str, aws_client: Any
) -> None:
    announced = _create_attachment(ann, task)
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    ann.request_json("DELETE", f"{path}/")
    assert _post_form(announced["upload"]).ok
    where = {"Bucket": deployment.outputs["bucket"], "Prefix": announced["upload"]["fields"]["key"]}
    wait_for(lambda: aws_client("s3").list_objects_v2(**where)["KeyCount"] == 0)


def test_a_file_of_101_mib_is_uploaded_in_parts(ann: ApiUser, task: str) -> None:
    """The upload stops after the first parts, continues and is completed."""
    body = b"".join(bytes([number]) * MIB for number in range(101))
    announced = _create_attachment(ann, task, size=len(body), content_type="application/zip")
    path = f"/tasks/{task}/attachments/{announced['attachment']['id']}"
    size, count = announced["upload"]["part_size"], announced["upload"]["part_count"]
    assert (size, count) == (8 * MIB, 13)

    def send(number: int, extra: bytes = b"") -> requests.Response:
        (part,) = ann.request_json("POST", f"{path}/parts/", {"numbers": [number]})["items"]
        piece = body[(number - 1) * size : number * size]
        assert part["size"] == len(piece)
        return requests.put(part["url"], data=piece + extra, timeout=60)

    assert send(13, b"!").status_code == 403
    assert [send(number).status_code for number in (1, 2, 3)] == [200, 200, 200]
    assert ann.call("POST", f"{path}/complete/").json()["code"] == "upload_missing"
    uploaded = {part["number"] for part in ann.request_json("GET", f"{path}/parts/")["items"]}
    assert uploaded == {1, 2, 3}
    assert all(send(number).ok for number in range(1, count + 1) if number not in uploaded)
    assert ann.request_json("POST", f"{path}/complete/")["status"] == "ready"
    assert ann.download_file(task, announced["attachment"]["id"]).content == body
