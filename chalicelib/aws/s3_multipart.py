"""Multipart uploads: each part has a signed URL, so an interrupted upload can be continued."""

from typing import Any

from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.dynamodb.outages import get_error_code, translate_outages

PART_SECONDS = 900
PART_BYTES = 8 * 1024 * 1024  # 640 parts for 5 GiB, fewer than S3 lists at once


class Part(Struct, frozen=True):
    """A part that was uploaded; `size` is in bytes."""

    number: int
    size: int
    etag: str


def start_upload(object_key: str, *, content_type: str) -> str:
    """Start a multipart upload and return its id."""
    with translate_outages():
        started = clients.s3_client().create_multipart_upload(
            **_location(object_key), ContentType=content_type
        )
    return str(started["UploadId"])


def upload_part(object_key: str, upload_id: str, number: int, body: bytes) -> None:
    """Store one part, or replace it."""
    with translate_outages():
        clients.s3_client().upload_part(
            **_location(object_key), UploadId=upload_id, PartNumber=number, Body=body
        )


def sign_part_url(object_key: str, upload_id: str, *, number: int, size: int) -> str:
    """Return a URL, valid for 15 minutes, to which exactly `size` bytes can be PUT."""
    params = {
        **_location(object_key),
        "UploadId": upload_id,
        "PartNumber": number,
        "ContentLength": size,
    }
    url = clients.s3_client().generate_presigned_url(
        "upload_part", Params=params, ExpiresIn=PART_SECONDS
    )
    return str(url)


def list_parts(object_key: str, upload_id: str) -> list[Part]:
    """Return the uploaded parts in order; none if the upload has ended."""
    try:
        with translate_outages():
            found = clients.s3_client().list_parts(**_location(object_key), UploadId=upload_id)
    except ClientError as error:
        _ignore_missing_upload(error)
        return []
    return [
        Part(int(part["PartNumber"]), int(part["Size"]), str(part["ETag"]))
        for part in found.get("Parts", [])
    ]


def complete_upload(object_key: str, upload_id: str, parts: list[Part]) -> None:
    """Combine the parts into one object; does nothing if the upload has ended."""
    listed = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
    try:
        with translate_outages():
            clients.s3_client().complete_multipart_upload(
                **_location(object_key), UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
    except ClientError as error:
        _ignore_missing_upload(error)


def abort_upload(object_key: str, upload_id: str) -> None:
    """Delete one upload and its parts; does nothing if the upload has ended."""
    try:
        with translate_outages():
            clients.s3_client().abort_multipart_upload(**_location(object_key), UploadId=upload_id)
    except ClientError as error:
        _ignore_missing_upload(error)


def abort_all_uploads(object_key: str) -> None:
    """Delete every upload to the key, also one whose id was never stored."""
    with translate_outages():
        found = clients.s3_client().list_multipart_uploads(
            Bucket=settings.BUCKET_NAME, Prefix=object_key
        )
    for upload in found.get("Uploads", []):
        abort_upload(object_key, upload["UploadId"])


def _location(object_key: str) -> dict[str, Any]:
    return {"Bucket": settings.BUCKET_NAME, "Key": object_key}


def _ignore_missing_upload(error: ClientError) -> None:
    if get_error_code(error) != "NoSuchUpload":
        raise error
