"""Files that come in parts: each part has an address of its own, so that an upload that broke off
goes on where it was."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.store import aws
from chalicelib.store.outages import error_code, outages_translated

PART_SECONDS = 900
PART_BYTES = 8 * 1024 * 1024  # 640 parts for 5 GiB, fewer than S3 lists at once


@dataclass(frozen=True)
class Part:
    """One that has arrived."""

    number: int
    size: int
    etag: str


def begin(object_key: str, *, content_type: str) -> str:
    """Start a multipart upload; returns its id."""
    with outages_translated():
        begun = aws.s3().create_multipart_upload(**_at(object_key), ContentType=content_type)
    return str(begun["UploadId"])


def put(object_key: str, upload_id: str, number: int, body: bytes) -> None:
    """Store one part, or replace it."""
    with outages_translated():
        aws.s3().upload_part(**_at(object_key), UploadId=upload_id, PartNumber=number, Body=body)


def part_url(object_key: str, upload_id: str, *, number: int, size: int) -> str:
    """An address, good for a quarter of an hour, to PUT exactly `size` bytes to."""
    params = {
        **_at(object_key),
        "UploadId": upload_id,
        "PartNumber": number,
        "ContentLength": size,
    }
    url = aws.s3().generate_presigned_url("upload_part", Params=params, ExpiresIn=PART_SECONDS)
    return str(url)


def parts(object_key: str, upload_id: str) -> list[Part]:
    """The parts that have arrived, in order; none if the upload is over."""
    try:
        with outages_translated():
            found = aws.s3().list_parts(**_at(object_key), UploadId=upload_id)
    except ClientError as error:
        return _nothing_if_over(error)
    return [
        Part(int(part["PartNumber"]), int(part["Size"]), str(part["ETag"]))
        for part in found.get("Parts", [])
    ]


def assemble(object_key: str, upload_id: str, parts: list[Part]) -> None:
    """Make one object of the parts; an upload that is over already is fine."""
    listed = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
    try:
        with outages_translated():
            aws.s3().complete_multipart_upload(
                **_at(object_key), UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
    except ClientError as error:
        _nothing_if_over(error)


def abort(object_key: str, upload_id: str) -> None:
    """Drop one upload and its parts; one that is over is fine."""
    try:
        with outages_translated():
            aws.s3().abort_multipart_upload(**_at(object_key), UploadId=upload_id)
    except ClientError as error:
        _nothing_if_over(error)


def abort_all(object_key: str) -> None:
    """Drop every upload to the key, also one whose id was never written down."""
    with outages_translated():
        found = aws.s3().list_multipart_uploads(Bucket=settings.BUCKET_NAME, Prefix=object_key)
    for upload in found.get("Uploads", []):
        abort(object_key, upload["UploadId"])


def _at(object_key: str) -> dict[str, Any]:
    return {"Bucket": settings.BUCKET_NAME, "Key": object_key}


def _nothing_if_over(error: ClientError) -> list[Part]:
    if error_code(error) == "NoSuchUpload":
        return []
    raise error
