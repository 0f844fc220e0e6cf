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
from chalicelib.errors import Conflict, Unavailable
from chalicelib.store import aws
from chalicelib.store.outages import error_code, outages_translated

UPLOAD_SECONDS = 300
DOWNLOAD_SECONDS = 60
PICTURE_SECONDS = 600
SNIFFED_BYTES = 16
CHUNK_BYTES = 1024 * 1024
OPAQUE = "application/octet-stream"
ABSENT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})
MAGIC = {
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
class Entry:
    """A line of the bucket's listing."""

    object_key: str
    modified: datetime


def upload_form(
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
    signed = aws.s3().generate_presigned_post(
        settings.BUCKET_NAME,
        object_key,
        Fields=fields,
        Conditions=[*exactly, ["content-length-range", size, size]],
        ExpiresIn=UPLOAD_SECONDS,
    )
    return UploadForm(signed["url"], signed["fields"])


def download_url(object_key: str, *, filename: str, picture: str | None) -> str:
    """An address good for a minute.

    The answer is a download of opaque bytes, so nothing that was uploaded runs in a browser; only a
    `picture`, the type that the bytes themselves told, is shown. The name follows RFC 6266.
    """
    shown = "inline" if picture else "attachment"
    params = {
        "Bucket": settings.BUCKET_NAME,
        "Key": object_key,
        "ResponseContentDisposition": f"{shown}; filename*=UTF-8''{quote(filename, '')}",
        "ResponseContentType": picture or OPAQUE,
    }
    url = aws.s3().generate_presigned_url("get_object", Params=params, ExpiresIn=DOWNLOAD_SECONDS)
    return str(url)


def picture_url(object_key: str) -> str:
    """An address good for ten minutes of a picture whose bytes were looked at, to be shown."""
    params = {"Bucket": settings.BUCKET_NAME, "Key": object_key}
    url = aws.s3().generate_presigned_url("get_object", Params=params, ExpiresIn=PICTURE_SECONDS)
    return str(url)


def sniffed(object_key: str, version_id: str | None = None) -> str | None:
    """The type of picture that the object's first bytes say it is, or None."""
    range_ = f"bytes=0-{SNIFFED_BYTES - 1}"
    first: bytes = _get(object_key, version_id, Range=range_).read(SNIFFED_BYTES)
    if first.startswith(b"RIFF") and first[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in MAGIC.items() if first.startswith(magic)), None)


def sha256_of(object_key: str, stored: StoredObject) -> str:
    """The digest of the object: the storage's own, else of the bytes, which are then all read."""
    if stored.sha256 is not None:
        return stored.sha256
    digest = hashlib.sha256()
    with outages_translated():
        for chunk in _get(object_key, stored.version_id).iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _get(object_key: str, version_id: str | None, **options: str) -> Any:
    where = {"Bucket": settings.BUCKET_NAME, "Key": object_key, **_version(version_id)}
    try:
        with outages_translated():
            return aws.s3().get_object(**where, **options)["Body"]
    except ClientError as error:
        if error_code(error) in ABSENT:  # given up on at this very moment
            raise Conflict("The file is not there any more", code="upload_missing") from error
        raise


def head(object_key: str) -> StoredObject | None:
    """What stands at the key, or None."""
    try:
        with outages_translated():
            found = aws.s3().head_object(
                Bucket=settings.BUCKET_NAME, Key=object_key, ChecksumMode="ENABLED"
            )
    except ClientError as error:
        if error_code(error) in ABSENT:
            return None
        raise
    size, content_type = int(found["ContentLength"]), str(found["ContentType"])
    return StoredObject(size, content_type, found.get("VersionId"), _hex(found))


def _hex(found: dict[str, Any]) -> str | None:
    """The digest of the whole object; one of its parts' digests says nothing of it."""
    whole = found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    digest = found.get("ChecksumSHA256") if whole else None
    return None if digest is None else base64.b64decode(digest).hex()


def put(object_key: str, body: bytes) -> None:
    """Make, or replace, an object of opaque bytes."""
    with outages_translated():
        aws.s3().put_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, Body=body, ContentType=OPAQUE
        )


def copy(origin: str, object_key: str) -> None:
    """Make an object of the same bytes as another one, within the storage."""
    source = {"Bucket": settings.BUCKET_NAME, "Key": origin}
    with outages_translated():
        aws.s3().copy_object(Bucket=settings.BUCKET_NAME, Key=object_key, CopySource=source)


def read(object_key: str) -> bytes | None:
    """The whole of a small object, or None."""
    try:
        with outages_translated():
            body: bytes = (
                aws.s3().get_object(Bucket=settings.BUCKET_NAME, Key=object_key)["Body"].read()
            )
    except ClientError as error:
        if error_code(error) in ABSENT:
            return None
        raise
    return body


def delete(object_key: str, version_id: str | None = None) -> None:
    """Remove the object, or one version of it; one that is not there is fine."""
    with outages_translated():
        aws.s3().delete_object(Bucket=settings.BUCKET_NAME, Key=object_key, **_version(version_id))


def delete_all(object_keys: list[str]) -> None:
    """Remove many objects, at most a thousand, at once."""
    wanted = {"Objects": [{"Key": key} for key in object_keys], "Quiet": True}
    with outages_translated():
        answer = aws.s3().delete_objects(Bucket=settings.BUCKET_NAME, Delete=wanted)
    if answer.get("Errors"):
        raise Unavailable()


def entries(prefix: str, after: str, limit: int) -> tuple[list[Entry], bool]:
    """What stands in the bucket under `prefix`, sorted, behind the key `after`; whether there is
    more."""
    with outages_translated():
        found = aws.s3().list_objects_v2(
            Bucket=settings.BUCKET_NAME, Prefix=prefix, StartAfter=after, MaxKeys=limit
        )
    lines = [Entry(line["Key"], line["LastModified"]) for line in found.get("Contents", [])]
    return lines, bool(found["IsTruncated"])


def _version(version_id: str | None) -> dict[str, str]:
    return {} if version_id is None else {"VersionId": version_id}
