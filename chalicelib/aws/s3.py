"""The bucket: signed forms to upload with, short-lived addresses to download from, and what stands
in it."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.dynamodb.outages import get_error_code, translate_outages
from chalicelib.errors import Conflict, Unavailable

UPLOAD_SECONDS = 300
DOWNLOAD_SECONDS = 60
IMAGE_SECONDS = 600
SIGNATURE_BYTES = 16
CHUNK_BYTES = 1024 * 1024
OCTET_STREAM = "application/octet-stream"
MISSING_CODES = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})
IMAGE_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@dataclass(frozen=True)
class UploadForm:
    """Where and with which form fields a browser posts the file; the storage enforces them."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class StoredObject:
    """What stands at a key; `sha256` (hex) only if the storage itself computed it."""

    size: int
    content_type: str
    version_id: str | None
    sha256: str | None


@dataclass(frozen=True)
class ObjectSummary:
    """A line of the bucket's listing."""

    object_key: str
    modified: datetime


def sign_upload_form(
    object_key: str, *, content_type: str, size: int, sha256: str | None = None
) -> UploadForm:
    """A POST policy for exactly this key, type, size and digest, good for five minutes.

    POST and not PUT: only a policy can limit the length
    (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html).
    """
    fields = {"Content-Type": content_type}
    if sha256 is not None:
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        fields |= {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": digest}
    exactly = [{name: value} for name, value in fields.items()]
    signed = clients.s3_client().generate_presigned_post(
        settings.BUCKET_NAME,
        object_key,
        Fields=fields,
        Conditions=[*exactly, ["content-length-range", size, size]],
        ExpiresIn=UPLOAD_SECONDS,
    )
    return UploadForm(signed["url"], signed["fields"])


def sign_download_url(object_key: str, *, filename: str, picture: str | None) -> str:
    """An address good for a minute.

    The answer is a download of opaque bytes, so nothing that was uploaded runs in a browser; only a
    `picture`, the type that the bytes themselves told, is shown. The name follows RFC 6266.
    """
    shown = "inline" if picture else "attachment"
    params = {
        "Bucket": settings.BUCKET_NAME,
        "Key": object_key,
        "ResponseContentDisposition": f"{shown}; filename*=UTF-8''{quote(filename, '')}",
        "ResponseContentType": picture or OCTET_STREAM,
    }
    url = clients.s3_client().generate_presigned_url(
        "get_object", Params=params, ExpiresIn=DOWNLOAD_SECONDS
    )
    return str(url)


def sign_image_url(object_key: str) -> str:
    """An address good for ten minutes of a picture whose bytes were looked at, to be shown."""
    params = {"Bucket": settings.BUCKET_NAME, "Key": object_key}
    url = clients.s3_client().generate_presigned_url(
        "get_object", Params=params, ExpiresIn=IMAGE_SECONDS
    )
    return str(url)


def detect_image_type(object_key: str, version_id: str | None = None) -> str | None:
    """The type of picture that the object's first bytes say it is, or None."""
    range_ = f"bytes=0-{SIGNATURE_BYTES - 1}"
    first: bytes = _get_object(object_key, version_id, Range=range_).read(SIGNATURE_BYTES)
    if first.startswith(b"RIFF") and first[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in IMAGE_SIGNATURES.items() if first.startswith(magic)), None)


def compute_sha256(object_key: str, stored: StoredObject) -> str:
    """The digest of the object: the storage's own, else of the bytes, which are then all read."""
    if stored.sha256 is not None:
        return stored.sha256
    digest = hashlib.sha256()
    with translate_outages():
        for chunk in _get_object(object_key, stored.version_id).iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _get_object(object_key: str, version_id: str | None, **options: str) -> Any:
    where = {"Bucket": settings.BUCKET_NAME, "Key": object_key, **_version_params(version_id)}
    try:
        with translate_outages():
            return clients.s3_client().get_object(**where, **options)["Body"]
    except ClientError as error:
        if get_error_code(error) in MISSING_CODES:  # given up on at this very moment
            raise Conflict("The file is not there any more", code="upload_missing") from error
        raise


def head_object(object_key: str) -> StoredObject | None:
    """What stands at the key, or None."""
    try:
        with translate_outages():
            found = clients.s3_client().head_object(
                Bucket=settings.BUCKET_NAME, Key=object_key, ChecksumMode="ENABLED"
            )
    except ClientError as error:
        if get_error_code(error) in MISSING_CODES:
            return None
        raise
    size, content_type = int(found["ContentLength"]), str(found["ContentType"])
    return StoredObject(size, content_type, found.get("VersionId"), _sha256_hex(found))


def _sha256_hex(found: dict[str, Any]) -> str | None:
    """The digest of the whole object; one of its parts' digests says nothing of it."""
    whole = found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    digest = found.get("ChecksumSHA256") if whole else None
    return None if digest is None else base64.b64decode(digest).hex()


def put_object(object_key: str, body: bytes) -> None:
    """Make, or replace, an object of opaque bytes."""
    with translate_outages():
        clients.s3_client().put_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, Body=body, ContentType=OCTET_STREAM
        )


def copy_object(origin: str, object_key: str) -> None:
    """Make an object of the same bytes as another one, within the storage."""
    source = {"Bucket": settings.BUCKET_NAME, "Key": origin}
    with translate_outages():
        clients.s3_client().copy_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, CopySource=source
        )


def read_object(object_key: str) -> bytes | None:
    """The whole of a small object, or None."""
    try:
        with translate_outages():
            body: bytes = (
                clients.s3_client()
                .get_object(Bucket=settings.BUCKET_NAME, Key=object_key)["Body"]
                .read()
            )
    except ClientError as error:
        if get_error_code(error) in MISSING_CODES:
            return None
        raise
    return body


def delete_object(object_key: str, version_id: str | None = None) -> None:
    """Remove the object, or one version of it; one that is not there is fine."""
    with translate_outages():
        clients.s3_client().delete_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, **_version_params(version_id)
        )


def delete_objects(object_keys: list[str]) -> None:
    """Remove many objects, at most a thousand, at once."""
    wanted = {"Objects": [{"Key": key} for key in object_keys], "Quiet": True}
    with translate_outages():
        answer = clients.s3_client().delete_objects(Bucket=settings.BUCKET_NAME, Delete=wanted)
    if answer.get("Errors"):
        raise Unavailable()


def list_objects(prefix: str, after: str, limit: int) -> tuple[list[ObjectSummary], bool]:
    """What stands in the bucket under `prefix`, sorted, behind the key `after`; whether there is
    more."""
    with translate_outages():
        found = clients.s3_client().list_objects_v2(
            Bucket=settings.BUCKET_NAME, Prefix=prefix, StartAfter=after, MaxKeys=limit
        )
    lines = [ObjectSummary(line["Key"], line["LastModified"]) for line in found.get("Contents", [])]
    return lines, bool(found["IsTruncated"])


def _version_params(version_id: str | None) -> dict[str, str]:
    return {} if version_id is None else {"VersionId": version_id}


@dataclass(frozen=True)
class Download:
    url: str
    expires_in: int
