"""What tests of attachments share: the bucket, files of every kind, and a verifier of signed forms
as strict as the storage's own (moto checks nothing)."""

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
from tests.support import Person, all_rows, replace_rows

TEXT = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)

Fields = dict[str, str]


def announce(person: Person, task: str, **changes: Any) -> Any:
    return person.post(f"/api/tasks/{task}/attachments", TEXT | changes)


def announced(person: Person, task: str, **changes: Any) -> dict[str, Any]:
    answer = announce(person, task, **changes)
    assert answer.status_code == 201, answer.json_body
    attachment: dict[str, Any] = answer.json_body["attachment"]
    return attachment


def path_of(attachment: dict[str, Any], verb: str = "") -> str:
    return f"/api/tasks/{attachment['task']}/attachments/{attachment['id']}{verb}"


def key_of(attachment: dict[str, Any]) -> str:
    return f"att/{attachment['task']}/{attachment['id']}"


def put(key: str, body: bytes = b"bytes", kind: str = "text/plain", **options: Any) -> None:
    where = {"Bucket": settings.BUCKET_NAME, "Key": key}
    clients.s3_client().put_object(**where, Body=body, ContentType=kind, **options)


def arrives(attachment: dict[str, Any], body: bytes = b"bytes", **options: Any) -> None:
    """The bytes, of the announced type, as if posted to the form."""
    put(key_of(attachment), body, attachment["content_type"], **options)


def uploaded(person: Person, task: str, body: bytes = b"bytes", **changes: Any) -> dict[str, Any]:
    """An attachment that is ready."""
    attachment = announced(person, task, size=len(body), **changes)
    arrives(attachment, body)
    answer = person.post(path_of(attachment, "/complete"))
    assert answer.status_code == 200, answer.json_body
    ready: dict[str, Any] = answer.json_body
    return ready


def stray(key: str) -> str:
    """A key of the same form, beside it, that no row knows."""
    return key[:-1] + ("1" if key.endswith("0") else "0")


def exists(key: str) -> bool:
    try:
        clients.s3_client().head_object(Bucket=settings.BUCKET_NAME, Key=key)
    except ClientError:
        return False
    return True


def objects() -> set[str]:
    """The keys of everything in the bucket."""
    found = clients.s3_client().list_objects_v2(Bucket=settings.BUCKET_NAME)
    return {line["Key"] for line in found.get("Contents", [])}


def file_rows() -> dict[str, str]:
    """Object key -> status of every row of a file, avatars included."""
    return {
        row["object_key"]["S"]: str(row["status"]["S"])
        for row in all_rows()
        if row["SK"]["S"].startswith(("FILE#", "AVATAR#"))
    }


def agreed() -> dict[str, str]:
    """`file_rows`, after looking both ways: no row without object, no object without row, nothing
    of an upload in parts. What is pending waits for its object."""
    rows = file_rows()
    waiting = {key for key, status in rows.items() if status == "pending"}
    assert set(rows) - waiting <= objects() <= set(rows)
    assert unfinished() <= waiting
    return rows


def unfinished() -> set[str]:
    """The keys of all uploads in parts that nobody completed or dropped."""
    found = clients.s3_client().list_multipart_uploads(Bucket=settings.BUCKET_NAME)
    return {upload["Key"] for upload in found.get("Uploads", [])}


def snapshot() -> Callable[[], None]:
    """Note what table and bucket hold; the function that is returned puts it back."""
    rows, where = all_rows(), {"Bucket": settings.BUCKET_NAME}
    there = {key: clients.s3_client().get_object(**where, Key=key) for key in objects()}
    files = {key: (found["Body"].read(), found["ContentType"]) for key, found in there.items()}

    def restore() -> None:
        replace_rows(rows)
        for key in objects():
            clients.s3_client().delete_object(**where, Key=key)
        for key, (body, kind) in files.items():
            put(key, body, kind)

    return restore


def verdict(url: str, fields: Fields, body: bytes, *, now: datetime | None = None) -> str:
    """What the storage says to `body` posted with `fields`: `stored`, or why not.

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
    return _judged(policy["conditions"], {**fields, "bucket": bucket}, body)


def _judged(conditions: list[Any], fields: Fields, body: bytes) -> str:
    covered = {"policy", "x-amz-signature", "bucket"}
    for condition in conditions:
        if isinstance(condition, list) and condition[0] == "content-length-range":
            if not condition[1] <= len(body) <= condition[2]:
                return "EntityTooLarge" if len(body) > condition[2] else "EntityTooSmall"
            continue
        operator, name, value = _parsed(condition)
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


def _parsed(condition: Any) -> tuple[str, str, str]:
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
