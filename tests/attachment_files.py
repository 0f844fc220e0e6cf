"""Helpers for tests of attachments: the bucket, sample files, and a check of signed forms.

The check is as strict as S3; moto accepts every form.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.aws.s3_multipart import PART_BYTES
from tests.support import Person
from tests.table_items import replace_items, scan_items

TEXT = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)

Fields = dict[str, str]


def post_attachment(person: Person, task: str, **changes: Any) -> Any:
    """Announce an attachment and return the response."""
    return person.post(f"/api/tasks/{task}/attachments", TEXT | changes)


def create_attachment(person: Person, task: str, **changes: Any) -> dict[str, Any]:
    """Announce an attachment, which must succeed, and return the attachment."""
    answer = post_attachment(person, task, **changes)
    assert answer.status_code == 201, answer.json_body
    attachment: dict[str, Any] = answer.json_body["attachment"]
    return attachment


def attachment_path(attachment: dict[str, Any], verb: str = "") -> str:
    return f"/api/tasks/{attachment['task']}/attachments/{attachment['id']}{verb}"


def object_key(attachment: dict[str, Any]) -> str:
    return f"att/{attachment['task']}/{attachment['id']}"


def put_object(
    key: str, body: bytes = b"bytes", content_type: str = "text/plain", **options: Any
) -> None:
    where = {"Bucket": settings.BUCKET_NAME, "Key": key}
    clients.s3_client().put_object(**where, Body=body, ContentType=content_type, **options)


def put_upload(attachment: dict[str, Any], body: bytes = b"bytes", **options: Any) -> None:
    """Put the object of an attachment with the announced type, as if posted with the form."""
    put_object(object_key(attachment), body, attachment["content_type"], **options)


def upload_parts(attachment: dict[str, Any]) -> None:
    """Upload all parts of a 9 MiB file to the multipart upload that S3 lists for it."""
    where = {"Bucket": settings.BUCKET_NAME, "Key": object_key(attachment)}
    found = clients.s3_client().list_multipart_uploads(Bucket=where["Bucket"], Prefix=where["Key"])
    for number, size in ((1, PART_BYTES), (2, 2**20)):
        part = {"UploadId": found["Uploads"][0]["UploadId"], "PartNumber": number}
        clients.s3_client().upload_part(**where, **part, Body=bytes(size))


def upload_attachment(
    person: Person, task: str, body: bytes = b"bytes", **changes: Any
) -> dict[str, Any]:
    """Announce, upload and complete an attachment; return it, with the status `ready`."""
    attachment = create_attachment(person, task, size=len(body), **changes)
    put_upload(attachment, body)
    answer = person.post(attachment_path(attachment, "/complete"))
    assert answer.status_code == 200, answer.json_body
    ready: dict[str, Any] = answer.json_body
    return ready


def similar_key(key: str) -> str:
    """Return a key that differs in the last character and belongs to no item."""
    return key[:-1] + ("1" if key.endswith("0") else "0")


def object_exists(key: str) -> bool:
    try:
        clients.s3_client().head_object(Bucket=settings.BUCKET_NAME, Key=key)
    except ClientError:
        return False
    return True


def empty_bucket() -> None:
    """Delete all objects in the bucket."""
    for key in list_objects():
        clients.s3_client().delete_object(Bucket=settings.BUCKET_NAME, Key=key)


def list_objects() -> set[str]:
    """Return the keys of all objects in the bucket."""
    found = clients.s3_client().list_objects_v2(Bucket=settings.BUCKET_NAME)
    return {entry["Key"] for entry in found.get("Contents", [])}


def list_multipart_uploads() -> set[str]:
    """Return the keys of all multipart uploads that were neither completed nor aborted."""
    found = clients.s3_client().list_multipart_uploads(Bucket=settings.BUCKET_NAME)
    return {upload["Key"] for upload in found.get("Uploads", [])}


def file_statuses() -> dict[str, str]:
    """Return object key -> status of every attachment and avatar in the table."""
    return {
        item["object_key"]["S"]: str(item["status"]["S"])
        for item in scan_items()
        if item["SK"]["S"].startswith(("FILE#", "AVATAR#"))
    }


def check_agreement() -> dict[str, str]:
    """Check that table and bucket agree, and return `file_statuses()`.

    Every item has its object and every object its item; only pending items may have no object and
    an unfinished multipart upload.
    """
    statuses = file_statuses()
    pending = {key for key, status in statuses.items() if status == "pending"}
    assert set(statuses) - pending <= list_objects() <= set(statuses)
    assert list_multipart_uploads() <= pending
    return statuses


def save_state() -> Callable[[], None]:
    """Save the content of table and bucket; return a function that restores it."""
    items, where = scan_items(), {"Bucket": settings.BUCKET_NAME}
    answers = {key: clients.s3_client().get_object(**where, Key=key) for key in list_objects()}
    files = {key: (each["Body"].read(), each["ContentType"]) for key, each in answers.items()}

    def restore() -> None:
        replace_items(items)
        for key in list_objects():
            clients.s3_client().delete_object(**where, Key=key)
        for key, (body, content_type) in files.items():
            put_object(key, body, content_type)

    return restore


def post_form(url: str, fields: Fields, body: bytes, *, now: datetime | None = None) -> str:
    """Return the answer of S3 to a form post: `stored`, or the error code and reason.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    if (
        hmac.new(_signing_key(fields), fields["policy"].encode(), hashlib.sha256).hexdigest()
        != (fields["x-amz-signature"])
    ):
        return "SignatureDoesNotMatch"
    policy = json.loads(base64.b64decode(fields["policy"]))
    if datetime.fromisoformat(policy["expiration"]) <= (now or datetime.now(UTC)):
        return "AccessDenied: expired"
    bucket = url.split("//")[1].split(".")[0]
    return _check_conditions(policy["conditions"], {**fields, "bucket": bucket}, body)


def _check_conditions(conditions: list[Any], fields: Fields, body: bytes) -> str:
    covered = {"policy", "x-amz-signature", "bucket"}
    for condition in conditions:
        if isinstance(condition, list) and condition[0] == "content-length-range":
            if not condition[1] <= len(body) <= condition[2]:
                return "EntityTooLarge" if len(body) > condition[2] else "EntityTooSmall"
            continue
        operator, name, value = _parse_condition(condition)
        actual = fields.get(name)
        if actual is None or not (
            actual == value if operator == "eq" else actual.startswith(value)
        ):
            return f"AccessDenied: {name}"
        covered.add(name)
    extra = set(fields) - covered
    if extra:
        return f"AccessDenied: extra {sorted(extra)}"
    digest = fields.get("x-amz-checksum-sha256")
    if digest and base64.b64encode(hashlib.sha256(body).digest()).decode() != digest:
        return "BadDigest"
    return "stored"


def _parse_condition(condition: Any) -> tuple[str, str, str]:
    if isinstance(condition, dict):
        ((name, value),) = condition.items()
        return "eq", name, value
    operator, name, value = condition
    return operator, name.removeprefix("$"), value


def _signing_key(fields: Fields) -> bytes:
    _, day, region, service, end = fields["x-amz-credential"].split("/")
    key = f"AWS4{clients.s3_client()._request_signer._credentials.secret_key}".encode()
    for part in (day, region, service, end):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
