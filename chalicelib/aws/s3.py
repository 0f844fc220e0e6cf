"""The bucket: signed upload forms, short-lived download URLs, and the objects themselves."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError
from msgspec import Struct

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


class UploadForm(Struct, frozen=True):
    """URL and form fields with which a browser posts a file; S3 enforces the fields."""

    url: str
    fields: dict[str, str]


class Download(Struct, frozen=True):
    url: str
    expires_in: int


class StoredObject(Struct, frozen=True):
    """An object's metadata; `sha256` (hex) only if S3 itself computed it."""

    size: int
    content_type: str
    version_id: str | None
    sha256: str | None


class ObjectSummary(Struct, frozen=True):
    """An entry of the bucket's listing."""

    object_key: str
    modified: datetime


def sign_upload_form(
    object_key: str, *, content_type: str, size: int, sha256: str | None = None
) -> UploadForm:
    """Return a POST form for exactly this key, type, size and digest, valid for five minutes.

    POST and not PUT, because only a POST policy can limit the length
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
    """Return a URL that is valid for a minute.

    Browsers download the object as opaque bytes, so no uploaded content runs in them. Only a
    `picture` (the image type that was detected from the bytes) is displayed. The file name is
    encoded as in RFC 6266.
    """
    disposition = "inline" if picture else "attachment"
    params = {
        "Bucket": settings.BUCKET_NAME,
        "Key": object_key,
        "ResponseContentDisposition": f"{disposition}; filename*=UTF-8''{quote(filename, '')}",
        "ResponseContentType": picture or OCTET_STREAM,
    }
    url = clients.s3_client().generate_presigned_url(
        "get_object", Params=params, ExpiresIn=DOWNLOAD_SECONDS
    )
    return str(url)


def sign_image_url(object_key: str) -> str:
    """Return a URL, valid for ten minutes, that displays an image whose type was checked."""
    params = {"Bucket": settings.BUCKET_NAME, "Key": object_key}
    url = clients.s3_client().generate_presigned_url(
        "get_object", Params=params, ExpiresIn=IMAGE_SECONDS
    )
    return str(url)


def head_object(object_key: str) -> StoredObject | None:
    """Return the object's metadata, or None if it does not exist."""
    found = _find_object(clients.s3_client().head_object, object_key, ChecksumMode="ENABLED")
    if found is None:
        return None
    # The digest of a multipart upload may be of its parts' digests and not of the whole object.
    is_whole = found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    digest = found.get("ChecksumSHA256") if is_whole else None
    return StoredObject(
        size=int(found["ContentLength"]),
        content_type=str(found["ContentType"]),
        version_id=found.get("VersionId"),
        sha256=None if digest is None else base64.b64decode(digest).hex(),
    )


def read_object(object_key: str) -> bytes | None:
    """Return the content of a small object, or None if it does not exist."""
    found = _find_object(clients.s3_client().get_object, object_key)
    if found is None:
        return None
    with translate_outages():
        content: bytes = found["Body"].read()
    return content


def read_lines(object_key: str) -> Iterator[bytes]:
    """Yield the lines of a text, without having all of it in memory.

    Raises `Conflict` when the object does not exist.
    """
    with translate_outages():
        yield from _open_object(object_key, None).iter_lines(CHUNK_BYTES)


def detect_image_type(object_key: str, version_id: str | None = None) -> str | None:
    """Return the image type that the object's first bytes indicate, or None.

    Raises `Conflict` when the object does not exist.
    """
    body = _open_object(object_key, version_id, Range=f"bytes=0-{SIGNATURE_BYTES - 1}")
    start: bytes = body.read(SIGNATURE_BYTES)
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "image/webp"
    types = (kind for signature, kind in IMAGE_SIGNATURES.items() if start.startswith(signature))
    return next(types, None)


def compute_sha256(object_key: str, stored: StoredObject) -> str:
    """Return the object's digest (hex): the one of S3, else computed from all its bytes.

    Raises `Conflict` when the object does not exist.
    """
    if stored.sha256 is not None:
        return stored.sha256
    digest = hashlib.sha256()
    with translate_outages():
        for chunk in _open_object(object_key, stored.version_id).iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _open_object(object_key: str, version_id: str | None, **options: str) -> Any:
    """Return the object's body as a stream; the object may just have been deleted."""
    version = _version_params(version_id)
    found = _find_object(clients.s3_client().get_object, object_key, **version, **options)
    if found is None:
        raise Conflict("The file no longer exists", code="upload_missing")
    return found["Body"]


def _find_object(
    operation: Callable[..., dict[str, Any]], object_key: str, **params: str
) -> dict[str, Any] | None:
    """Call an S3 operation for an object; return None if the object or the version is missing."""
    try:
        with translate_outages():
            return operation(Bucket=settings.BUCKET_NAME, Key=object_key, **params)
    except ClientError as error:
        if get_error_code(error) in MISSING_CODES:
            return None
        raise


def put_object(object_key: str, body: bytes) -> None:
    """Create or replace an object of opaque bytes."""
    with translate_outages():
        clients.s3_client().put_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, Body=body, ContentType=OCTET_STREAM
        )


def copy_object(source_key: str, object_key: str) -> None:
    """Copy an object to another key within the bucket."""
    source = {"Bucket": settings.BUCKET_NAME, "Key": source_key}
    with translate_outages():
        clients.s3_client().copy_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, CopySource=source
        )


def delete_object(object_key: str, version_id: str | None = None) -> None:
    """Delete the object, or one version of it. Idempotent."""
    with translate_outages():
        clients.s3_client().delete_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, **_version_params(version_id)
        )


def delete_objects(object_keys: list[str]) -> None:
    """Delete up to 1,000 objects with one call. Raises `Unavailable` when one is not deleted."""
    wanted = {"Objects": [{"Key": key} for key in object_keys], "Quiet": True}
    with translate_outages():
        response = clients.s3_client().delete_objects(Bucket=settings.BUCKET_NAME, Delete=wanted)
    if response.get("Errors"):
        raise Unavailable()


def list_objects(prefix: str, after: str, limit: int) -> tuple[list[ObjectSummary], bool]:
    """Return sorted objects with a `prefix` and a key after `after`, and whether more follow."""
    with translate_outages():
        found = clients.s3_client().list_objects_v2(
            Bucket=settings.BUCKET_NAME, Prefix=prefix, StartAfter=after, MaxKeys=limit
        )
    summaries = [
        ObjectSummary(entry["Key"], entry["LastModified"]) for entry in found.get("Contents", [])
    ]
    return summaries, bool(found["IsTruncated"])


def _version_params(version_id: str | None) -> dict[str, str]:
    return {} if version_id is None else {"VersionId": version_id}
